//! What an agent can do from within a sandbox, by the real program: its work, and nothing else.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;

use crate::support::World;

/// Runs an item by an agent in a sandbox of `kind`, which does `script`; comes back with the world, and the item's id.
fn run(kind: &str, script: &str) -> (World, String) {
    let world = World::new();
    let id = world.add("one");
    // The script of the agent is not itself inside; nothing of the world is but its worktree.
    let agent = world.beside("agent.sh");
    fs::write(&agent, format!("#!/bin/sh\n{script}\n")).expect("the folder is ours");
    let agent = format!("sh {}", agent.display());
    world.nexus(&["run", "--agent", &agent, "--sandbox", kind, "--workers", "1"]).env("SECRET_OF_OURS", "xyzzy").run();
    (world, id)
}

/// Tells a story with each kind of sandbox, as two tests.
macro_rules! in_each_kind {
    ($($story:ident),* $(,)?) => {
        $(mod $story {
            #[test]
            fn in_bwrap() {
                super::$story("bwrap");
            }

            #[test]
            fn in_landlock() {
                super::$story("landlock");
            }
        })*
    };
}

in_each_kind! {
    an_agent_in_a_sandbox_does_its_work_with_git_and_it_lands,
    an_agent_in_a_sandbox_reaches_nothing_outside,
    an_agent_in_a_sandbox_has_no_network,
}
