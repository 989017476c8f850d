//! Several nodes on one store: one that is stopped for longer than its duties and holds, and clocks that are minutes
//! apart.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;

use crate::support::{Asked, Engine, Output, Running, World, on_each_engine, rounds, until};

on_each_engine!(a_node_stopped_for_longer_than_its_duties_and_holds_does_nothing_more_under_them);

/// A server and its address.
struct Node<'w> {
    running: Running<'w>,
    url: String,
}

impl<'w> Node<'w> {
    fn started(asked: Asked<'w>) -> Self {
        let running = asked.start();
        let url = until("the address of a node", || {
            let said: serde_json::Value = serde_json::from_str(running.printed().lines().next()?).ok()?;
            said["url"].as_str().map(str::to_owned)
        });
        Self { running, url }
    }

    /// Has `asked` go to this node.
    fn hears<'a>(&self, asked: Asked<'a>) -> Asked<'a> {
        asked.with(&["--server", &self.url])
    }

    /// Interrupts it, and waits for its end.
    fn end(self) {
        self.running.signal(Signal::INT);
        let end = self.running.wait();
        assert_eq!(end.code, Some(0), "{end:?}");
    }
}

/// Adds, takes and reports through `node` until `over`; comes back with the ids that were reported.
fn work(world: &World, node: &Node<'_>, agent: &str, over: &AtomicBool) -> Vec<String> {
    let mut reported = Vec::new();
    while !over.load(Ordering::SeqCst) {
        node.hears(world.nexus(&["work", "add", "under load"])).done();
        let taken = node.hears(world.next(agent).with(&["--ttl", "1h"])).run();
        if taken.code == Some(0) {
            let (id, fence) = (taken.text("id"), taken.number("fence"));
            node.hears(world.says("report", &id, agent, fence)).done();
            reported.push(id);
        }
    }
    reported
}

fn a_node_stopped_for_longer_than_its_duties_and_holds_does_nothing_more_under_them(engine: Engine) {
    let world = World::on(engine);
    let (begun, go) = (world.beside("begun"), world.beside("go"));
    let gate = format!("echo >> '{}'; until [ -e '{}' ]; do sleep 0.02; done", begun.display(), go.display());
    let policy = format!("[[check]]\nname = \"gate\"\nrun = \"{gate}\"\n");
    fs::write(world.repo().join("nexus.toml"), policy).expect("the folder is ours");
    world.git(&["commit", "-q", "-a", "--amend", "--no-edit"]);
    let ids = [world.add("one"), world.add("two")];
    for id in &ids {
        let fence = world.make_by_hand(id, "agent", "1h");
        world.says("report", id, "agent", fence).done();
    }

    // One node serves callers, one lands and is stopped in the middle of it, one takes over.
    let data = world.repo().join(".nexus");
    let serves = world.nexus(&["up", "--port", "0", "--data-dir", &data.to_string_lossy(), "--repo", "/"]);
    let serves = Node::started(serves);
    let stopped = Node::started(world.nexus(&["up", "--port", "0"]));
    let slow = stopped.hears(world.nexus(&["work", "add", "slow"])).done().text("id");
    stopped.hears(world.claim(&slow, "slow").with(&["--ttl", "1s"])).done();
    until("a check to begin", || begun.exists().then_some(()));
    stopped.running.signal(Signal::STOP);

    // What its holder says now waits in the node that sleeps.
    let late = stopped.hears(world.says("report", &slow, "slow", 1)).start();
    let over = AtomicBool::new(false);
    let reported = std::thread::scope(|threads| {
        let callers: Vec<_> = ["left", "right"]
            .map(|agent| {
                threads.spawn({
                    let (world, serves, over) = (&world, &serves, &over);
                    move || work(world, serves, agent, over)
                })
            })
            .into();
        let next = Node::started(world.nexus(&["up", "--port", "0"]));
        fs::write(&go, "").expect("the folder is ours");
        until("the next node to land what the stopped one began", || {
            ids.iter().all(|id| world.item(id).json["state"] == "done").then_some(())
        });
        until("somebody to have taken what the slow one held", || {
            (world.item(&slow).number("fence") == 2).then_some(())
        });
        stopped.running.signal(Signal::CONT);
        let late = late.wait();
        assert_eq!((late.code, late.problem()), (Some(5), "lease_lost"), "{late:?}");
        over.store(true, Ordering::SeqCst);
        next.end();
        callers.into_iter().flat_map(|it| it.join().expect("no caller panics")).collect::<Vec<_>>()
    });
    assert!(!reported.is_empty(), "the others worked on meanwhile");
    for id in &reported {
        assert_eq!(world.item(id).json["state"], "done", "what was acknowledged is there");
    }
    stopped.end();
    serves.end();
    world.all_is_well(&ids);
    assert!(world.sound()["stale_effects_refused"].as_i64() >= Some(1));
}

