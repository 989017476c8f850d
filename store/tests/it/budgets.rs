//! Budgets, on each engine: what is set aside and settled, by one and by many at once.

use domain::budget::{Account, Amounts, Gate, Measure, Refusal, Spender, Trouble, Usage, Want};
use domain::id::{CallId, EarmarkId, WorkId};
use domain::work::{Command, Fence, Held};
use store::budget::{self, Asked, By, Call, CallEnding, Reserved, Used};
use store::{Mode, Store, StoreError, Tx};

use crate::kit::{FIRST, at, draft, name, project, ttl, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    what_is_spent_counts_in_every_account_and_is_refused_in_the_one_that_is_full,
    limits_of_every_item_count_until_an_item_has_its_own,
    many_who_spend_at_once_overspend_by_one_call_at_most,
    what_is_settled_once_is_settled,
    an_exhausted_credential_pauses_all_and_one_tries_it_when_its_time_is_over,
    what_an_item_was_lost_for_spends_nothing,
    calls_are_kept_and_added_up,
    a_pass_ends_with_its_time_and_when_it_is_given_back,
}

fn account(text: &str) -> Account {
    text.parse().expect("an account")
}

fn set(store: &Store, of: &str, measure: Measure, most: Option<u64>) {
    let of = account(of);
    let body = async move |tx: &mut Tx<'_>| budget::set(tx, &at(0), &of, &[(measure, most)]).await;
    wait(store.write(body)).expect("it can be set");
}

fn spender(item: u64) -> Spender {
    Spender { run: Some("night".to_owned()), item: Some((WorkId::numbered(item), Fence::new(1))) }
}

fn asked(n: u64, item: u64, tokens: u64) -> Asked {
    Asked {
        id: EarmarkId::numbered(n),
        owner: "me".to_owned(),
        what: "call",
        spender: spender(item),
        want: Want { keep: Amounts { tokens, ..Amounts::default() }, ..Want::default() },
        until: at(60_000).now,
        credential: None,
        while_held: false,
    }
}

