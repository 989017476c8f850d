//! `nexus agent …`

mod live;
mod prompt;

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use domain::agent::{Agent, Duty};
use domain::text::{AgentName, Capability, Role, Team};
use engine::agent::AgentView;
use engine::problem::Problem;
use engine::{Engine, wait};
use store::Mode;
use store::work::Page;

use super::tree::Branch;
use super::{Answer, Global, parse, runtimes, session};
use crate::here::Here;
use crate::terminal::{harmless, one_line, table, when};

/// Who works: sessions in a role, what each agent is doing, who is let go
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  nexus agent start --agent zoe --objective 'Make the parser faster'\n  nexus agent register zoe --role reviewer"
)]
pub enum Command {
    Start(Box<session::Start>),
    End(Box<session::End>),
    Sessions(session::Sessions),
    Handoff(session::Handoff),
    Register(Register),
    List(List),
    Show(Show),
    Heartbeat(Heartbeat),
    Drain(Drain),
    Resume(Resume),
    Retire(Retire),
    Rebalance(Rebalance),
    Activity(live::Activity),
    Questions(live::Questions),
    Answer(live::Reply),
    Prompt(prompt::Prompt),
    Templates(prompt::Templates),
    Runtimes(runtimes::Runtimes),
    Try(runtimes::Try),
}

impl Command {
    /// Whether a server can be asked as well.
    pub const fn served(&self) -> bool {
        let live = matches!(self, Self::Activity(_) | Self::Questions(_) | Self::Answer(_));
        live || matches!(self, Self::Start(_) | Self::End(_) | Self::Sessions(_) | Self::Handoff(_))
    }
}

/// The verbs, each by itself.
pub const BRANCHES: &[Branch] = &[
    (&["agent", "start"], session::Start::augment_args),
    (&["agent", "end"], session::End::augment_args),
    (&["agent", "register"], Register::augment_args),
    (&["agent", "list"], List::augment_args),
    (&["agent", "heartbeat"], Heartbeat::augment_args),
];

