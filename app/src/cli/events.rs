//! `nexus events`

use std::time::Duration;

use engine::audit::EventView;
use engine::problem::Problem;
use engine::{Engine, wait};
use store::Mode;

use super::answer::{line, print};
use super::{Answer, Global, parse};
use crate::here::Here;
use crate::terminal::one_line;

/// How many entries are read in one go.
const PAGE: u32 = 1_000;
/// How long a follower lets pass between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// What happened, oldest first; with --json one object a line
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  nexus events --follow\n  nexus events --json --after 120 --limit 50\n  nexus events --of work_1795211860474123456"
)]
pub struct Args {
    /// Go on and print what happens from now on
    #[arg(long)]
    follow: bool,
    /// Only entries after this number
    #[arg(long, value_name = "SEQ", default_value = "0", hide_default_value = true, value_parser = parse::seq)]
    after: i64,
    /// How many at most
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Only what happened to this item, change or workspace
    #[arg(long, value_name = "ID")]
    of: Option<String>,
}

pub fn events(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let engine = Here::find(global)?.engine(Mode::Loop)?;
    if let Some(of) = &args.of
        && !args.follow
        && wait(engine.events(Some(of), 0, 1))?.is_empty()
    {
        return Err(Problem::not_found(format!(
            "nothing has happened to {of:?}; it names no item, change or workspace"
        )));
    }
    let mut after = args.after;
    let mut left = args.limit.unwrap_or(u64::MAX);
    loop {
        after = print_all(&engine, args, after, &mut left, global.json)?;
        if !args.follow || left == 0 {
            return Ok(Answer::silent());
        }
        let mut changes = engine.store.changes()?;
        // What came between the last look and the watch.
        after = print_all(&engine, args, after, &mut left, global.json)?;
        while !changes.any()? {
            std::thread::sleep(LOOK);
        }
    }
}

/// Prints what there is; comes back with the number of the last entry.
fn print_all(engine: &Engine, args: &Args, mut after: i64, left: &mut u64, json: bool) -> Result<i64, Problem> {
    while *left > 0 {
        let limit = u32::try_from(*left).unwrap_or(PAGE).min(PAGE);
        let found = wait(engine.events(args.of.as_deref(), after, limit))?;
        for event in &found {
            if !print(&if json { line(event) } else { told(event) }) {
                std::process::exit(0);
            }
        }
        *left -= found.len() as u64;
        match found.last() {
            Some(last) => after = last.seq,
            None => break,
        }
    }
    Ok(after)
}

/// One entry on one line.
pub fn told(event: &EventView) -> String {
    let mut text = format!("{:>6} {} {} {}", event.seq, time(event.at_ms), event.name, event.subject);
    if let Some(agent) = &event.agent {
        text.push_str(&format!(" by {}", one_line(agent)));
    }
    if let Some(fence) = event.fence {
        text.push_str(&format!(" fence {fence}"));
    }
    if let Some(reason) = event.data.get("reason").and_then(serde_json::Value::as_str) {
        text.push_str(&format!(": {}", one_line(reason.lines().next().unwrap_or_default())));
    }
    text
}

/// A moment in UTC.
pub fn time(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).map_or_else(|_| at_ms.to_string(), |at| format!("{at:.3}"))
}
