//! `nexus lock …`

use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use domain::text::{AgentName, Name};
use domain::time::Ttl;
use domain::work::{Fence, Held};
use engine::problem::{Kind, Problem};
use engine::work::LockView;
use engine::{Engine, wait};
use store::Mode;
use store::work::Page;

use super::tree::Branch;
use super::{Answer, Global, parse};
use crate::here::Here;
use crate::terminal::{one_line, table, when};

/// How often one that waits asks again: at first, and at the longest.
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// Locks by name, across worktrees: acquire, renew, release, list
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  nexus lock acquire 'database schema' --agent zoe --ttl 5m --wait 1m")]
pub enum Command {
    Acquire(Acquire),
    Renew(Renew),
    Release(Release),
    List(List),
}

/// The verbs, each by itself.
pub const BRANCHES: &[Branch] = &[
    (&["lock", "acquire"], Acquire::augment_args),
    (&["lock", "renew"], Renew::augment_args),
    (&["lock", "release"], Release::augment_args),
    (&["lock", "list"], List::augment_args),
];

/// Take a lock; exit 3 when another has it, exit 4 when it had it for all of --wait
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus lock acquire 'database schema' --agent zoe --ttl 5m --wait 1m --json")]
pub struct Acquire {
    /// Its name
    name: Name,
    /// Who takes it
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: AgentName,
    /// How long it is held unless renewed, such as 30s
    #[arg(long, value_name = "DURATION", value_parser = parse::ttl)]
    ttl: Option<Ttl>,
    /// How long to wait for it, such as 1m
    #[arg(long, value_name = "DURATION", value_parser = parse::span, conflicts_with = "key")]
    wait: Option<Duration>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

#[derive(Debug, Args)]
struct Hold {
    /// Its name
    name: Name,
    /// Who holds it
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: AgentName,
    /// The fence that acquiring it gave
    #[arg(long, value_name = "N")]
    fence: i64,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// Keep a lock longer; exit 5 when it is lost
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus lock renew 'database schema' --agent zoe --fence 1 --ttl 5m")]
pub struct Renew {
    #[command(flatten)]
    hold: Hold,
    /// How long from now, such as 30s
    #[arg(long, value_name = "DURATION", value_parser = parse::ttl)]
    ttl: Option<Ttl>,
}

/// Give a lock back; exit 5 when it is lost
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus lock release 'database schema' --agent zoe --fence 1")]
pub struct Release {
    #[command(flatten)]
    hold: Hold,
}

/// List the locks that somebody holds
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus lock list --json")]
pub struct List {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Only locks after this name
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    after: String,
}

pub fn lock(global: &Global, command: Command) -> Result<Answer, Problem> {
    let here = Here::find(global)?;
    let engine = here.engine(Mode::Direct)?;
    let usual = here.settings().lease_ttl;
    match command {
        Command::Acquire(args) => acquire(&engine, &args, usual),
        Command::Renew(args) => {
            let key = parse::key(args.hold.key.as_ref(), &args)?;
            let Hold { name, agent, fence, .. } = args.hold;
            let held = Held { by: agent, fence: Fence::new(fence) };
            Ok(told(&engine, &wait(engine.renew_lock(name, held, args.ttl.unwrap_or(usual), key))?))
        }
        Command::Release(args) => {
            let key = parse::key(args.hold.key.as_ref(), &args)?;
            let Hold { name, agent, fence, .. } = args.hold;
            let held = Held { by: agent, fence: Fence::new(fence) };
            let lock = wait(engine.release_lock(name, held, key))?;
            Ok(Answer::new(&lock, format!("released {}", one_line(&lock.name))))
        }
        Command::List(args) => list(&engine, args),
    }
}

fn acquire(engine: &Engine, args: &Acquire, usual: Ttl) -> Result<Answer, Problem> {
    let key = parse::key(args.key.as_ref(), args)?;
    let ttl = args.ttl.unwrap_or(usual);
    let (began, mut pause) = (Instant::now(), PAUSE);
    loop {
        let asked = wait(engine.acquire_lock(args.name.clone(), args.agent.clone(), ttl, key.clone()));
        let held = match asked {
            Ok(lock) => return Ok(told(engine, &lock)),
            Err(problem) if problem.code == "held" => problem,
            Err(problem) => return Err(problem),
        };
        let Some(most) = args.wait else { return Err(held) };
        let left = most.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(Problem { kind: Kind::Nothing, code: "still_held".to_owned(), ..held });
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

fn told(engine: &Engine, lock: &LockView) -> Answer {
    let now = engine.scope().now.millis();
    let holder = lock.holder.as_deref().unwrap_or("nobody");
    let until = lock.lease_until_ms.map_or_else(String::new, |at| when(at, now));
    let name = one_line(&lock.name);
    Answer::new(lock, format!("{holder} holds {name} under fence {}, lease ends {until}", lock.fence))
}

fn list(engine: &Engine, args: List) -> Result<Answer, Problem> {
    let locks = wait(engine.locks(&Page { after: args.after, limit: args.limit }))?;
    if locks.is_empty() {
        return Ok(Answer::new(&locks, "nobody holds a lock"));
    }
    let now = engine.scope().now.millis();
    let row = |lock: &LockView| {
        let until = lock.lease_until_ms.map_or_else(String::new, |at| when(at, now));
        vec![lock.name.clone(), lock.holder.clone().unwrap_or_default(), lock.fence.to_string(), until]
    };
    Ok(Answer::new(&locks, table(&["lock", "held by", "fence", "until"], locks.iter().map(row))))
}
