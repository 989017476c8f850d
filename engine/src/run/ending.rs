//! What is written down of an attempt beside what its agent printed: how it was started, and how it ended.

use std::path::Path;

use domain::agent::verdict::Outcome;
use serde_json::json;

use crate::agent::{RunResult, RunSpec};

/// The file, in the folder of the attempt.
const FILE: &str = "ending.json";

/// Writes it; `argv` is what was started, without what kept it in, and has no keys in it. An attempt is not worth less for
/// a file that cannot be written.
pub fn note(place: &Path, runtime: &str, argv: &[String], spec: &RunSpec, result: &RunResult, outcome: &Outcome) {
    // Most agents do not say what they used; the gateway does.
    let metered = result.facts.metered.as_ref();
    let tokens = metered.map_or(0, |it| it.usage.tokens());
    let calls = metered.map(|it| {
        json!({
            "answered": it.answered, "failed": it.failed, "last_failure": it.last_failure,
            "over_budget": it.over_budget, "exhausted": it.exhausted, "cut_short": it.cut_short,
        })
    });
    let told = json!({
        "runtime": runtime, "command": argv, "workspace": spec.workspace, "home": spec.home, "model": spec.model,
        "template": spec.template, "outcome": outcome.word(), "sentence": outcome.to_string(),
        "exit_code": result.exit.as_ref().map(|it| it.code), "session": result.session, "turns": result.turns,
        "tokens": result.usage.tokens().max(tokens), "usd_micros": result.usage.usd_micros, "denials": result.denials,
        "calls": calls, "errors": result.facts.errors,
    });
    let _ = std::fs::write(place.join(FILE), format!("{told:#}\n"));
}
