//! The proof: what became of every item, what the callers saw, what was written, and whether the branch is good.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Instant;

use domain::audit::judge;
use engine::history::read_calls;
use engine::problem::Problem;
use engine::work::WorkView;
use engine::{sha256_hex, wait};
use serde_json::Value;

use super::scene::Scene;
use super::{Outcome, io};
use crate::cli::history;

/// The one item that must not land.
const CHEAT: &str = "tidy";

/// Looks at everything and says whether it ended as scripted.
pub fn prove(scene: &Scene, sleeper_refused: usize, began: Instant) -> Result<Outcome, Problem> {
    // Everything that nobody holds any more is put away, so that the snapshots have what stood there last.
    scene.nexus(&["workspace", "prune", "--older-than", "0s", "--json"])?;
    let items: Vec<(String, WorkView)> = scene
        .items
        .iter()
        .map(|(key, id)| Ok((key.clone(), wait(scene.engine.show(&id.parse().expect("an id")))?)))
        .collect::<Result<_, Problem>>()?;
    let calls = std::fs::read_to_string(scene.calls()).map_err(|e| io("reading the calls", &e))?;
    let log = history::read_log(&scene.engine)?;
    let judgement = judge(&read_calls(&calls)?, Some(&log));
    let refused =
        wait(scene.engine.changes(Some("refused"), &store::work::Page { after: String::new(), limit: 1_000 }))?;
    let reclaimed = log.iter().filter(|entry| entry.name == "work.lapsed").count();
    let (written_files, lost_bytes) = lost(scene)?;
    let final_tests_passed = final_tests(scene)?;

    let mut surprises = Vec::new();
    for (key, item) in &items {
        let right = if key == CHEAT { item.state == "dead" } else { item.proof.as_deref() == Some("verified") };
        if !right {
            let why = item.feedback.as_deref().or(item.reason.as_deref()).unwrap_or_default();
            surprises.push(format!("{key} is {}: {why}", item.state));
        }
    }
    let mut expect = |good: bool, otherwise: String| {
        if !good {
            surprises.push(otherwise);
        }
    };
    let known = scene.git(&["show", "main:src/known.rs"])?;
    expect(known.contains("\"left\"") && known.contains("\"right\""), format!("not both words are known: {known}"));
    expect(scene.folder.join("both.versions").exists(), "no agent got both versions of the line back".to_owned());
    expect(refused.len() == 1, format!("{} changes were refused, not 1", refused.len()));
    expect(reclaimed >= 2, format!("{reclaimed} leases lapsed, not 2 or more"));
    expect(sleeper_refused == 5, format!("{sleeper_refused} of 5 late effects were refused"));
    for violation in &judgement.violations {
        expect(false, format!("{}: {}", violation.rule.word(), violation.text));
    }
    expect(lost_bytes == 0, format!("{lost_bytes} bytes that agents wrote are lost"));
    expect(final_tests_passed, "the final branch does not pass its tests".to_owned());
    expect(scene.git(&["status", "--porcelain"])?.is_empty(), "the checked-out branch is not clean".to_owned());
    scene.git(&["fsck", "--strict", "--no-dangling"])?;

    Ok(Outcome {
        items: items.len(),
        landed: items.iter().filter(|(_, item)| item.state == "done" && item.change.is_some()).count(),
        refused: refused.len(),
        reclaimed,
        stale_effects_refused: judgement.stale_effects_refused,
        double_grants: judgement.double_grants,
        stale_effects: judgement.stale_effects,
        lost_updates: judgement.lost_updates,
        written_files,
        lost_bytes,
        final_tests_passed,
        as_scripted: surprises.is_empty(),
        surprises,
        duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        repo: scene.repo.to_string_lossy().into_owned(),
        data_dir: scene.data.to_string_lossy().into_owned(),
    })
}

/// How many files agents wrote, and how many bytes of what stood in them last no ref gives back.
fn lost(scene: &Scene) -> Result<(usize, u64), Problem> {
    let text = std::fs::read_to_string(scene.writes()).map_err(|e| io("reading what agents wrote", &e))?;
    let mut last: BTreeMap<(String, String), (String, u64)> = BTreeMap::new();
    for line in text.lines() {
        let said: Value = serde_json::from_str(line).map_err(|e| io("reading what agents wrote", &e))?;
        let word = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        last.insert((word("grant"), word("path")), (word("sha256"), said["bytes"].as_u64().unwrap_or(0)));
    }
    let mut there = BTreeSet::new();
    let git = connect::git::Git::open(&scene.repo)?;
    git.each_reachable_blob(&mut |content| {
        there.insert(sha256_hex(content));
    })?;
    let lost = last.values().filter(|(digest, _)| !there.contains(digest)).map(|(_, bytes)| bytes).sum();
    Ok((last.len(), lost))
}

/// Whether a fresh clone of the final branch passes all its tests, those of the gaps included.
fn final_tests(scene: &Scene) -> Result<bool, Problem> {
    let clone = scene.folder.join("final");
    scene.git(&["clone", "--quiet", "--branch", "main", &scene.repo.to_string_lossy(), &clone.to_string_lossy()])?;
    let mut command = Command::new("cargo");
    scene.environment(&mut command);
    let said = command.args(["test", "--offline", "--quiet"]).current_dir(&clone).output();
    Ok(said.map_err(|e| io("running the final tests", &e))?.status.success())
}
