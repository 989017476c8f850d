//! Agents that flood, fork, hang, ignore signals, leave children behind and lie.

use std::time::Duration;

use domain::agent::event::AgentEvent;
use domain::budget::{Metered, Usage};
use engine::agent::Limits;

use super::fake::Stage;

/// Longer than any test takes: what waits so long has failed.
const LONG: Duration = Duration::from_mins(2);

#[test]
fn an_agent_that_hangs_is_ended_with_its_children_and_the_limit_is_named() {
    let mut stage = Stage::new("claude", "hang");
    stage.limits.idle = Some(Duration::from_millis(700));
    let gone = stage.witness();
    assert_eq!(stage.play().0, "limit_idle");
    gone.recv_timeout(LONG).expect("nobody holds the pipe");
}

#[test]
fn an_agent_that_ignores_every_signal_is_killed_with_its_children() {
    let mut stage = Stage::new("claude", "hang");
    stage.before = vec!["sh", "-c", "trap '' INT TERM HUP; exec \"$0\" \"$@\""];
    stage.limits.wall = Duration::from_millis(700);
    let gone = stage.witness();
    let (word, result) = stage.play();
    assert_eq!((word, result.exit.expect("it ran").code), ("limit_wall", 137));
    gone.recv_timeout(LONG).expect("nobody holds the pipe");
}

#[test]
fn children_in_sessions_of_their_own_do_not_outlive_an_agent_that_did_well() {
    let mut stage = Stage::new("claude", "orphan");
    let gone = stage.witness();
    assert_eq!(stage.play().0, "completed");
    gone.recv_timeout(LONG).expect("nobody holds the pipe");
}

#[test]
fn each_limit_ends_the_agent_that_passes_it() {
    let limits = Limits::default;
    for (deed, limits, expected) in [
        ("flood", Limits { output_bytes: Some(5_000_000), ..limits() }, "limit_output"),
        ("fork", Limits { processes: Some(10), ..limits() }, "limit_processes"),
        ("eat", Limits { memory_bytes: Some(100_000_000), ..limits() }, "limit_memory"),
        ("turns", Limits { turns: Some(10), ..limits() }, "limit_turns"),
        ("turns", Limits { tokens: Some(1_000), ..limits() }, "limit_tokens"),
    ] {
        let mut stage = Stage::new("claude", deed);
        stage.limits = limits;
        assert_eq!(stage.play().0, expected, "{deed}");
    }
}

#[test]
fn money_that_only_the_gateway_sees_counts() {
    let mut stage = Stage::new("goose", "cancel");
    stage.limits.usd_micros = Some(1_000);
    let usage = Usage { usd_micros: Some(1_001), ..Usage::default() };
    stage.metered = Some(Metered { answered: 1, usage, ..Metered::default() });
    assert_eq!(stage.play().0, "limit_money");
}

#[test]
fn neither_an_exit_code_nor_praise_is_believed() {
    for (deed, expected) in
        [("lie", "failed_exit"), ("sorry", "failed_auth"), ("silent", "failed_crash"), ("half", "failed_crash")]
    {
        assert_eq!(Stage::new("claude", deed).play().0, expected, "{deed}");
    }
    for (deed, expected) in [("stranger", "failed_auth"), ("future", "failed_protocol")] {
        assert_eq!(Stage::new("goose", deed).play().0, expected, "{deed}");
    }
}

#[test]
fn lines_of_any_length_and_any_bytes_are_heard() {
    let mut stage = Stage::new("claude", "long");
    stage.limits.line_bytes = 1_000;
    assert_eq!(stage.play().0, "completed");
    let cut = |it: &AgentEvent| matches!(it, AgentEvent::Notice(it) if it.contains("was cut"));
    assert!(stage.host.events.iter().any(cut));
    assert_eq!(Stage::new("claude", "binary").play().0, "completed");
}

#[test]
fn an_agent_that_does_not_read_what_it_is_told_keeps_nobody_waiting() {
    let mut stage = Stage::new("claude", "deaf");
    stage.prompt = "x".repeat(3_000_000);
    assert_eq!(stage.play().0, "completed");
}

#[test]
fn a_program_that_is_not_there_never_started() {
    let mut stage = Stage::new("claude", "done");
    stage.before = vec!["/no/such/program"];
    let (word, result) = stage.play();
    assert_eq!(word, "never_started");
    assert!(result.outcome().to_string().contains("no such file"), "{}", result.outcome());
}
