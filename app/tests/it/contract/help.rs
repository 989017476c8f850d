//! Help for people and completions for shells.

use std::collections::BTreeSet;

use crate::features::world::{World, said};

/// Every command below `path`, as `--help` lists them, with what it says about each.
fn walk(world: &World, path: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let help = said(world.nexus(path).arg("--help"));
    assert_eq!((help.code, help.err.as_str()), (0, ""), "{path:?}");
    let listed = help.out.split_once("\nCommands:\n").map_or("", |(_, after)| after);
    // Names stand two columns in; the rest of what is said about them stands further in.
    let name = |line: &str| line.strip_prefix("  ").filter(|it| !it.starts_with(' ')).map(str::to_owned);
    let names: BTreeSet<String> = listed.lines().take_while(|line| !line.is_empty()).filter_map(name).collect();
    for name in names.iter().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        let below: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
        walk(world, &below, found);
    }
    found.push((path.to_vec(), help.out));
}

#[test]
fn every_command_has_help_with_an_example_and_nothing_of_ours_alone_is_shown() {
    let world = World::empty();
    let mut found = Vec::new();
    walk(&world, &[], &mut found);
    let names: Vec<String> = found.iter().map(|(path, _)| path.join(" ")).collect();
    for promised in [
        "init",
        "work add",
        "work import",
        "work export",
        "work list",
        "work show",
        "work claim",
        "work next",
        "work renew",
        "work progress",
        "work report",
        "work fail",
        "work release",
        "work handoff",
        "work handoff show",
        "work block",
        "work unblock",
        "work cancel",
        "work requeue",
        "work report-many",
        "work explain",
        "work graph",
        "work pause",
        "work resume",
        "work limit",
        "work gates",
        "agent register",
        "agent list",
        "agent start",
        "agent end",
        "agent sessions",
        "agent handoff",
        "memory add",
        "memory search",
        "memory list",
        "memory show",
        "memory remove",
        "lock acquire",
        "lock renew",
        "lock release",
        "lock list",
        "agent show",
        "agent heartbeat",
        "agent drain",
        "agent resume",
        "agent retire",
        "agent rebalance",
        "work assign",
        "work reassign",
        "message send",
        "message inbox",
        "message show",
        "message ack",
        "message thread",
        "message escalate",
        "run",
        "change list",
        "change show",
        "change approve",
        "change land",
        "change revert",
        "workspace open",
        "workspace list",
        "workspace snapshot",
        "workspace restore",
        "workspace prune",
        "events",
        "audit seal",
        "audit verify",
        "audit export",
        "audit archive",
        "check-history",
        "metrics flow",
        "advise priorities",
        "advise health",
        "advise assignments",
        "advise teams",
        "advise recommend",
        "advise bottlenecks",
        "status",
        "doctor",
        "up",
        "demo",
        "config show",
        "config init",
        "coordination link",
        "completions",
    ] {
        assert!(names.iter().any(|name| name == promised), "no command {promised:?} among {names:?}");
    }
    assert!(!names.iter().any(|name| name == "keep" || name == "demo-agent"), "{names:?}");
    let without: Vec<_> = found.iter().filter(|(_, help)| !help.contains("Example")).map(|(path, _)| path).collect();
    assert!(without.is_empty(), "no example in the help of {without:?}");
    assert!(found.iter().all(|(_, help)| help.contains("--json")), "every command takes --json");
}

#[test]
fn help_fits_a_hundred_columns_and_names_the_exit_codes() {
    let world = World::empty();
    let help = said(&mut world.nexus(["help"]));
    assert_eq!(help.code, 0);
    assert!(help.out.contains("5 lease lost"), "{}", help.out);
    assert!(help.out.lines().all(|line| line.chars().count() <= 100), "{}", help.out);
}

#[test]
fn completions_for_each_shell_know_the_verbs() {
    let world = World::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(&mut world.nexus(["completions", shell]));
        assert_eq!((script.code, script.err.as_str()), (0, ""), "{shell}");
        for word in ["work", "requeue", "--json"] {
            let word = if shell == "fish" { word.trim_start_matches('-') } else { word };
            assert!(script.out.contains(word), "{shell} has no {word:?}");
        }
    }
    assert_eq!(world.run(["completions", "tcsh"]).refusal(2), "usage");
}

#[test]
fn bash_reads_its_completions() {
    let world = World::empty();
    let line = "source <(\"$0\" completions bash) && complete -p nexus";
    let mut bash = world.command("bash");
    let read = said(bash.args(["--norc", "-c", line, env!("CARGO_BIN_EXE_nexus")]));
    assert_eq!(read.code, 0, "{}", read.err);
    assert!(read.out.contains("nexus"), "{}", read.out);
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let world = World::new();
    (0..20).for_each(|n| drop(world.add(&format!("item {n}"))));
    for command in ["completions bash", "events", "work list", "help"] {
        let line = format!("\"$0\" {command} | true");
        let gone = said(world.command("bash").args(["-c", &line, env!("CARGO_BIN_EXE_nexus")]));
        assert!(!gone.err.contains("panicked"), "{command}: {}", gone.err);
    }
}
