//! Each command of the promised table: its fields with their types, and its exit codes.

use serde_json::Value;

use crate::features::world::{World, said, text, write};

/// The fields of an item.
const ITEM: &[(&str, &str)] = &[
    ("id", "text"),
    ("project", "text"),
    ("title", "text"),
    ("description", "text"),
    ("acceptance", "text"),
    ("state", "text"),
    ("type", "text"),
    ("priority", "text"),
    ("team", "text?"),
    ("role", "text?"),
    ("holder", "text?"),
    ("fence", "number"),
    ("lease_until_ms", "number?"),
    ("attempts_used", "number"),
    ("attempts_max", "number"),
    ("progress_percent", "number?"),
    ("progress_note", "text?"),
    ("proof", "text?"),
    ("change", "text?"),
    ("reason", "text?"),
    ("feedback", "text?"),
    ("points", "number?"),
    ("business_value", "number?"),
    ("labels", "list"),
    ("capabilities", "list"),
    ("depends_on", "list"),
    ("open_dependencies", "number"),
    ("not_before_ms", "number?"),
    ("ports", "number"),
    ("databases", "number"),
    ("cache", "bool"),
    ("rate_key", "text?"),
    ("unique", "text?"),
    ("writes", "list"),
    ("exclusive", "bool"),
    ("conflicts", "list"),
    ("similar", "list"),
    ("retry_delay_ms", "number?"),
    ("retry_cap_ms", "number?"),
    ("rank_ms", "number"),
    ("trace_id", "text"),
    ("added_at_ms", "number"),
    ("changed_at_ms", "number"),
];

/// Checks names and types; a `?` allows null.
fn has(object: &Value, fields: &[(&str, &str)]) {
    for (name, kind) in fields {
        let value = object.get(name).unwrap_or_else(|| panic!("no {name:?} in {object}"));
        let right = match kind.trim_end_matches('?') {
            _ if value.is_null() => kind.ends_with('?'),
            "text" => value.is_string(),
            "number" => value.is_i64(),
            "bool" => value.is_boolean(),
            "list" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("no such kind: {other}"),
        };
        assert!(right, "{name:?} is no {kind}: {object}");
    }
}

#[test]
fn init_makes_the_store_in_the_repository_or_where_nexus_dir_says() {
    let world = World::with_git();
    let repo = world.repo.to_string_lossy().into_owned();
    let made = said(world.nexus(["init", "--repo", &repo, "--json"]).current_dir("/")).json();
    has(&made, &[("data_dir", "text"), ("store", "text"), ("created", "bool"), ("repo", "text")]);
    assert_eq!(text(&made, "data_dir"), format!("{repo}/.nexus"));
    assert!(world.store().is_file());
    assert_eq!(world.ok(["init"])["created"], false);

    let elsewhere = world.beside("else where");
    let made = said(world.nexus(["init", "--json"]).env("NEXUS_DIR", &elsewhere)).json();
    assert_eq!(made["created"], true);
    assert!(elsewhere.join("nexus.db").is_file());
}

#[test]
fn an_item_is_added_and_shown_with_every_field() {
    let world = World::new();
    let first = world.add("First");
    let added = world.ok([
        "work",
        "add",
        "Second",
        "--type",
        "bug",
        "--priority",
        "high",
        "--team",
        "platform",
        "--role",
        "developer",
        "--depends-on",
        &first,
        "--label",
        "b",
        "--label",
        "a",
        "--capability",
        "rust",
        "--points",
        "5",
        "--business-value",
        "8",
        "--acceptance",
        "it works",
        "--description",
        "the whole story",
        "--payload",
        "{\"n\":[1,2]}",
        "--attempts",
        "7",
        "--delay",
        "1h",
        "--ports",
        "2",
        "--databases",
        "1",
        "--cache",
    ]);
    has(&added, ITEM);
    let wanted = [
        ("state", "pending"),
        ("type", "bug"),
        ("priority", "high"),
        ("team", "platform"),
        ("role", "developer"),
        ("acceptance", "it works"),
        ("description", "the whole story"),
    ];
    for (name, value) in wanted {
        assert_eq!(added[name], value);
    }
    assert_eq!(added["payload"], serde_json::json!({ "n": [1, 2] }));
    assert_eq!(added["labels"], serde_json::json!(["a", "b"]));
    assert_eq!(added["depends_on"], serde_json::json!([first]));
    assert_eq!([&added["points"], &added["business_value"], &added["attempts_max"]], [5, 8, 7]);
    assert_eq!(world.item(&text(&added, "id")), added);

    let first = world.item(&first);
    assert!(text(&first, "id").starts_with("work_"));
    assert_eq!(first["state"], "ready");
    has(&first, ITEM);
}

