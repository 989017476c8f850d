//! Waits between attempts.

use super::*;
use proptest::prelude::*;

fn patient(delay_ms: i64, cap_ms: i64) -> WorkItem {
    let retry = Some(Retry { delay_ms, cap_ms });
    WorkItem { plan: plan(Draft { retry, ..Draft::default() }), ..leased() }
}

proptest! {
    #[test]
    fn a_wait_is_between_half_and_all_of_what_the_attempt_is_worth(
        number: u64, attempt in 1..1_000u32, delay_ms in 0..Retry::MS_MAX, cap_ms in 0..Retry::MS_MAX
    ) {
        let wait = Retry { delay_ms, cap_ms }.wait_ms(&WorkId::numbered(number), attempt);
        let whole = i128::from(delay_ms).saturating_mul(1 << (attempt - 1).min(60)).min(cap_ms.into());
        prop_assert!((whole - whole / 2..=whole).contains(&wait.into()), "{wait} of {whole}");
    }
}

#[test]
fn waits_double_up_to_the_cap_and_are_the_same_every_time() {
    let retry = Retry { delay_ms: 1_000, cap_ms: 10_000 };
    let waits = |n| (1..8).map(|attempt| retry.wait_ms(&WorkId::numbered(n), attempt)).collect::<Vec<_>>();
    assert_eq!(waits(7), waits(7));
    assert_ne!(waits(7), waits(8));
    for (wait, whole) in waits(7).into_iter().zip([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]) {
        assert!((whole / 2..=whole).contains(&wait), "{wait} of {whole}");
    }
}

#[test]
fn an_item_that_failed_waits_until_its_time_and_is_promoted_then() {
    let failed = after(&patient(10_000, 60_000), &[fail("ann", 3)]);
    let until = failed.not_before.expect("it waits");
    assert_eq!(failed.state, State::Pending);
    assert!((5_000..=10_000).contains(&(until.millis() - NOW.millis())), "{until:?}");
    assert!(decided_at(&failed, &Command::Promote, until.plus_millis(-1)).is_err());
    assert_eq!(decided_at(&failed, &Command::Promote, until).expect("its time has come").state, State::Ready);
}

#[test]
fn a_lapse_waits_too_and_what_gives_the_attempt_back_does_not() {
    let item = patient(10_000, 60_000);
    assert_eq!(after(&item, &[Command::Lapse]).state, State::Pending);
    assert_eq!(after(&item, &[release("ann", 3)]).state, State::Ready);
    assert_eq!(after(&item, &[submit("ann", 3), reject(4)]).state, State::Ready);
    assert_eq!(after(&patient(0, 60_000), &[fail("ann", 3)]).state, State::Ready);
    assert_eq!(after(&leased(), &[fail("ann", 3)]).state, State::Ready);
}

#[test]
fn an_item_whose_attempts_are_spent_is_dead_at_once() {
    let item = WorkItem { attempts: Attempts { used: 3, max: 3 }, ..patient(10_000, 60_000) };
    assert!(matches!(after(&item, &[fail("ann", 3)]).state, State::Dead(_)));
}

#[test]
fn waits_beyond_thirty_days_are_refused() {
    let draft =
        |delay_ms, cap_ms| Draft { title: "t".into(), retry: Some(Retry { delay_ms, cap_ms }), ..Draft::default() };
    assert!(Plan::try_from(draft(Retry::MS_MAX, Retry::MS_MAX)).is_ok());
    assert!(Plan::try_from(draft(-1, 0)).is_err());
    assert!(Plan::try_from(draft(0, Retry::MS_MAX + 1)).is_err());
}