/// A file that says how far a process's clock is ahead.
fn clock(world: &World, name: &str, ahead_ms: i64) -> PathBuf {
    let file = world.beside(name);
    fs::write(&file, ahead_ms.to_string()).expect("the folder is ours");
    file
}

/// A node with this clock, away from the repository and with a socket of its own, as on another machine.
fn node<'w>(world: &'w World, clock: &std::path::Path) -> Node<'w> {
    let data = clock.with_extension("data");
    let up = world.nexus(&["up", "--port", "0", "--data-dir", &data.to_string_lossy(), "--repo", "/"]);
    Node::started(up.env("NEXUS_TEST_CLOCK", &clock.to_string_lossy()))
}

const MINUTES: i64 = 5 * 60_000;

/// Neither node takes what the other has given out, and both see a lease end when it does.
fn leases_are_the_same(world: &World, early: &Node<'_>, late: &Node<'_>) {
    for (giver, other) in [(early, late), (late, early)] {
        let id = world.add("held for a minute");
        let held = giver.hears(world.claim(&id, "holder").with(&["--ttl", "1m"])).done();
        let taken = other.hears(world.next("other")).run();
        assert_eq!(taken.code, Some(4), "its lease has not run out: {taken:?}");
        giver.hears(world.says("report", &id, "holder", held.number("fence"))).done();

        let id = world.add("held for a second");
        giver.hears(world.claim(&id, "holder").with(&["--ttl", "1s"])).done();
        let taken: Output = until("the lease to lapse", || {
            let taken = other.hears(world.next("other").with(&["--ttl", "1h"])).run();
            (taken.code == Some(0)).then_some(taken)
        });
        assert_eq!((taken.text("id"), taken.number("fence")), (id.clone(), 2));
        let stale = giver.hears(world.says("report", &id, "holder", 1)).run();
        assert_eq!((stale.code, stale.problem()), (Some(5), "lease_lost"), "{stale:?}");
        other.hears(world.says("report", &id, "other", 2)).done();
    }
}

#[test]
fn nodes_whose_clocks_are_minutes_apart_or_stepped_while_they_run_agree_on_every_lease() {
    let world = World::on(Engine::Postgres);
    let (behind, ahead) = (clock(&world, "behind", -MINUTES), clock(&world, "ahead", MINUTES));
    let (early, late) = (node(&world, &behind), node(&world, &ahead));
    leases_are_the_same(&world, &early, &late);
    // Both clocks are put right, and more than right.
    clock(&world, "behind", MINUTES);
    clock(&world, "ahead", -2 * MINUTES);
    leases_are_the_same(&world, &early, &late);

    for _ in 0..rounds(1) {
        let ids: Vec<_> = (0..6).map(|n| world.add(&format!("item {n}"))).collect();
        std::thread::scope(|threads| {
            for (n, node) in [&early, &late, &early, &late].into_iter().enumerate() {
                let (world, agent) = (&world, format!("racer-{n}"));
                threads.spawn(move || {
                    loop {
                        let taken = node.hears(world.next(&agent).with(&["--ttl", "1h"])).run();
                        if taken.code == Some(4) {
                            return;
                        }
                        let (id, fence) = (taken.text("id"), taken.number("fence"));
                        node.hears(world.says("report", &id, &agent, fence)).done();
                    }
                });
            }
        });
        for id in &ids {
            assert_eq!((world.item(id).text("state"), world.item(id).number("fence")), ("done".to_owned(), 1));
        }
    }
    early.end();
    late.end();
    world.sound();
    world.intact();
}
