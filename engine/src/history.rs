//! What a caller asked, when, and what it saw: one JSON line a call, for `nexus check-history` to judge.
//!
//! The format is `docs/history-format.md`. Recording is for tests and the demo; it is on when `NEXUS_HISTORY` names a
//! file.

mod read;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use domain::work::{Command, Held};
use serde_json::{Value, json};

use crate::problem::{Kind, Problem};
use crate::work::WorkView;

pub use read::read_calls;

/// A file of calls. Several processes may append to one.
#[derive(Clone, Debug)]
pub struct History {
    file: Arc<Mutex<File>>,
}

/// A call that was asked and not yet answered.
#[derive(Clone, Debug)]
pub struct Asked {
    line: Value,
}

impl Asked {
    /// A claim of `item`, or of whatever comes next.
    pub fn claim(item: Option<&str>, agent: &str) -> Self {
        let op = if item.is_some() { "claim" } else { "next" };
        Self { line: json!({ "op": op, "item": item, "agent": agent }) }
    }

    /// An effect of a holder; `None` for a command that shows no hold.
    pub fn effect(item: &str, command: &Command) -> Option<Self> {
        let (op, held) = match command {
            Command::Renew { held, .. } => ("renew", held),
            Command::Progress { held, .. } => ("progress", held),
            Command::KeepResult { held, .. } => ("keep_result", held),
            Command::Report { held, .. } => ("report", held),
            Command::Fail { held, .. } => ("fail", held),
            Command::Release { held, .. } => ("release", held),
            Command::HandOff { held, .. } => ("handoff", held),
            Command::Block { held: Some(held), .. } => ("block", held),
            _ => return None,
        };
        Some(Self::held(op, item, held))
    }

    /// The effect called `op` of a holder.
    pub fn held(op: &str, item: &str, held: &Held) -> Self {
        let fence = held.fence.number();
        Self { line: json!({ "op": op, "item": item, "agent": held.by.as_str(), "fence": fence }) }
    }
}

impl History {
    /// Appends to `path`.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::options().append(true).create(true).open(path)?;
        Ok(Self { file: Arc::new(Mutex::new(file)) })
    }

    /// Writes down that `asked` was asked at `asked_ms`, and what was answered by now.
    pub fn answered(&self, asked: Asked, asked_ms: i64, answered_ms: i64, saw: &Result<WorkView, Problem>) {
        let mut line = asked.line;
        line["asked_ms"] = asked_ms.into();
        line["answered_ms"] = answered_ms.into();
        line["saw"] = match saw {
            Ok(item) => {
                if matches!(line["op"].as_str(), Some("claim" | "next")) {
                    line["item"] = item.id.clone().into();
                    line["fence"] = item.fence.into();
                }
                "ok".into()
            }
            Err(problem) if problem.kind == Kind::Nothing => "nothing".into(),
            // A store that failed may have done it all the same.
            Err(problem) if problem.kind == Kind::Failed => "unknown".into(),
            Err(problem) => {
                line["code"] = problem.code.clone().into();
                "refused".into()
            }
        };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line, so that lines of several processes do not mix. A full disk costs the record, not the call.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}
