//! Rounds, their answers, and who is told what when one goes wrong.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};

use domain::agent::Filter;
use domain::work::Refusal;
use store::work::{self, WorkError};
use store::{Mode, Store, StoreError, Tx};

use crate::child;
use crate::kit::{FIRST, Home, add, at, claim, draft, gate, items, name, sent, titles, ttl, wait};

#[test]
fn a_command_that_fails_takes_nothing_with_it_and_its_neighbours_are_kept() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    let (open, held) = gate(&store);
    let before = sent(add(&store, "before"));
    let failing = sent(store.write(async |tx: &mut Tx<'_>| {
        work::add(tx, &at(0), draft("lost"), FIRST, "").await?;
        work::add(tx, &at(0), draft(" "), FIRST, "").await
    }));
    let after = sent(add(&store, "after"));
    open.send(()).expect("the writer waits");
    held.join().expect("no panic").expect("the gate is a command like any other");
    assert!(matches!(wait(failing), Err(WorkError::Draft(_))));
    let kept = [wait(before).expect("kept").id, wait(after).expect("kept").id];
    assert_eq!(titles(&store), ["after", "before"]);
    // The second twin of the number got the next one, as the failed one left no trace.
    assert_eq!(kept.map(|id| id.number()), [FIRST, FIRST + 1]);
}

#[test]
fn a_verb_that_panics_is_answered_and_the_writer_goes_on() {
    let home = Home::new();
    for mode in [Mode::Loop, Mode::Direct] {
        let store = home.create(mode);
        let panics = async |tx: &mut Tx<'_>| -> Result<(), WorkError> {
            work::add(tx, &at(0), draft("lost"), FIRST, "").await?;
            panic!("a broken promise, on purpose")
        };
        let answer = wait(store.write(panics));
        assert!(matches!(answer, Err(WorkError::Store(StoreError::Stopped))), "{answer:?}");
        wait(add(&store, "kept")).expect("the writer goes on");
    }
    assert_eq!(titles(&home.open(Mode::Direct)), ["kept", "kept"]);
}

#[test]
fn a_panic_in_the_middle_of_a_round_leaves_the_round_whole() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    let (open, held) = gate(&store);
    let before = sent(add(&store, "before"));
    let panics = sent(store.write(async |tx: &mut Tx<'_>| -> Result<(), WorkError> {
        work::add(tx, &at(0), draft("lost"), FIRST, "").await?;
        panic!("a broken promise, on purpose")
    }));
    let after = sent(add(&store, "after"));
    drop(open);
    held.join().expect("no panic").expect("the gate opens");
    wait(before).expect("kept");
    assert!(matches!(wait(panics), Err(WorkError::Store(StoreError::Stopped))));
    wait(after).expect("kept");
    assert_eq!(titles(&store), ["after", "before"]);
}

#[test]
fn a_read_that_panics_leaves_the_store_usable() {
    let home = Home::new();
    for mode in [Mode::Loop, Mode::Direct] {
        let store = home.create(mode);
        let reading = std::panic::AssertUnwindSafe(|| {
            wait(
                store.read(async |_: &mut Tx<'_>| -> Result<(), StoreError> { panic!("a broken promise, on purpose") }),
            )
        });
        std::panic::catch_unwind(reading).expect_err("a read runs on its caller's thread");
        wait(add(&store, "kept")).expect("writes go on");
        assert!(!items(&store).is_empty(), "and so do reads");
    }
}

#[test]
fn an_answer_comes_after_the_commit() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    std::thread::scope(|threads| {
        for thread in 0..8 {
            let (store, path) = (store.clone(), home.path());
            threads.spawn(move || {
                let other = rusqlite::Connection::open(path).expect("the file opens");
                for n in 0..20 {
                    let item = wait(add(&store, &format!("{thread}.{n}"))).expect("it can be added");
                    let seen: i64 = other
                        .query_row("select count(*) from work where id = ?", [item.id.as_str()], |row| row.get(0))
                        .expect("the table is there");
                    assert_eq!(seen, 1, "{} was answered before it was committed", item.id);
                }
            });
        }
    });
    assert_eq!(items(&store).len(), 160);
}

#[test]
fn closing_waits_for_what_was_sent() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    let (open, held) = gate(&store);
    let titles_sent: Vec<String> = (0..50).map(|n| format!("{n:02}")).collect();
    for title in &titles_sent {
        // The caller goes away; the command does not.
        drop(sent(add(&store, title)));
    }
    drop(open);
    drop(store);
    held.join().expect("no panic").expect("the gate opens");
    assert_eq!(titles(&home.open(Mode::Direct)), titles_sent);
}

#[test]
fn the_last_handle_may_go_inside_a_command() {
    // By the writer, when somebody else was writing before; and by a caller that was alone.
    for by_the_writer in [true, false] {
        let home = Home::new();
        let store = home.create(Mode::Loop);
        let gate = by_the_writer.then(|| gate(&store));
        let (enter, entered) = channel::<()>();
        let (open, opened) = channel::<()>();
        let (last, opened) = (store.clone(), Arc::new(Mutex::new(opened)));
        let body = async move |tx: &mut Tx<'_>| {
            enter.send(()).expect("somebody listens");
            opened.lock().expect("no panic").recv().expect("the gate opens");
            drop(last);
            work::add(tx, &at(0), draft("kept"), FIRST, "").await
        };
        let caller = if by_the_writer {
            // With the caller goes its handle.
            drop(sent(async move { store.write(body).await }));
            None
        } else {
            Some(std::thread::spawn(move || wait(async move { store.write(body).await }).map(drop)))
        };
        if let Some((open, held)) = gate {
            drop(open);
            held.join().expect("no panic").expect("the gate opens");
        }
        entered.recv().expect("the command has begun");
        open.send(()).expect("the command waits");
        // The command has the lock; this waits for it.
        wait(add(&home.open(Mode::Direct), "after")).expect("it can be added");
        assert_eq!(titles(&home.open(Mode::Direct)), ["after", "kept"]);
        if let Some(caller) = caller {
            caller.join().expect("no panic").expect("it is kept");
        }
    }
}

