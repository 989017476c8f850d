//! Holders, operators, and the same holder many times over.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::{Engine, Seed, World, on_each_engine, rounds};

on_each_engine! {
    twenty_holders_who_report_at_once_are_all_heard,
    twenty_words_of_progress_on_one_item_are_all_in_the_log,
    of_twenty_reports_of_one_hold_one_counts,
    of_twenty_hand_offs_of_one_hold_one_counts,
    of_a_report_and_a_cancellation_one_ends_the_item,
    what_is_cancelled_while_its_work_is_reported_never_lands,
}

const SPREAD: Duration = Duration::from_millis(20);

fn twenty_holders_who_report_at_once_are_all_heard(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    for _ in 0..rounds(1) {
        let ids: Vec<_> = (0..20).map(|n| world.add(&format!("item {n}"))).collect();
        for (n, id) in ids.iter().enumerate() {
            world.claim(id, &format!("agent-{n}")).with(&["--ttl", "1h"]).done();
        }
        let answers = seed.all_at_once(20, SPREAD, |n| {
            let result = format!("{{\"n\":{n}}}");
            world.says("report", &ids[n], &format!("agent-{n}"), 1).with(&["--result", &result]).run()
        });
        assert!(answers.iter().all(|answer| answer.code == Some(0)), "{answers:?}");
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(world.item(id).json["result"]["n"], n, "every result is kept");
        }
        let events = world.events();
        let reported: BTreeSet<_> =
            events.iter().filter(|it| it["name"] == "work.reported").filter_map(|it| it["subject"].as_str()).collect();
        assert!(ids.iter().all(|id| reported.contains(id.as_str())), "the log has each");
    }
    world.sound();
    world.intact();
}

fn twenty_words_of_progress_on_one_item_are_all_in_the_log(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    for _ in 0..rounds(1) {
        let id = world.add("much to say");
        world.claim(&id, "talker").with(&["--ttl", "1h"]).done();
        let answers = seed.all_at_once(20, SPREAD, |n| {
            let (percent, note) = (n.to_string(), format!("word {n}"));
            world.says("progress", &id, "talker", 1).with(&["--percent", &percent, "--note", &note]).run()
        });
        assert!(answers.iter().all(|answer| answer.code == Some(0)), "{answers:?}");
        let events = world.events();
        let of_item = events.iter().filter(|it| it["name"] == "work.progressed" && it["subject"] == id.as_str());
        let notes: BTreeSet<_> = of_item.filter_map(|it| it["data"]["note"].as_str()).collect();
        assert_eq!(notes.len(), 20, "{notes:?}");
    }
    world.sound();
    world.intact();
}

fn of_twenty_reports_of_one_hold_one_counts(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    for _ in 0..rounds(1) {
        let id = world.add("done once");
        world.claim(&id, "eager").with(&["--ttl", "1h"]).done();
        let answers = seed.all_at_once(20, SPREAD, |_| world.says("report", &id, "eager", 1).run());
        let codes: Vec<_> = answers.iter().filter_map(|answer| answer.code).collect();
        assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{answers:?}");
        assert_eq!(codes.iter().filter(|code| **code == 5).count(), 19, "{answers:?}");
        assert_eq!(world.count("work.reported", Some(&id)), 1);
    }
    world.sound();
    world.intact();
}

fn of_twenty_hand_offs_of_one_hold_one_counts(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    (0..20).for_each(|n| drop(world.nexus(&["agent", "register", &format!("next-{n}")]).done()));
    for _ in 0..rounds(1) {
        let id = world.add("handed off once");
        world.claim(&id, "giver").with(&["--ttl", "1h"]).done();
        let answers = seed.all_at_once(20, SPREAD, |n| {
            world.says("handoff", &id, "giver", 1).with(&["--to", &format!("next-{n}"), "--ttl", "1h"]).run()
        });
        let won: Vec<_> = answers.iter().filter(|answer| answer.code == Some(0)).collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| answer.code == Some(5)).count(), 19, "{answers:?}");
        let item = world.item(&id);
        assert_eq!((item.text("holder"), item.number("fence")), (won[0].text("holder"), 2));
        world.says("report", &id, &item.text("holder"), 2).done();
        assert_eq!(world.count("work.handed_off", Some(&id)), 1);
    }
    world.sound();
    world.intact();
}

fn of_a_report_and_a_cancellation_one_ends_the_item(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    for _ in 0..rounds(3) {
        let id = world.add("wanted and not");
        world.claim(&id, "agent").with(&["--ttl", "1h"]).done();
        let answers = seed.all_at_once(2, Duration::from_millis(6), |n| match n {
            0 => world.says("report", &id, "agent", 1).run(),
            _ => world.nexus(&["work", "cancel", &id]).recorded("cancel", "operator", Some(&id), None).run(),
        });
        let (codes, state) = ([answers[0].code, answers[1].code], world.item(&id).text("state"));
        match state.as_str() {
            "done" => assert_eq!((codes, answers[1].problem()), ([Some(0), Some(3)], "finished"), "{answers:?}"),
            "cancelled" => assert_eq!(codes, [Some(5), Some(0)], "{answers:?}"),
            other => panic!("the item is {other}: {answers:?}"),
        }
    }
    world.sound();
    world.intact();
}

fn what_is_cancelled_while_its_work_is_reported_never_lands(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(2) {
        let world = World::on(engine);
        let id = world.add("wanted and not");
        let fence = world.make_by_hand(&id, "agent", "1h");
        let answers = seed.all_at_once(2, Duration::from_millis(150), |n| match n {
            0 => world.says("report", &id, "agent", fence).run(),
            _ => world.nexus(&["work", "cancel", &id]).done(),
        });
        assert!(matches!(answers[0].code, Some(0 | 5)), "{answers:?}");
        assert_eq!(world.item(&id).text("state"), "cancelled");
        world.nexus(&["change", "land"]).done();
        assert_eq!(world.git(&["rev-list", "--count", "main"]), "1", "nothing of it is in the branch");
        world.tidy();
        world.nothing_lost();
        world.intact();
        world.sound();
    }
}
