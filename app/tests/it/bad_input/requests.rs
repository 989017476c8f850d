//! Requests that make no sense, or come at the wrong time.

use super::{intact, refused};
use crate::features::world::{World, said, text, write};

#[test]
fn unknown_ids_are_not_found_and_what_is_no_id_is_explained() {
    let world = World::new();
    let hold = ["--agent", "zoe", "--fence", "1"];
    let percent = ["--percent", "1"];
    for verb in ["show", "unblock", "cancel", "requeue", "block"] {
        refused(&world.run(["work", verb, "work_1"]), 1, "not_found", &["work_1", "work list"]);
        refused(&world.run(["work", verb, "1"]), 2, "usage", &["work_1795211860474123456"]);
    }
    refused(&world.run(["work", "claim", "work_1", "--agent", "zoe"]), 1, "not_found", &["work_1"]);
    for verb in ["renew", "report", "fail", "release"] {
        refused(&world.run(["work", verb, "work_1"].iter().chain(&hold)), 1, "not_found", &["work_1"]);
    }
    refused(&world.run(["work", "progress", "work_1"].iter().chain(&hold).chain(&percent)), 1, "not_found", &[]);
    refused(&world.run(["workspace", "open", "work_1"].iter().chain(&hold)), 1, "not_found", &["work_1"]);
    for args in [["change", "show"], ["change", "approve"], ["change", "revert"]] {
        refused(&world.run(args.iter().chain(&["change_1"])), 1, "not_found", &["change_1"]);
        refused(&world.run(args.iter().chain(&["work_1"])), 2, "usage", &["change_1795211860474123456"]);
    }
    for args in [["workspace", "snapshot"], ["workspace", "restore"]] {
        refused(&world.run(args.iter().chain(&["workspace_1"])), 1, "not_found", &["workspace_1"]);
    }
    refused(&world.run(["work", "add", "x", "--depends-on", "work_1"]), 1, "not_found", &["work_1"]);
    refused(&world.run(["events", "--of", "work_1"]), 1, "not_found", &["work_1"]);
    refused(&world.run(["change", "land", "--target", "nope"]), 1, "no_target_branch", &["nope", "--target"]);
}

#[test]
fn transitions_that_do_not_exist_are_refused_and_change_nothing() {
    let world = World::new();
    let id = world.add("One");
    let seq = world.ok(["status"])["last_seq"].clone();
    refused(&world.run(["work", "unblock", &id]), 3, "wrong_state", &["ready", "blocked"]);
    refused(&world.run(["work", "requeue", &id]), 3, "wrong_state", &["ready", "dead"]);
    for verb in ["renew", "report", "fail", "release"] {
        let unheld = world.run(["work", verb, &id, "--agent", "zoe", "--fence", "0"]);
        refused(&unheld, 5, "lease_lost", &["zoe"]);
    }
    refused(&world.run(["workspace", "open", &id, "--agent", "zoe", "--fence", "1"]), 5, "lease_lost", &[]);
    assert_eq!(world.ok(["status"])["last_seq"], seq, "what is refused leaves no event");

    world.ok(["work", "claim", &id, "--agent", "zoe", "--ttl", "1h"]);
    world.ok(["work", "report", &id, "--agent", "zoe", "--fence", "1"]);
    for verb in ["unblock", "requeue", "cancel", "block"] {
        assert_eq!(world.run(["work", verb, &id]).code, 3, "{verb} of what is done");
    }
    refused(&world.run(["work", "claim", &id, "--agent", "max"]), 3, "finished", &["done"]);
    // The right fence of another agent, and another fence of the right agent.
    let id = world.add("Two");
    world.ok(["work", "claim", &id, "--agent", "zoe", "--ttl", "1h"]);
    for (agent, fence) in [("max", "1"), ("zoe", "2"), ("zoe", "-1"), ("zoe", "9223372036854775807")] {
        let stale = world.run(["work", "report", &id, "--agent", agent, "--fence", fence]);
        refused(&stale, 5, "lease_lost", &["zoe holds the item"]);
    }
    intact(&world, &[id]);
}

