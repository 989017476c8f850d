//! How answers look: one object on one line for programs, plain or coloured text that fits for people.

use crate::features::world::{World, said, text};

/// Titles, descriptions and names that break what is careless.
const ODD: [&str; 8] = [
    "quotes \" ' ` and $(backslash \\)",
    "日本語 — Zoë — агент — 🤖👩‍👩‍👧",
    "line one\nline two\r\nline three\n",
    "tab\tand bell\u{7} and escape \u{1b}[31mred\u{1b}[0m",
    "{\"json\": [1, null]}",
    "  spaces at both ends  ",
    "'; drop table work; --",
    "right to left \u{202e}gnirts and zero\u{200b}width",
];

#[test]
fn any_text_comes_back_to_the_letter() {
    let world = World::new();
    for odd in ODD {
        let added = world.ok(["work", "add", "--description", odd, "--acceptance", odd, "--", odd]);
        let id = text(&added, "id");
        let item = world.item(&id);
        assert_eq!([&item["title"], &item["description"], &item["acceptance"]], [odd, odd, odd]);
        let agent: String = odd.chars().filter(|c| !c.is_control()).collect();
        let claimed = world.ok(["work", "claim", &id, "--agent", &agent]);
        assert_eq!(claimed["holder"], agent.as_str());
        let fence = claimed["fence"].to_string();
        let hold = ["--agent", &agent, "--fence", &fence];
        let progress = ["work", "progress", &id, "--percent", "1", "--note", odd];
        assert_eq!(world.ok(progress.iter().chain(&hold))["progress_note"], odd);
        let failed = ["work", "fail", &id, "--reason", odd];
        assert!(text(&world.ok(failed.iter().chain(&hold)), "feedback").contains(odd));
        for line in [vec!["work", "list"], vec!["work", "show", &id], vec!["events"], vec!["status"]] {
            let shown = said(&mut world.nexus(&line));
            assert_eq!(shown.code, 0);
            assert!(!shown.out.contains(['\u{7}', '\u{1b}', '\r']), "{line:?}: {:?}", shown.out);
        }
    }
    let agents = world.ok(["agent", "list"]);
    assert_eq!(agents.as_array().map(Vec::len), Some(ODD.len()));
}

#[test]
fn errors_are_one_object_on_standard_output_too() {
    let world = World::new();
    for args in [
        vec!["nonsense"],
        vec![],
        vec!["work"],
        vec!["work", "add"],
        vec!["work", "add", "a", "b"],
        vec!["work", "claim", "not-an-id", "--agent", "zoe"],
        vec!["work", "next"],
        vec!["--no-such-flag", "status"],
        vec!["run"],
    ] {
        let refused = world.run(&args);
        assert_eq!(refused.refusal(2), "usage", "{args:?}");
        assert_eq!(refused.err, "", "{args:?}");
    }
    let unknown = world.run(["work", "show", "work_1"]);
    assert_eq!((unknown.refusal(1).as_str(), unknown.err.as_str()), ("not_found", ""));
}

#[test]
fn errors_for_people_are_on_standard_error_and_say_who_speaks() {
    let world = World::new();
    let refused = said(&mut world.nexus(["work", "show", "work_1"]));
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    assert!(refused.err.starts_with("nexus: there is no item work_1"), "{}", refused.err);
}

#[test]
fn every_answer_for_programs_is_one_line() {
    let world = World::new();
    let id = text(&world.ok(["work", "add", "a\nb", "--description", "c\nd"]), "id");
    for args in [
        vec!["init"],
        vec!["work", "list"],
        vec!["work", "show", &id],
        vec!["agent", "list"],
        vec!["agent", "register", "zoe"],
        vec!["change", "list"],
        vec!["change", "land"],
        vec!["workspace", "list"],
        vec!["workspace", "prune"],
        vec!["status"],
        vec!["doctor"],
        vec!["config", "show"],
        vec!["check-history"],
        vec!["work", "block", &id, "--reason", "x\ny"],
        vec!["work", "unblock", &id],
        vec!["work", "cancel", &id],
    ] {
        world.ok(&args);
    }
}

/// Every command that prints a table or a state.
const SEEN: [&[&str]; 7] = [
    &["work", "list"],
    &["status"],
    &["doctor"],
    &["config", "show"],
    &["events"],
    &["change", "list"],
    &["agent", "list"],
];

#[test]
fn pipes_get_no_escape_codes_and_colours_come_only_when_asked_for() {
    let world = World::new();
    world.add("One");
    for args in SEEN {
        assert!(!said(&mut world.nexus(args)).out.contains('\u{1b}'), "{args:?}");
    }
    let forced = said(world.nexus(["status"]).env("CLICOLOR_FORCE", "1"));
    assert!(forced.out.contains('\u{1b}'), "{}", forced.out);
}

/// What a command says on a terminal, of `script`, which has one.
fn on_a_terminal(world: &World, line: &str, env: &[(&str, &str)]) -> String {
    let mut script = world.command("script");
    script.args(["-qec", &line.replacen("nexus", env!("CARGO_BIN_EXE_nexus"), 1), "/dev/null"]);
    script.env("TERM", "xterm-256color").envs(env.iter().copied());
    let said = said(&mut script);
    assert_eq!(said.code, 0, "{}", said.out);
    said.out
}

#[test]
fn a_terminal_gets_colours_unless_no_color_is_set() {
    let world = World::new();
    world.add("One");
    assert!(on_a_terminal(&world, "nexus status", &[]).contains('\u{1b}'));
    assert!(!on_a_terminal(&world, "nexus status", &[("NO_COLOR", "1")]).contains('\u{1b}'));
    assert!(!on_a_terminal(&world, "nexus status", &[("TERM", "dumb")]).contains('\u{1b}'));
}

#[test]
fn what_agents_write_cannot_steer_a_terminal() {
    let world = World::new();
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2Jgone\r\u{9b}31m";
    let id = text(&world.ok(["work", "add", "--description", evil, "--", evil]), "id");
    for line in [format!("nexus work show {id}"), "nexus work list".to_owned(), "nexus status".to_owned()] {
        let shown = on_a_terminal(&world, &line, &[("NO_COLOR", "1")]).replace("\r\n", "\n");
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\r', '\u{9b}']), "{line}: {shown:?}");
    }
}

#[test]
fn tables_fit_the_width_and_keep_ids_whole() {
    let world = World::new();
    let id = text(&world.ok(["work", "add", "--", &"a rather long title ".repeat(12)]), "id");
    for columns in ["60", "80", "120"] {
        for args in SEEN.iter().filter(|args| args.contains(&"list") || args.contains(&"show")) {
            let shown = said(world.nexus(*args).env("COLUMNS", columns));
            let width = columns.parse().expect("a number");
            let widest = shown.out.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(widest <= width, "{args:?} at {columns} columns: {}", shown.out);
        }
        assert!(said(world.nexus(["work", "list"]).env("COLUMNS", columns)).out.contains(&id));
    }
    // A pipe has no width: a line an item, for grep.
    assert_eq!(said(&mut world.nexus(["work", "list"])).out.lines().count(), 2);
}
