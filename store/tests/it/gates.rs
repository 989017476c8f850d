//! Gates before the queue, on each engine: what is kept back, and that two claims at a time never pass one together.

use domain::agent::Filter;
use domain::work::{Closed, Draft, GateCommand, Part, Refusal};
use store::work::{self, WorkError};
use store::{Mode, Store, Tx};

use crate::kit::{FIRST, at, draft, name, project, ttl, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    claims_in_one_go_step_over_what_is_kept_back,
    a_claim_by_id_is_told_which_gate_keeps_it_back,
    a_rate_is_counted_over_transactions,
    many_who_claim_at_once_never_pass_a_limit,
    a_gate_that_is_open_again_leaves_no_row,
}

fn part(kind: &str, name: &str) -> Part {
    Part::from_words(kind, name).expect("a part")
}

fn set(store: &Store, part: Part, command: GateCommand) {
    let body = async move |tx: &mut Tx<'_>| work::change_gate(tx, &at(0), &part, &command).await;
    wait(store.write(body)).expect("the gate takes it");
}

fn add(store: &Store, title: &str, team: Option<&str>, rate: Option<&str>) -> domain::id::WorkId {
    let draft = Draft {
        team: team.map(|team| team.parse().expect("a team")),
        rate_key: rate.map(|rate| rate.parse().expect("a name")),
        ..draft(title)
    };
    let body = async move |tx: &mut Tx<'_>| work::add(tx, &at(0), draft, FIRST, "").await;
    wait(store.write(body)).expect("it can be added").id
}

fn next(by: &str) -> work::Next {
    work::Next { scope: at(0), filter: Filter::default(), by: name(by), ttl: ttl(60_000) }
}

fn titles(store: &Store, claims: Vec<work::Next>) -> Vec<Option<String>> {
    let body = async move |tx: &mut Tx<'_>| work::claim_next_many(tx, &claims).await;
    let taken = wait(store.write(body)).expect("nothing is in the way");
    taken.into_iter().map(|it| it.expect("not refused").map(|found| found.item.plan.title.clone())).collect()
}

fn claims_in_one_go_step_over_what_is_kept_back(place: &Place) {
    let store = place.store();
    for (title, team) in [("a", Some("red")), ("b", Some("blue")), ("c", Some("blue")), ("d", None)] {
        add(&store, title, team, None);
    }
    set(&store, part("team", "red"), GateCommand::Pause(String::new()));
    set(&store, part("team", "blue"), GateCommand::Limit(1));
    let taken = titles(&store, vec![next("zoe"), next("max"), next("bob")]);
    assert_eq!(taken, [Some("b".to_owned()), Some("d".to_owned()), None]);
}

fn a_claim_by_id_is_told_which_gate_keeps_it_back(place: &Place) {
    let store = place.store();
    let id = add(&store, "a", Some("red"), None);
    set(&store, part("project", ""), GateCommand::Pause("freeze".to_owned()));
    let refused = wait(crate::kit::claim(&store, &id, "zoe")).expect_err("it is paused");
    assert!(matches!(refused, WorkError::Refused(Refusal::Closed(Closed::Paused { .. }))), "{refused}");
    set(&store, part("project", ""), GateCommand::Resume);
    wait(crate::kit::claim(&store, &id, "zoe")).expect("it is open again");
}

fn a_rate_is_counted_over_transactions(place: &Place) {
    let store = place.store();
    set(&store, part("rate", "github"), GateCommand::Rate(1, 10_000));
    for title in ["a", "b"] {
        add(&store, title, None, Some("github"));
    }
    assert_eq!(titles(&store, vec![next("zoe")]), [Some("a".to_owned())]);
    assert_eq!(titles(&store, vec![next("zoe")]), [None]);
    let later = work::Next { scope: at(10_000), ..next("zoe") };
    assert_eq!(titles(&store, vec![later]), [Some("b".to_owned())]);
}

fn many_who_claim_at_once_never_pass_a_limit(place: &Place) {
    let store = place.store();
    for n in 0..24 {
        add(&store, &n.to_string(), Some("red"), None);
    }
    set(&store, part("team", "red"), GateCommand::Limit(3));
    let claimer = |n: usize| {
        let store = match place {
            Place::Sqlite(store) => store.clone(),
            Place::Postgres(database) => crate::place::open(database, Mode::Direct),
        };
        std::thread::spawn(move || {
            let by = format!("agent {n}");
            let claims = vec![next(&by), next(&by)];
            let body = async move |tx: &mut Tx<'_>| work::claim_next_many(tx, &claims).await;
            let taken = wait(store.write(body)).expect("nothing is in the way");
            taken.into_iter().filter(|it| matches!(it, Ok(Some(_)))).count()
        })
    };
    let claimers: Vec<_> = (0..8).map(claimer).collect();
    let taken: usize = claimers.into_iter().map(|it| it.join().expect("no panic")).sum();
    assert_eq!(taken, 3);
}

fn a_gate_that_is_open_again_leaves_no_row(place: &Place) {
    let store = place.store();
    let all = || wait(store.read(async |tx: &mut Tx<'_>| work::gates(tx, &project()).await)).expect("it can be read").0;
    set(&store, part("type", "bug"), GateCommand::Limit(3));
    set(&store, part("type", "bug"), GateCommand::Pause("why".to_owned()));
    assert_eq!(all().len(), 1);
    assert_eq!(all()[0].paused.as_deref(), Some("why"));
    set(&store, part("type", "bug"), GateCommand::Limit(0));
    set(&store, part("type", "bug"), GateCommand::Resume);
    assert_eq!(all(), []);
}