#[test]
fn a_claim_gives_a_fence_and_losing_the_race_names_the_holder() {
    let world = World::new();
    let id = world.add("One");
    let claimed = world.ok(["work", "claim", &id, "--agent", "zoe", "--ttl", "30s"]);
    has(&claimed, ITEM);
    assert_eq!([&claimed["id"], &claimed["holder"]], [id.as_str(), "zoe"]);
    assert_eq!(claimed["fence"], 1);
    assert!(claimed["lease_until_ms"].is_i64());

    let lost = world.run(["work", "claim", &id, "--agent", "max"]);
    assert_eq!(lost.refusal(3), "held");
    has(&lost.json()["error"], &[("holder", "text"), ("fence", "number"), ("lease_until_ms", "number")]);
    assert_eq!(lost.json()["error"]["holder"], "zoe");
}

#[test]
fn next_gives_the_same_as_claim_and_exit_code_4_when_there_is_nothing() {
    let world = World::new();
    world.ok(["work", "add", "One", "--role", "reviewer"]);
    let next = ["work", "next", "--agent", "zoe", "--role", "reviewer", "--ttl", "30s"];
    has(&world.ok(next), ITEM);
    assert_eq!(world.run(next).refusal(4), "nothing_available");
}

#[test]
fn every_verb_of_a_holder_answers_with_the_item_and_refuses_a_stale_fence_with_exit_code_5() {
    let world = World::new();
    let verbs: [&[&str]; 5] = [
        &["renew", "--ttl", "1m"],
        &["progress", "--percent", "40", "--note", "half way"],
        &["release", "--reason", "not mine"],
        &["fail", "--reason", "too hard"],
        &["report", "--result", "{\"tests\":12}"],
    ];
    let id = world.add("One");
    let mut fence = String::new();
    for verb in verbs {
        let holder = ["work", verb[0], &id, "--agent", "zoe", "--fence"];
        let stale = world.run(holder.iter().chain(&["99"]).chain(&verb[1..]));
        assert_eq!(stale.refusal(5), "lease_lost", "{verb:?}");
        has(&stale.json()["error"], &[("agent", "text"), ("fence", "number"), ("holder", "text?")]);
        if world.item(&id)["state"] == "ready" {
            fence = world.ok(["work", "claim", &id, "--agent", "zoe"])["fence"].to_string();
        }
        has(&world.ok(holder.iter().chain(&[fence.as_str()]).chain(&verb[1..])), ITEM);
    }
    let item = world.item(&id);
    assert_eq!([&item["state"], &item["proof"]], ["done", "reported"]);
    assert_eq!(item["result"], serde_json::json!({ "tests": 12 }));
    assert_eq!(item["progress_percent"], Value::Null, "progress belongs to a grant");
}

#[test]
fn an_agent_needs_no_registration_and_held_is_answered_before_its_limit() {
    let world = World::new();
    let (one, two) = (world.add("One"), world.add("Two"));
    world.ok(["work", "claim", &one, "--agent", "nobody has heard of me"]);
    let agents = world.ok(["agent", "list"]);
    assert_eq!(agents[0]["name"], "nobody has heard of me");
    assert_eq!(agents[0]["capacity"], Value::Null);

    world.ok(["agent", "register", "busy", "--capacity", "1"]);
    world.ok(["work", "claim", &two, "--agent", "busy"]);
    let third = world.add("Three");
    assert_eq!(world.run(["work", "claim", &one, "--agent", "busy"]).refusal(3), "held");
    assert_eq!(world.run(["work", "claim", &third, "--agent", "busy"]).refusal(3), "capacity");
    assert_eq!(world.run(["work", "next", "--agent", "busy"]).refusal(3), "capacity");
}

