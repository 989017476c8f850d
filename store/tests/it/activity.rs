//! What agents do and ask, on each engine: kept, forgotten, and answered once.

use domain::agent::activity::Line;
use domain::agent::permission::Permission;
use domain::id::{PermissionId, WorkId};
use domain::message::{Address, Draft};
use domain::time::Timestamp;
use domain::work::Fence;
use store::activity::{self, Noted};
use store::message::MessageError;
use store::{Store, StoreError, Tx, agent, budget, message};

use crate::kit::{FIRST, add, at, name, project, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    lines_are_kept_once_in_their_order_and_the_first_are_forgotten,
    what_is_old_is_forgotten_from_the_oldest_item_on,
    of_many_who_answer_a_question_at_once_one_does,
    messages_about_an_item_are_found_and_others_are_not,
}

fn noted(item: u64, fence: i64, seq: i64, at_ms: i64) -> Noted {
    Noted {
        item: WorkId::numbered(item),
        fence: Fence::new(fence),
        seq,
        at: Timestamp::from_millis(at_ms),
        line: Line { kind: "text", text: format!("{item} {fence} {seq} 日本") },
    }
}

fn keep(store: &Store, lines: Vec<Noted>) {
    wait(store.write(async move |tx: &mut Tx<'_>| activity::keep(tx, &project(), &lines).await))
        .expect("they are kept");
}

fn last(store: &Store, item: u64, limit: u32) -> Vec<(i64, i64)> {
    let id = WorkId::numbered(item);
    let read = store.read(async |tx: &mut Tx<'_>| activity::last(tx, &project(), &id, limit).await);
    let lines: Vec<Noted> = wait::<Result<_, StoreError>>(read).expect("they are read");
    assert!(lines.iter().all(|it| it.line.text.starts_with(&format!("{item} ")) && it.line.kind == "text"));
    lines.iter().map(|it| (it.fence.number(), it.seq)).collect()
}

fn lines_are_kept_once_in_their_order_and_the_first_are_forgotten(place: &Place) {
    let store = place.store();
    keep(&store, (1..=4).map(|seq| noted(1, 1, seq, 10)).chain([noted(2, 1, 1, 10)]).collect());
    keep(&store, vec![noted(1, 1, 4, 99), noted(1, 2, 1, 20)]);
    assert_eq!(last(&store, 1, 10), [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]);
    assert_eq!(last(&store, 1, 2), [(1, 4), (2, 1)]);
    let trim = async |tx: &mut Tx<'_>| activity::trim(tx, &project(), &WorkId::numbered(1), Fence::new(1), 3).await;
    wait::<Result<_, StoreError>>(store.write(trim)).expect("it is done");
    assert_eq!(last(&store, 1, 10), [(1, 3), (1, 4), (2, 1)]);
    assert_eq!(last(&store, 2, 10), [(1, 1)]);
}

fn question(n: u64, until_ms: i64) -> Permission {
    Permission {
        id: PermissionId::numbered(n),
        item: WorkId::numbered(1),
        fence: Fence::new(1),
        agent: name("zoe"),
        tool: "Bash".to_owned(),
        input: "{}".to_owned(),
        asked_at: Timestamp::from_millis(0),
        until: Timestamp::from_millis(until_ms),
        answer: None,
    }
}

fn ask(store: &Store, n: u64, until_ms: i64) {
    let body = async move |tx: &mut Tx<'_>| activity::ask(tx, &at(0), &question(n, until_ms), &move || n).await;
    wait(store.write(body)).expect("it is kept");
}

fn what_is_old_is_forgotten_from_the_oldest_item_on(place: &Place) {
    let store = place.store();
    keep(&store, vec![noted(1, 1, 1, 10), noted(2, 1, 1, 50), noted(3, 1, 1, 10)]);
    ask(&store, 1, 1_000);
    let prune = |before: i64, limit: u32| {
        let body = async move |tx: &mut Tx<'_>| activity::prune(tx, &at(0), before, limit).await;
        wait::<Result<u64, StoreError>>(store.write(body)).expect("it is done")
    };
    assert_eq!(prune(0, 10), 0, "nothing is that old");
    assert_eq!(prune(40, 2), 2, "of the two oldest items one line is old, and the question is");
    assert_eq!((last(&store, 1, 5).len(), last(&store, 2, 5).len(), last(&store, 3, 5).len()), (0, 1, 1));
    assert_eq!(prune(40, 10), 1);
    let none = async |tx: &mut Tx<'_>| activity::look(tx, &project(), &PermissionId::numbered(1)).await;
    assert_eq!(wait::<Result<_, StoreError>>(store.read(none)).expect("it is read"), None);
    let calls = async |tx: &mut Tx<'_>| budget::prune_calls(tx, &at(0), 40, 10).await;
    assert_eq!(wait::<Result<u64, StoreError>>(store.write(calls)).expect("it is done"), 0);
}

fn of_many_who_answer_a_question_at_once_one_does(place: &Place) {
    let store = place.store();
    ask(&store, 1, 1_000);
    ask(&store, 2, 500);
    let open = |now: i64| {
        let read = store.read(async move |tx: &mut Tx<'_>| activity::open(tx, &at(now), 10).await);
        let open: Vec<Permission> = wait::<Result<_, StoreError>>(read).expect("it is read");
        open.iter().map(|it| it.id.number()).collect::<Vec<_>>()
    };
    assert_eq!((open(0), open(600), open(1_000)), (vec![2, 1], vec![1], vec![]));
    let answer = |n: u64| {
        let by = format!("person {n}");
        let body = async move |tx: &mut Tx<'_>| {
            let found = activity::find(tx, &project(), &PermissionId::numbered(1)).await?.expect("it is there");
            let Ok(answered) = found.answered(n.is_multiple_of(2), &by, at(5).now) else { return Ok(false) };
            activity::answer(tx, &at(5), &answered).await?;
            Ok::<_, StoreError>(true)
        };
        wait(store.write(body)).expect("it is answered")
    };
    let given: Vec<bool> = std::thread::scope(|threads| {
        let all: Vec<_> = (0..8).map(|n| threads.spawn(move || answer(n))).collect();
        all.into_iter().map(|it| it.join().expect("no panic")).collect()
    });
    assert_eq!(given.iter().filter(|it| **it).count(), 1, "{given:?}");
    assert_eq!(open(0), [2]);
    let kept = async |tx: &mut Tx<'_>| activity::look(tx, &project(), &PermissionId::numbered(1)).await;
    let kept = wait::<Result<_, StoreError>>(store.read(kept)).expect("it is read").expect("it is there");
    let by = kept.answer.expect("it has an answer").by;
    assert!(given[by.trim_start_matches("person ").parse::<usize>().expect("a number")], "{by}");
}

fn messages_about_an_item_are_found_and_others_are_not(place: &Place) {
    let store = place.store();
    let [one, two] = ["one", "two"].map(|title| wait(add(&store, title)).expect("it is added").id);
    for (n, item) in [(1, None), (2, Some(&one)), (3, Some(&one)), (4, Some(&two))] {
        let draft = Draft::note(name("zoe"), Address::Agent(name("max")), format!("message {n}"));
        let draft = Draft { item: item.cloned(), ..draft };
        let body = async move |tx: &mut Tx<'_>| {
            agent::meet(tx, &at(0), &name("max")).await.map_err(MessageError::from)?;
            message::send(tx, &at(0), draft.clone(), None, FIRST + n).await
        };
        wait(store.write(body)).expect("it is sent");
    }
    let about = |limit: u32| {
        let read = store.read(async |tx: &mut Tx<'_>| message::about(tx, &project(), &one, limit).await);
        let found: Vec<domain::message::Message> = wait::<Result<_, StoreError>>(read).expect("it is read");
        found.into_iter().map(|it| it.subject).collect::<Vec<_>>()
    };
    assert_eq!(about(10), ["message 3", "message 2"]);
    assert_eq!(about(1), ["message 3"]);
}
