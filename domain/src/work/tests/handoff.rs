//! Passing an item on: it goes from hand to hand and is never in nobody's.

use super::*;

fn role(name: &str) -> crate::text::Role {
    name.parse().expect("a role")
}

#[test]
fn to_an_agent_it_goes_from_hand_to_hand_under_the_next_fence_and_counts_no_attempt() {
    let given = after(&leased(), &[hand_off(agent_receiver("bob"))]);
    assert_eq!(given.state, State::Leased(Lease { holder: agent("bob"), until: NOW.plus_millis(5_000) }));
    assert_eq!((given.fence, given.attempts.used), (Fence::new(4), 1));
    assert_eq!(decided(&given, &release("ann", 3)).expect_err("ann has it no more").code(), "lease_lost");
    assert_eq!(after(&given, &[release("bob", 4)]).attempts.used, 0);
}

#[test]
fn what_the_giver_had_done_is_still_said_of_the_item() {
    let progress = Some(Progress { percent: Percent::new(70).expect("a percentage"), note: None });
    let given = after(&WorkItem { progress: progress.clone(), ..leased() }, &[hand_off(agent_receiver("bob"))]);
    assert_eq!(given.progress, progress);
}

#[test]
fn to_a_role_it_is_ready_for_that_role_ahead_of_all_others_and_the_attempt_is_given_back() {
    let offered = after(&leased(), &[hand_off(Receiver::Role(role("qa")))]);
    assert_eq!((&offered.state, &offered.plan.role), (&State::Ready, &Some(role("qa"))));
    assert_eq!((offered.attempts.used, offered.fence), (0, Fence::new(3)));
    let critical = HeadStart::default().rank(Priority::Critical, NOW);
    assert!(offered.rank < Timestamp::from_millis(1) && critical < NOW);
}

#[test]
fn what_has_to_wait_for_a_dependency_waits_wherever_it_was_handed() {
    let waits = WorkItem { open_dependencies: 1, ..leased() };
    assert_eq!(after(&waits, &[hand_off(Receiver::Role(role("qa")))]).state, State::Pending);
}

#[test]
fn nobody_hands_off_to_itself() {
    assert_eq!(decided(&leased(), &hand_off(agent_receiver("ann"))).expect_err("it has it").code(), "held");
}
