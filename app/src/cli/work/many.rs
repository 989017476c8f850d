//! Reporting many at once.

use std::path::PathBuf;

use clap::Args;
use engine::problem::Problem;

use crate::ask::{Deed, ReportedView, read_report};
use crate::cli::{Answer, parse};
use crate::reach::Reach;
use crate::terminal::harmless;

/// The largest file of reports, in bytes.
const BYTES_MAX: u64 = 100_000_000;

/// Report many items that you hold, in one transaction; exit 1 when some could not be reported
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  nexus work report-many done.jsonl\n\nExample line:\n  {\"id\":\"work_1795211860474123456\",\"agent\":\"zoe\",\"fence\":1,\"result\":{\"tests\":12}}\n\n\
    Items with a workspace are reported by themselves (`work report`)."
)]
pub struct ReportMany {
    /// The file (`-` is standard input)
    file: PathBuf,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn report_many(reach: &Reach, args: &ReportMany) -> Result<Answer, Problem> {
    let text = parse::file(&args.file, BYTES_MAX)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(at, line): (usize, &str)| read_report(&format!("line {}", at + 1), line);
    let reports = lines.map(read).collect::<Result<_, Problem>>()?;
    let told: Vec<ReportedView> = reach.deed(&Deed::Report { reports }, args.key.as_deref())?;
    let bad: Vec<&ReportedView> = told.iter().filter(|it| it.error.is_some()).collect();
    let mut said = format!("reported {} of {}", told.len() - bad.len(), told.len());
    for it in &bad {
        let why = it.error.as_ref().and_then(|error| error["message"].as_str()).unwrap_or_default();
        said.push_str(&format!("\n{}: {}", it.id, harmless(why)));
    }
    let code = u8::from(!bad.is_empty());
    Ok(Answer::new(&told, said).exit(code))
}
