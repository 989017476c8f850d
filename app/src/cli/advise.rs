//! `nexus advise …`

mod told;

use std::num::NonZeroU16;

use domain::text::{AgentName, Team};
use engine::advice::{Advice, Followed, Question};
use engine::problem::Problem;
use engine::{Engine, wait};
use store::Mode;

use super::{Answer, Global, parse};
use crate::here::Here;
use crate::terminal::one_line;

pub use told::{list, part, text};

/// Say by rules what should be done next, and do it when told to
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:\n  nexus advise priorities\n  nexus advise health --apply")]
pub enum Command {
    Priorities(Priorities),
    Health(Health),
    Assignments(Assignments),
    Teams(Teams),
    Recommend(Recommend),
    Bottlenecks(Bottlenecks),
}

/// What every question takes.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// Only items and agents of this team, and of none
    #[arg(long, value_name = "NAME")]
    team: Option<Team>,
    /// How far back the log is read: a span such as 30d, or a day such as 2026-01-05 in UTC
    #[arg(long, value_name = "DURATION|DATE", default_value = parse::SINCE, value_parser = parse::since)]
    since: parse::Since,
}

/// Whether to do it.
#[derive(Debug, clap::Args)]
pub struct Doing {
    /// Do what can be done about it: release, give, requeue, add; says what was done
    #[arg(long)]
    apply: bool,
    /// Say what --apply would do, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Makes a repeated request one: each action gets a key of its own made of this one
    #[arg(long, requires = "apply")]
    key: Option<String>,
}

macro_rules! question {
    ($(#[$doc:meta])* $name:ident, $examples:literal) => {
        $(#[$doc])*
        #[derive(Debug, clap::Args)]
        #[command(after_help = concat!($examples, "\n\nThe formulas are in docs/advice.md."))]
        pub struct $name {
            #[command(flatten)]
            common: Common,
            #[command(flatten)]
            doing: Doing,
        }
    };
}

question!(
    /// Which type of work should come first, and why
    Priorities,
    "Examples:\n  nexus advise priorities\n  nexus advise priorities --json | jq '.recommendations[0]'\n  \
    nexus advise priorities --apply --dry-run"
);
question!(
    /// How well work goes, and what is wrong
    Health,
    "Examples:\n  nexus advise health\n  nexus advise health --team payments --json | jq .component_health\n  \
    nexus advise health --apply"
);
question!(
    /// What holds the rest up
    Bottlenecks,
    "Examples:\n  nexus advise bottlenecks\n  nexus advise bottlenecks --json | jq '.bottlenecks[].items'"
);

/// Who should have what
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  nexus advise assignments\n  nexus advise assignments --workload-factor 2 --apply\n\n\
    What agents get on with stays with them. The formulas are in docs/advice.md."
)]
pub struct Assignments {
    /// How many items that nobody has may be given to one agent
    #[arg(long, value_name = "N", default_value = "1")]
    workload_factor: NonZeroU16,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    doing: Doing,
}

/// Teams as they are, and where agents are missing
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus advise teams\n  nexus advise teams --json | jq .suggested_teams")]
pub struct Teams {
    #[command(flatten)]
    common: Common,
}

/// What an agent should do now
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  nexus advise recommend bug\n  nexus advise recommend --agent zoe --json | jq .recommendation\n  \
    nexus advise recommend bug --agent zoe --apply"
)]
pub struct Recommend {
    /// Which type of work; any unless given
    #[arg(value_name = "TYPE")]
    kind: Option<String>,
    /// For which agent; for whoever fits unless given
    #[arg(long, value_name = "NAME", env = "NEXUS_AGENT_ID")]
    agent: Option<AgentName>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    doing: Doing,
}

pub fn advise(global: &Global, command: Command) -> Result<Answer, Problem> {
    let (question, common, doing) = match command {
        Command::Priorities(args) => (Question::Priorities, args.common, Some(args.doing)),
        Command::Health(args) => (Question::Health, args.common, Some(args.doing)),
        Command::Bottlenecks(args) => (Question::Bottlenecks, args.common, Some(args.doing)),
        Command::Teams(args) => (Question::Teams, args.common, None),
        Command::Assignments(args) => {
            let factor = usize::from(args.workload_factor.get());
            (Question::Assignments { factor }, args.common, Some(args.doing))
        }
        Command::Recommend(args) => {
            (Question::Recommend { kind: args.kind, agent: args.agent }, args.common, Some(args.doing))
        }
    };
    let engine = Here::find(global)?.engine(Mode::Direct)?;
    let since = common.since.moment(engine.scope().now);
    let advice = wait(engine.advise(&question, since, common.team.as_ref()))?;
    let doing = doing.unwrap_or(Doing { apply: false, dry_run: false, key: None });
    answer(&engine, advice, &doing)
}

fn answer(engine: &Engine, advice: Advice, doing: &Doing) -> Result<Answer, Problem> {
    let Finished { json, lines, all } = finish(engine, advice, doing.apply && !doing.dry_run, doing.key.as_deref())?;
    Ok(Answer::new(&json, lines.join("\n")).exit(if all { 0 } else { 3 }))
}

/// Advice that was told, and followed if that was asked for.
pub struct Finished {
    /// The answer.
    pub json: serde_json::Value,
    /// What it says.
    pub lines: Vec<String>,
    /// Whether all that was to be done was done.
    pub all: bool,
}

/// Says what `advice` says, and with `apply` does what can be done about it.
pub fn finish(engine: &Engine, advice: Advice, apply: bool, key: Option<&str>) -> Result<Finished, Problem> {
    let Advice { answer: mut json, actions } = advice;
    let mut lines = told::told(&json);
    json["applied"] = serde_json::Value::Null;
    if !apply {
        let would = if actions.is_empty() { "nothing can be done by --apply" } else { "--apply would:" };
        lines.push(would.to_owned());
        lines.extend(actions.iter().map(|action| format!("  {}", one_line(&action.told()))));
        return Ok(Finished { json, lines, all: true });
    }
    let done = wait(engine.follow(&actions, key))?;
    lines.push(if done.is_empty() { "nothing to do" } else { "done:" }.to_owned());
    lines.extend(done.iter().map(|it| format!("  {}", one_line(&said(it)))));
    let all = done.iter().all(|it| it.done);
    json["applied"] = serde_json::to_value(&done).expect("what was done can be written as JSON");
    Ok(Finished { json, lines, all })
}

fn said(it: &Followed) -> String {
    match &it.refused {
        None => it.told.clone(),
        Some(why) => format!("not done: {}: {why}", it.told),
    }
}
