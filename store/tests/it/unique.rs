//! Names that only one open item may have, on each engine.

use domain::work::{Command, Draft};
use store::work::{self, WorkError};
use store::{Mode, Store, Tx};

use crate::kit::{FIRST, at, carry_out, claim, draft, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    a_name_is_free_again_once_its_item_has_ended,
    of_many_who_add_at_once_one_gets_the_name,
    a_dead_item_comes_back_only_when_nobody_has_its_name,
}

fn add(store: &Store, title: &str) -> Result<domain::work::WorkItem, WorkError> {
    let draft = Draft { unique: Some("nightly".parse().expect("a name")), attempts_max: Some(1), ..draft(title) };
    wait(store.write(async move |tx: &mut Tx<'_>| work::add(tx, &at(0), draft, FIRST, "").await))
}

fn a_name_is_free_again_once_its_item_has_ended(place: &Place) {
    let store = place.store();
    let first = add(&store, "first").expect("nobody has it").id;
    let refused = add(&store, "second").expect_err("it is taken");
    assert!(matches!(&refused, WorkError::NotUnique { id, .. } if *id == first), "{refused}");
    wait(carry_out(&store, at(0), &first, Command::Cancel { reason: None })).expect("it is open");
    add(&store, "third").expect("it is free");
    assert_eq!(crate::kit::titles(&store), ["first", "third"]);
}

fn of_many_who_add_at_once_one_gets_the_name(place: &Place) {
    let adder = |n: usize| {
        let store = match place {
            Place::Sqlite(store) => store.clone(),
            Place::Postgres(database) => crate::place::open(database, Mode::Direct),
        };
        std::thread::spawn(move || add(&store, &n.to_string()).is_ok())
    };
    let adders: Vec<_> = (0..8).map(adder).collect();
    let added = adders.into_iter().map(|it| it.join().expect("no panic")).filter(|ok| *ok).count();
    assert_eq!((added, crate::kit::items(&place.store()).len()), (1, 1));
}

fn a_dead_item_comes_back_only_when_nobody_has_its_name(place: &Place) {
    let store = place.store();
    let first = add(&store, "first").expect("nobody has it").id;
    let held = wait(claim(&store, &first, "zoe")).expect("it is ready");
    let hold = domain::work::Held { by: crate::kit::name("zoe"), fence: held.fence };
    let fail = Command::Fail { held: hold, reason: "broken".to_owned() };
    wait(carry_out(&store, at(0), &first, fail)).expect("it is held");
    let second = add(&store, "second").expect("a dead item has no name").id;
    let refused = wait(carry_out(&store, at(0), &first, Command::Requeue)).expect_err("the name is taken");
    assert!(matches!(&refused, WorkError::NotUnique { id, .. } if *id == second), "{refused}");
    wait(carry_out(&store, at(0), &second, Command::Cancel { reason: None })).expect("it is open");
    wait(carry_out(&store, at(0), &first, Command::Requeue)).expect("the name is free");
}
