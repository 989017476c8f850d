//! The contract of the work verbs, once more for each way to the store: the tests themselves, run again with every
//! store served.

use std::process::Command;

use crate::features::world::THROUGH;

/// Tests that are about the verbs of work. A server that stands in the repository lands what is submitted, so those
/// that look at what waits to land are left out there.
const VERBS: [&str; 8] = [
    "contract::lists::",
    "contract::output::",
    "contract::words::a_claim_gives_a_fence",
    "contract::words::next_gives",
    "contract::words::every_verb_of_a_holder",
    "contract::words::an_agent_needs_no_registration",
    "contract::words::an_import",
    "contract::words::what_an_item_asks_for",
];

/// Features whose commands a server can do.
const FEATURES: [&str; 6] = [
    "features::work",
    "features::the_queue",
    "features::reservations",
    "features::messages",
    "features::sessions",
    "features::advice",
];

fn hold(way: &str, tests: &[&str], without: &[&str]) {
    let mut again = Command::new(std::env::current_exe().expect("this program"));
    again.args(tests).args(["--test-threads", "2"]).env(THROUGH, way);
    again.args(without.iter().flat_map(|name| ["--skip", name]));
    let done = again.output().expect("it starts");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "through the {way}: {said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(!said.contains("running 0 tests"), "{said}");
}

#[test]
fn the_contract_holds_through_the_socket() {
    let more = ["features::changes", "contract::words::changes_and_workspaces"];
    hold("socket", &[&VERBS[..], &FEATURES, &more].concat(), &[]);
}

#[test]
fn the_contract_holds_through_a_server_that_was_named() {
    let without = ["lists_page_with_limit_and_after"];
    hold("address", &[&VERBS[..], &FEATURES].concat(), &without);
}
