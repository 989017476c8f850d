//! Ctrl-C, once and twice.

use rustix::process::Signal;

use crate::support::{Running, World, until};

/// An agent that says that it has begun and works until it is let go.
const PATIENT: &str = "made; echo $$ > \"$HOME-begun\"; until [ -e \"$HOME-go\" ]; do sleep 0.02; done";

/// A run whose agent has begun, and the number of the agent's process.
fn begun<'w>(world: &'w World, workers: &str) -> (Running<'w>, String) {
    let agent = world.agent("patient", PATIENT);
    let running = world.nexus(&["run", "--agent", &agent, "--workers", workers]).in_own_group().start();
    let pid = until("the agent to begin", || {
        std::fs::read_to_string(world.beside("home-begun")).ok().filter(|pid| pid.ends_with('\n'))
    });
    (running, pid.trim().to_owned())
}

fn interrupt(running: &Running<'_>, heard: &str) {
    running.signal_group(Signal::INT);
    until(heard, || running.complained().contains(heard).then_some(()));
}

#[test]
fn interrupted_once_a_run_lets_agents_finish_and_lands_what_they_made() {
    let world = World::new();
    let ids = [world.add("one"), world.add("two")];
    let (running, _) = begun(&world, "1");
    interrupt(&running, "draining");
    std::fs::write(world.beside("home-go"), "").expect("the folder is ours");
    let end = running.wait();
    assert_eq!((end.code, end.number("landed")), (Some(1), 1), "one is left, so not all is done: {end:?}");
    assert_eq!(end.json["drained"], true);
    assert_eq!(world.item(&ids[1]).text("state"), "ready");
    assert_eq!(world.item(&ids[1]).number("attempts_used"), 0, "nothing new was begun");
    world.nexus(&["run", "--agent", &world.diligent()]).done();
    world.all_is_well(&ids);
}

#[test]
fn interrupted_once_a_run_whose_last_agents_finish_ends_with_code_0() {
    let world = World::new();
    let ids = [world.add("one")];
    let (running, _) = begun(&world, "2");
    interrupt(&running, "draining");
    std::fs::write(world.beside("home-go"), "").expect("the folder is ours");
    let end = running.wait();
    assert_eq!((end.code, end.number("landed")), (Some(0), 1), "{end:?}");
    world.all_is_well(&ids);
}

#[test]
fn interrupted_twice_a_run_ends_its_agents_and_gives_their_items_and_attempts_back() {
    let world = World::new();
    let ids = [world.add("one"), world.add("two")];
    let (running, pid) = begun(&world, "2");
    interrupt(&running, "draining");
    interrupt(&running, "stopping");
    let end = running.wait();
    assert_eq!((end.code, end.number("landed")), (Some(1), 0), "{end:?}");
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "the agent has ended");
    for id in &ids {
        let item = world.item(id);
        assert_eq!((item.text("state"), item.number("attempts_used")), ("ready".to_owned(), 0), "{item:?}");
    }
    world.nexus(&["run", "--agent", &world.diligent()]).done();
    world.all_is_well(&ids);
}
