//! Taking work.

use std::time::Duration;

use clap::Args;
use domain::agent::Filter;
use domain::id::WorkId;
use domain::text::{AgentName, Capability, Role, Team};
use domain::time::Ttl;
use engine::problem::Problem;
use engine::work::WorkView;
use store::work::Writes;

use crate::ask::{Ask, Deed, Take};
use crate::cli::{Answer, parse};
use crate::reach::{Extra, Reach, now_ms};
use crate::terminal::{one_line, when};
use crate::worktree;

/// Take a certain item; exit 3 when another has it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work claim work_1795211860474123456 --agent zoe --ttl 5m --json")]
pub struct Claim {
    /// Which
    id: WorkId,
    /// What its agent is going to write, beyond what the item says, such as 'src/**'; may be given again
    #[arg(long = "writes", value_name = "GLOB")]
    writes: Vec<String>,
    /// Only while nobody else is writing the same (exit 3 otherwise)
    #[arg(long)]
    exclusive: bool,
    #[command(flatten)]
    how: How,
}

/// Take the next item that fits; exit 4 when there is none
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus work next --agent zoe\n  \
    nexus work next --agent zoe --role reviewer --workspace --json\n  \
    nexus work next --agent zoe --count 10 --json\n  \
    nexus work next --agent zoe --writes 'src/api/**' --exclusive --wait 10m\n  \
    nexus work next --agent zoe --wait 10m        wait for work instead of asking again and again")]
pub struct Next {
    /// Items for this role, or for any
    #[arg(long)]
    role: Option<Role>,
    /// Items for this team, or for any
    #[arg(long)]
    team: Option<Team>,
    /// Something the agent can do; may be given again
    #[arg(long = "capability", value_name = "CAPABILITY")]
    capabilities: Vec<Capability>,
    /// Take up to so many; the answer is an array then
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000), conflicts_with_all = ["workspace", "wait"])]
    count: Option<u16>,
    /// What its agent is going to write, beyond what the item says, such as 'src/**'; may be given again
    #[arg(long = "writes", value_name = "GLOB", conflicts_with = "count")]
    writes: Vec<String>,
    /// Only while nobody else is writing the same (there is nothing to take otherwise)
    #[arg(long, requires = "writes")]
    exclusive: bool,
    /// Wait this long for one when there is none, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = parse::wait)]
    wait: Option<Duration>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct How {
    /// Who takes it
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: AgentName,
    /// How long it is held unless renewed, such as 30s
    #[arg(long, value_name = "DURATION", value_parser = parse::ttl)]
    ttl: Option<Ttl>,
    /// Open a git worktree for it too
    #[arg(long)]
    workspace: bool,
    /// The branch the workspace is to land on
    #[arg(long, value_name = "BRANCH", requires = "workspace")]
    target: Option<String>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

impl How {
    fn take(&self, reach: &Reach) -> Take {
        Take { by: self.agent.clone(), ttl: self.ttl.or_else(|| reach.usual_ttl()) }
    }
}

pub fn claim(reach: &Reach, args: &Claim) -> Result<Answer, Problem> {
    let writes = writes(&args.writes, args.exclusive);
    taken(reach, &args.how, &Ask::Claim { id: args.id.clone(), take: args.how.take(reach), writes })
}

pub fn next(reach: &Reach, args: &Next) -> Result<Answer, Problem> {
    let able = !args.capabilities.is_empty();
    let filter = Filter {
        role: args.role.clone(),
        team: args.team.clone(),
        capabilities: able.then(|| args.capabilities.iter().cloned().collect()),
    };
    if let Some(count) = args.count {
        return many(reach, args, filter, count);
    }
    let writes = writes(&args.writes, args.exclusive);
    taken(reach, &args.how, &Ask::Next { filter, take: args.how.take(reach), writes, wait: args.wait })
}

fn writes(globs: &[String], exclusive: bool) -> Writes {
    Writes { globs: globs.iter().cloned().collect(), exclusive }
}

fn many(reach: &Reach, args: &Next, filter: Filter, count: u16) -> Result<Answer, Problem> {
    let deed = Deed::Take { filter, take: args.how.take(reach), count };
    let items: Vec<WorkView> = reach.deed(&deed, args.how.key.as_deref())?;
    let line = |item: &WorkView| format!("{} under fence {}: {}", item.id, item.fence, one_line(&item.title));
    let lines = items.iter().map(line).collect::<Vec<_>>().join("\n");
    Ok(Answer::new(&items, format!("{} holds {}:\n{lines}", args.how.agent, items.len())))
}

fn taken(reach: &Reach, how: &How, ask: &Ask) -> Result<Answer, Problem> {
    let extra = Extra { workspace: how.workspace && reach.far(), target: how.target.as_deref() };
    let answered = reach.ask(ask, how.key.as_deref(), &extra)?;
    let item = answered.item;
    let until = item.lease_until_ms.map_or_else(String::new, |at| when(at, now_ms()));
    let mut text = format!(
        "{} holds {} under fence {}, lease ends {until}: {}",
        how.agent,
        item.id,
        item.fence,
        one_line(&item.title)
    );
    for other in &item.conflicts {
        let globs = one_line(&other.globs.join(", "));
        text.push_str(&format!("\n{} is writing {globs} too, for {}", other.holder, other.id));
    }
    let mut json = serde_json::to_value(&item).expect("an item can be written as JSON");
    let workspace = match answered.workspace {
        None if how.workspace && !reach.far() => {
            let site = reach.site().inspect_err(|problem| reach.give_back(&item, problem))?;
            Some(serde_json::json!(worktree::open(&site, &item, how.target.as_ref())?))
        }
        opened => opened,
    };
    if let Some(workspace) = workspace {
        text.push_str(&format!("\nits workspace is {}", workspace["path"].as_str().unwrap_or_default()));
        json["workspace"] = workspace;
    }
    Ok(Answer::new(&json, text))
}
