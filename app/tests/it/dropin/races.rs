//! Many callers at once.

use std::collections::BTreeSet;
use std::time::Duration;

use super::helper::{Helper, run};
use crate::support::{Engine, Seed, World, on_each_engine};

on_each_engine!(twenty_claims_at_once_are_twenty_items_in_a_store_that_the_first_of_them_makes);

fn twenty_claims_at_once_are_twenty_items_in_a_store_that_the_first_of_them_makes(engine: Engine) {
    const CALLERS: usize = 20;
    let world = World::on(engine);
    let helper = Helper::new(&world);
    let claimed = Seed::new().all_at_once(CALLERS, Duration::from_millis(20), |n| {
        run(helper.command(&["claim", "bug", &format!("item {n}"), "--json"]).env("AGENT_ID", format!("agent-{n}")))
    });
    let ids: BTreeSet<String> = claimed
        .iter()
        .map(|said| {
            assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
            said.json()["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    assert_eq!(ids.len(), CALLERS);
    let ids: Vec<String> = ids.into_iter().collect();
    // Each finishes one, twice at the same time: once it counts.
    let finished = Seed::new().all_at_once(2 * CALLERS, Duration::from_millis(20), |n| {
        run(helper.command(&["complete", &ids[n / 2], "success", "3"]).env_remove("AGENT_ID"))
    });
    for pair in finished.chunks(2) {
        let codes: BTreeSet<i32> = pair.iter().map(|said| said.code).collect();
        assert_eq!(codes, BTreeSet::from([0, 3]), "{pair:?}");
    }
    let dashboard = run(&mut helper.command(&["dashboard", "--json"])).json();
    assert_eq!((&dashboard["completed"], &dashboard["velocity_points"]), (&20.into(), &60.into()));
}
