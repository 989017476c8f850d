//! A run whose database is gone.

use rustix::process::Signal;

use crate::support::{Engine, World, until};

#[test]
fn a_run_says_that_it_waits_for_its_database_and_ends_when_it_is_asked_to() {
    let world = World::on(Engine::Postgres);
    let id = world.nexus(&["work", "add", "later", "--delay", "1h"]).done().text("id");
    let (wire, address) = world.wire();
    let agent = world.diligent();
    let run = world.nexus(&["run", "--agent", &agent, "--workers", "4"]).env("NEXUS_DATABASE_URL", &address).start();
    until("the run to listen", || (!world.sockets().is_empty()).then_some(()));
    wire.cut();
    until("the run to wait", || run.complained().contains("waiting up to 30 s for the database").then_some(()));
    run.signal(Signal::TERM);
    let end = run.wait();
    // Whoever cuts a wire may do it before a connection is made, or after.
    assert!(end.code == Some(1) && ["store_unreachable", "store_lost"].contains(&end.problem()), "{end:?}");
    assert_eq!(end.stderr.matches("waiting up to").count(), 1, "once, whoever waits: {end:?}");
    assert_eq!(world.item(&id).text("state"), "pending");
}
