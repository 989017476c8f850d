//! `nexus check-history`

use std::collections::HashSet;
use std::path::PathBuf;

use domain::audit::{Call, Judgement, Logged, judge};
use engine::audit::EventView;
use engine::history::read_calls;
use engine::problem::Problem;
use engine::{Engine, wait};
use serde_json::json;
use store::Mode;

use super::{Answer, Global, parse};
use crate::here::Here;

/// The largest file of calls, in bytes.
const BYTES_MAX: u64 = 1_000_000_000;

/// Judge what callers saw against the event log: double grants, stale effects, lost updates
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus check-history                      judge the event log by itself\n  \
    nexus check-history calls.jsonl --json   judge recorded calls against the event log\n  \
    nexus check-history calls.jsonl --no-log judge another tool's calls\n\n\
    The format is in docs/history-format.md. Exit 0 when it is clean, 1 when a rule is broken.")]
pub struct Args {
    /// Calls as their callers recorded them, JSON lines
    file: Option<PathBuf>,
    /// Judge the calls alone, with no event log
    #[arg(long, requires = "file")]
    no_log: bool,
}

pub fn check(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let calls = match &args.file {
        None => Vec::new(),
        Some(path) => read_calls(&parse::file(path, BYTES_MAX)?)?,
    };
    let (calls, log) = if args.no_log {
        (calls, None)
    } else {
        let engine = Here::find(global)?.engine(Mode::Direct)?;
        let log = read_log(&engine)?;
        (not_archived(&engine, calls, &log)?, Some(log))
    };
    let judgement = judge(&calls, log.as_deref());
    Ok(told(&judgement))
}

/// Everything about work in the event log; nothing of items whose beginning is in an archive, as they cannot be judged.
pub fn read_log(engine: &Engine) -> Result<Vec<Logged>, Problem> {
    let archived = engine.archived()?.up_to_seq > 0;
    let (mut log, mut after, mut whole) = (Vec::new(), 0, HashSet::new());
    loop {
        let page = wait(engine.events(None, after, 10_000))?;
        let Some(last) = page.last() else { return Ok(log) };
        after = last.seq;
        for event in page.iter().filter(|event| event.name.starts_with("work.")) {
            if archived && event.name == "work.added" {
                whole.insert(event.subject.clone());
            }
            if !archived || whole.contains(&event.subject) {
                log.push(logged(event));
            }
        }
    }
}

/// The calls without those on items that are there, and whose beginning is in an archive.
fn not_archived(engine: &Engine, mut calls: Vec<Call>, log: &[Logged]) -> Result<Vec<Call>, Problem> {
    if engine.archived()?.up_to_seq > 0 {
        let told: HashSet<&str> = log.iter().map(|entry| entry.item.as_str()).collect();
        let gone = |item: &String| {
            !told.contains(item.as_str()) && item.parse().is_ok_and(|id| wait(engine.show(&id)).is_ok())
        };
        calls.retain(|call| !call.item.as_ref().is_some_and(gone));
    }
    Ok(calls)
}

fn logged(event: &EventView) -> Logged {
    let number = |field| event.data.get(field).and_then(serde_json::Value::as_i64);
    let granted = number("queue_fence").or_else(|| number("to_fence"));
    let handed_off = event.name == "work.handed_off";
    Logged {
        seq: event.seq,
        at_ms: event.at_ms,
        item: event.subject.clone(),
        name: event.name.clone(),
        agent: event.agent.clone(),
        fence: granted.or(event.fence),
        held_fence: granted.and(event.fence),
        to: event.data.get("to").filter(|_| handed_off).and_then(serde_json::Value::as_str).map(str::to_owned),
    }
}

fn told(judgement: &Judgement) -> Answer {
    let violations: Vec<_> = judgement
        .violations
        .iter()
        .map(|v| json!({ "rule": v.rule.word(), "item": v.item, "lines": v.lines, "seqs": v.seqs, "text": v.text }))
        .collect();
    let json = json!({
        "sound": judgement.sound(), "calls": judgement.calls, "events": judgement.events, "grants": judgement.grants,
        "effects": judgement.effects, "refused": judgement.refused, "unknown": judgement.unknown,
        "unjudged": judgement.unjudged, "double_grants": judgement.double_grants,
        "stale_effects": judgement.stale_effects, "stale_effects_refused": judgement.stale_effects_refused,
        "lost_updates": judgement.lost_updates, "violations": violations,
    });
    let mut text = format!(
        "{} calls and {} events: {} grants, {} effects, {} refused, {} unknown",
        judgement.calls, judgement.events, judgement.grants, judgement.effects, judgement.refused, judgement.unknown
    );
    if judgement.sound() {
        text.push_str("\nclean: no double grant, no stale effect, no lost update");
    }
    for v in &judgement.violations {
        text.push_str(&format!("\n{}: {}", v.rule.word(), v.text));
    }
    Answer::new(&json, text).exit(u8::from(!judgement.sound()))
}
