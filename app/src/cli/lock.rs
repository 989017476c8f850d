//! `nexus lock …`

use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use domain::text::{AgentName, Name};
use domain::time::Ttl;
use domain::work::{Fence, Held};
use engine::problem::{Kind, Problem};
use engine::work::LockView;
use store::work::Page;

use super::tree::Branch;
use super::{Answer, Global, parse};
use crate::ask::{Deed, Look, Take};
use crate::reach::{Reach, now_ms};
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
    // The end of the process closes the store, and sooner than we could: nothing is written at a close.
    let reach = &*ManuallyDrop::new(Reach::find(global)?);
    match command {
        Command::Acquire(args) => acquire(reach, &args),
        Command::Renew(Renew { hold, ttl }) => {
            let (name, held) = hold.parts();
            let deed = Deed::Keep { name, held, ttl: ttl.or_else(|| reach.usual_ttl()) };
            Ok(told(&reach.deed(&deed, hold.key.as_deref())?))
        }
        Command::Release(Release { hold }) => {
            let (name, held) = hold.parts();
            let lock: LockView = reach.deed(&Deed::GiveBack { name, held }, hold.key.as_deref())?;
            Ok(Answer::new(&lock, format!("released {}", one_line(&lock.name))))
        }
        Command::List(args) => list(reach, args),
    }
}

impl Hold {
    fn parts(&self) -> (Name, Held) {
        (self.name.clone(), Held { by: self.agent.clone(), fence: Fence::new(self.fence) })
    }
}

fn acquire(reach: &Reach, args: &Acquire) -> Result<Answer, Problem> {
    let take = Take { by: args.agent.clone(), ttl: args.ttl.or_else(|| reach.usual_ttl()) };
    let deed = Deed::Acquire { name: args.name.clone(), take };
    let (began, mut pause) = (Instant::now(), PAUSE);
    loop {
        let held = match reach.deed::<LockView>(&deed, args.key.as_deref()) {
            Ok(lock) => return Ok(told(&lock)),
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

fn told(lock: &LockView) -> Answer {
    let now = now_ms();
    let holder = lock.holder.as_deref().unwrap_or("nobody");
    let until = lock.lease_until_ms.map_or_else(String::new, |at| when(at, now));
    let name = one_line(&lock.name);
    Answer::new(lock, format!("{holder} holds {name} under fence {}, lease ends {until}", lock.fence))
}

fn list(reach: &Reach, args: List) -> Result<Answer, Problem> {
    let page = Page { after: args.after, limit: args.limit };
    let locks: Vec<LockView> = reach.look(&Look::Locks { page })?;
    if locks.is_empty() {
        return Ok(Answer::new(&locks, "nobody holds a lock"));
    }
    let now = now_ms();
    let row = |lock: &LockView| {
        let until = lock.lease_until_ms.map_or_else(String::new, |at| when(at, now));
        vec![lock.name.clone(), lock.holder.clone().unwrap_or_default(), lock.fence.to_string(), until]
    };
    Ok(Answer::new(&locks, table(&["lock", "held by", "fence", "until"], locks.iter().map(row))))
}
