//! What is being written, on each engine.

use domain::agent::Filter;
use domain::work::{Draft, State};
use store::work::{self, WorkError, Writes};
use store::{Mode, Store, Tx};

use crate::kit::{FIRST, at, draft, items, name, ttl, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    of_many_exclusive_items_that_overlap_one_is_given_out,
    what_nobody_writes_any_more_is_forgotten_at_the_next_claim,
}

fn add(store: &Store, title: &str, writes: &str, exclusive: bool) -> domain::id::WorkId {
    let draft = Draft { writes: [writes.to_owned()].into(), exclusive, ..draft(title) };
    wait(store.write(async move |tx: &mut Tx<'_>| work::add(tx, &at(0), draft, FIRST, "").await)).expect("added").id
}

fn of_many_exclusive_items_that_overlap_one_is_given_out(place: &Place) {
    let store = place.store();
    for n in 0..6 {
        add(&store, &n.to_string(), "src/**", true);
    }
    let claimer = |n: usize| {
        let store = match place {
            Place::Sqlite(store) => store.clone(),
            Place::Postgres(database) => crate::place::open(database, Mode::Direct),
        };
        std::thread::spawn(move || {
            let one =
                |by: String| work::Next { scope: at(0), filter: Filter::default(), by: name(&by), ttl: ttl(60_000) };
            let claims = vec![one(format!("agent {n}")), one(format!("other {n}"))];
            let body = async move |tx: &mut Tx<'_>| work::claim_next_many(tx, &claims).await;
            wait(store.write(body)).map(drop)
        })
    };
    let claimers: Vec<_> = (0..6).map(claimer).collect();
    for it in claimers {
        it.join().expect("no panic").expect("the store does not fail");
    }
    assert_eq!(items(&store).iter().filter(|it| matches!(it.state, State::Leased(_))).count(), 1);
}

fn what_nobody_writes_any_more_is_forgotten_at_the_next_claim(place: &Place) {
    let store = place.store();
    let first = add(&store, "first", "src/**", false);
    let second = wait(crate::kit::add(&store, "second")).expect("it can be added").id;
    wait(crate::kit::claim(&store, &first, "zoe")).expect("it is ready");
    let reserved = || {
        wait(store.read::<_, store::StoreError, _>(async |tx: &mut Tx<'_>| work::reserved(tx, &at(0)).await))
            .expect("it can be read")
    };
    assert_eq!(reserved().len(), 1);
    let gone = async move |tx: &mut Tx<'_>| {
        work::carry_out(tx, &at(0), &first, &domain::work::Command::Cancel { reason: None }).await?;
        let more = Writes { globs: ["src/x".to_owned()].into(), exclusive: true };
        work::claim_writing(tx, &at(0), &second, &name("max"), ttl(60_000), Some(&more)).await?;
        Ok::<_, WorkError>(work::conflicts(tx, &at(0), &second).await?)
    };
    assert_eq!(wait(store.write(gone)).expect("nobody writes there"), []);
    assert_eq!(reserved().iter().map(|it| it.holder.to_string()).collect::<Vec<_>>(), ["max"]);
}
