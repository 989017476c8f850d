//! Duties: one process at a time, under a lease with a fence.

use store::duty::{self, Duty};
use store::{Scope, Store, StoreError, Tx};

use crate::kit::{at, project, scope, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    a_duty_is_kept_by_its_holder_and_refused_to_others,
    after_its_end_a_duty_goes_to_whoever_asks_under_a_higher_fence,
    what_is_given_back_can_be_taken_at_once_and_only_its_holder_gives_it_back,
    duties_of_two_projects_do_not_meet,
    all_duties_can_be_listed_by_name,
}

fn take_in(store: &Store, scope: Scope, holder: &'static str) -> Option<i64> {
    wait(store.write(async move |tx: &mut Tx<'_>| duty::take(tx, &scope, "land main", holder, 100).await))
        .expect("it can be asked")
}

fn take(store: &Store, now_ms: i64, holder: &'static str) -> Option<i64> {
    take_in(store, at(now_ms), holder)
}

fn holds(store: &Store, now_ms: i64, holder: &'static str, fence: i64) -> bool {
    let scope = at(now_ms);
    wait(store.read(async |tx: &mut Tx<'_>| duty::holds(tx, &scope, "land main", holder, fence).await))
        .expect("it can be asked")
}

fn give_back(store: &Store, now_ms: i64, holder: &'static str, fence: i64) {
    let scope = at(now_ms);
    let body = async move |tx: &mut Tx<'_>| duty::give_back(tx, &scope, "land main", holder, fence).await;
    wait(store.write(body)).expect("it can be given back");
}

fn a_duty_is_kept_by_its_holder_and_refused_to_others(place: &Place) {
    let store = place.store();
    assert!(!holds(&store, 0, "a", 1), "nobody has it yet");
    assert_eq!(take(&store, 0, "a"), Some(1));
    assert_eq!(take(&store, 50, "b"), None);
    assert_eq!(take(&store, 50, "a"), Some(1), "who keeps it keeps its fence");
    assert!(holds(&store, 149, "a", 1));
    assert_eq!(take(&store, 149, "b"), None);
}

fn after_its_end_a_duty_goes_to_whoever_asks_under_a_higher_fence(place: &Place) {
    let store = place.store();
    assert_eq!(take(&store, 0, "a"), Some(1));
    assert!(!holds(&store, 100, "a", 1), "its time is over");
    assert_eq!(take(&store, 100, "b"), Some(2));
    assert_eq!(take(&store, 120, "a"), None);
    assert!(!holds(&store, 120, "a", 1));
    assert!(holds(&store, 120, "b", 2));
    assert_eq!(take(&store, 200, "b"), Some(3), "even the same process may have been away");
}

fn what_is_given_back_can_be_taken_at_once_and_only_its_holder_gives_it_back(place: &Place) {
    let store = place.store();
    assert_eq!(take(&store, 0, "a"), Some(1));
    give_back(&store, 10, "b", 1);
    give_back(&store, 10, "a", 7);
    assert!(holds(&store, 10, "a", 1), "neither had it");
    give_back(&store, 10, "a", 1);
    assert!(!holds(&store, 10, "a", 1));
    assert_eq!(take(&store, 10, "b"), Some(2));
}

fn duties_of_two_projects_do_not_meet(place: &Place) {
    let store = place.store();
    assert_eq!(take_in(&store, scope("one", 0), "a"), Some(1));
    assert_eq!(take_in(&store, scope("two", 0), "b"), Some(1));
}

fn all_duties_can_be_listed_by_name(place: &Place) {
    let store = place.store();
    let body = async |tx: &mut Tx<'_>| {
        duty::take(tx, &at(5), "reap", "b", 10).await?;
        duty::take(tx, &at(5), "land main", "a", 20).await?;
        duty::list(tx, &project()).await
    };
    let all = wait(store.write::<_, StoreError, _>(body)).expect("they can be listed");
    let duty = |name: &str, holder: &str, until| Duty {
        name: name.to_owned(),
        holder: holder.to_owned(),
        fence: 1,
        until: domain::time::Timestamp::from_millis(until),
    };
    assert_eq!(all, [duty("land main", "a", 25), duty("reap", "b", 15)]);
}
