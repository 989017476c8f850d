//! Locks by name, on each engine.

use store::work::{self, WorkError, lock};
use store::{Mode, Tx};

use crate::kit::{at, name, project, ttl, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    of_many_who_want_a_lock_at_once_one_gets_it,
    a_lock_that_was_given_back_keeps_its_fence_and_is_listed_no_more,
}

fn of_many_who_want_a_lock_at_once_one_gets_it(place: &Place) {
    for round in 1..=3 {
        let asker = |n: usize| {
            let store = match place {
                Place::Sqlite(store) => store.clone(),
                Place::Postgres(database) => crate::place::open(database, Mode::Direct),
            };
            std::thread::spawn(move || {
                let (lock, by) = ("schema".parse().expect("a name"), name(&format!("agent {n}")));
                // Each round begins when the holds of the one before are over.
                let body =
                    async move |tx: &mut Tx<'_>| lock::acquire(tx, &at(round * 10_000), &lock, &by, ttl(10_000)).await;
                wait(store.write(body)).map(|lock| lock.fence.number())
            })
        };
        let askers: Vec<_> = (0..8).map(asker).collect();
        let answers: Vec<_> = askers.into_iter().map(|it| it.join().expect("no panic")).collect();
        let got: Vec<i64> = answers.iter().filter_map(|it| it.as_ref().ok().copied()).collect();
        assert_eq!(got, [round]);
        assert!(answers.iter().flat_map(Result::as_ref).count() == 1);
        let refused = answers.into_iter().filter_map(Result::err);
        assert!(refused.into_iter().all(|it| matches!(it, WorkError::Refused(_))));
    }
}

fn a_lock_that_was_given_back_keeps_its_fence_and_is_listed_no_more(place: &Place) {
    let store = place.store();
    let held = || {
        let page = work::Page { after: String::new(), limit: 10 };
        wait(store.read(async |tx: &mut Tx<'_>| lock::list(tx, &project(), &page).await)).expect("it can be read")
    };
    let body = async |tx: &mut Tx<'_>| {
        let schema = "schema".parse().expect("a name");
        let first = lock::acquire(tx, &at(0), &schema, &name("zoe"), ttl(10_000)).await?;
        Ok::<_, WorkError>(first)
    };
    assert_eq!(wait(store.write(body)).expect("it is free").fence.number(), 1);
    assert_eq!(held().len(), 1);
    let body = async |tx: &mut Tx<'_>| {
        let schema = "schema".parse().expect("a name");
        let hold = domain::work::Held { by: name("zoe"), fence: domain::work::Fence::new(1) };
        lock::release(tx, &at(0), &schema, &hold).await
    };
    wait(store.write(body)).expect("she holds it");
    assert_eq!(held(), []);
    let body = async |tx: &mut Tx<'_>| {
        lock::acquire(tx, &at(0), &"schema".parse().expect("a name"), &name("max"), ttl(10_000)).await
    };
    assert_eq!(wait(store.write(body)).expect("it is free").fence.number(), 2);
}
