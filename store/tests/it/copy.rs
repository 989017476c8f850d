//! A store goes from a file to a database and back, whole or not at all.

use store::copy::{Location, copy};
use store::work::{self, Page};
use store::{Mode, Store, StoreError, Tx, audit};

use crate::database::Database;
use crate::kit::{Home, add, at, claim, project, wait};
use crate::place::{open, url};

/// Everything that can be read of work and its log.
fn seen(store: &Store) -> String {
    let reading = async |tx: &mut Tx<'_>| {
        let all = work::list(tx, &project(), None, &Page { after: String::new(), limit: 100_000 }).await?;
        let log = audit::after(tx, &project(), 0, 100_000).await?;
        Ok::<_, StoreError>(format!("{all:?}\n{log:?}"))
    };
    wait(store.read(reading)).expect("it can be read")
}

#[test]
fn what_a_file_holds_is_in_the_database_and_comes_back_the_same() {
    let (home, database) = (Home::new(), Database::new());
    let file = home.create(Mode::Direct);
    // More than one batch, with all that text can hold.
    let body = async |tx: &mut Tx<'_>| {
        for n in 0..1_100_u64 {
            let title = format!("Ünï\t\"quoted\"\nsecond line {n} \\ '");
            work::add(tx, &at(0), domain::work::Draft { title, ..Default::default() }, 1_000_000 + n, "t").await?;
        }
        Ok::<_, work::WorkError>(())
    };
    wait(file.write(body)).expect("they can be added");
    let item = wait(add(&file, "claimed")).expect("it can be added");
    wait(claim(&file, &item.id, "ä gent")).expect("it can be claimed");
    let before = seen(&file);

    drop(Store::create_database(&url(&database), Mode::Direct).expect("the tables can be made"));
    let (from, to) = (Location::File(home.path()), Location::Database(Box::new(url(&database))));
    let copied = copy(&from, &to, &|_, _| {}).expect("it can be copied");
    let rows = |name: &str| copied.iter().find(|it| it.table == name).map(|it| it.rows);
    assert_eq!((rows("work"), rows("event"), rows("agent")), (Some(1_101), Some(1_103), Some(1)));
    let there = open(&database, Mode::Direct);
    assert_eq!(seen(&there), before);

    // Life goes on there: numbers of the log do not start anew.
    wait(add(&there, "added there")).expect("it can be added");
    let after = seen(&there);
    assert_ne!(after, before);
    let again = copy(&from, &to, &|_, _| {}).expect_err("it is not empty any more");
    assert!(matches!(&again, StoreError::NotEmpty(_)), "{again}");
    assert_eq!(seen(&there), after, "a refused copy changes nothing");

    let back = Home::new();
    drop(back.create(Mode::Direct));
    copy(&to, &Location::File(back.path()), &|_, _| {}).expect("it can be copied back");
    assert_eq!(seen(&back.open(Mode::Direct)), after);
    wait(add(&back.open(Mode::Direct), "and here")).expect("it can be added");
    let again = copy(&to, &Location::File(back.path()), &|_, _| {}).expect_err("it is not empty any more");
    assert!(matches!(&again, StoreError::NotEmpty(_)), "{again}");
}
