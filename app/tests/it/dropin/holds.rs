//! Claims, progress and completion, with their lines and exit codes.

use super::helper::{Helper, run};
use crate::support::{Engine, World, on_each_engine};

on_each_engine!(
    an_item_goes_from_claim_to_completion_with_the_lines_that_scripts_look_for,
    a_failed_result_gives_the_item_back_and_earns_nothing,
    an_item_that_was_granted_anew_ends_the_old_hold_with_five,
);

fn an_item_goes_from_claim_to_completion_with_the_lines_that_scripts_look_for(engine: Engine) {
    let world = World::on(engine);
    let helper = Helper::new(&world);
    let said = helper.says(&["claim", "bug", "Fix the parser", "high", "platform"]).done();
    let lines: Vec<&str> = said.lines().collect();
    let id = lines[1].rsplit(' ').next().expect("an id").to_owned();
    assert!(lines[0].starts_with("🔍 Trace ID: ") && lines[0].len() == "🔍 Trace ID: ".len() + 32, "{said}");
    assert_eq!(lines[1], format!("🤖 Agent zoe claiming work: {id}"));
    assert_eq!(lines[2], format!("✅ SUCCESS: Claimed work item {id} for team platform"));
    assert_eq!(lines[3], "🔧 REGISTERED: Agent zoe in team platform with 100% capacity");

    let item = helper.nexus(&["work", "show", &id]).done();
    assert_eq!(
        (item.text("state"), item.text("holder"), item.text("type")),
        ("leased".into(), "zoe".into(), "bug".into())
    );
    assert_eq!((item.text("priority"), item.text("team")), ("high".into(), "platform".into()));
    assert_eq!(item.number("lease_until_ms") - item.number("changed_at_ms"), 30 * 60 * 1_000);

    let said = helper.says(&["progress", &id, "40"]).done();
    assert_eq!(said, format!("📈 PROGRESS: Updated {id} to 40% (in_progress)"));
    let later = helper.nexus(&["work", "show", &id]).done();
    assert!(later.number("lease_until_ms") > item.number("lease_until_ms"), "progress renews");
    assert_eq!(later.number("progress_percent"), 40);

    let said = run(helper.command(&["complete", "", "", "8"]).env("CURRENT_WORK_ITEM", &id)).done();
    let expected = format!(
        "✅ COMPLETED: Released claim for {id} (success) - 8 velocity points\n\
         📊 VELOCITY: Added 8 points to team platform velocity"
    );
    assert_eq!(said, expected);
    assert_eq!(helper.nexus(&["work", "show", &id]).done().text("state"), "done");
    let again = helper.says(&["complete", &id]);
    assert_eq!(again.code, 3, "nothing is completed twice: {again:?}");
    assert!(again.err.starts_with("⚠️ CONFLICT: "), "{again:?}");
    let kept = std::fs::read_dir(helper.folder.join("dropin")).expect("the folder is there").count();
    assert_eq!(kept, 0, "what is over keeps no fence");

    let dashboard = helper.says(&["dashboard"]).done();
    for line in ["Active Agents: 1", "Active Work Items: 0", "8 velocity points", "PI: no data", "Goal: no data"] {
        assert!(dashboard.contains(line), "{line:?} in {dashboard}");
    }
}

fn a_failed_result_gives_the_item_back_and_earns_nothing(engine: Engine) {
    let world = World::on(engine);
    let helper = Helper::new(&world);
    let id = helper.claim("Fix the parser");
    let said = helper.says(&["complete", &id, "failed", "8"]).done();
    assert!(said.contains("(failed) - 0 velocity points"), "{said}");
    let item = helper.nexus(&["work", "show", &id]).done();
    assert_eq!((item.text("state"), item.number("attempts_used")), ("ready".into(), 1));
    assert_eq!(helper.says(&["complete", &id]).code, 3, "nobody holds it any more");
}

fn an_item_that_was_granted_anew_ends_the_old_hold_with_five(engine: Engine) {
    let world = World::on(engine);
    let helper = Helper::new(&world);
    let id = helper.claim("Fix the parser");
    helper.nexus(&["work", "release", &id, "--agent", "zoe", "--fence", "1"]).done();
    helper.nexus(&["work", "claim", &id, "--agent", "max"]).done();
    for words in [&["progress", &id, "50"][..], &["complete", &id]] {
        let lost = helper.says(words);
        assert_eq!(lost.code, 5, "{lost:?}");
        assert!(lost.err.starts_with("❌ ERROR: ") && lost.err.contains("max"), "{lost:?}");
    }
    assert_eq!(helper.nexus(&["work", "show", &id]).done().text("holder"), "max");
    // Even the same agent, which holds it again by other means.
    helper.nexus(&["work", "release", &id, "--agent", "max", "--fence", "2"]).done();
    helper.nexus(&["work", "claim", &id, "--agent", "zoe"]).done();
    assert_eq!(helper.says(&["progress", &id, "50"]).code, 5);
}

