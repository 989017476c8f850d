//! `nexus agent …`

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use domain::agent::Agent;
use domain::text::{AgentName, Capability, Role, Team};
use engine::problem::Problem;
use engine::wait;
use serde_json::{Value, json};
use store::Mode;
use store::work::Page;

use super::tree::Branch;
use super::{Answer, Global, parse};
use crate::here::Here;
use crate::terminal::table;

/// Who works: register agents, list them
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  nexus agent register zoe --role reviewer")]
pub enum Command {
    Register(Register),
    List(List),
}

/// The verbs, each by itself.
pub const BRANCHES: &[Branch] =
    &[(&["agent", "register"], Register::augment_args), (&["agent", "list"], List::augment_args)];

/// Say what an agent is for; an agent that only claims needs no registration
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus agent register zoe --role reviewer --capability rust --capacity 2")]
pub struct Register {
    /// Its name
    name: AgentName,
    /// What it is for
    #[arg(long)]
    role: Option<Role>,
    /// Whom it belongs to
    #[arg(long)]
    team: Option<Team>,
    /// Something it can do; may be given again
    #[arg(long = "capability", value_name = "CAPABILITY")]
    capabilities: Vec<Capability>,
    /// How many items it may hold at once; no limit unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    capacity: Option<u32>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// List agents by name
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus agent list --json")]
pub struct List {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Only agents after this name
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    after: String,
}

pub fn agent(global: &Global, command: Command) -> Result<Answer, Problem> {
    let engine = Here::find(global)?.engine(Mode::Direct)?;
    match command {
        Command::Register(args) => {
            let key = parse::key(args.key.as_ref(), &args)?;
            let scope = engine.scope();
            let agent = Agent {
                role: args.role,
                team: args.team,
                capabilities: args.capabilities.into_iter().collect::<BTreeSet<_>>(),
                capacity: args.capacity,
                ..Agent::unregistered(args.name, scope.project, scope.now)
            };
            wait(engine.register(agent.clone(), key))?;
            Ok(Answer::new(&view(&agent), format!("registered {}", agent.name)))
        }
        Command::List(args) => {
            let agents = wait(engine.agents(&Page { after: args.after, limit: args.limit }))?;
            let text = |agent: &Agent| {
                vec![
                    agent.name.to_string(),
                    agent.role.as_ref().map(ToString::to_string).unwrap_or_default(),
                    agent.team.as_ref().map(ToString::to_string).unwrap_or_default(),
                    agent.capacity.map_or_else(|| "no limit".to_owned(), |n| n.to_string()),
                ]
            };
            let rows = table(&["name", "role", "team", "capacity"], agents.iter().map(text));
            Ok(Answer::new(&agents.iter().map(view).collect::<Vec<_>>(), rows))
        }
    }
}

fn view(agent: &Agent) -> Value {
    json!({
        "name": agent.name.as_str(),
        "role": agent.role.as_ref().map(Role::as_str),
        "team": agent.team.as_ref().map(Team::as_str),
        "capabilities": agent.capabilities.iter().map(Capability::as_str).collect::<Vec<_>>(),
        "capacity": agent.capacity,
        "registered_at_ms": agent.registered_at.millis(),
    })
}