/// Say what an agent is for; an agent that only claims needs no registration
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus agent register zoe --role reviewer --capability rust --capacity 2")]
pub struct Register {
    /// Its name
    name: AgentName,
    /// What it is for: PM, Architect, Developer, QA, DevOps, or any role of your own
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

/// Show one agent: what it is doing and why it seems so, and its record
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus agent show zoe --json")]
pub struct Show {
    /// Its name
    name: AgentName,
}

/// Say that an agent is alive, and what it waits to hear from a person
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus agent heartbeat zoe\n  nexus agent heartbeat zoe --waiting-for 'may I drop the old table?'"
)]
pub struct Heartbeat {
    /// Its name
    #[arg(env = "NEXUS_AGENT_ID")]
    name: AgentName,
    /// The question that it cannot go on without; the next heartbeat without this says that it was answered
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    waiting_for: Option<String>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// Move what is kept for agents that are gone or have too much to idle ones that fit
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus agent rebalance --dry-run\n  nexus agent rebalance --json")]
pub struct Rebalance {
    /// Say what would move, and move nothing
    #[arg(long)]
    dry_run: bool,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

macro_rules! standing_verb {
    ($(#[$doc:meta])* $name:ident, $verb:literal) => {
        $(#[$doc])*
        #[derive(Debug, Args)]
        #[command(after_help = concat!("Example:\n  nexus agent ", $verb, " zoe"))]
        pub struct $name {
            /// Its name
            name: AgentName,
            /// Makes a repeated request one: the same key gets the same answer
            #[arg(long)]
            key: Option<String>,
        }
    };
}

standing_verb!(
    /// Let an agent finish what it holds and take nothing new
    Drain, "drain"
);
standing_verb!(
    /// Let a draining agent take work again
    Resume, "resume"
);
standing_verb!(
    /// Let an agent go: what it holds goes back to the others at once
    Retire, "retire"
);

pub fn agent(global: &Global, command: Command) -> Result<Answer, Problem> {
    let command = match command {
        // The first two are about the machine and need no store; the others may go to a server.
        Command::Runtimes(_) => return Ok(runtimes::list()),
        Command::Try(args) => return runtimes::attempt(&args),
        Command::Activity(args) => return live::activity(global, args),
        Command::Questions(_) => return live::questions(global),
        Command::Answer(args) => return live::answer(global, args),
        Command::Prompt(args) => return prompt::prompt(global, &args),
        Command::Templates(args) => return prompt::templates(global, &args),
        Command::Start(args) => return session::start(global, &args),
        Command::End(args) => return session::end(global, &args),
        Command::Sessions(args) => return session::list(global, &args),
        Command::Handoff(args) => return session::handoff(global, &args),
        about_the_store => about_the_store,
    };
    let engine = Here::find(global)?.engine(Mode::Direct)?;
    match command {
        Command::Runtimes(_)
        | Command::Try(_)
        | Command::Activity(_)
        | Command::Questions(_)
        | Command::Answer(_)
        | Command::Prompt(_)
        | Command::Templates(_)
        | Command::Start(_)
        | Command::End(_)
        | Command::Sessions(_)
        | Command::Handoff(_) => unreachable!("they were answered above"),
        Command::Register(args) => register(&engine, args),
        Command::List(args) => list(&engine, args),
        Command::Show(args) => show(&engine, &args),
        Command::Heartbeat(args) => {
            let key = parse::key(args.key.as_ref(), &args)?;
            let question = args.waiting_for.as_deref().map(|text| domain::text::filled("the question", text, 10_000));
            let question = question.transpose().map_err(|bad| Problem::malformed(bad.to_string()))?;
            let agent = wait(engine.heartbeat(args.name, question, key))?;
            Ok(Answer::new(&agent, format!("{} is {}: {}", agent.name, agent.presence, one_line(&agent.reason))))
        }
        Command::Rebalance(args) => {
            let key = parse::key(args.key.as_ref(), &args)?;
            let moves = wait(engine.rebalance(args.dry_run, key))?;
            let verb = if args.dry_run { "would go" } else { "went" };
            let line = |it: &engine::work::MoveView| format!("{} {verb} from {} to {}", it.item, it.from, it.to);
            let mut lines: Vec<String> = moves.iter().map(line).collect();
            if lines.is_empty() {
                lines.push("nothing to move".to_owned());
            }
            let json = serde_json::json!({ "dry_run": args.dry_run, "moves": moves });
            Ok(Answer::new(&json, lines.join("\n")))
        }
        Command::Drain(args) => {
            let key = parse::key(args.key.as_ref(), &args)?;
            stand(&engine, args.name, Duty::Drain, key)
        }
        Command::Resume(args) => {
            let key = parse::key(args.key.as_ref(), &args)?;
            stand(&engine, args.name, Duty::Resume, key)
        }
        Command::Retire(args) => {
            let key = parse::key(args.key.as_ref(), &args)?;
            stand(&engine, args.name, Duty::Retire, key)
        }
    }
}

fn register(engine: &Engine, args: Register) -> Result<Answer, Problem> {
    let key = parse::key(args.key.as_ref(), &args)?;
    let scope = engine.scope();
    let agent = Agent {
        role: args.role,
        team: args.team,
        capabilities: args.capabilities.into_iter().collect::<BTreeSet<_>>(),
        capacity: args.capacity,
        ..Agent::unregistered(args.name, scope.project, scope.now)
    };
    let agent = wait(engine.register(agent, key))?;
    let text = format!("registered {}", agent.name);
    Ok(Answer::new(&agent, text))
}

fn list(engine: &Engine, args: List) -> Result<Answer, Problem> {
    let agents = wait(engine.roster(&Page { after: args.after, limit: args.limit }))?;
    let text = |agent: &AgentView| {
        vec![
            agent.name.clone(),
            agent.presence.clone(),
            agent.role.clone().unwrap_or_default(),
            agent.team.clone().unwrap_or_default(),
            agent.capacity.map_or_else(|| "no limit".to_owned(), |n| n.to_string()),
            agent.reason.clone(),
        ]
    };
    let rows = table(&["name", "is", "role", "team", "capacity", "because"], agents.iter().map(text));
    Ok(Answer::new(&agents, rows))
}

fn show(engine: &Engine, args: &Show) -> Result<Answer, Problem> {
    let (agent, record) = wait(engine.agent(&args.name))?;
    let now = engine.scope().now.millis();
    let mut lines = vec![
        format!("{} is {}: {}", harmless(&agent.name), agent.presence, harmless(&agent.reason)),
        format!(
            "{} · seen {} · registered {}",
            agent.standing,
            when(agent.seen_at_ms, now),
            when(agent.registered_at_ms, now)
        ),
    ];
    lines.extend(agent.role.as_ref().map(|role| format!("role: {}", harmless(role))));
    lines.extend(agent.team.as_ref().map(|team| format!("team: {}", harmless(team))));
    lines.extend((!agent.held.is_empty()).then(|| format!("holds: {}", agent.held.join(", "))));
    let none = || "no data".to_owned();
    let rate = record.success_rate.map_or_else(none, |rate| format!("{:.0} %", rate * 100.0));
    let mean = record
        .mean_time_to_report_ms
        .map_or_else(none, |ms| format!("{:.1} s", std::time::Duration::from_millis(ms.unsigned_abs()).as_secs_f64()));
    lines.push(format!("completed: {} · success: {rate} · mean time to report: {mean}", record.completed));
    let mut json = serde_json::to_value(&agent).expect("an agent can be written as JSON");
    json["record"] = serde_json::to_value(&record).expect("a record can be written as JSON");
    Ok(Answer::new(&json, lines.join("\n")))
}

fn stand(engine: &Engine, name: AgentName, duty: Duty, key: Option<engine::Key>) -> Result<Answer, Problem> {
    let agent = wait(engine.stand(name, duty, key))?;
    let text = format!("{} is {} now", agent.name, agent.standing);
    Ok(Answer::new(&agent, text))
}
