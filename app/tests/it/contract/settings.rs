//! Settings in layers, and where each comes from.

use serde_json::Value;

use crate::features::world::{World, said, text, write};

/// The value and the source of a setting.
fn setting(shown: &Value, key: &str) -> (String, String) {
    let row = shown.as_array().expect("a list").iter().find(|row| row["key"] == key);
    let row = row.unwrap_or_else(|| panic!("no {key} in {shown}"));
    (text(row, "value"), text(row, "source"))
}

#[test]
fn each_layer_wins_over_those_before_it_and_config_show_names_it() {
    let world = World::new();
    let ttl = |args: &[&str], env: &[(&str, &str)]| {
        let shown = said(world.nexus(["config", "show", "--json"]).args(args).envs(env.iter().copied())).json();
        setting(&shown, "lease.ttl")
    };
    let (value, source) = ttl(&[], &[]);
    assert_eq!((value.as_str(), source.as_str()), ("30s", "default"));

    let shown = world.ok(["config", "show", "--profile", "prod"]);
    let (value, source) = setting(&shown, "workspace.retention");
    assert_eq!(value, "30d");
    assert!(source.contains("profile"), "{source}");

    let file = world.repo.join(".nexus/config.toml");
    write(&file, "lease.ttl = \"40s\"\n[profile.prod]\nlease.ttl = \"50s\"\n");
    let (value, source) = ttl(&[], &[]);
    assert_eq!(value, "40s");
    assert!(source.contains("config.toml:1"), "{source}");
    assert_eq!(ttl(&["--profile", "prod"], &[]).0, "50s");

    let (value, source) = ttl(&["--profile", "prod"], &[("NEXUS_LEASE_TTL", "60s")]);
    assert_eq!(value, "60s");
    assert!(source.contains("NEXUS_LEASE_TTL"), "{source}");

    let (value, source) = setting(&world.ok(["config", "show", "--project", "blue"]), "project");
    assert_eq!(value, "blue");
    assert!(source.contains("--project"), "{source}");
}

#[test]
fn a_setting_is_used_by_the_commands() {
    let world = World::new();
    write(&world.repo.join(".nexus/config.toml"), "work.attempts_max = 7\n");
    let id = world.add("One");
    assert_eq!(world.item(&id)["attempts_max"], 7);
}

#[test]
fn the_file_that_config_init_writes_loads_and_changes_nothing() {
    let world = World::new();
    let before = world.ok(["config", "show"]);
    let path = text(&world.ok(["config", "init"]), "path");
    assert_eq!(world.ok(["config", "show"]), before);
    assert_eq!(world.run(["config", "init"]).refusal(3), "exists");
    world.ok(["config", "init", "--force"]);

    // With every line switched on it loads too, and says the same values.
    let written = std::fs::read_to_string(&path).expect("it was written");
    let on = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') && !rest.is_empty() => rest.to_owned(),
        _ => line.to_owned(),
    };
    let all = written.lines().map(on).collect::<Vec<_>>().join("\n");
    assert_ne!(all, written.trim_end());
    write(path.as_ref(), all);
    let after = world.ok(["config", "show"]);
    for (before, after) in before.as_array().expect("a list").iter().zip(after.as_array().expect("a list")) {
        assert_eq!((&before["key"], &before["value"]), (&after["key"], &after["value"]));
    }
}

#[test]
fn a_bad_setting_is_named_with_its_place_and_what_may_stand_there() {
    let world = World::new();
    let file = world.repo.join(".nexus/config.toml");
    for (written, says) in [
        ("lease.ttl = \"30\"\n", vec!["lease.ttl", "config.toml:1", "unit"]),
        ("leese.ttl = \"30s\"\n", vec!["leese.ttl", "lease.ttl"]),
        ("[run]\nworkers = 0\n", vec!["run.workers", "config.toml:2", "1"]),
        ("this is no toml\n", vec!["config.toml:1"]),
    ] {
        write(&file, written);
        let refused = world.run(["status"]);
        assert_eq!(refused.refusal(2), "bad_setting", "{written}");
        for word in says {
            assert!(refused.out.contains(word), "{word} in {}", refused.out);
        }
    }
    std::fs::remove_file(file).expect("it is there");
    assert_eq!(world.run(["status", "--profile", "production"]).refusal(2), "bad_setting");
}
