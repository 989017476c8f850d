//! What other tools write.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Output, World};

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder is ours");
    std::fs::write(path, text).expect("the folder is ours");
}

/// Imports `path` twice; comes back with the first answer and the items by title.
fn twice(world: &World, format: &str, path: &Path) -> (Output, impl Fn(&str) -> Value + use<>) {
    let import = || world.nexus(&["work", "import", "--format", format, &path.to_string_lossy()]).done();
    let first = import();
    let again = import();
    assert_eq!((again.number("imported"), again.number("known")), (0, first.number("imported")), "{again:?}");
    let items = world.nexus(&["work", "list"]).done().json;
    let by_title = move |title: &str| {
        let found = items.as_array().expect("a list").iter().find(|item| item["title"] == title);
        found.unwrap_or_else(|| panic!("no {title:?} in {items}")).clone()
    };
    (first, by_title)
}

fn odd(output: &Output) -> String {
    output.json["not_understood"].to_string()
}

#[test]
fn beads_come_with_priority_dependencies_and_what_is_closed() {
    let world = World::new();
    let path = world.beside("issues.jsonl");
    let lines = [
        json!({"id": "bd-2", "title": "Second", "description": "d", "design": "as drawn", "status": "open", "priority": 0,
            "issue_type": "bug", "labels": ["parser"], "assignee": "max", "dependencies": [
                {"issue_id": "bd-2", "depends_on_id": "bd-1", "type": "blocks"},
                {"issue_id": "bd-2", "depends_on_id": "bd-3", "type": "related"}]}),
        json!({"id": "bd-1", "title": "First", "status": "in_progress", "priority": 4, "issue_type": "task"}),
        json!({"id": "bd-3", "title": "Third", "status": "closed", "priority": 2, "close_reason": "fixed"}),
        json!({"id": "bd-4", "title": "Fourth", "status": "open", "dependencies": [
                {"issue_id": "bd-4", "depends_on_id": "bd-3", "type": "blocks"}]}),
        json!({"title": "Without an id"}),
    ];
    write(&path, &lines.map(|line| line.to_string()).join("\n"));
    let (first, item) = twice(&world, "beads", &path);
    assert_eq!((first.number("imported"), first.number("skipped_count")), (4, 1), "{first:?}");
    assert_eq!(first.json["skipped"], json!([{ "line": 5, "reason": "it has no id" }]));
    let second = item("Second");
    assert_eq!(
        (&second["priority"], &second["type"], &second["state"]),
        (&"critical".into(), &"bug".into(), &"pending".into())
    );
    assert_eq!(second["depends_on"], json!([item("First")["id"]]));
    assert_eq!(second["description"], "d\n\nDesign:\nas drawn");
    assert_eq!((&item("First")["state"], &item("First")["priority"]), (&"ready".into(), &"low".into()));
    assert_eq!((&item("Third")["state"], &item("Third")["result"]["reason"]), (&"done".into(), &"fixed".into()));
    assert_eq!(item("Fourth")["state"], "ready", "what is closed holds nobody up");
    for noted in ["related", "in_progress", "assignee"] {
        assert!(odd(&first).contains(noted), "{noted} in {}", odd(&first));
    }
}

#[test]
fn tasks_of_task_master_come_with_their_parts() {
    let world = World::new();
    let path = world.beside("tasks.json");
    let tasks = json!({"master": {"tasks": [
        {"id": 1, "title": "Base", "status": "done", "dependencies": []},
        {"id": 2, "title": "House", "status": "pending", "priority": "high", "dependencies": [1], "details": "of stone",
            "testStrategy": "it stands", "subtasks": [
                {"id": 1, "title": "Walls", "status": "pending", "dependencies": []},
                {"id": 2, "title": "Roof", "status": "pending", "dependencies": [1]}]},
    ], "metadata": {}}});
    write(&path, &tasks.to_string());
    let (first, item) = twice(&world, "taskmaster", &path);
    assert_eq!((first.number("imported"), first.number("skipped_count")), (4, 0), "{first:?}");
    assert_eq!(item("Base")["state"], "done");
    assert_eq!((&item("Walls")["state"], &item("Roof")["state"]), (&"ready".into(), &"pending".into()));
    let house = item("House");
    assert_eq!((&house["open_dependencies"], &house["acceptance"]), (&2.into(), &"it stands".into()));
}

