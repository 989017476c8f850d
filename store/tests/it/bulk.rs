//! Many items in one go, on each engine.

use domain::id::WorkId;
use domain::work::{Draft, State};
use store::work::{self, New, WorkError};
use store::{Store, Tx, audit};

use crate::kit::{FIRST, add_numbered, at, draft, items, project, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    items_of_one_go_are_as_if_each_had_been_added_by_itself,
    one_that_cannot_be_added_keeps_all_others_out_and_is_named,
}

fn new(n: u64, needs: &[u64]) -> New {
    let depends_on = needs.iter().map(|n| WorkId::numbered(FIRST + n)).collect();
    New { draft: Draft { depends_on, ..draft(&n.to_string()) }, number: FIRST + n, trace_id: format!("{n:032x}") }
}

fn add_all(store: &Store, all: Vec<New>) -> Result<Vec<work::Added>, (usize, WorkError)> {
    let body = async move |tx: &mut Tx<'_>| {
        let done = tx.attempt(async |tx| work::add_many(tx, &at(5), all).await).await?;
        Ok::<_, WorkError>(done.map_err(|bad| (bad.at, bad.error)))
    };
    wait(store.write(body)).expect("the store does not fail")
}

fn items_of_one_go_are_as_if_each_had_been_added_by_itself(place: &Place) {
    let store = place.store();
    wait(add_numbered(&store, FIRST, "0")).expect("it can be added");
    let added = add_all(&store, vec![new(1, &[]), new(2, &[1]), new(3, &[0, 1, 2])]).expect("nothing is wrong");
    assert_eq!(added.iter().map(|it| it.item.open_dependencies).collect::<Vec<_>>(), [0, 1, 3]);
    let kept = items(&store);
    assert_eq!(kept[1..], added.iter().map(|it| it.item.clone()).collect::<Vec<_>>());
    assert_eq!(kept.iter().filter(|it| it.state == State::Ready).count(), 2);
    for it in &added {
        let reading = async |tx: &mut Tx<'_>| audit::of(tx, &project(), it.item.id.as_str(), 0, 10).await;
        let log = wait(store.read::<_, store::StoreError, _>(reading)).expect("the log can be read");
        assert_eq!(work::replay(&log, &project()).expect("it can be replayed").as_ref(), Some(&it.item));
    }
}

fn one_that_cannot_be_added_keeps_all_others_out_and_is_named(place: &Place) {
    let store = place.store();
    let untitled = New { draft: Draft::default(), ..new(3, &[]) };
    let (at, error) = add_all(&store, vec![new(1, &[]), new(2, &[9])]).expect_err("there is no item 9");
    assert!(matches!((at, &error), (1, WorkError::UnknownDependency(_))), "{at}: {error}");
    let (at, error) = add_all(&store, vec![new(1, &[]), new(2, &[]), untitled]).expect_err("it has no title");
    assert!(matches!((at, &error), (2, WorkError::Draft(_))), "{at}: {error}");
    assert_eq!(items(&store), []);
}
