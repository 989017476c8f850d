//! Many claimers.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{Engine, Output, Seed, World, on_each_engine, rounds, until};

on_each_engine! {
    of_fifty_claimers_of_one_item_one_wins_and_all_others_hear_who_it_was,
    fifty_claimers_of_fifty_items_each_get_one_of_their_own,
    a_renewal_and_the_next_claim_of_a_lease_that_ends_never_both_hold,
}

const CLAIMERS: usize = 50;
const SPREAD: Duration = Duration::from_millis(30);

fn winners(answers: &[Output]) -> Vec<&Output> {
    answers.iter().filter(|answer| answer.code == Some(0)).collect()
}

fn of_fifty_claimers_of_one_item_one_wins_and_all_others_hear_who_it_was(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    for _ in 0..rounds(2) {
        let id = world.add("for one of fifty");
        let answers = seed
            .all_at_once(CLAIMERS, SPREAD, |n| world.claim(&id, &format!("agent-{n}")).with(&["--ttl", "1h"]).run());
        let won = winners(&answers);
        assert_eq!(won.len(), 1, "one winner: {won:?}");
        let holder = won[0].text("holder");
        for lost in answers.iter().filter(|answer| answer.code != Some(0)) {
            assert_eq!((lost.code, lost.problem()), (Some(3), "held"), "{lost:?}");
            assert_eq!(lost.json["error"]["holder"], holder.as_str(), "{lost:?}");
        }
    }
    assert_eq!(world.sound()["double_grants"], 0);
    world.intact();
}

fn fifty_claimers_of_fifty_items_each_get_one_of_their_own(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(1) {
        let world = World::on(engine);
        let backlog: Vec<_> = (0..CLAIMERS).map(|n| format!("{{\"key\":\"{n}\",\"title\":\"item {n}\"}}")).collect();
        let file = world.beside("backlog.jsonl");
        std::fs::write(&file, backlog.join("\n")).expect("the folder is ours");
        world.nexus(&["work", "import", &file.to_string_lossy()]).done();
        let answers =
            seed.all_at_once(CLAIMERS, SPREAD, |n| world.next(&format!("agent-{n}")).with(&["--ttl", "1h"]).run());
        let ids: BTreeSet<_> = winners(&answers).iter().map(|answer| answer.text("id")).collect();
        assert_eq!(ids.len(), CLAIMERS, "everybody has one of their own: {answers:?}");
        assert_eq!(world.next("late").run().code, Some(4), "nothing is left");
        world.sound();
        world.intact();
    }
}

fn a_renewal_and_the_next_claim_of_a_lease_that_ends_never_both_hold(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    for _ in 0..rounds(2) {
        let id = world.add("for a slow agent");
        world.claim(&id, "slow").with(&["--ttl", "1s"]).done();
        let until_ms = world.item(&id).number("lease_until_ms");
        // Both start around the moment at which the lease ends.
        let due_ms = until_ms - 15 + i64::try_from(seed.below(20)).expect("it is small");
        until("the end of the lease", || (unix_ms() >= due_ms).then_some(()));
        let answers = seed.all_at_once(2, Duration::from_millis(10), |n| match n {
            0 => world.says("renew", &id, "slow", 1).with(&["--ttl", "1h"]).run(),
            _ => world.claim(&id, "next").with(&["--ttl", "1h"]).run(),
        });
        let [renewed, claimed] = answers.as_slice() else { panic!("two answers") };
        match (renewed.code, claimed.code) {
            (Some(0), Some(3)) => assert_eq!(claimed.json["error"]["holder"], "slow"),
            (Some(5), Some(0)) => assert_eq!(claimed.number("fence"), 2),
            // Both would mean two holders; neither would mean that nobody has it.
            other => panic!("{other:?}: {answers:?}"),
        }
        // Whoever holds it may go on, and nobody else.
        let holder = world.item(&id).text("holder");
        let zombie = world.says("progress", &id, "slow", 1).with(&["--percent", "50"]).run();
        assert_eq!(zombie.code, Some(if holder == "slow" { 0 } else { 5 }), "{zombie:?}");
    }
    world.sound();
    world.intact();
}

fn unix_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_millis()).expect("it is before the end of time")
}