#[test]
fn an_import_takes_the_keys_of_work_add_and_answers_with_what_became_of_each_line() {
    let world = World::new();
    let file = world.beside("backlog.jsonl");
    let line = r#"{"key":"k","title":"T","description":"D","type":"bug","priority":"low","team":"t","role":"r",
        "capabilities":["c"],"labels":["l"],"points":3,"business_value":5,"acceptance":"A","payload":{"x":1},
        "not_before_ms":1,"attempts_max":9,"ports":1,"databases":1,"cache":true}"#;
    let after = r#"{"title":"after","depends_on":["k"]}"#;
    write(&file, format!("{}\n\n{after}\n", line.replace('\n', " ")));
    let imported = world.ok(["work", "import", &file.to_string_lossy()]);
    assert_eq!(imported["imported"], 2);
    let [first, second] = imported["items"].as_array().expect("items").as_slice() else { panic!("{imported}") };
    assert_eq!(first["key"], "k");
    has(&first["item"], ITEM);
    let item = world.item(&text(&first["item"], "id"));
    assert_eq!([&item["title"], &item["acceptance"], &item["team"]], ["T", "A", "t"]);
    assert_eq!([&item["points"], &item["attempts_max"], &item["ports"]], [3, 9, 1]);
    assert_eq!(second["item"]["depends_on"][0], first["item"]["id"]);
}

#[test]
fn a_run_answers_with_one_line_and_exit_code_0_only_when_everything_is_done() {
    let world = World::with_git();
    let file = world.beside("backlog.jsonl");
    write(&file, "{\"title\":\"a\"}\n{\"title\":\"b\"}\n");
    let run =
        |agent: &str| world.run(["run", "--backlog", &file.to_string_lossy(), "--agent", agent, "--workers", "2"]);
    let fields = [
        ("items", "number"),
        ("landed", "number"),
        ("done", "number"),
        ("states", "object"),
        ("drained", "bool"),
        ("in_the_way", "list"),
        ("problems", "list"),
        ("duration_ms", "number"),
    ];
    let failed = run("false");
    assert_eq!(failed.code, 1, "{failed:?}");
    has(&failed.json(), &fields);
    assert_eq!(failed.json()["states"]["dead"], 2);
    assert_eq!(failed.err, "", "with --json there is nothing on standard error");

    for item in world.ok(["work", "list"]).as_array().expect("a list") {
        world.ok(["work", "requeue", &text(item, "id")]);
    }
    let done = run("sh -c 'touch \"$NEXUS_WORK_ID\"'");
    assert_eq!(done.code, 0, "{done:?}");
    has(&done.json(), &fields);
    assert_eq!([&done.json()["items"], &done.json()["landed"]], [2, 2]);
}

#[test]
fn an_agent_that_cannot_be_started_costs_no_attempts() {
    let world = World::new();
    let id = world.add("One");
    let run = world.run(["run", "--agent", "no-such-program --fix", "--workers", "2"]);
    assert_eq!(run.code, 1);
    let problems = run.json()["problems"].clone();
    assert!(problems[0].as_str().is_some_and(|p| p.contains("no-such-program")), "{problems}");
    assert_eq!(problems.as_array().map(Vec::len), Some(1), "said once: {problems}");
    let item = world.item(&id);
    assert_eq!((&item["state"], &item["attempts_used"]), (&"ready".into(), &0.into()));
}

