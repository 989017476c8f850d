//! Requests that come at the same time are done together, and each caller hears what became of its own.

use store::together::{Kind, Together};
use store::work::{self, WorkError};
use store::{Mode, Patience, Store, StoreError, Tx};

use crate::database::Database;
use crate::kit::{FIRST, Home, at, draft, gate, sent, titles, wait};
use crate::place::url;

/// Adds items by their titles; some titles are trouble.
struct Adds;

impl Kind for Adds {
    type Request = String;
    type Answer = String;
    type Error = WorkError;

    async fn run(&self, tx: &mut Tx<'_>, titles: &[String]) -> Result<Vec<Result<String, WorkError>>, WorkError> {
        let mut outcomes = Vec::new();
        for title in titles {
            assert!(title != "panic", "a broken promise, on purpose");
            let added = work::add(tx, &at(0), draft(title), FIRST, "").await;
            if title == "broken" {
                return Err(StoreError::Broken("on purpose".to_owned()).into());
            }
            outcomes.push(added.map(|item| item.plan.title.clone()));
        }
        Ok(outcomes)
    }
}

/// What comes back to each of `titles`, asked while the writer is held, so that one job does them all.
fn in_one_go(store: &Store, titles: &[&str]) -> Vec<Result<String, WorkError>> {
    let together = Together::new(Adds);
    let (open, held) = gate(store);
    let asked: Vec<_> = titles
        .iter()
        .map(|title| {
            let (together, store, title) = (together.clone(), store.clone(), (*title).to_owned());
            sent(async move { together.ask(&store, title).await })
        })
        .collect();
    drop(open);
    held.join().expect("no panic").expect("the gate opens");
    asked.into_iter().map(wait).collect()
}

#[test]
fn each_hears_its_own_and_what_is_refused_leaves_nothing() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    let told = in_one_go(&store, &["one", " ", "two"]);
    assert_eq!(told[0].as_deref().ok(), Some("one"));
    assert!(matches!(told[1], Err(WorkError::Draft(_))), "{:?}", told[1]);
    assert_eq!(told[2].as_deref().ok(), Some("two"));
    assert_eq!(titles(&store), ["one", "two"]);
}

#[test]
fn one_that_fails_spoils_no_other() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    let told = in_one_go(&store, &["one", "broken", "two"]);
    assert!(matches!(told[1], Err(WorkError::Store(StoreError::Broken(_)))), "{:?}", told[1]);
    assert!(told[0].is_ok() && told[2].is_ok(), "{told:?}");
    assert_eq!(titles(&store), ["one", "two"], "and of the one that failed nothing is left");
}

#[test]
fn after_a_panic_everybody_is_told_and_the_writer_goes_on() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    for told in in_one_go(&store, &["one", "panic"]) {
        assert!(matches!(told, Err(WorkError::Store(StoreError::Stopped))), "{told:?}");
    }
    assert!(titles(&store).is_empty());
    assert!(in_one_go(&store, &["two"])[0].is_ok());
}

#[test]
fn when_no_transaction_can_be_begun_everybody_who_waits_hears_why() {
    let home = Home::new();
    drop(home.create(Mode::Direct));
    let other = rusqlite::Connection::open(home.path()).expect("the file");
    for mode in [Mode::Direct, Mode::Loop] {
        let store = Store::open_with(&home.path(), mode, Patience::None).expect("it opens");
        let together = Together::new(Adds);
        other.execute_batch("begin immediate").expect("the lock is free");
        for title in ["one", "two"] {
            let told = wait(together.ask(&store, title.to_owned()));
            assert!(matches!(told, Err(WorkError::Store(StoreError::Busy { .. }))), "{mode:?}: {told:?}");
        }
        other.execute_batch("rollback").expect("it is held");
        assert!(wait(together.ask(&store, "later".to_owned())).is_ok(), "{mode:?}: the lock is free again");
    }
}

#[test]
fn on_postgres_many_callers_are_all_answered() {
    let database = Database::new();
    let store = Store::create_database(&url(&database), Mode::Loop).expect("the tables can be made");
    let mut changes = store.changes().expect("a watch can be set");
    let together = Together::new(Adds);
    std::thread::scope(|threads| {
        for caller in 0..8 {
            let (together, store) = (together.clone(), store.clone());
            threads.spawn(move || {
                for n in 0..10 {
                    let title = format!("{caller}.{n}");
                    assert_eq!(wait(together.ask(&store, title.clone())).expect("it is added"), title);
                }
            });
        }
    });
    assert_eq!(titles(&store).len(), 80);
    // Other nodes hear of it, in their own time.
    for _ in 0..600 {
        if changes.any().expect("the watch looks") {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    panic!("nobody heard of eighty commits");
}
