//! Several supervisors on one repository.

use std::time::Duration;

use crate::support::{Engine, Seed, World, on_each_engine, rounds};

on_each_engine! {
    two_runs_with_one_backlog_land_every_item_once,
}

fn two_runs_with_one_backlog_land_every_item_once(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(1) {
        let world = World::on(engine);
        let lines: Vec<_> = (0..8)
            .map(|n| match n {
                0..4 => format!("{{\"key\":\"{n}\",\"title\":\"item {n}\"}}"),
                _ => format!("{{\"key\":\"{n}\",\"title\":\"item {n}\",\"depends_on\":[\"{}\"]}}", n - 4),
            })
            .collect();
        let file = world.beside("backlog.jsonl");
        std::fs::write(&file, lines.join("\n")).expect("the folder is ours");
        let (agent, backlog) = (world.diligent(), file.to_string_lossy().into_owned());
        let ends = seed.all_at_once(2, Duration::from_millis(400), |_| {
            world.nexus(&["run", "--backlog", &backlog, "--agent", &agent, "--workers", "2"]).run()
        });
        for end in &ends {
            assert_eq!((end.code, end.number("landed")), (Some(0), 8), "{ends:?}");
        }
        let listed = world.nexus(&["work", "list"]).done();
        let ids: Vec<_> = listed.json.as_array().expect("a list").iter().map(|it| it["id"].as_str()).collect();
        let ids: Vec<_> = ids.into_iter().map(|id| id.expect("an id").to_owned()).collect();
        assert_eq!(ids.len(), 8, "the backlog was imported once");
        for id in &ids {
            assert_eq!(world.item(id).number("attempts_used"), 1, "nobody was in anybody's way");
        }
        world.all_is_well(&ids);
    }
}