#[test]
fn status_doctor_and_check_history_answer_with_their_fields() {
    let world = World::new();
    let id = world.add("One");
    world.ok(["work", "claim", &id, "--agent", "zoe", "--ttl", "1h"]);
    let status = world.ok(["status"]);
    has(
        &status,
        &[("project", "text"), ("agents", "object"), ("work", "object"), ("held", "list"), ("version", "text")],
    );
    assert_eq!(status["work"]["leased"], 1);
    assert_eq!(status["held"][0]["holder"], "zoe");

    let doctor = world.ok(["doctor"]);
    assert_eq!(doctor["well"], true, "{doctor}");

    let clean = world.ok(["check-history"]);
    has(&clean, &[("sound", "bool"), ("double_grants", "number"), ("stale_effects", "number"), ("violations", "list")]);
    assert_eq!((&clean["sound"], &clean["events"]), (&true.into(), &2.into()));

    let calls = world.beside("calls.jsonl");
    let claim = |agent: &str, asked: u32| {
        format!(
            "{{\"op\":\"claim\",\"item\":\"{id}\",\"agent\":\"{agent}\",\"asked_ms\":{asked},\"answered_ms\":{},\"saw\":\"ok\",\"fence\":1}}\n",
            asked + 1
        )
    };
    write(&calls, claim("zoe", 1) + &claim("max", 5));
    let broken = world.run(["check-history", &calls.to_string_lossy()]);
    assert_eq!(broken.code, 1);
    assert_eq!(broken.json()["sound"], false);
}

#[test]
fn changes_and_workspaces_answer_with_their_fields() {
    let world = World::new();
    let id = world.add("One");
    let (fence, folder) = world.open(&id, "zoe");
    write(&folder.join("new.txt"), "new\n");
    let opened = world.ok(["workspace", "list"])[0].clone();
    let workspace = [
        ("id", "text"),
        ("item", "text"),
        ("fence", "number"),
        ("state", "text"),
        ("path", "text"),
        ("branch", "text"),
        ("base", "text"),
        ("target", "text"),
        ("node", "text"),
        ("supervised", "bool"),
        ("snapshot", "text?"),
        ("ports", "list"),
        ("databases", "list"),
        ("cache", "text?"),
        ("opened_at_ms", "number"),
        ("changed_at_ms", "number"),
    ];
    has(&opened, &workspace);
    let kept = world.ok(["workspace", "snapshot", &text(&opened, "id")]);
    has(&kept, &workspace);
    assert!(kept["snapshot"].is_string());

    let submitted = world.report(&id, "zoe", &fence);
    assert_eq!(submitted["state"], "submitted");
    let landed = world.ok(["change", "land"]);
    has(&landed, &[("landed", "list"), ("sent_back", "list"), ("waiting", "list")]);
    let change = world.ok(["change", "show", landed["landed"][0].as_str().expect("an id")]);
    has(
        &change,
        &[
            ("id", "text"),
            ("item", "text"),
            ("state", "text"),
            ("author", "text"),
            ("target", "text"),
            ("base", "text"),
            ("commit", "text"),
            ("tree", "text"),
            ("write_set", "list"),
            ("landed_commit", "text"),
            ("verified", "bool"),
            ("receipts", "list"),
            ("submitted_at_ms", "number"),
            ("changed_at_ms", "number"),
        ],
    );
    assert_eq!(change["write_set"], serde_json::json!(["new.txt"]));
    has(
        &world.ok(["workspace", "prune", "--dry-run"]),
        &[("removed", "list"), ("put_away", "list"), ("strays", "list")],
    );
}

#[test]
fn what_an_item_asks_for_is_leased_with_its_workspace_and_freed_with_it() {
    let world = World::new();
    let take = |title: &str| {
        let added = world.ok(["work", "add", title, "--ports", "2", "--databases", "1", "--cache"]);
        let id = text(&added, "id");
        let claimed = world.ok(["work", "claim", &id, "--agent", title, "--ttl", "1h", "--workspace"]);
        (id, claimed["workspace"].clone())
    };
    let ((one, first), (_, second)) = (take("one"), take("two"));
    let ports = |workspace: &Value| workspace["ports"].as_array().expect("ports").clone();
    assert_eq!((ports(&first).len(), ports(&second).len()), (2, 2));
    assert!(ports(&first).iter().all(|port| !ports(&second).contains(port)), "{first} {second}");
    assert_ne!(first["databases"], second["databases"]);
    assert!(std::path::Path::new(&text(&first, "cache")).is_dir());
    world.ok(["work", "release", &one, "--agent", "one", "--fence", "1"]);
    let (_, third) = take("three");
    assert_eq!(ports(&third).len(), 2);
}
