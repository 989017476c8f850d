//! Reporting many at once.

use std::path::PathBuf;

use clap::Args;
use domain::work::{Fence, Held, Json, Limits};
use engine::problem::Problem;
use engine::work::{Report, Reported};
use engine::{Engine, wait};
use serde::Deserialize;

use crate::cli::answer::problem_json;
use crate::cli::{Answer, parse};

/// The largest file of reports, in bytes, and the most lines in it.
const BYTES_MAX: u64 = 100_000_000;
const LINES_MAX: usize = 10_000;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    agent: String,
    fence: i64,
    result: Option<serde_json::Value>,
}

pub fn report_many(engine: &Engine, args: &ReportMany) -> Result<Answer, Problem> {
    let text = parse::file(&args.file, BYTES_MAX)?;
    let key = parse::key(args.key.as_ref(), &("report-many", &text))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let reports = lines.map(|(at, line)| read(at + 1, line)).collect::<Result<Vec<Report>, Problem>>()?;
    if reports.len() > LINES_MAX {
        return Err(Problem::malformed(format!("{} reports; the most at once is {LINES_MAX}", reports.len())));
    }
    let told = wait(engine.report_many(reports, key))?;
    let bad: Vec<&Reported> = told.iter().filter(|it| it.error.is_some()).collect();
    let mut said = format!("reported {} of {}", told.len() - bad.len(), told.len());
    for it in &bad {
        said.push_str(&format!("\n{}: {}", it.id, it.error.as_ref().map_or("", |problem| &problem.message)));
    }
    let json = |it: &Reported| {
        let error = it.error.as_ref().map(|problem| problem_json(problem)["error"].clone());
        serde_json::json!({ "id": it.id, "item": it.item, "error": error })
    };
    let answer = Answer::new(&told.iter().map(json).collect::<Vec<_>>(), said);
    Ok(if bad.is_empty() { answer } else { answer.exit(1) })
}

fn read(number: usize, line: &str) -> Result<Report, Problem> {
    let wrong = |what: String| Problem::malformed(format!("line {number}: {what}"));
    let line: Line =
        serde_json::from_str(line).map_err(|e| wrong(e.to_string().replace(" at line 1 column ", " at column ")))?;
    let result = line.result.map(|result| result.to_string());
    if let Some(result) = &result {
        domain::text::bounded("the result", result, Limits::JSON_BYTES_MAX).map_err(|bad| wrong(bad.to_string()))?;
    }
    Ok(Report {
        id: line.id.parse().map_err(|bad: domain::id::NotAnId| wrong(bad.to_string()))?,
        held: Held {
            by: line.agent.parse().map_err(|bad: domain::text::BadText| wrong(bad.to_string()))?,
            fence: Fence::new(line.fence),
        },
        result: result.map(Json),
    })
}
