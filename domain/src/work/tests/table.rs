//! The table of `docs/states/work.md`, made from the code.

use std::fmt::Write as _;

use super::*;

const DOC: &str = include_str!("../../../../docs/states/work.md");

/// The columns: every state, and done twice, for only a landed change can be taken back.
fn states() -> [(&'static str, State); 9] {
    let change = || ChangeId::numbered(9);
    [
        ("pending", State::Pending),
        ("ready", State::Ready),
        ("leased", State::Leased(Lease { holder: agent("ann"), until: NOW })),
        ("blocked", State::Blocked("needs a key".into())),
        ("submitted", State::Submitted(change())),
        ("done, reported", State::Done(Proof::Reported)),
        ("done, landed", State::Done(Proof::Verified(change()))),
        ("dead", State::Dead("failed: broken".into())),
        ("cancelled", State::Cancelled),
    ]
}

/// The rows: every command, as sent by whoever holds the item under its current fence.
fn commands() -> Vec<(&'static str, Command)> {
    let fence = Fence::new(3);
    let mine = || held("ann", 3);
    let percent = Percent::new(50).expect("a percentage");
    vec![
        ("promote", Command::Promote),
        ("claim", claim("bob")),
        ("renew", Command::Renew { held: mine(), ttl: ttl(5_000) }),
        ("progress", Command::Progress { held: mine(), percent, note: None }),
        ("keep result", Command::KeepResult { held: mine(), result: Json("{}".into()) }),
        ("report", Command::Report { held: mine(), change: None, result: None }),
        ("report, with a change", submit("ann", 3)),
        ("fail", fail("ann", 3)),
        ("release", release("ann", 3)),
        ("hand off, to an agent", hand_off(agent_receiver("bob"))),
        ("hand off, to a role", hand_off(Receiver::Role("qa".parse().expect("a role")))),
        ("lapse", Command::Lapse),
        ("block, by the holder", block(Some(mine()))),
        ("block, by others", block(None)),
        ("unblock", Command::Unblock),
        ("cancel", cancel()),
        ("requeue", Command::Requeue),
        ("land", Command::Land { fence, proof: Proof::Verified(ChangeId::numbered(9)) }),
        ("reject", reject(3)),
        ("resubmit", Command::Resubmit { change: ChangeId::numbered(9) }),
        ("revert", Command::Revert { reason: "slower".into() }),
        ("dependency done", Command::DependencyDone),
        ("dependency reopened", Command::DependencyReopened),
    ]
}

fn table() -> String {
    let names: Vec<&str> = states().into_iter().map(|(name, _)| name).collect();
    let mut table = format!("| command | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (name, command) in commands() {
        let cells = states().map(|(_, state)| match decided(&item(state), &command) {
            Ok(after) => format!("**{}**", after.state.word()),
            Err(refusal) => refusal.code().to_owned(),
        });
        writeln!(table, "| {name} | {} |", cells.join(" | ")).expect("a string takes any text");
    }
    table
}

#[test]
fn every_pair_of_state_and_command_does_what_the_page_says() {
    assert!(DOC.contains(&table()), "docs/states/work.md should have this table:\n{}", table());
}

#[test]
fn every_state_has_its_word() {
    let mut words: Vec<&str> = states().iter().map(|(_, state)| state.word()).collect();
    words.dedup();
    assert_eq!(words, State::WORDS);
    let finished = states().into_iter().filter(|(_, state)| state.finished()).map(|(_, state)| state.word());
    assert_eq!(finished.collect::<Vec<_>>(), ["done", "done", "dead", "cancelled"]);
}

#[test]
fn only_a_lease_that_has_run_out_lapses() {
    let early = NOW.plus_millis(-1);
    assert_eq!(decided_at(&leased(), &Command::Lapse, early).expect_err("still running").code(), "wrong_state");
    assert_eq!(decided(&leased(), &Command::Lapse).expect("over").state, State::Ready);
}

#[test]
fn a_holder_whose_time_is_over_may_still_report_while_nobody_has_lapsed_it() {
    let late = NOW.plus_millis(60_000);
    let report = Command::Report { held: held("ann", 3), change: None, result: None };
    assert_eq!(decided_at(&leased(), &report, late).expect("still hers").state, State::Done(Proof::Reported));
}

#[test]
fn an_item_is_promoted_only_when_all_it_waits_for_has_come() {
    let pending = item(State::Pending);
    let waits = WorkItem { open_dependencies: 1, ..pending.clone() };
    assert_eq!(decided(&waits, &Command::Promote).expect_err("a dependency is open").code(), "wrong_state");
    let later = plan(Draft { not_before: Some(NOW.plus_millis(1)), ..Draft::default() });
    let waits = WorkItem { not_before: later.not_before, plan: later, ..pending };
    assert_eq!(decided(&waits, &Command::Promote).expect_err("its time has not come").code(), "wrong_state");
    let promoted = decided_at(&waits, &Command::Promote, NOW.plus_millis(1)).expect("its time has come");
    assert_eq!(promoted.state, State::Ready);
}

#[test]
fn the_landing_queue_has_to_show_its_own_fence() {
    for command in [land(2), reject(2), land(4), reject(4)] {
        let refused = decided(&item(State::Submitted(ChangeId::numbered(9))), &command).expect_err("another fence");
        assert_eq!(refused.code(), "wrong_state");
    }
}

#[test]
fn cancel_ends_every_item_that_is_open() {
    for (name, state) in states() {
        match decided(&item(state.clone()), &Command::Cancel { reason: Some("no need".into()) }) {
            Ok(after) => {
                assert_eq!((after.state, after.feedback.as_deref()), (State::Cancelled, Some("no need")), "{name}");
            }
            Err(refusal) => assert!(state.finished() && refusal.code() == "finished", "{name}"),
        }
    }
}

#[test]
fn refusals_read_well() {
    let text = |item: &WorkItem, command| decided(item, &command).expect_err("refused").to_string();
    assert_eq!(text(&leased(), claim("bob")), "ann holds it under fence 3");
    assert_eq!(
        text(&leased(), fail("bob", 2)),
        "fence 2 of bob is not current: the lease is lost, ann holds the item now"
    );
    assert_eq!(text(&item(State::Ready), fail("bob", 2)), "fence 2 of bob is not current: the lease is lost");
    assert_eq!(text(&item(State::Cancelled), claim("bob")), "it is cancelled, which ends it");
    assert_eq!(text(&item(State::Pending), claim("bob")), "it is pending; this needs ready");
    let full = Refusal::Capacity { agent: agent("bob"), held: 2, capacity: 2 };
    assert_eq!((full.code(), full.to_string().as_str()), ("capacity", "bob holds 2 items, its capacity is 2"));
}
