//! Seals, as they are kept.

use domain::time::Timestamp;
use store::seal::{self, Seal};
use store::{Store, StoreError, Tx};

use crate::kit::{project, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    seals_are_kept_once_and_read_in_order,
}

fn sealed(number: i64) -> Seal {
    Seal {
        number,
        up_to_seq: number * 10,
        count: 10,
        at: Timestamp::from_millis(number),
        previous: format!("hash {}", number - 1),
        events: format!("events {number}"),
        hash: format!("hash {number}"),
    }
}

fn insert(store: &Store, seal: Seal) -> bool {
    let body = async move |tx: &mut Tx<'_>| seal::insert(tx, &project(), &seal).await;
    wait(store.write::<_, StoreError, _>(body)).expect("it can be written")
}

fn seals_are_kept_once_and_read_in_order(place: &Place) {
    let store = place.store();
    let last = || wait(store.read(async |tx: &mut Tx<'_>| seal::last(tx, &project()).await));
    assert_eq!(last(), Ok(None));
    for number in 1..=3 {
        assert!(insert(&store, sealed(number)));
    }
    assert!(!insert(&store, Seal { hash: "another".to_owned(), ..sealed(2) }), "there is one of that number");
    let bare = |number| Seal { events: String::new(), ..sealed(number) };
    assert_eq!(last(), Ok(Some(bare(3))));
    let head = |number| wait(store.read(async |tx: &mut Tx<'_>| seal::head(tx, &project(), number).await));
    assert_eq!((head(2), head(4)), (Ok(Some(bare(2))), Ok(None)));
    let heads = wait(store.read(async |tx: &mut Tx<'_>| seal::heads(tx, &project(), 1, 10).await));
    assert_eq!(heads, Ok(vec![bare(2), bare(3)]));
    let after = wait(store.read(async |tx: &mut Tx<'_>| seal::after(tx, &project(), 0, 2).await));
    assert_eq!(after, Ok(vec![sealed(1), sealed(2)]));
}