#[test]
fn numbers_outside_their_range_are_refused_with_the_range() {
    let world = World::new();
    let id = world.add("One");
    world.ok(["work", "claim", &id, "--agent", "zoe", "--ttl", "1h"]);
    for percent in ["101", "-1", "256", "50.5", "half", ""] {
        let progress = ["work", "progress", &id, "--agent", "zoe", "--fence", "1", "--percent", percent];
        refused(&world.run(progress), 2, "usage", &["--percent"]);
    }
    for good in ["0", "100"] {
        world.ok(["work", "progress", &id, "--agent", "zoe", "--fence", "1", "--percent", good]);
    }
    for ttl in ["0s", "999ms", "25h", "-5s", "30", "soon", "99999999999999999999d"] {
        refused(&world.run(["work", "next", "--agent", "zoe", "--ttl", ttl]), 2, "usage", &["--ttl"]);
    }
    for (flag, value) in [
        ("--attempts", "0"),
        ("--attempts", "1001"),
        ("--attempts", "-1"),
        ("--points", "-1"),
        ("--points", "4294967296"),
        ("--ports", "65"),
        ("--databases", "1000000"),
        ("--delay", "-1s"),
        ("--delay", "tomorrow"),
        ("--priority", "urgent"),
        ("--payload", "{not json"),
    ] {
        assert_eq!(world.run(["work", "add", "x", flag, value]).code, 2, "{flag} {value}");
    }
    assert_eq!(world.run(["agent", "register", "zoe", "--capacity", "0"]).refusal(2), "usage");
    assert_eq!(world.run(["run", "--agent", "true", "--workers", "0"]).refusal(2), "usage");
    assert_eq!(world.run(["up", "--port", "65536"]).refusal(2), "usage");
    assert_eq!(world.ok(["work", "list"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn empty_and_endless_texts_are_refused_with_the_limit() {
    let world = World::new();
    for title in ["", " ", "\n\t "] {
        refused(&world.run(["work", "add", title]), 2, "malformed", &["title is empty"]);
    }
    refused(&world.run(["work", "add", &"x".repeat(1_001)]), 2, "malformed", &["1001", "1000"]);
    world.ok(["work", "add", &"ü".repeat(500)]);
    for name in ["", " ", "a\nb", &"x".repeat(201)] {
        refused(&world.run(["work", "next", "--agent", name]), 2, "usage", &["--agent"]);
        assert_eq!(world.run(["work", "add", "x", "--role", name]).refusal(2), "usage");
        assert_eq!(world.run(["work", "add", "x", "--label", name]).refusal(2), "usage");
    }
    let id = world.add("One");
    for key in ["", &"k".repeat(501)] {
        assert_eq!(world.run(["work", "cancel", &id, "--key", key]).refusal(2), "malformed");
    }
}

#[test]
fn a_description_of_ten_megabytes_is_refused_from_a_file_and_in_an_import() {
    let world = World::new();
    let file = world.beside("long.txt");
    write(&file, "long ".repeat(2_000_000));
    let path = file.to_string_lossy();
    let refusal = world.run(["work", "add", "x", "--description-file", &path]);
    refused(&refusal, 2, "malformed", &["description", "10000000", "1000000"]);

    write(
        &file,
        format!("{{\"title\":\"fine\"}}\n{{\"title\":\"x\",\"description\":\"{}\"}}\n", "x".repeat(10_000_000)),
    );
    refused(&world.run(["work", "import", &path]), 2, "malformed", &["line 2", "description"]);
    write(&file, format!("{{\"title\":\"x\",\"payload\":\"{}\"}}\n", "x".repeat(10_000_000)));
    refused(&world.run(["work", "import", &path]), 2, "malformed", &["line 1", "payload"]);
    assert_eq!(world.ok(["work", "list"]), serde_json::json!([]), "all lines or none");

    write(&file, "ü".repeat(500_000));
    let added = world.ok(["work", "add", "just fits", "--description-file", &path]);
    assert_eq!(text(&added, "description").chars().count(), 500_000);
    write(&file, "x".repeat(20_000_001));
    refused(&world.run(["work", "add", "x", "--description-file", &path]), 2, "malformed", &["20000000"]);
    write(&file, b"\xff\xfe");
    refused(&world.run(["work", "add", "x", "--description-file", &path]), 2, "malformed", &["UTF-8"]);
    refused(&world.run(["work", "add", "x", "--description-file", "/no/such"]), 1, "unreadable", &["/no/such"]);
    refused(&world.run(["work", "add", "x", "--description-file", "/"]), 1, "unreadable", &["/"]);
}

#[test]
fn a_backlog_that_cannot_be_read_names_the_line_and_adds_nothing() {
    let world = World::new();
    let file = world.beside("backlog.jsonl");
    let path = file.to_string_lossy();
    for (lines, says) in [
        ("{\"title\":\"a\"}\nnot json\n", vec!["line 2"]),
        ("{\"title\":\"a\"}\n{\"titel\":\"b\"}\n", vec!["line 2", "titel"]),
        ("{\"title\":\"a\"}\n{\"title\":\"\"}\n", vec!["line 2", "empty"]),
        ("{\"title\":\"a\",\"points\":-1}\n", vec!["line 1", "-1"]),
        ("{\"title\":\"a\",\"priority\":\"soon\"}\n", vec!["line 1", "soon", "critical"]),
        ("{\"title\":\"a\",\"depends_on\":[\"b\"]}\n", vec!["line 1", "\"b\"", "key"]),
        ("{\"key\":\"a\",\"title\":\"a\"}\n{\"key\":\"a\",\"title\":\"b\"}\n", vec!["line 2", "\"a\""]),
        ("{\"key\":\"a\",\"title\":\"a\",\"depends_on\":[\"a\"]}\n", vec!["circle", "a → a"]),
        (
            "{\"key\":\"a\",\"title\":\"a\",\"depends_on\":[\"b\"]}\n{\"key\":\"b\",\"title\":\"b\",\"depends_on\":[\"c\"]}\n\
             {\"key\":\"c\",\"title\":\"c\",\"depends_on\":[\"a\"]}\n",
            vec!["circle", "→"],
        ),
        ("[]\n", vec!["line 1"]),
    ] {
        write(&file, lines);
        refused(&world.run(["work", "import", &path]), 2, "malformed", &says);
    }
    write(&file, "{\"title\":\"a\",\"depends_on\":[\"work_1\"]}\n");
    refused(&world.run(["work", "import", &path]), 1, "not_found", &["line 1", "work_1"]);
    refused(&world.run(["work", "import", "/no/such"]), 1, "unreadable", &["/no/such"]);
    assert_eq!(world.ok(["work", "list"]), serde_json::json!([]));
}

#[test]
fn a_backlog_may_be_edited_and_imported_again() {
    let world = World::new();
    let file = world.beside("backlog.jsonl");
    let import = |text: &str| {
        write(&file, text);
        world.run(["work", "import", &file.to_string_lossy()])
    };
    let count = || world.ok(["work", "list"]).as_array().map(Vec::len);
    assert_eq!(import("\u{feff}{\"title\":\"a\"}\r\n\r\n{\"key\":\"k\",\"title\":\"b\"}\r\n").code, 0);
    assert_eq!(count(), Some(2));
    let more = import("{\"title\":\"new at the top\"}\n{\"title\":\"a\"}\n{\"key\":\"k\",\"title\":\"b\"}\n");
    assert_eq!((more.code, count()), (0, Some(3)), "{more:?}");
    assert_eq!(import("{\"title\":\"a\"}\n{\"title\":\"a\"}\n").code, 0);
    assert_eq!(count(), Some(4), "two equal lines are two items");
    refused(&import("{\"key\":\"k\",\"title\":\"other words\"}\n"), 3, "key_reused", &["line 1", "\"k\"", "new key"]);
    assert_eq!(count(), Some(4));
}

#[test]
fn arguments_that_are_not_utf_8_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::new();
    let latin = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let said = said(world.nexus(["--json", "work", "add"]).arg(latin));
    refused(&said, 2, "usage", &["UTF-8"]);
}

#[test]
fn the_same_key_with_another_file_is_another_request() {
    let world = World::new();
    let file = world.beside("story.txt");
    let add = || {
        let path = file.to_string_lossy().into_owned();
        world.run(["work", "add", "x", "--key", "k", "--description-file", &path])
    };
    write(&file, "one story");
    let first = add();
    assert_eq!((first.code, add().json()), (0, first.json()));
    write(&file, "another story");
    refused(&add(), 3, "key_reused", &["\"k\""]);
}
