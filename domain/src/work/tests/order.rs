//! When an item may be taken, and before which others.

use proptest::prelude::*;

use super::*;

fn added(draft: Draft, open_dependencies: u32) -> WorkItem {
    let event = WorkItem::add(plan(draft), open_dependencies, HeadStart::default(), NOW);
    WorkItem::added(WorkId::numbered(1), Project::default(), &event, NOW).expect("an item begins")
}

#[test]
fn new_work_is_ready_unless_it_waits_for_something() {
    let at = |ms| Draft { not_before: Some(NOW.plus_millis(ms)), ..Draft::default() };
    assert_eq!(added(Draft::default(), 0).state, State::Ready);
    assert_eq!(added(Draft::default(), 1).state, State::Pending);
    assert_eq!(added(at(1), 0).state, State::Pending);
    assert_eq!(added(at(0), 0).state, State::Ready);
}

#[test]
fn new_work_has_all_its_attempts_and_no_fence() {
    let item = added(Draft { attempts_max: Some(7), ..Draft::default() }, 0);
    assert_eq!((item.attempts, item.fence), (Attempts { used: 0, max: 7 }, Fence::default()));
    assert_eq!(added(Draft::default(), 0).attempts.max, 3);
    assert_eq!(after(&item, &[claim("ann")]).fence, Fence::new(1));
}

#[test]
fn only_an_added_event_begins_an_item() {
    assert_eq!(WorkItem::added(WorkId::numbered(1), Project::default(), &Event::DependencyDone, NOW), None);
}

#[test]
fn the_head_start_of_its_priority_puts_an_item_forward() {
    let hours = |priority| {
        let rank = added(Draft { priority, ..Draft::default() }, 0).rank;
        (NOW.millis() - rank.millis()) / 3_600_000
    };
    assert_eq!(Priority::ALL.map(hours), [24, 4, 1, 0]);
}

#[test]
fn a_head_start_at_the_end_of_the_range_stops_there() {
    for ms in [i64::MIN, i64::MAX] {
        let head_start = HeadStart { critical_ms: ms, ..HeadStart::default() };
        let rank = head_start.rank(Priority::Critical, NOW);
        assert_eq!(rank < NOW, ms > 0);
    }
}

#[test]
fn an_item_is_promoted_when_the_last_dependency_is_done() {
    let two = added(Draft::default(), 2);
    let one = after(&two, &[Command::DependencyDone]);
    assert!(decided(&one, &Command::Promote).is_err());
    assert_eq!(after(&one, &[Command::DependencyDone, Command::Promote]).state, State::Ready);
}

#[test]
fn an_item_whose_dependency_is_open_again_waits_again() {
    let waiting = after(&item(State::Ready), &[Command::DependencyReopened]);
    assert_eq!((waiting.state.word(), waiting.open_dependencies), ("pending", 1));
    assert_eq!(after(&waiting, &[Command::DependencyDone, Command::Promote]).state, State::Ready);
}

#[test]
fn work_that_is_held_goes_on_when_a_dependency_reopens_and_waits_when_it_comes_back() {
    let held_on = after(&leased(), &[Command::DependencyReopened]);
    assert_eq!(held_on.state.word(), "leased");
    assert_eq!(after(&held_on, &[fail("ann", 3)]).state, State::Pending);
    assert_eq!(after(&held_on, &[release("ann", 3)]).state, State::Pending);
    assert_eq!(after(&held_on, &[Command::Lapse]).state, State::Pending);
    assert_eq!(after(&held_on, &[submit("ann", 3), reject(4)]).state, State::Pending);
    assert_eq!(after(&held_on, &[block(Some(held("ann", 3))), Command::Unblock]).state, State::Pending);
}

#[test]
fn an_item_that_comes_back_is_ranked_from_when_it_came_back() {
    let later = NOW.plus_millis(5_000);
    let back = decided_at(&leased(), &fail("ann", 3), later).expect("legal");
    assert_eq!(back.rank, HeadStart::default().rank(Priority::Medium, later));
}

#[test]
fn priorities_and_percentages_read_back() {
    for priority in Priority::ALL {
        assert_eq!(Priority::from_word(priority.word()), Some(priority));
    }
    for word in ["", "Low", "urgent", "p0"] {
        assert_eq!(Priority::from_word(word), None);
    }
    assert_eq!(Priority::default(), Priority::Medium);
    assert_eq!(Percent::new(100).map(Percent::number), Some(100));
    assert_eq!(Percent::new(101), None);
}

/// One item that becomes ready: how long after the one before it, and how urgent it is.
fn arrivals() -> impl Strategy<Value = Vec<(i64, Priority)>> {
    prop::collection::vec((0..5_000_i64, prop::sample::select(Priority::ALL.as_slice())), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_item_is_overtaken_only_by_those_that_became_ready_within_the_longest_head_start(
        arrivals in arrivals(),
        [critical_ms, high_ms, medium_ms] in [0..20_000_i64, 0..20_000_i64, 0..20_000_i64],
        pace_ms in 1..8_000_i64,
    ) {
        let head_start = HeadStart { critical_ms, high_ms, medium_ms };
        let longest_ms = critical_ms.max(high_ms).max(medium_ms);
        let (mut ready, mut now) = (Vec::new(), 0);
        for (gap, priority) in arrivals {
            now += gap;
            let at = Timestamp::from_millis(now);
            ready.push((head_start.rank(priority, at), at));
        }
        // One worker takes an item now and then: of those that are ready, the one of the lowest rank.
        let mut clock = Timestamp::from_millis(0);
        while !ready.is_empty() {
            clock = clock.plus_millis(pace_ms);
            let Some(next) = ready.iter().filter(|(_, at)| *at <= clock).min().copied() else { continue };
            let taken = ready.iter().position(|item| *item == next).expect("it is among them");
            ready.remove(taken);
            for (_, waiting_since) in ready.iter().filter(|(_, at)| *at < next.1) {
                let later_ms = next.1.millis() - waiting_since.millis();
                prop_assert!(later_ms <= longest_ms, "overtaken by one that came {later_ms} ms later");
            }
        }
    }
}
