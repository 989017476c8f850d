//! The table at the end.

use engine::problem::Problem;
use engine::wait;

use super::Outcome;
use super::scene::Scene;
use crate::terminal::{painted, table as lines};

/// Every item and how it ended, and what was proved.
pub fn table(scene: &Scene, outcome: &Outcome) -> Result<String, Problem> {
    let mut rows = Vec::new();
    for (key, id) in &scene.items {
        let item = wait(scene.engine.show(&id.parse().expect("an id")))?;
        let proof = item.proof.clone().unwrap_or_default();
        rows.push(vec![key.clone(), item.state.clone(), proof, item.fence.to_string(), item.title]);
    }
    let mut text = lines(&["item", "ended", "proof", "fence", "title"], rows);
    let mut said = |what: &str, found: String, good: bool| {
        let mark = if good { painted("done", "✔") } else { painted("dead", "✘") };
        text.push_str(&format!("\n{mark} {what}: {found}"));
    };
    said("landed", format!("{} of {} items", outcome.landed, outcome.items), outcome.landed + 1 == outcome.items);
    said("changes refused for touching protected tests", outcome.refused.to_string(), outcome.refused == 1);
    said("leases that ran out and were taken over", outcome.reclaimed.to_string(), outcome.reclaimed >= 2);
    said("late effects refused", outcome.stale_effects_refused.to_string(), outcome.stale_effects_refused >= 5);
    let violations = outcome.double_grants + outcome.stale_effects + outcome.lost_updates;
    said(
        "double grants, stale effects and lost updates in the callers' history",
        violations.to_string(),
        violations == 0,
    );
    let written = format!("{} of {} files", outcome.lost_bytes, outcome.written_files);
    said("bytes lost of what agents wrote", written, outcome.lost_bytes == 0);
    let tests = if outcome.final_tests_passed { "pass" } else { "fail" };
    said("tests of the final branch, from a fresh clone", tests.to_owned(), outcome.final_tests_passed);
    for surprise in &outcome.surprises {
        text.push_str(&format!("\n{} {surprise}", painted("dead", "surprise:")));
    }
    text.push_str(&format!("\nin {:.1} s", std::time::Duration::from_millis(outcome.duration_ms).as_secs_f64()));
    Ok(text)
}
