//! What real agents printed, and what we make of it.

use std::fs;
use std::path::Path;

use domain::agent::event::AgentEvent;
use domain::agent::verdict::{Cause, Facts, Limit};
use domain::budget::Metered;
use engine::agent::RunSpec;
use proptest::prelude::*;
use serde_json::Value;

use super::{judged, judged_with};

/// A recorded run: the first line says what it is, the others are the agent's.
struct Transcript {
    file: String,
    kind: String,
    spec: RunSpec,
    lines: Vec<Vec<u8>>,
    exit: i32,
    errors: String,
    /// What a gateway saw of it, where its last word leaves that open.
    calls: Option<Metered>,
    expect: String,
}

fn all() -> Vec<Transcript> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<_> = fs::read_dir(folder).expect("it is there").map(|it| it.expect("it is").path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "jsonl"));
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> Transcript {
    let bytes = fs::read(file).expect("it can be read");
    let mut lines = bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|&byte| byte == b'\n').map(<[u8]>::to_vec);
    let head: Value = serde_json::from_slice(&lines.next().expect("it has a head")).expect("the head is JSON");
    let head = &head["transcript"];
    let text = |name: &str| head[name].as_str().expect("the head has it").to_owned();
    let command = head["command"].as_array().expect("it has a command");
    let schema = command.iter().any(|it| it == "--json-schema").then(|| "{}".to_owned());
    Transcript {
        file: file.file_name().expect("it has a name").to_string_lossy().into_owned(),
        kind: text("runtime"),
        spec: RunSpec { output_schema: schema, ..RunSpec::default() },
        lines: lines.collect(),
        exit: i32::try_from(head["exit"].as_i64().expect("it ended")).expect("it is small"),
        errors: text("stderr"),
        calls: calls(&head["calls"]),
        expect: text("expect"),
    }
}

fn calls(head: &Value) -> Option<Metered> {
    let number = |name: &str| head[name].as_u64().unwrap_or(0);
    head.is_object().then(|| Metered {
        answered: number("answered"),
        failed: number("failed"),
        last_failure: head["last_failure"].as_u64().and_then(|it| u16::try_from(it).ok()),
        over_budget: number("over_budget"),
        exhausted: number("exhausted"),
        cut_short: head["cut_short"] == true,
        ..Metered::default()
    })
}

impl Transcript {
    fn judged(&self, lines: &[Vec<u8>]) -> (Vec<AgentEvent>, String) {
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        // It says other things when its time is over.
        let cause = (self.expect == "limit_wall").then_some(Cause::Limit(Limit::Wall));
        let known = Facts { cause, metered: self.calls, ..Facts::default() };
        judged_with(&self.kind, &self.spec, &lines, self.exit, &self.errors, known)
    }
}

fn done(kind: &str) -> Transcript {
    all().into_iter().find(|it| it.kind == kind && it.file.contains("-done")).expect("it was recorded")
}

#[test]
fn every_recorded_run_is_judged_as_it_ended() {
    let wrong: Vec<String> = all()
        .iter()
        .map(|it| (it, it.judged(&it.lines).1))
        .filter(|(it, word)| *word != it.expect)
        .map(|(it, word)| format!("{}: {word} and not {}", it.file, it.expect))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(all().len() > 80, "they were found");
}

#[test]
fn runs_that_used_a_tool_show_turns_calls_results_and_usage() {
    for kind in ["claude", "codex", "goose", "gemini", "opencode", "qwen", "claude-acp", "codex-acp"] {
        let (events, _) = done(kind).judged(&done(kind).lines);
        let count = |is: fn(&AgentEvent) -> bool| events.iter().filter(|&it| is(it)).count();
        assert_eq!(count(|it| matches!(it, AgentEvent::Started(it) if !it.session.is_empty())), 1, "{kind}");
        assert_eq!(count(|it| matches!(it, AgentEvent::Turn)), 2, "{kind}: {events:?}");
        assert_eq!(count(|it| matches!(it, AgentEvent::ToolCall(it) if !it.name.is_empty())), 1, "{kind}: {events:?}");
        assert_eq!(count(|it| matches!(it, AgentEvent::ToolResult { ok: true, .. })), 1, "{kind}");
        assert!(count(|it| matches!(it, AgentEvent::Text(it) if it == "ready")) == 1, "{kind}");
        // The gateway counts for those that do not say.
        let counts = !matches!(kind, "gemini" | "opencode" | "qwen");
        assert!(
            !counts || count(|it| matches!(it, AgentEvent::Usage(it) if it.tokens() >= 15)) >= 1,
            "{kind}: {events:?}"
        );
    }
}

#[test]
fn a_run_that_is_cut_short_has_not_completed() {
    for it in all().into_iter().filter(|it| it.expect == "completed") {
        for kept in 0..it.lines.len() {
            // Some say nothing after their last word that matters.
            let rest = it.lines[kept..].iter().any(|line| {
                let line = String::from_utf8_lossy(line);
                line.contains("\"terminal_reason\"") || line.contains("turn.completed") || line.contains("stopReason")
            });
            if rest {
                assert_eq!(it.judged(&it.lines[..kept]).1, "failed_crash", "{} after {kept} lines", it.file);
            }
        }
    }
}

#[test]
fn of_two_last_words_the_last_counts() {
    let (good, bad) = (done("claude"), all().into_iter().find(|it| it.file == "claude-key-refused.jsonl"));
    let bad = bad.expect("it was recorded");
    let lines = [good.lines.clone(), bad.lines.clone()].concat();
    assert_eq!(good.judged(&lines).1, "failed_auth");
    assert_eq!(good.judged(&[bad.lines, good.lines.clone()].concat()).1, "completed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes_lost_or_changed_anywhere_never_break_us(which in 0_usize..1_000, at in 0_usize..100_000, byte in any::<u8>(), cut in any::<bool>()) {
        let all = all();
        let it = &all[which % all.len()];
        let mut lines = it.lines.clone();
        let all_bytes: usize = lines.iter().map(Vec::len).sum();
        let mut at = at % all_bytes.max(1);
        for line in &mut lines {
            if at < line.len() {
                if cut { line.truncate(at) } else { line[at] = byte }
                break;
            }
            at -= line.len();
        }
        it.judged(&lines);
    }

    #[test]
    fn noise_between_lines_changes_no_verdict(which in 0_usize..1_000, at in 0_usize..50, noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let all = all();
        let it = &all[which % all.len()];
        prop_assume!(!noise.contains(&b'\n') && serde_json::from_slice::<Value>(&noise).is_err());
        let mut lines = it.lines.clone();
        lines.insert(at.min(lines.len()), noise);
        prop_assert_eq!(&it.judged(&lines).1, &it.expect, "{}", it.file);
    }

    #[test]
    fn any_lines_at_all_are_heard_without_a_panic(kind in 0_usize..4, lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..20)) {
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let kind = ["claude", "codex", "goose", "gemini"][kind];
        let (_, word) = judged(kind, &RunSpec::default(), &lines, 0, "");
        prop_assert_eq!(word, "failed_crash");
    }
}
