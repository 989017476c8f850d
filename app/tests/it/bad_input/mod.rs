//! Whatever comes in or breaks outside: one clear message that says what to do, the right exit code, nothing lost.

mod checks;
mod databases;
mod files;
mod remotes;
mod repositories;
mod requests;
mod stores;

use crate::features::world::{Said, World, text};

/// A refusal with this exit code and code, whose message has each of `says` in it.
fn refused(said: &Said, exit: i32, code: &str, says: &[&str]) {
    assert_eq!(said.refusal(exit), code, "{}", said.out);
    let message = text(&said.json()["error"], "message");
    for word in says {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

/// Every one of `ids` is in the store, the store is in order, and so is the repository.
fn intact(world: &World, ids: &[String]) {
    let all = world.ok(["work", "list"]);
    let there: Vec<String> = all.as_array().expect("a list").iter().map(|item| text(item, "id")).collect();
    let missing: Vec<_> = ids.iter().filter(|id| !there.contains(id)).collect();
    assert!(missing.is_empty(), "lost: {missing:?}");
    let doctor = world.run(["doctor"]).json();
    let findings = doctor["findings"].as_array().expect("findings");
    let wrong: Vec<_> = findings.iter().filter(|it| it["what"] == "integrity" && it["verdict"] != "ok").collect();
    assert!(wrong.is_empty() && findings.iter().any(|it| it["what"] == "integrity"), "{doctor}");
    assert!(!world.git(["fsck", "--no-dangling"]).contains("error"));
}

/// Whether the long versions are wanted too.
fn in_full() -> bool {
    std::env::var_os("NEXUS_TEST_FULL").is_some_and(|full| full == "1")
}