#[test]
fn a_folder_of_backlog_md_comes_file_by_file() {
    let world = World::new();
    let folder = world.beside("project");
    let task = |name: &str, text: &str| write(&folder.join("backlog/tasks").join(name), text);
    task(
        "task-1 - One.md",
        "---\nid: task-1\ntitle: One\nstatus: Done\nassignee: []\n---\n\n## Description\n\nfirst\n",
    );
    task(
        "task-2 - Two.md",
        "---\nid: task-2\ntitle: 'Two: the second'\nstatus: To Do\nlabels: [ui, 'big one']\ndependencies:\n  - task-1\n  - task-3\npriority: high\nmilestone: m1\n---\n\n\
         ## Description\n\nsecond\n\n## Acceptance Criteria\n<!-- AC:BEGIN -->\n- [ ] #1 it works\n<!-- AC:END -->\n",
    );
    task("task-3 - Three.md", "---\nid: task-3\ntitle: Three\nstatus: In Progress\n---\n");
    task("task-4 - Four.md", "no front matter");
    let (first, item) = twice(&world, "backlog-md", &folder);
    assert_eq!((first.number("imported"), first.number("skipped_count")), (3, 1), "{first:?}");
    assert!(first.json["skipped"][0]["reason"].as_str().is_some_and(|why| why.starts_with("task-4 - Four.md: ")));
    let two = item("Two: the second");
    assert_eq!((&two["priority"], &two["acceptance"]), (&"high".into(), &"- [ ] #1 it works".into()));
    assert_eq!((&two["labels"], &two["open_dependencies"]), (&json!(["big one", "ui"]), &1.into()));
    assert_eq!(item("One")["state"], "done");
    assert!(odd(&first).contains("milestone"), "{}", odd(&first));
}

const PROGRAM: &str = "program_backlog:
  solution_train: AI
  current_pi:
    id: PI_2026_Q4
    objectives:
      - {id: O1, title: Faster, business_value: 8}
  epics:
    - id: EPIC-1
      title: \"Comments: keep them\"
      priority: high
      story_points: 13
      status: in_progress
      features:
        - {id: FEAT-1, title: Read them, story_points: 5, team: platform}
        - {id: FEAT-2, title: Write them, story_points: 8, status: completed}
        - just a word
current_sprint:
  id: sprint_2026_47
  team_commitments:
    platform:
      committed_points: 3
      stories:
        - {id: ST-1, title: Say so in the docs, points: 3, status: todo}
        - {id: ST-1, title: Twice, points: 3, status: todo}
velocity_tracking: {average_velocity: 40}
";

#[test]
fn a_program_backlog_comes_with_epics_features_and_stories_and_goes_out_again() {
    let world = World::new();
    let folder = world.beside("old");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    write(&folder.join("backlog.yaml"), PROGRAM);
    let (came, item) = twice(&world, "coordination", &folder.join("backlog.yaml"));
    assert_eq!((came.number("imported"), came.number("skipped_count")), (4, 2), "{came:?}");
    let said = odd(&came);
    assert!(said.contains("objectives") && said.contains("velocity_tracking"), "{said}");
    let (epic, story) = (item("Comments: keep them"), item("Say so in the docs"));
    assert_eq!((&epic["type"], &epic["priority"], &epic["points"]), (&"epic".into(), &"high".into(), &13.into()));
    assert_eq!(epic["depends_on"].as_array().map(Vec::len), Some(2), "an epic is done when its features are");
    assert_eq!((&story["type"], &story["team"], &story["points"]), (&"story".into(), &"platform".into(), &3.into()));
    assert_eq!(item("Write them")["state"], "done");
    let out = world.beside("new");
    world.nexus(&["work", "export", "--format", "coordination", "--output", &out.to_string_lossy()]).done();
    let other = World::new();
    let again = ["work", "import", "--format", "coordination"];
    let path = out.join("backlog.yaml").to_string_lossy().into_owned();
    let came = other.nexus(&again).with(&[&path]).done();
    assert_eq!((came.number("imported"), came.number("skipped_count")), (4, 0), "{came:?}");
    let whole = World::new().nexus(&again).with(&[&out.to_string_lossy()]).done();
    assert_eq!((whole.number("imported"), whole.number("skipped_count")), (4, 0), "nothing comes in twice: {whole:?}");
}

#[test]
fn what_is_no_document_of_the_format_is_refused_and_nothing_comes_in() {
    let world = World::new();
    let path = world.beside("broken.json");
    for (format, text) in [
        ("taskmaster", "{\"tasks\":"),
        ("taskmaster", "[]"),
        ("taskmaster", "{\"master\":{}}"),
        ("coordination", "{}"),
        ("coordination", ""),
    ] {
        write(&path, text);
        let refused = world.nexus(&["work", "import", "--format", format, &path.to_string_lossy()]).run();
        assert_eq!((refused.code, refused.problem()), (Some(2), "malformed"), "{format} {text:?}: {refused:?}");
    }
    for format in ["nexus", "beads", "coordination", "taskmaster", "backlog-md"] {
        let gone = world.nexus(&["work", "import", "--format", format, "/no/such/place"]).run();
        assert_eq!((gone.code, gone.problem()), (Some(1), "unreadable"), "{format}: {gone:?}");
    }
    assert_eq!(world.nexus(&["work", "list"]).done().json, json!([]));
}
