//! The environment: which folder, which trace.

use super::helper::{Helper, run};
use crate::support::World;

#[test]
fn coordination_dir_is_a_store_of_its_own_and_wins_over_nexus_dir() {
    let world = World::new();
    let helper = Helper::new(&world);
    let other = world.beside("other");
    let claim = |helper: &Helper<'_>| helper.command(&["claim", "bug", "x"]);
    run(claim(&helper).env("NEXUS_DIR", &other)).done();
    assert!(helper.folder.join("nexus.db").is_file() && !other.exists());
    // Without it, the repository's own store.
    run(claim(&helper).env_remove("COORDINATION_DIR").current_dir(world.repo())).done();
    assert_eq!(world.nexus(&["work", "list"]).done().json.as_array().map(Vec::len), Some(1));
    let nowhere = run(claim(&helper).env_remove("COORDINATION_DIR"));
    assert_eq!(nowhere.code, 1, "{nowhere:?}");
    assert!(nowhere.err.contains("set COORDINATION_DIR"), "{nowhere:?}");
}

#[test]
fn the_lease_is_as_long_as_the_setting_says() {
    let world = World::new();
    let helper = Helper::new(&world);
    let said = run(helper.command(&["claim", "bug", "x", "--json"]).env("NEXUS_DROPIN_TTL", "7s")).json();
    let (until, since) = (said["lease_until_ms"].as_i64(), said["changed_at_ms"].as_i64());
    assert_eq!(until.zip(since).map(|(until, since)| until - since), Some(7_000));
    let wrong = run(helper.command(&["claim", "bug", "x"]).env("NEXUS_DROPIN_TTL", "soon"));
    assert_eq!(wrong.code, 2, "{wrong:?}");
}

#[test]
fn a_forced_trace_wins_over_all_others() {
    let world = World::new();
    let helper = Helper::new(&world);
    let (forced, argument) = ("ab".repeat(16), "cd".repeat(16));
    let words = ["claim", "bug", "x", "low", "team", &argument];
    let said = run(helper.command(&words).env("FORCE_TRACE_ID", &forced).env("TRACE_ID", "ef".repeat(16))).done();
    assert!(said.contains(&format!("🔍 Trace ID: {forced}")), "{said}");
    let said = helper.says(&words).done();
    assert!(said.contains(&format!("🔍 Trace ID: {argument}")), "{said}");
    let wrong = run(helper.command(&words).env("TRACE_ID", "no trace"));
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("TRACE_ID is"), "{wrong:?}");
}

#[test]
fn whoever_has_no_name_gets_one_of_their_own() {
    let world = World::new();
    let helper = Helper::new(&world);
    let holder =
        || run(helper.command(&["claim", "bug", "x", "--json"]).env_remove("AGENT_ID")).json()["holder"].clone();
    let (one, two) = (holder(), holder());
    assert!(one.as_str().is_some_and(|name| name.starts_with("agent_")) && one != two, "{one} {two}");
    let id = helper.says(&["generate-id"]).done();
    assert!(id.strip_prefix("agent_").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit())), "{id}");
}