#[test]
fn another_agent_completes_nothing() {
    let world = World::new();
    let helper = Helper::new(&world);
    let id = helper.claim("Fix the parser");
    let other = run(helper.command(&["complete", &id]).env("AGENT_ID", "max"));
    assert_eq!(other.code, 5, "{other:?}");
    let nobody = run(helper.command(&["complete", &id]).env_remove("AGENT_ID")).done();
    assert!(nobody.contains("✅ COMPLETED"), "whoever says nothing is whoever claimed: {nobody}");
}

#[test]
fn what_was_not_claimed_here_is_not_spoken_for() {
    let world = World::new();
    let helper = Helper::new(&world);
    helper.says(&["dashboard"]).done();
    let id = helper.nexus(&["work", "add", "By other means"]).done().text("id");
    assert_eq!(helper.says(&["progress", &id, "5"]).code, 3);
    helper.nexus(&["work", "claim", &id, "--agent", "zoe"]).done();
    let held = helper.says(&["complete", &id, "--json"]);
    assert_eq!((held.code, held.json()["error"]["holder"].as_str()), (3, Some("zoe")));
    assert_eq!(helper.says(&["complete", "work_1"]).code, 1, "there is none such");
}

#[test]
fn bad_numbers_and_missing_words_are_refused_before_anything_is_done() {
    let world = World::new();
    let helper = Helper::new(&world);
    let id = helper.claim("Fix the parser");
    for (words, says) in [
        (&["progress"][..], "No work item ID specified"),
        (&["complete"], "No work item ID specified"),
        (&["claim"], "No work type specified"),
        (&["register"], "No agent ID specified"),
        (&["progress", &id], "No percent specified"),
        (&["progress", &id, "101"], "from 0 to 100"),
        (&["progress", &id, "-1"], "from 0 to 100"),
        (&["progress", &id, "much"], "from 0 to 100"),
        (&["progress", "bug", "5"], "is no work id"),
        (&["complete", &id, "success", "many"], "points"),
        (&["claim", "bug", "x", "soon"], "P0 to P3"),
        (&["claim", "bug", "x", "low", "team", "trace"], "32 hexadecimal digits"),
        (&["claim", "bug", "x", "low", "team", "", "more"], "one argument too many"),
        (&["register", "max", "team", "0"], "from 1 to 100"),
    ] {
        let refused = helper.says(words);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{words:?}: {refused:?}");
        assert!(refused.err.starts_with("❌ ERROR: ") && refused.err.contains(says), "{words:?}: {refused:?}");
    }
    let item = helper.nexus(&["work", "show", &id]).done();
    assert!(item.json["progress_percent"].is_null());
    assert_eq!(helper.nexus(&["work", "list"]).done().json.as_array().map(Vec::len), Some(1));
}

#[test]
fn the_dashboard_shows_the_program_increment_and_sprint_of_the_settings() {
    let world = World::new();
    let helper = Helper::new(&world);
    let asked = |more: &[&str]| {
        let args = [&["dashboard"], more].concat();
        run(helper.command(&args).env("NEXUS_PLANNING_START", "2024-01-01").env("NEXUS_PLANNING_SPRINT_WEEKS", "52"))
    };
    let (json, text) = (asked(&["--json"]).json(), asked(&[]).done());
    let sprint = &json["sprint"];
    let span_ms = sprint["ends_ms"].as_i64().expect("an end") - sprint["starts_ms"].as_i64().expect("a beginning");
    assert_eq!(span_ms, 52 * 7 * 24 * 60 * 60 * 1_000, "{json}");
    assert!(json["program_increment"].as_i64() >= Some(1), "{json}");
    let shown = format!("Sprint: {} (", sprint["number"]);
    assert!(text.contains(&shown) && text.contains("days left: "), "{shown:?} in {text}");
    assert!(text.contains(&format!("PI: {}, sprint {} of it", json["program_increment"], sprint["in_pi"])), "{text}");
}

#[test]
fn register_says_what_an_agent_is_and_the_dashboard_shows_it() {
    let world = World::new();
    let helper = Helper::new(&world);
    let said = helper.says(&["register", "max", "platform", "40", "rust"]).done();
    assert_eq!(said, "🔧 REGISTERED: Agent max in team platform with 40% capacity");
    let max = helper.nexus(&["agent", "show", "max"]).done();
    assert_eq!((max.text("team"), max.number("capacity")), ("platform".into(), 40));
    assert_eq!(max.json["capabilities"], serde_json::json!(["rust"]));
    let said = run(helper.command(&["claim", "bug", "x", "", "other"]).env("AGENT_ID", "max")).done();
    assert!(said.ends_with("Agent max in team platform with 40% capacity"), "a claim changes nothing: {said}");
    let dashboard = helper.says(&["dashboard"]).done();
    assert!(dashboard.contains("🤖 max (platform)"), "{dashboard}");
}
