//! Machines, agents and networks that fail, over the real verbs: whatever happens in whatever order, the promises hold.
//!
//! ```text
//! agents, people ──▶ network (loses, repeats, reorders) ──▶ machine: queue ──round──▶ database in memory
//!       ▲                                                     │ dies before or after the commit
//!       └───────────────────── network ◀── answers ◀──────────┘          judge sees log, rows, answers
//! ```
//!
//! Everything follows from the seed. `NEXUS_TEST_SEED=7` runs that one alone; what failed prints its own.

mod agent;
mod ask;
mod judge;
mod node;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use store::broken::{Break, Rule};
use world::{Tally, World};

const STEPS: u64 = 2_000;

/// What happens under `seed`: how much, and the first promise that was broken, with the step.
fn story(seed: u64, steps: u64) -> (Tally, Result<(), String>) {
    let mut world = World::new(seed);
    let mut outcome = Ok(());
    for _ in 0..steps {
        outcome = world.step();
        if outcome.is_err() {
            break;
        }
    }
    let outcome = outcome.and_then(|()| world.settle());
    let at = world.tally.steps;
    (world.tally, outcome.map_err(|what| format!("seed {seed}, step {at}: {what}")))
}

fn asked_for(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0")
}

#[test]
fn whatever_fails_in_whatever_order_the_promises_hold() {
    if let Some(seed) = std::env::var("NEXUS_TEST_SEED").ok().and_then(|text| text.parse().ok()) {
        let (tally, outcome) = story(seed, STEPS);
        println!("seed {seed}: {tally:?}");
        return outcome.unwrap_or_else(|what| panic!("{what}"));
    }
    let seeds = match (asked_for("NEXUS_TEST_SOAK"), asked_for("NEXUS_TEST_FULL")) {
        (true, _) => 20_000,
        (_, true) => 2_000,
        _ => 500,
    };
    let (next, sum, failed) = (AtomicU64::new(1), Mutex::new(Tally::default()), Mutex::new(Vec::new()));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        return;
                    }
                    let (tally, outcome) = story(seed, STEPS);
                    sum.lock().expect("no panic").add(&tally);
                    failed.lock().expect("no panic").extend(outcome.err());
                }
            });
        }
    });
    let (sum, failed) = (sum.into_inner().expect("no panic"), failed.into_inner().expect("no panic"));
    let rate = u128::from(sum.steps) * 1_000 / start.elapsed().as_millis().max(1);
    println!("seeds 1 to {seeds}: {sum:?}, {rate} steps/s");
    assert!(failed.is_empty(), "{} of {seeds} seeds:\n{}", failed.len(), failed.join("\n"));
    let happened = [sum.events, sum.rounds, sum.crashes, sum.lost, sum.repeated, sum.clock_steps];
    assert!(happened.iter().all(|count| *count >= seeds), "too little happened: {sum:?}");
}

#[test]
fn every_rule_that_is_broken_is_noticed() {
    let noticed = |rule: Rule| {
        let _broken = Break::of(rule);
        (1..=60).find_map(|seed| story(seed, STEPS).1.err())
    };
    for rule in Rule::ALL {
        let what = noticed(rule).unwrap_or_else(|| panic!("{rule:?} was broken and nobody noticed"));
        println!("{rule:?}: {what}");
    }
}

#[test]
fn a_seed_tells_the_same_story_every_time() {
    for seed in [3, 4, 5] {
        assert_eq!(story(seed, STEPS), story(seed, STEPS));
    }
}
