//! Who holds an item, what a lost hold is told, and what each end does to the attempts.

use super::*;

/// Every command that shows a hold.
fn effects(by: &str, fence: i64) -> Vec<Command> {
    let held = || held(by, fence);
    vec![
        Command::Renew { held: held(), ttl: ttl(5_000) },
        Command::Progress { held: held(), percent: Percent::new(1).expect("a percentage"), note: None },
        Command::KeepResult { held: held(), result: Json("{}".into()) },
        Command::Report { held: held(), change: None, result: None },
        submit(by, fence),
        fail(by, fence),
        release(by, fence),
        block(Some(held())),
    ]
}

#[test]
fn held_names_the_holder_its_fence_and_until_when() {
    let expected = Refusal::Held { holder: agent("ann"), fence: Fence::new(3), until: NOW };
    for command in [claim("bob"), claim("ann"), block(None)] {
        assert_eq!(decided(&leased(), &command), Err(expected.clone()));
    }
}

#[test]
fn any_fence_but_the_current_one_is_told_that_the_lease_is_lost() {
    for fence in [i64::MIN, -1, 0, 2, 4, i64::MAX] {
        for command in effects("ann", fence) {
            let lost = Refusal::LeaseLost { by: agent("ann"), fence: Fence::new(fence), holder: Some(agent("ann")) };
            assert_eq!(decided(&leased(), &command), Err(lost));
        }
    }
    for command in effects("ann", 3) {
        assert!(decided(&leased(), &command).is_ok(), "{command:?}");
    }
}

#[test]
fn the_right_fence_in_the_wrong_hands_is_a_lost_lease() {
    for command in effects("bob", 3) {
        assert_eq!(decided(&leased(), &command).expect_err("not his").code(), "lease_lost");
    }
}

#[test]
fn whoever_shows_a_hold_that_is_over_has_lost_it_whatever_became_of_the_item() {
    let change = || ChangeId::numbered(9);
    let states = [
        State::Pending,
        State::Ready,
        State::Blocked("b".into()),
        State::Submitted(change()),
        State::Done(Proof::Reported),
        State::Done(Proof::Observed(change())),
        State::Dead("d".into()),
        State::Cancelled,
    ];
    for state in states {
        for command in effects("ann", 3) {
            let lost = Refusal::LeaseLost { by: agent("ann"), fence: Fence::new(3), holder: None };
            assert_eq!(decided(&item(state.clone()), &command), Err(lost));
        }
    }
}

#[test]
fn a_lapsed_holder_cannot_report_what_another_agent_now_holds() {
    let taken = after(&leased(), &[Command::Lapse, claim("bob")]);
    for command in effects("ann", 3) {
        let lost = Refusal::LeaseLost { by: agent("ann"), fence: Fence::new(3), holder: Some(agent("bob")) };
        assert_eq!(decided(&taken, &command), Err(lost));
    }
}

#[test]
fn an_agent_that_takes_its_own_item_again_shows_the_new_fence() {
    let again = after(&leased(), &[Command::Lapse, claim("ann")]);
    assert_eq!(again.fence, Fence::new(4));
    assert_eq!(decided(&again, &release("ann", 3)).expect_err("the old one").code(), "lease_lost");
    assert!(decided(&again, &release("ann", 4)).is_ok());
}

#[test]
fn a_submitted_item_is_out_of_its_holders_hands() {
    let submitted = after(&leased(), &[submit("ann", 3)]);
    assert_eq!((submitted.fence, submitted.state.word()), (Fence::new(4), "submitted"));
    for command in effects("ann", 3).into_iter().chain(effects("ann", 4)) {
        assert_eq!(decided(&submitted, &command).expect_err("the queue has it").code(), "lease_lost");
    }
    assert_eq!(decided(&submitted, &land(4)).expect("its fence").state.word(), "done");
}

#[test]
fn a_renewal_never_shortens_a_lease() {
    let renew = |ms| Command::Renew { held: held("ann", 3), ttl: ttl(ms) };
    let until = |item: &WorkItem| match &item.state {
        State::Leased(lease) => lease.until,
        _ => panic!("it is not leased"),
    };
    let longer = after(&leased(), &[renew(60_000)]);
    assert_eq!(until(&longer), NOW.plus_millis(60_000));
    assert_eq!(until(&after(&longer, &[renew(1_000)])), NOW.plus_millis(60_000));
}

#[test]
fn a_claim_counts_and_only_release_and_block_give_it_back() {
    let used = |commands: &[Command]| after(&leased(), commands).attempts.used;
    assert_eq!(after(&item(State::Ready), &[claim("ann")]).attempts.used, 2);
    assert_eq!(used(&[release("ann", 3)]), 0);
    assert_eq!(used(&[block(Some(held("ann", 3)))]), 0);
    assert_eq!(used(&[Command::Lapse]), 1);
    assert_eq!(used(&[fail("ann", 3)]), 1);
    assert_eq!(used(&[submit("ann", 3), reject(4)]), 1);
    assert_eq!(used(&[cancel()]), 1);
    assert_eq!(after(&item(State::Ready), &[block(None)]).attempts.used, 1, "nobody held it");
}

