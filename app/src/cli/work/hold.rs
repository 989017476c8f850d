//! What a holder says about its item, and what an operator does to one.

use clap::Args;
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Fence, Held, Percent};
use engine::problem::Problem;

use super::done;
use crate::ask::Ask;
use crate::cli::{Answer, parse};
use crate::reach::{Extra, Reach};

#[derive(Debug, Args)]
pub struct Hold {
    /// Which item
    pub id: WorkId,
    /// Who holds it
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    pub agent: AgentName,
    /// The fence that the claim gave
    #[arg(long, env = "NEXUS_FENCE", value_name = "N")]
    pub fence: i64,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    pub key: Option<String>,
}

impl Hold {
    /// The hold as the rules know it.
    pub fn held(&self) -> Held {
        Held { by: self.agent.clone(), fence: Fence::new(self.fence) }
    }
}

fn asked(reach: &Reach, verb: &str, ask: &Ask, key: Option<&String>) -> Result<Answer, Problem> {
    Ok(done(verb, &reach.ask(ask, key.map(String::as_str), &Extra::default())?.item))
}

fn act(reach: &Reach, id: &WorkId, verb: &str, command: Command, key: Option<&String>) -> Result<Answer, Problem> {
    asked(reach, verb, &Ask::Act { id: id.clone(), command }, key)
}

/// Keep an item longer; exit 5 when the lease is lost
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work renew work_1795211860474123456 --agent zoe --fence 1 --ttl 5m")]
pub struct Renew {
    #[command(flatten)]
    hold: Hold,
    /// How long from now, such as 30s
    #[arg(long, value_name = "DURATION", value_parser = parse::ttl)]
    ttl: Option<Ttl>,
}

pub fn renew(reach: &Reach, args: &Renew) -> Result<Answer, Problem> {
    let hold = &args.hold;
    let ask = Ask::Renew { id: hold.id.clone(), held: hold.held(), ttl: args.ttl.or_else(|| reach.usual_ttl()) };
    asked(reach, "renewed", &ask, hold.key.as_ref())
}

/// Say how far you are
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  nexus work progress work_1795211860474123456 --agent zoe --fence 1 --percent 40 --note 'parser done'"
)]
pub struct Progress {
    #[command(flatten)]
    hold: Hold,
    /// Percent done, from 0 to 100
    #[arg(long, value_name = "N", value_parser = parse::percent)]
    percent: Percent,
    /// A word on it
    #[arg(long, allow_hyphen_values = true)]
    note: Option<String>,
}

pub fn progress(reach: &Reach, args: &Progress) -> Result<Answer, Problem> {
    let command = Command::Progress { held: args.hold.held(), percent: args.percent, note: args.note.clone() };
    act(reach, &args.hold.id, "progress on", command, args.hold.key.as_ref())
}

/// Finish work that you hold; what is in its workspace becomes a change
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  nexus work report work_1795211860474123456 --agent zoe --fence 1 --result '{\"tests\":12}'"
)]
pub struct Report {
    #[command(flatten)]
    hold: Hold,
    /// What came of it, as JSON or any text
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    result: Option<String>,
}

pub fn report(reach: &Reach, args: &Report) -> Result<Answer, Problem> {
    let result = args.result.as_deref().map(parse::result);
    let ask = Ask::Report { id: args.hold.id.clone(), held: args.hold.held(), result };
    asked(reach, "reported", &ask, args.hold.key.as_ref())
}

/// Say that you cannot do it; the attempt counts
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  nexus work fail work_1795211860474123456 --agent zoe --fence 1 --reason 'no such file'"
)]
pub struct Fail {
    #[command(flatten)]
    hold: Hold,
    /// Why
    #[arg(long, default_value = "no reason given", allow_hyphen_values = true)]
    reason: String,
}

pub fn fail(reach: &Reach, args: &Fail) -> Result<Answer, Problem> {
    let command = Command::Fail { held: args.hold.held(), reason: args.reason.clone() };
    act(reach, &args.hold.id, "failed", command, args.hold.key.as_ref())
}

/// Give an item back; the attempt does not count
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work release work_1795211860474123456 --agent zoe --fence 1")]
pub struct Release {
    #[command(flatten)]
    hold: Hold,
    /// Why, for whoever takes it next
    #[arg(long, allow_hyphen_values = true)]
    reason: Option<String>,
}

pub fn release(reach: &Reach, args: &Release) -> Result<Answer, Problem> {
    let command = Command::Release { held: args.hold.held(), reason: args.reason.clone() };
    act(reach, &args.hold.id, "released", command, args.hold.key.as_ref())
}

/// Say that an item cannot go on; with --fence as its holder, without for one that nobody holds
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work block work_1795211860474123456 --reason 'waits for the new API'")]
pub struct Block {
    /// Which item
    id: WorkId,
    /// Who holds it
    #[arg(long, value_name = "NAME", requires = "fence")]
    agent: Option<AgentName>,
    /// The fence that the claim gave
    #[arg(long, value_name = "N", requires = "agent")]
    fence: Option<i64>,
    /// Why
    #[arg(long, default_value = "no reason given", allow_hyphen_values = true)]
    reason: String,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn block(reach: &Reach, args: &Block) -> Result<Answer, Problem> {
    let held = args.agent.clone().zip(args.fence).map(|(by, fence)| Held { by, fence: Fence::new(fence) });
    let command = Command::Block { held, reason: args.reason.clone() };
    act(reach, &args.id, "blocked", command, args.key.as_ref())
}

macro_rules! operator_verb {
    ($(#[$doc:meta])* $name:ident, $run:ident, $verb:literal, $command:expr, $example:literal) => {
        $(#[$doc])*
        #[derive(Debug, Args)]
        #[command(after_help = concat!("Example:\n  nexus work ", $example, " work_1795211860474123456"))]
        pub struct $name {
            /// Which item
            id: WorkId,
            /// Makes a repeated request one: the same key gets the same answer
            #[arg(long)]
            key: Option<String>,
        }

        pub fn $run(reach: &Reach, args: &$name) -> Result<Answer, Problem> {
            act(reach, &args.id, $verb, $command, args.key.as_ref())
        }
    };
}

operator_verb!(
    /// What blocked an item is gone
    Unblock, unblock, "unblocked", Command::Unblock, "unblock"
);
operator_verb!(
    /// Give a dead item new attempts
    Requeue, requeue, "requeued", Command::Requeue, "requeue"
);

/// Call an item off, whoever holds it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work cancel work_1795211860474123456 --reason 'not needed any more'")]
pub struct Cancel {
    /// Which item
    id: WorkId,
    /// Why
    #[arg(long, allow_hyphen_values = true)]
    reason: Option<String>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn cancel(reach: &Reach, args: &Cancel) -> Result<Answer, Problem> {
    act(reach, &args.id, "cancelled", Command::Cancel { reason: args.reason.clone() }, args.key.as_ref())
}
