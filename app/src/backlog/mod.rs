//! Backlogs of other tools, in and out.
//!
//! ```text
//! file or folder ──▶ a reader per format ──rows──▶ Reading ──▶ engine (in batches, what waits for what)
//!                                                    │
//!                                                    └─ what makes no sense, what is not understood
//! ```

mod beads;
mod coordination;
pub mod export;
mod lines;
mod markdown;
mod nexus;
mod program;
mod reading;
pub mod rows;
mod taskmaster;

use std::path::Path;

use clap::ValueEnum;
use engine::Engine;
use engine::problem::{Kind, Problem};
use serde_json::{Value, json};

use crate::cli::Answer;
use crate::terminal::one_line;
use reading::Reading;

/// Whose backlog it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// JSON lines with the keys of `work add`
    Nexus,
    /// `work_claims.json`, `backlog.yaml`, or a folder with them
    Coordination,
    /// JSON lines of beads
    Beads,
    /// `tasks.json` of task-master
    Taskmaster,
    /// A folder of Backlog.md
    BacklogMd,
}

/// The largest JSON document that is read whole, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 100_000_000;
/// How many rows that were skipped are named for people.
const SHOWN: usize = 20;

/// Brings in what is good of the backlog at `path`, and says what is not.
pub fn import(engine: &Engine, format: Format, path: &Path) -> Result<Answer, Problem> {
    bring(engine, format, path).map(|(answer, _)| answer)
}

/// The same, with how many rows were skipped.
fn bring(engine: &Engine, format: Format, path: &Path) -> Result<(Answer, usize), Problem> {
    let source = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mut reading = Reading::new(engine, &source.to_string_lossy(), format == Format::Nexus);
    match format {
        Format::Nexus => nexus::read(path, &mut reading)?,
        Format::Beads => beads::read(path, &mut reading)?,
        Format::Coordination => coordination::read(engine, path, &mut reading)?,
        Format::Taskmaster => taskmaster::read(path, &mut reading)?,
        Format::BacklogMd => markdown::read(path, &mut reading)?,
    }
    let (brought, odd) = reading.finish()?;
    let mut text = format!("imported {} items", brought.added);
    if brought.known > 0 {
        text.push_str(&format!("; {} were there already", brought.known));
    }
    if brought.skipped > 0 {
        text.push_str(&format!("\nskipped {} rows:", brought.skipped));
        for it in brought.why.iter().take(SHOWN) {
            text.push_str(&format!("\n  line {}: {}", it.line, one_line(&it.reason)));
        }
        if brought.skipped > SHOWN {
            text.push_str("\n  … more with --json");
        }
    }
    let not_understood: Vec<Value> = odd.iter().map(|(what, count)| json!({ "what": what, "rows": count })).collect();
    if !odd.is_empty() {
        text.push_str("\nnot understood:");
        odd.iter().for_each(|(what, count)| text.push_str(&format!("\n  {} ({count})", one_line(what))));
    }
    let json = json!({
        "imported": brought.added, "known": brought.known, "skipped_count": brought.skipped,
        "skipped": brought.why, "not_understood": not_understood,
    });
    let answer = Answer::new(&json, text);
    // Nothing good at all is a failure; some good and some bad is what was asked for.
    let all_bad = brought.skipped > 0 && brought.added + brought.known == 0;
    Ok((if all_bad { answer.exit(1) } else { answer }, brought.skipped))
}

/// Adds what is good of a file of JSON lines. It is not all well when some of them were not added.
pub fn add_lines(engine: &Engine, path: &Path) -> Result<Answer, Problem> {
    let (answer, skipped) = bring(engine, Format::Nexus, path)?;
    Ok(if skipped > 0 { answer.exit(1) } else { answer })
}

/// A JSON document, read whole.
fn document(path: &Path) -> Result<Value, Problem> {
    let text = crate::cli::parse::file(path, DOCUMENT_BYTES_MAX)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    serde_json::from_str(text).map_err(|e| Problem::malformed(format!("{}: this is no JSON: {e}", path.display())))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Kind::Failed, "unreadable", format!("{}: it cannot be read: {error}", path.display()))
}