#[test]
fn an_item_whose_attempts_are_spent_is_dead_and_says_on_what() {
    let last = || WorkItem { attempts: Attempts { used: 3, max: 3 }, ..leased() };
    let dead = |commands: &[Command]| match after(&last(), commands).state {
        State::Dead(why) => why,
        other => panic!("it is {}", other.word()),
    };
    assert_eq!(dead(&[fail("ann", 3)]), "failed: broken");
    assert_eq!(dead(&[Command::Lapse]), "the lease of ann ran out");
    assert_eq!(dead(&[submit("ann", 3), reject(4)]), "conflict");
    assert_eq!(after(&last(), &[release("ann", 3)]).state, State::Ready);
    assert_eq!(after(&last(), &[block(Some(held("ann", 3))), Command::Unblock]).state, State::Ready);
}

#[test]
fn a_poison_item_dies_after_as_many_claims_as_it_may_be_tried() {
    let mut item = WorkItem { attempts: Attempts { used: 0, max: 3 }, ..item(State::Ready) };
    let mut claims = 0;
    while item.state == State::Ready && claims < 10 {
        item = after(&item, &[claim("ann")]);
        claims += 1;
        item = decided_at(&item, &Command::Lapse, NOW.plus_millis(5_000)).expect("its time is over");
    }
    assert_eq!((claims, item.state.word()), (3, "dead"));
}

#[test]
fn the_dead_and_the_reverted_start_with_all_their_attempts() {
    let dead = WorkItem { attempts: Attempts { used: 3, max: 3 }, ..item(State::Dead("d".into())) };
    let raised = after(&dead, &[Command::Requeue]);
    assert_eq!((raised.state, raised.attempts.used), (State::Ready, 0));
    let done = WorkItem { attempts: Attempts { used: 3, max: 3 }, ..leased() };
    let done = after(&done, &[submit("ann", 3), land(4)]);
    let reopened = after(&done, &[Command::Revert { reason: "slower".into() }]);
    assert_eq!((reopened.state, reopened.attempts.used), (State::Ready, 0));
    assert_eq!(reopened.feedback.as_deref(), Some("reverted: slower"));
}

#[test]
fn whoever_takes_an_item_next_reads_how_the_last_attempt_ended() {
    let feedback = |commands: &[Command]| after(&leased(), commands).feedback;
    assert_eq!(feedback(&[fail("ann", 3), claim("bob")]).as_deref(), Some("failed: broken"));
    assert_eq!(feedback(&[Command::Lapse]).as_deref(), Some("the lease of ann ran out"));
    let why = Command::Release { held: held("ann", 3), reason: Some("not mine".into()) };
    assert_eq!(feedback(&[why]).as_deref(), Some("released: not mine"));
    assert_eq!(feedback(&[fail("ann", 3), claim("bob"), release("bob", 4)]).as_deref(), Some("failed: broken"));
}

#[test]
fn progress_and_results_belong_to_one_hold() {
    let progress =
        Command::Progress { held: held("ann", 3), percent: Percent::new(40).expect("a percentage"), note: None };
    let keep = Command::KeepResult { held: held("ann", 3), result: Json("1".into()) };
    let underway = after(&leased(), &[progress, keep]);
    assert_eq!(underway.progress.as_ref().map(|p| p.percent.number()), Some(40));
    assert_eq!(underway.result, Some(Json("1".into())));
    let next = after(&underway, &[fail("ann", 3), claim("bob")]);
    assert_eq!((next.progress, next.result), (None, None));
    let report = |result| Command::Report { held: held("ann", 3), change: None, result };
    assert_eq!(after(&underway, &[report(None)]).result, Some(Json("1".into())), "a kept result stays");
    assert_eq!(after(&underway, &[report(Some(Json("2".into())))]).result, Some(Json("2".into())));
}

#[test]
fn a_refused_change_that_is_approved_comes_back_under_a_new_fence() {
    let resubmit = Command::Resubmit { change: ChangeId::numbered(9) };
    for state in [State::Ready, State::Pending, State::Blocked("b".into()), State::Dead("d".into())] {
        let again = after(&item(state), std::slice::from_ref(&resubmit));
        assert_eq!((again.state, again.fence), (State::Submitted(ChangeId::numbered(9)), Fence::new(4)));
    }
    assert_eq!(decided(&leased(), &resubmit).expect_err("somebody has it").code(), "wrong_state");
}
