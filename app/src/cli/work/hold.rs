//! What a holder says about its item, and what an operator does to one.

use clap::Args;
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Fence, Held, Limits, Percent};
use engine::problem::Problem;
use engine::{Engine, wait};

use super::done;
use crate::cli::{Answer, parse};
use crate::here::Here;

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

fn act(
    engine: &Engine,
    id: &WorkId,
    verb: &str,
    command: Command,
    key: Option<engine::Key>,
) -> Result<Answer, Problem> {
    Ok(done(verb, &wait(engine.act(id.clone(), command, key))?))
}

fn text(what: &'static str, text: &str) -> Result<String, Problem> {
    domain::text::bounded(what, text, Limits::TEXT_BYTES_MAX).map_err(|bad| Problem::malformed(bad.to_string()))
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

pub fn renew(here: &Here, engine: &Engine, args: &Renew) -> Result<Answer, Problem> {
    let key = parse::key(args.hold.key.as_ref(), args)?;
    let command = Command::Renew { held: args.hold.held(), ttl: args.ttl.unwrap_or(here.settings().lease_ttl) };
    act(engine, &args.hold.id, "renewed", command, key)
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

pub fn progress(engine: &Engine, args: &Progress) -> Result<Answer, Problem> {
    let key = parse::key(args.hold.key.as_ref(), args)?;
    let note = args.note.as_deref().map(|note| text("the note", note)).transpose()?;
    let command = Command::Progress { held: args.hold.held(), percent: args.percent, note };
    act(engine, &args.hold.id, "progress on", command, key)
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

pub fn report(here: &Here, engine: &Engine, args: &Report) -> Result<Answer, Problem> {
    let key = parse::key(args.hold.key.as_ref(), args)?;
    let result = args.result.as_deref().map(parse::result);
    if let Some(result) = &result {
        domain::text::bounded("the result", &result.0, Limits::JSON_BYTES_MAX)
            .map_err(|bad| Problem::malformed(bad.to_string()))?;
    }
    let (id, held) = (args.hold.id.clone(), args.hold.held());
    let item = match wait(engine.report(id.clone(), held.clone(), result.clone(), key.clone()))? {
        Some(item) => item,
        None => here.site_over(engine.clone(), here.git()?)?.submit(&id, &held, result, key)?,
    };
    Ok(done("reported", &item))
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

pub fn fail(here: &Here, engine: &Engine, args: &Fail) -> Result<Answer, Problem> {
    let key = parse::key(args.hold.key.as_ref(), args)?;
    let command = Command::Fail { held: args.hold.held(), reason: text("the reason", &args.reason)? };
    let answer = act(engine, &args.hold.id, "failed", command, key)?;
    put_away(here, engine, &args.hold)?;
    Ok(answer)
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

pub fn release(here: &Here, engine: &Engine, args: &Release) -> Result<Answer, Problem> {
    let key = parse::key(args.hold.key.as_ref(), args)?;
    let reason = args.reason.as_deref().map(|reason| text("the reason", reason)).transpose()?;
    let answer = act(engine, &args.hold.id, "released", Command::Release { held: args.hold.held(), reason }, key)?;
    put_away(here, engine, &args.hold)?;
    Ok(answer)
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

pub fn block(here: &Here, engine: &Engine, args: &Block) -> Result<Answer, Problem> {
    let key = parse::key(args.key.as_ref(), args)?;
    let held = args.agent.clone().zip(args.fence).map(|(by, fence)| Held { by, fence: Fence::new(fence) });
    let command = Command::Block { held: held.clone(), reason: text("the reason", &args.reason)? };
    let answer = act(engine, &args.id, "blocked", command, key)?;
    if let Some(Held { by, fence }) = held {
        put_away(here, engine, &Hold { id: args.id.clone(), agent: by, fence: fence.number(), key: None })?;
    }
    Ok(answer)
}

/// A workspace that was opened for a hold which its owner has ended is kept aside.
pub fn put_away(here: &Here, engine: &Engine, hold: &Hold) -> Result<(), Problem> {
    use domain::workspace::State;
    let (project, fence) = (&engine.project, Fence::new(hold.fence));
    let read = engine.store.read(async |tx| store::workspace::of_grant(tx, project, &hold.id, fence).await);
    match wait(read)? {
        Some(there) if there.state == State::Open && !there.supervised => {
            here.site_over(engine.clone(), here.git()?)?.put_away(&there, true).map(|_| ())
        }
        _ => Ok(()),
    }
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

        pub fn $run(engine: &Engine, args: &$name) -> Result<Answer, Problem> {
            act(engine, &args.id, $verb, $command, parse::key(args.key.as_ref(), args)?)
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

pub fn cancel(engine: &Engine, args: &Cancel) -> Result<Answer, Problem> {
    let key = parse::key(args.key.as_ref(), args)?;
    let reason = args.reason.as_deref().map(|reason| text("the reason", reason)).transpose()?;
    act(engine, &args.id, "cancelled", Command::Cancel { reason }, key)
}
