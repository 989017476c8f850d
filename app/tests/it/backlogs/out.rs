//! What goes out comes in again.

use serde_json::{Value, json};

use crate::support::{World, text};

fn fields(world: &World) -> Vec<Value> {
    let items = world.nexus(&["work", "list"]).done().json;
    let asked = |item: &Value| {
        let names =
            ["title", "type", "priority", "team", "role", "labels", "capabilities", "points", "payload", "state"];
        names.map(|name| item[name].clone()).into_iter().collect::<Value>()
    };
    items.as_array().expect("a list").iter().map(asked).collect()
}

#[test]
fn open_items_come_in_again_as_they_went_out() {
    let world = World::new();
    let done = world.add("done already");
    world.claim(&done, "zoe").done();
    world.nexus(&["work", "report", &done, "--agent", "zoe", "--fence", "1"]).done();
    let first = world.add("first");
    world
        .nexus(&[
            "work",
            "add",
            "second",
            "--depends-on",
            &first,
            "--depends-on",
            &done,
            "--type",
            "bug",
            "--points",
            "0",
        ])
        .with(&[
            "--priority",
            "high",
            "--label",
            "a",
            "--capability",
            "rust",
            "--payload",
            "{\"n\":[1]}",
            "--team",
            "x",
        ])
        .done();
    let file = world.beside("out.jsonl");
    let path = file.to_string_lossy().into_owned();
    let out = world.nexus(&["work", "export", "--output", &path]).done();
    assert_eq!(out.number("exported"), 2, "{out:?}");
    let refused = world.nexus(&["work", "export", "--output", &path]).run();
    assert_eq!((refused.code, refused.problem()), (Some(3), "exists"));

    let other = World::new();
    let came = other.nexus(&["work", "import", "--format", "nexus", &path]).done();
    assert_eq!((came.number("imported"), came.number("skipped_count")), (2, 0), "{came:?}");
    assert_eq!(fields(&other), fields(&world)[1..].to_vec());
}

#[test]
fn the_older_tools_files_have_its_field_names_and_come_in_again() {
    let world = World::new();
    world.nexus(&["agent", "register", "max", "--team", "platform", "--capability", "rust", "--capacity", "4"]).done();
    let done = world.nexus(&["work", "add", "Done", "--type", "bug", "--points", "3"]).done().text("id");
    world.claim(&done, "max").done();
    world
        .nexus(&["work", "report", &done, "--agent", "max", "--fence", "1"])
        .with(&["--result", "{\"result\":\"success\",\"velocity_points\":8,\"team\":\"platform\"}"])
        .done();
    let held = world.add("Held");
    world.claim(&held, "max").done();
    world.nexus(&["work", "add", "Waits", "--depends-on", &held]).done();
    let folder = world.beside("coordination");
    let path = folder.to_string_lossy().into_owned();
    world.nexus(&["work", "export", "--format", "coordination", "--output", &path]).done();

    let read = |name: &str| serde_json::from_str::<Value>(&text(&folder.join(name))).expect("it is JSON");
    let claims = read("work_claims.json");
    let status: Vec<&Value> = claims.as_array().expect("an array").iter().map(|row| &row["status"]).collect();
    assert_eq!(status, ["completed", "active", "pending"]);
    assert_eq!((&claims[0]["result"], &claims[1]["agent_id"]), (&"success".into(), &"max".into()));
    for name in ["work_item_id", "reactor_id", "claimed_at", "estimated_duration", "work_type", "priority", "telemetry"]
    {
        assert!(claims[1].get(name).is_some_and(|it| !it.is_null()), "{name} in {}", claims[1]);
    }
    let at = claims[1]["claimed_at"].as_str().expect("a moment");
    assert!(at.len() == 20 && at.ends_with('Z'), "{at}");
    let agents = read("agent_status.json");
    assert_eq!((&agents[0]["agent_id"], &agents[0]["specialization"]), (&"max".into(), &"rust".into()));
    assert_eq!(agents[0]["performance_metrics"]["tasks_completed"], 1);
    assert_eq!(read("coordination_log.json")[0]["velocity_points"], 8);
    assert!(text(&folder.join("velocity_log.txt")).ends_with("Z: Team platform +8 velocity points\n"));

    let other = World::new();
    let came = other.nexus(&["work", "import", "--format", "coordination", &path]).done();
    assert_eq!((came.number("imported"), came.number("skipped_count")), (3, 0), "{came:?}");
    assert!(came.json["not_understood"].to_string().contains("active"), "nobody has it here: {came:?}");
    let states: Vec<Value> = fields(&other).iter().map(|item| item[9].clone()).collect();
    assert_eq!(states, ["done", "ready", "pending"]);
    assert_eq!(other.nexus(&["agent", "show", "max"]).done().number("capacity"), 4);
    let again = other.nexus(&["work", "import", "--format", "coordination", &path]).done();
    assert_eq!((again.number("imported"), again.number("known")), (0, 3));
    assert_eq!(json!(again.json["skipped"]), json!([]));
}
