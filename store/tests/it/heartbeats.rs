//! Signs of life: one by one and together they say the same, and together they wait for what comes next.

use std::time::Duration;

use domain::agent::{Agent, Duty};
use store::agent::{self, Beat, Seen};
use store::together::{Kind, Together};
use store::work::{self, WorkError};
use store::{Mode, Store, StoreError, Tx};

use crate::database::Database;
use crate::kit::{FIRST, Home, at, draft, name, project, sent, ttl, wait};
use crate::place::{Place, on_each_engine, url};

on_each_engine! { together_they_say_what_each_says_alone }

const NAMES: [&str; 5] = ["ada", "zoë", "gone", "nobody", "ada"];

fn beats() -> Vec<Beat> {
    let beat = |(n, who): (usize, &&str)| Beat { name: name(who), waiting_for: (n == 4).then(|| "a key?".to_owned()) };
    NAMES.iter().enumerate().map(beat).collect()
}

/// Ada, who holds something; Zoë; and one who is retired.
fn people(store: &Store) {
    wait(store.write(async |tx| {
        for who in ["ada", "zoë", "gone"] {
            agent::register(tx, &at(0), &Agent::unregistered(name(who), project(), at(0).now)).await?;
        }
        agent::stand(tx, &at(1), &name("gone"), Duty::Retire).await?;
        work::add(tx, &at(2), draft("something"), FIRST, "").await?;
        work::claim_next(tx, &at(3), &domain::agent::Filter::default(), &name("ada"), ttl(60_000)).await?;
        Ok::<_, WorkError>(())
    }))
    .expect("they are there");
}

fn together_they_say_what_each_says_alone(place: &Place) {
    let store = place.store();
    people(&store);
    let alone = wait(store.write(async |tx| {
        let mut seen = Vec::new();
        for Beat { name, waiting_for } in beats() {
            let beat = agent::heartbeat(tx, &at(9_000), &name, waiting_for.as_deref()).await;
            seen.push((beat.err(), agent::seen(tx, &project(), &name).await?));
        }
        // Of two by the same agent the later one counts.
        let last = seen[4].1.clone();
        seen[0].1 = last;
        Ok::<_, StoreError>(seen)
    }))
    .expect("they can be written");
    let together = wait(store.write(async |tx| agent::heartbeat_many(tx, &at(9_000), &beats()).await));
    for (who, (alone, together)) in NAMES.iter().zip(alone.into_iter().zip(together.expect("they can be written"))) {
        match (alone, together) {
            ((None, seen), Ok(said)) => assert_eq!(seen, Some(said), "{who}"),
            ((Some(refused), _), Err(said)) => assert_eq!(refused.to_string(), said.to_string(), "{who}"),
            differ => panic!("{who}: {differ:?}"),
        }
    }
    let asked = wait(store.read(async |tx| agent::seen(tx, &project(), &name("ada")).await)).expect("it can be read");
    let ada = asked.expect("she is there");
    assert_eq!(
        (ada.signs.seen_at, ada.signs.waiting_for.as_deref(), ada.holds.len()),
        (at(9_000).now, Some("a key?"), 1)
    );
}

/// Heartbeats that wait as long as is said.
struct Waits(Duration);

impl Kind for Waits {
    type Request = Beat;
    type Answer = Seen;
    type Error = WorkError;

    fn patience(&self) -> Duration {
        self.0
    }

    async fn run(&self, tx: &mut Tx<'_>, beats: &[Beat]) -> Result<Vec<Result<Seen, WorkError>>, WorkError> {
        Ok(agent::heartbeat_many(tx, &at(5_000), beats).await?)
    }
}

/// A heartbeat that would wait for an hour is answered as soon as there is a commit to go with; one that waits for a
/// moment is answered though nobody comes.
fn patient(store: &Store) {
    people(store);
    let beat = Beat { name: name("zoë"), waiting_for: None };
    let hour = Together::new(Waits(Duration::from_hours(1)));
    let asked = sent(hour.ask(store, beat.clone()));
    wait(store.write(async |tx| work::add(tx, &at(6_000), draft("else"), FIRST + 1, "").await)).expect("it is added");
    assert_eq!(wait(asked).expect("it went along").signs.seen_at, at(5_000).now);

    let moment = Together::new(Waits(Duration::from_millis(1)));
    assert!(wait(moment.ask(store, beat)).is_ok(), "nobody came");
}

#[test]
fn a_sign_of_life_waits_for_others_on_sqlite() {
    let home = Home::new();
    patient(&home.create(Mode::Loop));
}

#[test]
fn a_sign_of_life_waits_for_others_on_postgres() {
    let database = Database::new();
    patient(&Store::create_database(&url(&database), Mode::Loop).expect("the tables can be made"));
}
