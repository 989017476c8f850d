//! A file of calls, read back into what the judge takes.

use domain::audit::{Call, Op, Saw};
use serde::Deserialize;

use crate::problem::Problem;

#[derive(Deserialize)]
struct Line {
    op: String,
    item: Option<String>,
    agent: String,
    asked_ms: i64,
    answered_ms: Option<i64>,
    saw: String,
    fence: Option<i64>,
    code: Option<String>,
    key: Option<String>,
}

/// The calls of a file of JSON lines, as `docs/history-format.md` says. Fails with the first line that is no call.
pub fn read_calls(text: &str) -> Result<Vec<Call>, Problem> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| read_call(at + 1, line)).collect()
}

fn read_call(line: usize, text: &str) -> Result<Call, Problem> {
    let wrong = |what: String| Problem::malformed(format!("line {line}: {what}"));
    let said: Line = serde_json::from_str(text).map_err(|e| wrong(e.to_string()))?;
    let op = Op::from_word(&said.op);
    let saw = match said.saw.as_str() {
        "ok" => Saw::Ok { fence: if op == Op::Claim { said.fence } else { None } },
        "refused" => Saw::Refused { code: said.code.unwrap_or_default() },
        "nothing" => Saw::Nothing,
        "unknown" => Saw::Unknown,
        other => return Err(wrong(format!("saw {other:?}: it can be ok, refused, nothing or unknown"))),
    };
    Ok(Call {
        line,
        fence: if op == Op::Claim { None } else { said.fence },
        op,
        item: said.item,
        agent: said.agent,
        asked_ms: said.asked_ms,
        answered_ms: said.answered_ms,
        saw,
        key: said.key,
    })
}
