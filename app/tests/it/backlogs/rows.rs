//! Good rows are kept, broken ones are named, and nothing comes in twice.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Engine, Output, World, on_each_engine};

on_each_engine!(
    good_rows_are_kept_and_broken_ones_named_with_line_and_reason,
    a_row_may_need_what_comes_later_and_what_is_there_already,
    a_file_of_items_is_added_line_by_line_and_bad_lines_are_named,
);

fn import(world: &World, format: &str, text: &str) -> Output {
    let file = world.beside("backlog.jsonl");
    std::fs::write(&file, text).expect("the folder is ours");
    world.nexus(&["work", "import", "--format", format, &file.to_string_lossy()]).run()
}

fn reasons(output: &Output) -> Vec<(u64, String)> {
    let skipped = output.json["skipped"].as_array().unwrap_or_else(|| panic!("{output:?}"));
    let one = |it: &Value| (it["line"].as_u64().expect("a number"), it["reason"].as_str().expect("a text").to_owned());
    skipped.iter().map(one).collect()
}

fn good_rows_are_kept_and_broken_ones_named_with_line_and_reason(engine: Engine) {
    let world = World::on(engine);
    let text = "{\"key\":\"a\",\"title\":\"A\"}\n\
        not json\n\
        {\"key\":\"b\",\"title\":\"\"}\n\
        {\"key\":\"c\",\"title\":\"C\",\"depends_on\":[\"b\"]}\n\
        \n\
        {\"key\":\"a\",\"title\":\"A again\"}\n\
        {\"key\":\"d\",\"title\":\"D\",\"depends_on\":[\"nowhere\"]}\n\
        {\"key\":\"e\",\"title\":\"E\",\"depends_on\":[\"f\"]}\n\
        {\"key\":\"f\",\"title\":\"F\",\"depends_on\":[\"e\"]}\n\
        {\"title\":\"without a key\"}\n\
        {\"key\":\"g\",\"title\":\"G\",\"depends_on\":[\"work_1\"]}\n";
    let first = import(&world, "nexus", text);
    assert_eq!((first.code, first.number("imported")), (Some(0), 2), "{first:?}");
    let why = reasons(&first);
    let lines: Vec<u64> = why.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 6, 7, 8, 9, 11]);
    for (at, says) in [
        (0, "expected"),
        (1, "title is empty"),
        (2, "\"b\", which was not imported"),
        (3, "earlier line"),
        (4, "neither a key"),
        (5, "in a circle"),
        (6, "in a circle"),
        (7, "work_1"),
    ] {
        assert!(why[at].1.contains(says), "{says:?} in {:?}", why[at]);
    }
    let again = import(&world, "nexus", text);
    assert_eq!((again.number("imported"), again.number("known")), (0, 2), "{again:?}");
    // What was put right comes in, what reads differently is another row.
    let right = import(&world, "nexus", "{\"key\":\"b\",\"title\":\"B\"}\n{\"key\":\"a\",\"title\":\"other\"}\n");
    assert_eq!(right.number("imported"), 1, "{right:?}");
    assert!(reasons(&right)[0].1.contains("reads differently"), "{right:?}");
    assert_eq!(world.nexus(&["work", "list"]).done().json.as_array().map(Vec::len), Some(3));
    let nothing = import(&world, "nexus", "nothing good\n");
    assert_eq!((nothing.code, nothing.number("skipped_count")), (Some(1), 1));
    world.intact();
}

fn a_row_may_need_what_comes_later_and_what_is_there_already(engine: Engine) {
    let world = World::on(engine);
    let there = world.add("is there");
    let text = format!(
        "{{\"key\":\"last\",\"title\":\"Last\",\"depends_on\":[\"middle\",\"{there}\"]}}\n\
         {{\"key\":\"middle\",\"title\":\"Middle\",\"depends_on\":[\"first\"]}}\n\
         {{\"key\":\"first\",\"title\":\"First\"}}\n"
    );
    let came = import(&world, "nexus", &text);
    assert_eq!((came.code, came.number("imported")), (Some(0), 3), "{came:?}");
    let items = world.nexus(&["work", "list"]).done();
    let item = |title: &str| {
        let found = items.json.as_array().expect("a list").iter().find(|item| item["title"] == title);
        found.unwrap_or_else(|| panic!("no {title:?}")).clone()
    };
    assert_eq!(item("Last")["open_dependencies"], 2);
    assert_eq!(item("Middle")["depends_on"][0], item("First")["id"]);
    assert_eq!(item("First")["state"], "ready");
}

#[test]
fn a_hundred_thousand_rows_with_broken_ones_in_between_come_in() {
    const ROWS: usize = 100_000;
    let world = World::new();
    let mut text = String::new();
    for n in 0..ROWS {
        match n % 100 {
            99 => text.push_str("{\"title\": broken}\n"),
            // Needs the row after it.
            50 => writeln!(text, "{{\"key\":\"{n}\",\"title\":\"item {n}\",\"depends_on\":[\"{}\"]}}", n + 1)
                .expect("it grows"),
            _ => writeln!(text, "{{\"key\":\"{n}\",\"title\":\"item {n}\"}}").expect("it grows"),
        }
    }
    let came = import(&world, "beads", "");
    assert_eq!((came.code, came.number("imported")), (Some(0), 0), "an empty file is no failure: {came:?}");
    let came = import(&world, "nexus", &text);
    let broken = i64::try_from(ROWS / 100).expect("it is small");
    assert_eq!((came.code, came.number("imported")), (Some(0), 99 * broken), "{:?}", came.stderr);
    assert_eq!(came.number("skipped_count"), broken);
    assert_eq!(reasons(&came)[0].0, 100);
    let status = world.nexus(&["status"]).done();
    assert_eq!(
        (&status.json["work"]["pending"], &status.json["work"]["ready"]),
        (&broken.into(), &(98 * broken).into())
    );
}

fn a_file_of_items_is_added_line_by_line_and_bad_lines_are_named(engine: Engine) {
    let world = World::on(engine);
    let file = world.beside("items.jsonl");
    let file = file.to_string_lossy();
    let add = |text: &str| {
        std::fs::write(&*file, text).expect("the folder is ours");
        world.nexus(&["work", "add", "--file", &file]).run()
    };
    let first = add(
        "{\"title\":\"A\",\"key\":\"a\"}\n{\"title\":\"B\",\"colour\":1}\n{\"title\":\"C\",\"depends_on\":[\"a\"]}\n",
    );
    assert_eq!((first.code, first.number("imported")), (Some(1), 2), "{first:?}");
    let why = reasons(&first);
    assert!(why.len() == 1 && why[0].0 == 2 && why[0].1.contains("colour"), "{why:?}");
    let good = add("{\"title\":\"A\",\"key\":\"a\"}\n{\"title\":\"D\"}\n");
    assert_eq!((good.code, good.number("imported"), good.number("known")), (Some(0), 1, 1), "{good:?}");
    assert_eq!(world.nexus(&["work", "list"]).done().json.as_array().map(Vec::len), Some(3));
    let missing = world.nexus(&["work", "add", "--file", "/no/such/file"]).run();
    assert_eq!((missing.code, missing.problem()), (Some(1), "unreadable"));
    for both in
        [&["work", "add"][..], &["work", "add", "x", "--file", &file], &["work", "add", "--file", &file, "--key", "k"]]
    {
        let usage = world.nexus(both).run();
        assert_eq!((usage.code, usage.problem()), (Some(2), "usage"), "{both:?}");
    }
}
