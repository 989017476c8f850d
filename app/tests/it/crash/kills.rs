//! Signals from outside: killed at any moment, stopped for longer than a lease.

use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Engine, Seed, World, on_each_engine, rounds, until};

on_each_engine! {
    a_run_whose_group_is_killed_at_any_moment_loses_nothing,
    a_server_killed_while_it_lands_leaves_a_branch_that_the_next_one_finishes,
    an_agent_stopped_for_longer_than_its_lease_is_refused_when_it_goes_on,
    a_run_stopped_for_longer_than_its_leases_lands_nothing_that_another_one_has_done,
    an_item_whose_last_attempt_ran_out_is_dead_when_somebody_asks_for_work,
    a_run_that_cannot_land_says_why_and_ends,
}

fn a_run_whose_group_is_killed_at_any_moment_loses_nothing(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(3) {
        let world = World::on(engine);
        let ids = [world.add("one"), world.add("two"), world.add("three")];
        let agent = world.agent("brief", "made; sleep 0.1; made");
        let args = ["run", "--agent", &agent, "--ttl", "1s", "--workers", "2"];
        let running = world.nexus(&args).in_own_group().start();
        let moment = Duration::from_millis(seed.below(1_500));
        sleep(moment);
        running.signal_group(Signal::KILL);
        let end = running.wait();
        println!("killed after {moment:?}: {}", end.killed());
        let end = world.nexus(&["run", "--agent", &world.diligent()]).run();
        assert_eq!(end.code, Some(0), "{end:?}");
        world.all_is_well(&ids);
    }
}

fn a_server_killed_while_it_lands_leaves_a_branch_that_the_next_one_finishes(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(2) {
        let world = World::on(engine);
        let ids = [world.add("one"), world.add("two")];
        for id in &ids {
            let fence = world.make_by_hand(id, "agent", "1h");
            world.says("report", id, "agent", fence).done();
        }
        let serving = world.nexus(&["up", "--port", "0"]).start();
        let moment = Duration::from_millis(seed.below(400));
        sleep(moment);
        serving.signal(Signal::KILL);
        assert!(serving.wait().killed());
        println!("killed after {moment:?}");
        let landing = world.nexus(&["change", "land"]).run();
        assert_eq!(landing.code, Some(0), "{landing:?}");
        world.all_is_well(&ids);
    }
}

fn an_agent_stopped_for_longer_than_its_lease_is_refused_when_it_goes_on(engine: Engine) {
    let world = World::on(engine);
    let id = world.add("one");
    world.claim(&id, "slow").with(&["--ttl", "1s"]).done();
    let gate = world.beside("gate");
    let report = world.says("report", &id, "slow", 1).behind(&gate).start();
    report.signal(Signal::STOP);
    std::fs::write(&gate, "").expect("the folder is ours");
    let next = until("the lease to lapse", || {
        let next = world.next("next").run();
        (next.code == Some(0)).then_some(next)
    });
    assert_eq!((next.text("id"), next.number("fence")), (id.clone(), 2));
    report.signal(Signal::CONT);
    let late = report.wait();
    assert_eq!((late.code, late.problem()), (Some(5), "lease_lost"), "{late:?}");
    assert_eq!(late.json["error"]["holder"], "next");
    world.says("report", &id, "next", 2).done();
    assert_eq!(world.sound()["stale_effects_refused"], 1);
    world.intact();
}

fn a_run_stopped_for_longer_than_its_leases_lands_nothing_that_another_one_has_done(engine: Engine) {
    let world = World::on(engine);
    let ids = [world.add("one")];
    let agent = world.agent("gated", "made; : > \"$HOME-begun\"; until [ -e \"$HOME-go\" ]; do sleep 0.02; done");
    let args = ["run", "--agent", &agent, "--ttl", "1s", "--workers", "1"];
    let stopped = world.nexus(&args).start();
    until("the agent to begin", || world.beside("home-begun").exists().then_some(()));
    stopped.signal(Signal::STOP);
    let end = world.nexus(&["run", "--agent", &world.diligent()]).run();
    assert_eq!((end.code, end.number("landed")), (Some(0), 1), "{end:?}");
    std::fs::write(world.beside("home-go"), "").expect("the folder is ours");
    stopped.signal(Signal::CONT);
    let late = stopped.wait();
    assert_eq!(late.code, Some(0), "all is done, if not by this one: {late:?}");
    assert_eq!(world.item(&ids[0]).number("fence"), 3, "two grants and the queue");
    world.all_is_well(&ids);
}

fn an_item_whose_last_attempt_ran_out_is_dead_when_somebody_asks_for_work(engine: Engine) {
    let world = World::on(engine);
    let id = world.nexus(&["work", "add", "poison", "--attempts", "1"]).done().text("id");
    world.claim(&id, "gone").with(&["--ttl", "1s"]).done();
    until("the lease to lapse", || {
        assert_eq!(world.next("next").run().code, Some(4), "nothing is to be had");
        (world.item(&id).json["state"] == "dead").then_some(())
    });
    assert_eq!(world.count("work.lapsed", Some(&id)), 1);
    world.sound();
    world.intact();
}

fn a_run_that_cannot_land_says_why_and_ends(engine: Engine) {
    let world = World::on(engine);
    let ids = [world.add("one")];
    // A ref where the landing needs a folder of refs.
    world.git(&["update-ref", "refs/nexus/landing", "HEAD"]);
    let end = world.nexus(&["run", "--agent", &world.diligent()]).run();
    assert_eq!((end.code, end.number("landed")), (Some(1), 0), "{end:?}");
    assert!(end.json["problems"].to_string().contains("refs/nexus/landing"), "{end:?}");
    world.git(&["update-ref", "-d", "refs/nexus/landing"]);
    world.nexus(&["run", "--agent", &world.diligent()]).done();
    world.all_is_well(&ids);
}
