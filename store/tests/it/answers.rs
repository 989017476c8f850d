//! Answers to requests that carried a key.

use store::answer::{Known, find, keep, prune};
use store::{Scope, Store, StoreError, Tx};

use crate::kit::{at, scope, wait};

fn known(store: &Store, scope: &Scope, key: &str, digest: &str) -> Known {
    wait(store.read(async |tx: &mut Tx<'_>| find(tx, scope, key, digest).await)).expect("it can be looked up")
}

fn kept(store: &Store, scope: Scope, key: &'static str, digest: &'static str) -> Result<(), StoreError> {
    wait(store.write(async move |tx: &mut Tx<'_>| keep(tx, &scope, key, digest, &format!("answer to {key}")).await))
}

#[test]
fn the_same_request_gets_the_same_answer_and_another_one_is_told_so() {
    let store = Store::in_memory().expect("a store in memory");
    assert_eq!(known(&store, &at(0), "k", "d"), Known::New);
    kept(&store, at(0), "k", "d").expect("it can be kept");
    assert_eq!(known(&store, &at(9), "k", "d"), Known::Answered("answer to k".to_owned()));
    assert_eq!(known(&store, &at(9), "k", "other"), Known::OtherRequest);
    assert_eq!(known(&store, &at(9), "other", "d"), Known::New);
}

#[test]
fn a_key_belongs_to_its_project() {
    let store = Store::in_memory().expect("a store in memory");
    kept(&store, scope("one", 0), "k", "d").expect("it can be kept");
    assert_eq!(known(&store, &scope("two", 0), "k", "d"), Known::New);
    kept(&store, scope("two", 0), "k", "other").expect("the same key, elsewhere");
    assert_eq!(known(&store, &scope("one", 0), "k", "d"), Known::Answered("answer to k".to_owned()));
}

#[test]
fn a_key_is_kept_once() {
    let store = Store::in_memory().expect("a store in memory");
    kept(&store, at(0), "k", "d").expect("it can be kept");
    let twice = kept(&store, at(0), "k", "d").expect_err("the first answer stands");
    assert!(twice.to_string().starts_with("the store failed: "), "{twice}");
}

#[test]
fn pruning_forgets_the_oldest_up_to_its_limit_and_nothing_younger() {
    let store = Store::in_memory().expect("a store in memory");
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
