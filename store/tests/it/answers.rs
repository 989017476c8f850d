//! Answers to requests that carried a key.

use store::answer::{Known, find, find_many, keep, keep_many, prune};
use store::{Scope, Store, StoreError, Tx};

use crate::kit::{at, scope, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    the_same_request_gets_the_same_answer_and_another_one_is_told_so,
    a_key_belongs_to_its_project,
    a_key_is_kept_once,
    many_answers_are_kept_and_found_at_once,
    pruning_forgets_the_oldest_up_to_its_limit_and_nothing_younger,
}

fn known(store: &Store, scope: &Scope, key: &str, digest: &str) -> Known {
    wait(store.read(async |tx: &mut Tx<'_>| find(tx, scope, key, digest).await)).expect("it can be looked up")
}

fn kept(store: &Store, scope: Scope, key: &'static str, digest: &'static str) -> Result<(), StoreError> {
    wait(store.write(async move |tx: &mut Tx<'_>| keep(tx, &scope, key, digest, &format!("answer to {key}")).await))
}

fn the_same_request_gets_the_same_answer_and_another_one_is_told_so(place: &Place) {
    let store = place.store();
    assert_eq!(known(&store, &at(0), "k", "d"), Known::New);
    kept(&store, at(0), "k", "d").expect("it can be kept");
    assert_eq!(known(&store, &at(9), "k", "d"), Known::Answered("answer to k".to_owned()));
    assert_eq!(known(&store, &at(9), "k", "other"), Known::OtherRequest);
    assert_eq!(known(&store, &at(9), "other", "d"), Known::New);
}

fn a_key_belongs_to_its_project(place: &Place) {
    let store = place.store();
    kept(&store, scope("one", 0), "k", "d").expect("it can be kept");
    assert_eq!(known(&store, &scope("two", 0), "k", "d"), Known::New);
    kept(&store, scope("two", 0), "k", "other").expect("the same key, elsewhere");
    assert_eq!(known(&store, &scope("one", 0), "k", "d"), Known::Answered("answer to k".to_owned()));
}

fn a_key_is_kept_once(place: &Place) {
    let store = place.store();
    kept(&store, at(0), "k", "d").expect("it can be kept");
    let twice = kept(&store, at(0), "k", "d").expect_err("the first answer stands");
    assert!(matches!(twice, StoreError::Conflict(_)), "{twice}");
}

fn many_answers_are_kept_and_found_at_once(place: &Place) {
    let store = place.store();
    let body = async |tx: &mut Tx<'_>| {
        let (one, two) = (at(0), scope("two", 0));
        keep_many(tx, &[(&one, "k", "d", "a"), (&one, "l", "d", "b"), (&two, "k", "e", "c")]).await
    };
    wait(store.write(body)).expect("they can be kept");
    let (one, two) = (at(0).project, scope("two", 0).project);
    let read = async |tx: &mut Tx<'_>| find_many(tx, &[(&one, "k"), (&two, "k"), (&one, "nobody's")]).await;
    let found = wait(store.read(read)).expect("they can be found");
    let told = |project: &domain::text::Project, digest| {
        found.get(&(project.clone(), "k".to_owned())).cloned().map(|kept| kept.for_request(digest))
    };
    assert_eq!(told(&one, "d"), Some(Known::Answered("a".to_owned())));
    assert_eq!(told(&two, "e"), Some(Known::Answered("c".to_owned())));
    assert_eq!(told(&two, "d"), Some(Known::OtherRequest));
    assert_eq!(found.len(), 2);
}

fn pruning_forgets_the_oldest_up_to_its_limit_and_nothing_younger(place: &Place) {
    let store = place.store();
    for (key, ms) in [("c", 30), ("a", 10), ("b", 20)] {
        kept(&store, at(ms), key, "d").expect("it can be kept");
    }
    kept(&store, scope("two", 0), "a", "d").expect("it can be kept");
    let pruned = |before_ms, limit| {
        wait(store.write(async move |tx: &mut Tx<'_>| prune(tx, &at(100), before_ms, limit).await)).expect("it prunes")
    };
    assert_eq!(pruned(30, 1), 1);
    assert_eq!(["a", "b", "c"].map(|key| known(&store, &at(0), key, "d") == Known::New), [true, false, false]);
    assert_eq!(pruned(30, 100), 1);
    assert_eq!(pruned(30, 100), 0);
    assert_eq!(["b", "c"].map(|key| known(&store, &at(0), key, "d") == Known::New), [true, false]);
    assert_ne!(known(&store, &scope("two", 0), "a", "d"), Known::New);
}