#[test]
fn sixty_four_callers_never_get_the_same_item() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    let (callers, each) = (64, 4);
    let body = async move |tx: &mut Tx<'_>| {
        for n in 0..callers * each {
            work::add(tx, &at(0), draft(&n.to_string()), FIRST, "").await?;
        }
        Ok::<_, WorkError>(())
    };
    wait(store.write(body)).expect("the items can be added");
    let start = Arc::new(Barrier::new(callers));
    let threads: Vec<_> = (0..callers)
        .map(|caller| {
            let (store, start) = (store.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                let take = || {
                    let by = name(&format!("agent {caller}"));
                    let body = async move |tx: &mut Tx<'_>| {
                        work::claim_next(tx, &at(0), &Filter::default(), &by, ttl(60_000)).await
                    };
                    wait(store.write(body)).expect("it can be claimed").expect("there is one for everybody")
                };
                (0..each).map(|_| take().id).collect::<Vec<_>>()
            })
        })
        .collect();
    let taken: Vec<_> = threads.into_iter().flat_map(|t| t.join().expect("no panic")).collect();
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), callers * each);
    let nothing =
        async |tx: &mut Tx<'_>| work::claim_next(tx, &at(0), &Filter::default(), &name("late"), ttl(60_000)).await;
    assert_eq!(wait(store.write(nothing)).expect("asking is fine"), None);
}

#[test]
fn of_many_connections_that_race_for_one_item_one_wins_and_the_others_learn_who() {
    let home = Home::new();
    let racers = 24;
    let id = wait(add(&home.create(Mode::Direct), "the only one")).expect("it can be added").id;
    let start = Arc::new(Barrier::new(racers));
    let threads: Vec<_> = (0..racers)
        .map(|racer| {
            let (path, id, start) = (home.path(), id.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                let store = Store::open(&path, Mode::Direct).expect("the store opens");
                wait(claim(&store, &id, &format!("agent {racer}")))
            })
        })
        .collect();
    let answers: Vec<_> = threads.into_iter().map(|t| t.join().expect("no panic")).collect();
    let (winner, fence) = one_winner(&home);
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), fence), (1, 1));
    for answer in lost {
        match answer {
            Err(WorkError::Refused(Refusal::Held { holder, .. })) => assert_eq!(holder, winner),
            other => panic!("{other:?}"),
        }
    }
}

fn one_winner(home: &Home) -> (domain::text::AgentName, i64) {
    let item = items(&home.open(Mode::Direct)).remove(0);
    match item.state {
        domain::work::State::Leased(lease) => (lease.holder, item.fence.number()),
        other => panic!("nobody has it: {other:?}"),
    }
}

#[test]
fn of_many_processes_that_race_for_one_item_one_wins_and_the_others_learn_who() {
    let home = Home::new();
    wait(add(&home.create(Mode::Direct), "the only one")).expect("it can be added");
    let mut racers: Vec<_> = (0..8)
        .map(|racer| child::command(&format!("hold agent {racer}"), &home.path()).spawn().expect("a child starts"))
        .collect();
    let mut outputs: Vec<_> =
        racers.iter_mut().map(|racer| BufReader::new(racer.stdout.take().expect("it is piped")).lines()).collect();
    for output in &mut outputs {
        let ready = output.find(|line| line.as_ref().is_ok_and(|line| line.contains("said: ready")));
        assert!(ready.is_some(), "a child ended before it was ready");
    }
    for racer in &mut racers {
        racer.stdin.take().expect("it is piped").write_all(b"go\n").expect("it listens");
    }
    let said: Vec<String> = outputs
        .into_iter()
        // To the end: a child whose reader goes away fails.
        .map(|output| output.map_while(Result::ok).filter(|line| line.contains("said: ")).collect())
        .collect();
    for mut racer in racers {
        assert!(racer.wait().expect("it ends").success());
    }
    let (winner, _) = one_winner(&home);
    assert_eq!(said.iter().filter(|line| line.contains("won 1")).count(), 1, "{said:#?}");
    let named = format!("Held {{ holder: {winner:?}");
    assert_eq!(said.iter().filter(|line| line.contains(&named)).count(), 7, "{said:#?}");
}

#[test]
fn a_watch_sees_commits_of_any_connection_and_only_those() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    let mut changes = store.changes().expect("a watch can be set");
    assert!(!changes.any().expect("the watch looks"));
    wait(add(&home.open(Mode::Direct), "by another")).expect("it can be added");
    assert!(changes.any().expect("the watch looks"));
    assert!(!changes.any().expect("the watch looks"));
    wait(add(&store, "by ourselves")).expect("it can be added");
    assert!(changes.any().expect("the watch looks"));
    assert_eq!(items(&store).len(), 2);
    assert!(!changes.any().expect("reading changes nothing"));
}

#[test]
fn a_read_sees_one_moment_however_long_it_takes() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    let writer = store.clone();
    let reading = async |tx: &mut Tx<'_>| {
        let before = work::counts(tx, &at(0).project).await?;
        std::thread::scope(|threads| {
            threads.spawn(|| wait(add(&writer, "later")).map(drop)).join().expect("no panic").expect("it is added");
        });
        Ok::<_, StoreError>((before, work::counts(tx, &at(0).project).await?))
    };
    let (before, after) = wait(store.read(reading)).expect("it can be read");
    assert_eq!(before, after);
    assert_eq!(items(&store).len(), 1);
}
