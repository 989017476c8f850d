//! The same request many times over.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{Engine, Seed, World, on_each_engine, rounds};

on_each_engine! {
    twenty_adds_with_one_key_add_one_item_and_get_one_answer,
    twenty_claims_with_one_key_are_one_grant,
    reports_with_one_key_submit_one_change_and_all_hear_the_same,
}

const SPREAD: Duration = Duration::from_millis(20);

fn twenty_adds_with_one_key_add_one_item_and_get_one_answer(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    for round in 0..rounds(2) {
        let key = format!("once-{round}");
        let answers =
            seed.all_at_once(20, SPREAD, |_| world.nexus(&["work", "add", "only once", "--key", &key]).done());
        let told: BTreeSet<_> = answers.iter().map(|answer| answer.stdout.as_str()).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(world.count("work.added", None), round + 1);
    }
    world.intact();
}

fn twenty_claims_with_one_key_are_one_grant(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    for round in 0..rounds(2) {
        let id = world.add("for whoever asks often");
        let key = format!("claim-{round}");
        let answers = seed.all_at_once(20, SPREAD, |_| world.next("insistent").keyed(&key).done());
        assert!(answers.iter().all(|it| it.text("id") == id && it.number("fence") == 1), "{answers:?}");
    }
    world.sound();
    world.intact();
}

fn reports_with_one_key_submit_one_change_and_all_hear_the_same(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(1) {
        let world = World::on(engine);
        let id = world.add("reported often");
        let fence = world.make_by_hand(&id, "insistent", "1h");
        let report = || world.says("report", &id, "insistent", fence).keyed("r").run();
        let answers = seed.all_at_once(4, Duration::from_millis(200), |_| report());
        let told: BTreeSet<_> = answers.iter().map(|it| (it.code, it.json["change"].to_string())).collect();
        assert_eq!(told.len(), 1, "{answers:?}");
        assert_eq!(answers[0].code, Some(0), "{answers:?}");
        assert_eq!(report().json["change"], answers[0].json["change"], "and so does whoever asks later");
        assert_eq!(world.count("change.queued", None), 1);
        world.nexus(&["change", "land"]).done();
        world.all_is_well(&[id]);
    }
}

#[test]
fn stores_made_by_many_at_once_are_one_store() {
    let mut seed = Seed::new();
    for _ in 0..rounds(2) {
        let world = World::new();
        std::fs::remove_dir_all(world.repo().join(".nexus")).expect("it was made");
        let answers = seed.all_at_once(8, Duration::from_millis(5), |n| {
            let made = world.nexus(&["init"]).run();
            (made, world.nexus(&["work", "add", &format!("item {n}")]).run())
        });
        let fine = answers.iter().all(|(made, added)| made.code == Some(0) && added.code == Some(0));
        assert!(fine, "{answers:?}");
        assert_eq!(world.count("work.added", None), 8);
        world.intact();
    }
}