fn reserve(store: &Store, now: i64, asked: Asked) -> Reserved {
    wait(store.write(async move |tx: &mut Tx<'_>| budget::reserve(tx, &at(now), &asked).await)).expect("it is answered")
}

fn settle(store: &Store, n: u64, tokens: u64) -> bool {
    let used = Used { amounts: Amounts { tokens, ..Amounts::default() }, unpriced: false };
    let body = async move |tx: &mut Tx<'_>| budget::settle(tx, &at(0), &EarmarkId::numbered(n), used).await;
    wait(store.write(body)).expect("it is answered")
}

/// What was spent and what is set aside of tokens.
fn tokens(store: &Store, of: &str) -> (u64, u64) {
    let of = account(of);
    let body = async |tx: &mut Tx<'_>| {
        let all = budget::list(tx, &project(), of.kind(), None, 100).await?;
        let found = all.into_iter().find(|it| it.account == of);
        Ok::<_, StoreError>(found.map(|it| (it.balance.spent.tokens, it.balance.reserved.tokens)))
    };
    wait(store.read(body)).expect("it can be read").unwrap_or_default()
}

fn events(store: &Store) -> Vec<(String, String)> {
    let body = async |tx: &mut Tx<'_>| store::audit::after(tx, &project(), 0, 1_000).await;
    let all = wait(store.read(body)).expect("it can be read");
    all.into_iter().filter(|it| it.name.starts_with("budget.")).map(|it| (it.name, it.subject)).collect()
}

fn went(reserved: &Reserved) -> bool {
    matches!(reserved, Reserved::Earmarked { .. })
}

fn what_is_spent_counts_in_every_account_and_is_refused_in_the_one_that_is_full(place: &Place) {
    let store = place.store();
    set(&store, "run:night", Measure::Tokens, Some(100));
    assert!(went(&reserve(&store, 0, asked(1, 1, 60))));
    for of in ["org", "project", "run:night", "item:work_1", "attempt:work_1/1"] {
        assert_eq!(tokens(&store, of), (0, 60), "{of}");
    }
    let busy = reserve(&store, 0, asked(2, 2, 60));
    let Reserved::Refused { account: full, refusal: Refusal::Busy { limit: 100, spent: 0, reserved: 60, .. } } = busy
    else {
        panic!("{busy:?}");
    };
    assert_eq!(full, account("run:night"));
    assert_eq!(tokens(&store, "org"), (0, 60), "what is refused by one is set aside in none");
    assert!(settle(&store, 1, 100));
    for of in ["org", "project", "run:night", "item:work_1", "attempt:work_1/1"] {
        assert_eq!(tokens(&store, of), (100, 0), "{of}");
    }
    for n in 3..6 {
        let spent = reserve(&store, 0, asked(n, 2, 1));
        assert!(matches!(spent, Reserved::Refused { refusal: Refusal::Spent { .. }, .. }), "{spent:?}");
    }
    let said: Vec<_> = events(&store).into_iter().map(|(name, _)| name).collect();
    assert_eq!(said, ["budget.set", "budget.refused"], "the first refusal alone is an event");
    set(&store, "run:night", Measure::Tokens, None);
    assert!(went(&reserve(&store, 0, asked(7, 2, 1))));
}

fn limits_of_every_item_count_until_an_item_has_its_own(place: &Place) {
    let store = place.store();
    set(&store, "item:*", Measure::Tokens, Some(10));
    set(&store, "item:work_2", Measure::Tokens, Some(1_000));
    for item in [1, 2] {
        assert!(went(&reserve(&store, 0, asked(item, item, 10))));
    }
    assert!(!went(&reserve(&store, 0, asked(3, 1, 10))));
    assert!(went(&reserve(&store, 0, asked(4, 2, 10))));
    assert!(went(&reserve(&store, 0, asked(5, 3, 10))), "each item has that of its own");
}

fn many_who_spend_at_once_overspend_by_one_call_at_most(place: &Place) {
    let store = place.store();
    set(&store, "org", Measure::Tokens, Some(1_000));
    let one = |n: u64| {
        let store = match place {
            Place::Sqlite(store) => store.clone(),
            Place::Postgres(database) => crate::place::open(database, Mode::Direct),
        };
        std::thread::spawn(move || {
            let mut calls = 0;
            for round in 0..30 {
                let (id, want) = (n * 1_000 + round, 40 + (n * 7 + round) % 50);
                match reserve(&store, 0, asked(id, n, want)) {
                    Reserved::Earmarked { .. } => {
                        assert!(settle(&store, id, want - round % 3), "it is settled once");
                        calls += 1;
                    }
                    Reserved::Refused { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            calls
        })
    };
    let all: Vec<_> = (1..=8).map(one).collect();
    let calls: u64 = all.into_iter().map(|it| it.join().expect("no panic")).sum();
    let (spent, reserved) = tokens(&store, "org");
    assert_eq!(reserved, 0);
    assert!((1_000..1_090).contains(&spent), "{spent} of 1,000 in {calls} calls");
}

fn what_is_settled_once_is_settled(place: &Place) {
    let store = place.store();
    assert!(went(&reserve(&store, 0, asked(1, 1, 10))));
    assert!(settle(&store, 1, 7));
    assert!(!settle(&store, 1, 7));
    assert_eq!(tokens(&store, "org"), (7, 0));
    assert!(went(&reserve(&store, 0, asked(2, 1, 10))));
    let left = wait(store.read(async |tx: &mut Tx<'_>| budget::earmarks(tx, &project(), "", 10).await));
    let left = left.expect("it can be read");
    assert_eq!((left.len(), left[0].id.as_str(), left[0].kept.tokens), (1, "earmark_2", 10));
    assert_eq!(left[0].spender, spender(1));
    let body = async |tx: &mut Tx<'_>| budget::release(tx, &at(0), &EarmarkId::numbered(2)).await;
    assert!(wait(store.write(body)).expect("it is answered"));
    assert_eq!(tokens(&store, "item:work_1"), (7, 0));
}

fn an_exhausted_credential_pauses_all_and_one_tries_it_when_its_time_is_over(place: &Place) {
    let store = place.store();
    let with = |n| Asked { credential: Some("anthropic:1".to_owned()), ..asked(n, n, 1) };
    assert_eq!(
        reserve(&store, 0, with(1)),
        match reserve(&store, 0, with(2)) {
            Reserved::Earmarked { earmark, troubled: false } => {
                let (id, spender) = (EarmarkId::numbered(1), spender(1));
                Reserved::Earmarked { earmark: budget::Earmark { id, spender, ..earmark }, troubled: false }
            }
            other => panic!("{other:?}"),
        }
    );
    let trouble = Trouble::Exhausted { until: Some(at(10_000).now) };
    let trip = async move |tx: &mut Tx<'_>| budget::trip(tx, &at(1), "anthropic:1", trouble, "quota").await;
    for _ in 0..3 {
        wait(store.write(trip)).expect("it is written down");
    }
    let paused = reserve(&store, 2, with(3));
    let until = at(10_000).now;
    assert_eq!(paused, Reserved::Paused { gate: Gate::Exhausted(until), why: "quota".to_owned() });
    assert!(went(&reserve(&store, 2, Asked { credential: Some("openai:1".to_owned()), ..asked(4, 4, 1) })));
    // Its time is over: one tries it for all.
    assert!(matches!(reserve(&store, 10_000, with(5)), Reserved::Earmarked { troubled: true, .. }));
    assert!(matches!(reserve(&store, 10_001, with(6)), Reserved::Paused { .. }));
    let fine = async |tx: &mut Tx<'_>| budget::fine(tx, &at(10_002), "anthropic:1").await;
    assert!(wait(store.write(fine)).expect("it is written down"));
    assert!(matches!(reserve(&store, 10_003, with(7)), Reserved::Earmarked { troubled: false, .. }));
    let said: Vec<_> = events(&store);
    let of = |name: &str| (name.to_owned(), "anthropic:1".to_owned());
    assert_eq!(said, [of("budget.tripped"), of("budget.reset")]);
}

fn what_an_item_was_lost_for_spends_nothing(place: &Place) {
    let store = place.store();
    let body = async |tx: &mut Tx<'_>| store::work::add(tx, &at(0), draft("a"), FIRST, "").await;
    let id = wait(store.write(body)).expect("it can be added").id;
    let claim = Command::Claim { by: name("zoe"), ttl: ttl(60_000) };
    let act = |command: Command| {
        let id = id.clone();
        let body = async move |tx: &mut Tx<'_>| store::work::carry_out(tx, &at(1), &id, &command).await;
        wait(store.write(body)).expect("it is done")
    };
    let with = |n| {
        let spender = Spender { run: None, item: Some((id.clone(), Fence::new(1))) };
        Asked { spender, while_held: true, ..asked(n, 1, 1) }
    };
    assert_eq!(reserve(&store, 1, with(1)), Reserved::LeaseOver, "nobody holds it yet");
    act(claim);
    assert!(went(&reserve(&store, 2, with(2))));
    act(Command::Release { held: Held { by: name("zoe"), fence: Fence::new(1) }, reason: None });
    assert_eq!(reserve(&store, 3, with(3)), Reserved::LeaseOver);
}

fn call(n: u64, agent: &str, usage: Usage) -> Call {
    Call {
        id: CallId::numbered(n),
        at: at(i64::try_from(n).expect("small") * 43_200_000).now,
        run: Some("night".to_owned()),
        item: Some((WorkId::numbered(1), Fence::new(1))),
        agent: name(agent),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        format: "anthropic".to_owned(),
        model: "fake-1".to_owned(),
        status: Some(200),
        ending: CallEnding::Answered,
        request_bytes: 10,
        request_sha256: "a".to_owned(),
        response_bytes: 20,
        response_sha256: "b".to_owned(),
        usage,
        estimated: false,
        first_byte_ms: Some(1),
        duration_ms: 5,
    }
}

fn calls_are_kept_and_added_up(place: &Place) {
    let store = place.store();
    let usage = |usd_micros| Usage { input_tokens: 100, output_tokens: 10, usd_micros, ..Usage::default() };
    let all = [call(1, "zoe", usage(Some(5))), call(2, "zoe", usage(None)), call(3, "max", usage(None))];
    for one in all.clone() {
        wait(store.write(async move |tx: &mut Tx<'_>| budget::record(tx, &at(0), &one).await)).expect("it is kept");
    }
    let back = wait(store.read(async |tx: &mut Tx<'_>| budget::calls(tx, &project(), at(0).now, 10).await));
    let newest: Vec<_> = all.iter().rev().cloned().collect();
    assert_eq!(back.expect("it can be read"), newest);
    let costs = |by| {
        let body = async |tx: &mut Tx<'_>| budget::costs(tx, &project(), by, at(0).now, 10).await;
        let all = wait(store.read(body)).expect("it can be read");
        all.into_iter().map(|it| (it.of, it.calls, it.usage.input_tokens, it.usage.usd_micros, it.unpriced)).collect()
    };
    let row = |of: &str, calls, input, usd, unpriced| (of.to_owned(), calls, input, usd, unpriced);
    let by: Vec<_> = costs(By::Agent);
    assert_eq!(by, [row("max", 1, 100, None, 1), row("zoe", 2, 200, Some(5), 1)], "no price is no data");
    let by: Vec<_> = costs(By::Day);
    assert_eq!(by, [row("0", 1, 100, Some(5), 0), row("1", 2, 200, None, 2)]);
    for (of, what) in [(By::Item, "work_1"), (By::Model, "fake-1"), (By::Run, "night")] {
        let by: Vec<_> = costs(of);
        assert_eq!(by, [row(what, 3, 300, Some(5), 2)]);
    }
}

fn a_pass_ends_with_its_time_and_when_it_is_given_back(place: &Place) {
    let store = place.store();
    let pass = budget::Pass {
        project: project(),
        run: "night".to_owned(),
        item: Some((WorkId::numbered(1), Fence::new(3))),
        agent: name("zoe"),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        until: at(100).now,
    };
    for digest in ["one", "two"] {
        let pass = pass.clone();
        wait(store.write(async move |tx: &mut Tx<'_>| budget::add_pass(tx, &at(0), digest, &pass).await))
            .expect("it is kept");
    }
    let found = |digest: &'static str, now| {
        wait(store.read(async move |tx: &mut Tx<'_>| budget::pass(tx, digest, at(now).now).await)).expect("it is read")
    };
    assert_eq!(found("one", 99), Some(pass));
    assert_eq!(found("one", 100), None);
    assert_eq!(found("three", 0), None);
    assert!(wait(store.write(async |tx: &mut Tx<'_>| budget::forget_pass(tx, "one").await)).expect("it is done"));
    assert_eq!(found("one", 0), None);
    assert!(found("two", 0).is_some());
}
