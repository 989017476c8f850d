//! `nexus advise …`

mod told;

use std::num::NonZeroU16;
use std::time::Duration;

use domain::text::{AgentName, Team};
use engine::advice::Question;
use engine::problem::{Kind, Problem};
use engine::units::format_duration;
use serde_json::Value;

use super::{Answer, Global, parse};
use crate::ask::{Deed, Look, Wanted};
use crate::opinion;
use crate::reach::Reach;

pub use told::{list, part, text};

/// Say by rules what should be done next, and do it when told to; ask a model for a second opinion when told to
#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "Examples:\n  nexus advise priorities\n  nexus advise health --apply\n  nexus advise assignments --ask claude"
)]
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

/// Whose model gives a second opinion beside the rules.
#[derive(Debug, clap::Args)]
pub struct Second {
    /// Ask the model of this kind of agent too (`nexus agent runtimes` lists them), or none; `advice.ask` unless given
    #[arg(long, value_name = "KIND")]
    ask: Option<String>,
    /// The model that is asked, by the agent's own name for it
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// The program that is asked, for the kinds acp and command
    #[arg(long, value_name = "CMD", allow_hyphen_values = true)]
    program: Option<String>,
    /// How long the model may take
    #[arg(long, value_name = "DURATION", value_parser = parse::span)]
    timeout: Option<Duration>,
    /// What keeps the agent in: auto, bwrap, landlock or none
    #[arg(long, value_name = "KIND")]
    sandbox: Option<String>,
    /// Ask again, though the same was asked and answered before
    #[arg(long)]
    fresh: bool,
}

impl Second {
    /// What the flags say, as settings.
    fn settings(&self) -> Vec<(&'static str, String)> {
        [
            ("advice.ask", self.ask.clone()),
            ("advice.model", self.model.clone()),
            ("advice.program", self.program.clone()),
            ("advice.timeout", self.timeout.map(format_duration)),
            ("sandbox.kind", self.sandbox.clone()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
    }
}

/// Whether to do it.
#[derive(Debug, Default, clap::Args)]
pub struct Doing {
    /// Do what can be done about it by the rules: release, give, requeue, add; says what was done
    #[arg(long)]
    apply: bool,
    /// Do what the model advises, too; nothing of it is done otherwise
    #[arg(long)]
    apply_opinion: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Makes a repeated request one: the same key gets the same answer, and each action is done once
    #[arg(long)]
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
            #[command(flatten)]
            second: Second,
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
    #[command(flatten)]
    second: Second,
}

/// Teams as they are, and where agents are missing
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus advise teams\n  nexus advise teams --json | jq .suggested_teams")]
pub struct Teams {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    second: Second,
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
    #[command(flatten)]
    second: Second,
}

pub fn advise(mut global: Global, command: Command) -> Result<Answer, Problem> {
    let (question, common, doing, second) = match command {
        Command::Priorities(args) => (Question::Priorities, args.common, args.doing, args.second),
        Command::Health(args) => (Question::Health, args.common, args.doing, args.second),
        Command::Bottlenecks(args) => (Question::Bottlenecks, args.common, args.doing, args.second),
        Command::Teams(args) => (Question::Teams, args.common, Doing::default(), args.second),
        Command::Assignments(args) => {
            let factor = usize::from(args.workload_factor.get());
            (Question::Assignments { factor }, args.common, args.doing, args.second)
        }
        Command::Recommend(args) => {
            (Question::Recommend { kind: args.kind, agent: args.agent }, args.common, args.doing, args.second)
        }
    };
    if doing.key.is_some() && !doing.apply && !doing.apply_opinion {
        return Err(Problem::new(Kind::Malformed, "usage", "--key is for --apply or --apply-opinion"));
    }
    global.set.extend(second.settings());
    let reach = Reach::find(&global)?;
    let wanted = Wanted { question, since: common.since, team: common.team };
    let waiting = waiting(&reach, &wanted, second.fresh)?;
    if doing.apply_opinion && waiting.is_none() {
        let message = "--apply-opinion does what a model advises; say with --ask which, where the store is";
        return Err(Problem::new(Kind::Malformed, "usage", message));
    }
    let (key, dry) = (doing.key.as_deref(), doing.dry_run);
    let mut answer: Value = if doing.apply && !dry {
        reach.deed(&Deed::Follow(wanted), key)?
    } else {
        reach.look(&Look::Advice(wanted))?
    };
    match (&waiting, &reach.here.settings().advice) {
        (Some(waiting), _) => {
            waiting.add(&mut answer, (doing.apply_opinion && !dry).then_some(opinion::Follow { key }))?;
        }
        (None, Some(wish)) => {
            let why = "a model is asked where the store is: call this there, without --server".to_owned();
            opinion::not_asked(wish, "needs_store", why).beside(&mut answer);
        }
        (None, None) => {}
    }
    Ok(finish(answer).answer())
}

/// What a model is to be asked, while things are as they are; `None` when it cannot be asked here, or is not to be.
fn waiting<'a>(reach: &'a Reach, wanted: &Wanted, fresh: bool) -> Result<Option<opinion::Second<'a>>, Problem> {
    if reach.far() || reach.here.settings().advice.is_none() {
        return Ok(None);
    }
    let engine = reach.engine()?;
    let since = wanted.since.moment(engine.scope().now);
    opinion::Second::prepare(&reach.here, engine, (&wanted.question, since, wanted.team.as_ref()), fresh)
}

/// An answer, in words too.
pub struct Finished {
    /// The answer.
    pub json: Value,
    /// What it says.
    pub lines: Vec<String>,
    /// Whether all that was to be done was done.
    pub all: bool,
}

/// What `answer` says, and what was done about it or can be.
pub fn finish(answer: Value) -> Finished {
    let mut lines = told::told(&answer);
    let mut all = told::deeds(&answer, "--apply", &mut lines);
    if told::opinion(&answer, &mut lines) {
        all &= told::deeds(&answer["llm"], "--apply-opinion", &mut lines);
    }
    Finished { json: answer, lines, all }
}

impl Finished {
    fn answer(&self) -> Answer {
        Answer::new(&self.json, self.lines.join("\n")).exit(if self.all { 0 } else { 3 })
    }
}
