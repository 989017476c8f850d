//! Those who land, take back and call off at the same time.

use std::time::Duration;

use crate::support::{Engine, Output, Seed, World, on_each_engine, rounds, until};

on_each_engine! {
    two_who_land_at_once_land_every_change_once,
    an_item_called_off_while_it_lands_is_either_landed_or_left_out,
    two_who_take_back_the_same_change_take_it_back_once_and_landing_goes_on,
}

/// Items with their changes in the queue.
fn queued(world: &World, count: usize) -> Vec<String> {
    let ids: Vec<_> = (0..count).map(|n| world.add(&format!("item {n}"))).collect();
    for id in &ids {
        let fence = world.make_by_hand(id, "agent", "1h");
        world.says("report", id, "agent", fence).done();
    }
    ids
}

/// Whether a landing did what it could: it says so, or on whom it waits.
fn orderly(landing: &Output) -> bool {
    landing.code == Some(0) || (landing.code == Some(1) && landing.json["waiting"].is_array())
}

fn two_who_land_at_once_land_every_change_once(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(1) {
        let world = World::on(engine);
        let ids = queued(&world, 4);
        let landings = seed.all_at_once(2, Duration::from_millis(60), |_| world.nexus(&["change", "land"]).run());
        assert!(landings.iter().all(orderly), "{landings:?}");
        until("the rest to land", || {
            let landing = world.nexus(&["change", "land"]).run();
            assert!(orderly(&landing), "{landing:?}");
            (landing.code == Some(0)).then_some(())
        });
        world.all_is_well(&ids);
    }
}

fn an_item_called_off_while_it_lands_is_either_landed_or_left_out(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(2) {
        let world = World::on(engine);
        let ids = queued(&world, 2);
        let answers = seed.all_at_once(2, Duration::from_millis(250), |n| match n {
            0 => world.nexus(&["change", "land"]).run(),
            _ => world.nexus(&["work", "cancel", &ids[0]]).run(),
        });
        assert!(orderly(&answers[0]), "{answers:?}");
        assert!(answers[1].code == Some(0) || answers[1].problem() == "finished", "{answers:?}");
        world.nexus(&["change", "land"]).done();
        let there = world.repo().join(format!("{}.txt", ids[0])).exists();
        let state = world.item(&ids[0]).text("state");
        if answers[1].code == Some(0) {
            // Called off before, or in the middle of it: then the branch may have it, and its owner said no all the same.
            assert_eq!(state, "cancelled");
        } else {
            assert!(state == "done" && there, "{state}, {there}");
        }
        let commits: usize = world.git(&["rev-list", "--count", "main"]).parse().expect("a number");
        assert_eq!(commits, 2 + usize::from(there));
        world.tidy();
        world.intact();
        world.clean();
        world.nothing_lost();
        world.sound();
    }
}

fn two_who_take_back_the_same_change_take_it_back_once_and_landing_goes_on(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(1) {
        let world = World::on(engine);
        let ids = queued(&world, 1);
        world.nexus(&["change", "land"]).done();
        let change = world.item(&ids[0]).text("change");
        let answers =
            seed.all_at_once(2, Duration::from_millis(120), |_| world.nexus(&["change", "revert", &change]).run());
        until("the change to be taken back", || {
            let landing = world.nexus(&["change", "land"]).run();
            assert!(orderly(&landing), "{landing:?} after {answers:?}");
            (landing.code == Some(0)).then_some(())
        });
        assert_eq!(world.nexus(&["change", "show", &change]).done().text("state"), "reverted", "{answers:?}");
        assert!(!world.repo().join(format!("{}.txt", ids[0])).exists(), "it is gone from the branch");
        assert_eq!(world.git(&["rev-list", "--count", "main"]), "3", "landed once, taken back once");
        assert_eq!(world.item(&ids[0]).text("state"), "ready");
        // The queue of the branch still moves.
        let more = queued(&world, 1);
        world.nexus(&["change", "land"]).done();
        assert_eq!(world.item(&more[0]).text("state"), "done");
        world.tidy();
        world.intact();
        world.clean();
        world.sound();
    }
}
