//! Any single change of an exported file is found, and named where it can be.

use std::sync::Arc;

use domain::audit::Ranges;
use domain::text::Project;
use proptest::prelude::*;
use store::audit::{Fact, append};
use store::{Store, StoreError, Tx};

use super::file::verify_file;
use super::heads::Heads;
use super::verify::{Archived, Verified};
use crate::problem::Problem;
use crate::{Engine, ManualClock, wait};

/// The log of a project in three seals, as it is exported.
fn exported() -> Vec<String> {
    let store = Store::in_memory().expect("a store in memory");
    let engine = Engine::new(store, Project::default(), Arc::new(ManualClock::at(1_000)));
    for n in 0..3 {
        let scope = engine.scope();
        let other = store::Scope { project: "other".parse().expect("a project"), ..engine.scope() };
        let body = async move |tx: &mut Tx<'_>| {
            for entry in 0..3 + n {
                let data = format!("{{\"n\":\"{n}\\n{entry}\"}}");
                let fact = Fact { name: "work.x", subject: "ö", agent: None, fence: None, data: &data };
                append(tx, &scope, fact).await?;
                append(tx, &other, fact).await?;
            }
            Ok::<_, StoreError>(())
        };
        wait(engine.store.write(body)).expect("the log can be written");
        engine.seal(&Heads::default()).expect("it can be sealed").expect("nobody else seals");
    }
    let mut out = Vec::new();
    engine.write_seals("export", &Ranges::run(1, 3), &Archived::default(), &mut out).expect("it can be written");
    let text = String::from_utf8(out).expect("it is text");
    text.lines().map(str::to_owned).collect()
}

fn verified(bytes: &[u8]) -> Result<Verified, Problem> {
    let file = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(file.path(), bytes).expect("there is room");
    verify_file(file.path(), &[])
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The number of the event on a line.
fn seq(line: &str) -> Option<i64> {
    serde_json::from_str::<serde_json::Value>(line).ok()?.get("seq")?.as_i64()
}

#[test]
fn an_export_that_nobody_touched_is_sound_and_tells_the_head() {
    let verified = verified(text(&exported()).as_bytes()).expect("it can be read");
    assert!(verified.sound, "{verified:?}");
    assert_eq!((verified.events, verified.seals, verified.head.map(|head| head.seal)), (12, 3, Some(3)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_byte_that_is_changed_removed_or_added_is_found(at in any::<prop::sample::Index>(), what in 0..3, byte: u8) {
        let whole = text(&exported()).into_bytes();
        let (mut bytes, at) = (whole.clone(), at.index(whole.len()));
        match what {
            0 => bytes[at] = byte,
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, byte),
        }
        prop_assume!(bytes != whole);
        // What does not even look like such a file is refused.
        prop_assert!(verified(&bytes).is_err() || !verified(&bytes).expect("it was read").sound);
    }

    #[test]
    fn any_event_that_is_changed_removed_added_or_moved_is_named(at in any::<prop::sample::Index>(), what in 0..6) {
        let mut lines = exported();
        let events: Vec<usize> = (0..lines.len()).filter(|&at| seq(&lines[at]).is_some()).collect();
        let at = events[at.index(events.len())];
        let number = seq(&lines[at]).expect("it is an event");
        let next_is_event = seq(&lines[at + 1]).is_some();
        let fault = match what {
            0 => { lines[at] = lines[at].replace("work.x", "work.y"); "changed" }
            // As it would not be written, though it says the same.
            1 => { lines[at] = lines[at].replacen(':', ": ", 2).replacen(": ", ":", 1); "changed" }
            2 => { lines.remove(at); "missing" }
            3 => { lines.insert(at, lines[at].clone()); "inserted" }
            4 if next_is_event => { lines.swap(at, at + 1); "reordered" }
            _ => {
                let forged = lines[at].replace(&format!("\"seq\":{number}"), "\"seq\":2").replace("work.x", "work.z");
                lines.insert(at, forged);
                "inserted"
            }
        };
        let verified = verified(text(&lines).as_bytes()).expect("it can be read");
        let named = if fault == "inserted" && lines[at].contains("work.z") { 2 } else { number };
        let finding = verified.findings.iter().find(|finding| finding.seq == Some(named));
        prop_assert!(finding.is_some_and(|it| it.fault == fault && it.what == "event"), "{fault} {named}: {verified:#?}");
        prop_assert_eq!(verified.findings[0].what, "event", "the first thing that is told is an event");
    }

    #[test]
    fn any_line_that_is_removed_doubled_or_cut_off_is_found(at in any::<prop::sample::Index>(), what in 0..3) {
        let mut lines = exported();
        let at = at.index(lines.len());
        match what {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            _ => lines.truncate(at),
        }
        let verified = verified(text(&lines).as_bytes());
        prop_assert!(verified.is_err() || !verified.expect("it was read").sound);
    }
}
