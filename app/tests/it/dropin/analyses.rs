//! The words that analyse.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use super::helper::Helper;
use crate::support::{World, text};

fn saved(helper: &Helper<'_>, name: &str) -> Value {
    serde_json::from_str(&text(&helper.folder.join(name))).expect("it is JSON")
}

fn has(answer: &Value, fields: &[&str]) {
    let missing: Vec<_> = fields.iter().filter(|field| answer.pointer(field).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?} are not in {answer:#}");
    assert_eq!((&answer["engine"], &answer["llm"]["available"]), (&json!("rules"), &json!(false)));
}

#[test]
fn each_analysis_leaves_its_file_with_all_its_fields() {
    let world = World::new();
    let helper = Helper::new(&world);
    helper.claim("Fix the parser");
    let all: [(&[&str], &str, &[&str]); 10] = [
        (
            &["claude-analyze-priorities", "claude-priorities"],
            "claude_priority_analysis.json",
            &[
                "/recommendations/0/work_type",
                "/recommendations/0/priority_score",
                "/recommendations/0/reasoning",
                "/recommendations/0/recommended_action",
                "/recommendations/0/observability_focus",
                "/optimization_opportunities",
                "/performance_insights/coordination_efficiency",
                "/performance_insights/trace_correlation_points",
                "/performance_insights/metric_collection_gaps",
                "/confidence",
                "/analysis_metadata/analysis_version",
                "/analysis_metadata/duration_ms",
                "/analysis_metadata/data_quality_score",
                "/claude_available",
                "/fallback_reason",
                "/analysis_timestamp",
                "/system_health",
                "/priorities/critical",
                "/team_formation/suggested_teams",
                "/bottlenecks",
                "/confidence_score",
            ],
        ),
        (
            &["claude-optimize-assignments", "claude-optimize"],
            "claude_optimization_results.json",
            &[
                "/optimization_type",
                "/current_efficiency",
                "/optimized_efficiency",
                "/assignment_changes",
                "/efficiency_gain",
                "/claude_available",
                "/assignments/0/agent_id",
                "/assignments/0/work_items",
                "/assignments/0/estimated_completion",
                "/optimization_metrics/load_balance_score",
                "/optimization_metrics/skill_match_score",
                "/optimization_metrics/estimated_efficiency_gain",
            ],
        ),
        (
            &["claude-health-analysis", "claude-health", "claude-analyze-health"],
            "claude_health_analysis.json",
            &[
                "/health_score",
                "/component_health/agent_performance",
                "/component_health/work_distribution",
                "/component_health/coordination",
                "/component_health/resource_utilization",
                "/alerts",
                "/recommendations/0/priority",
                "/recommendations/0/action",
                "/recommendations/0/description",
            ],
        ),
        (
            &["claude-team-analysis", "claude-team", "claude-suggest-teams", "claude-teams"],
            "claude_team_analysis.json",
            &["/teams/0/team_name", "/teams/0/utilization", "/suggested_teams"],
        ),
        (
            &["claude-recommend-work", "claude-recommend"],
            "claude_work_recommendation_zoe.json",
            &["/recommendation/action", "/recommendation/reasoning", "/candidates"],
        ),
        (&["claude-optimize"], "claude_optimization_results.json", &["/workload_factor"]),
        (
            &["claude-analyze-performance"],
            "claude_performance_analysis.json",
            &["/health_score", "/component_health", "/flow/lead", "/flow/throughput", "/bottlenecks"],
        ),
        (&["claude-analyze-work-distribution"], "claude_work_distribution.json", &["/assignments"]),
        (&["claude-analyze-scaling"], "claude_scaling_analysis.json", &["/scaling_actions"]),
        (&["claude-rebalance-recommendations"], "claude_rebalance_recommendations.json", &["/actions"]),
    ];
    for (words, name, fields) in all {
        for word in words {
            let said = helper.says(&[word, "--json"]);
            assert_eq!(said.code, 0, "{said:?}");
            has(&said.json(), fields);
            assert_eq!(saved(&helper, name), said.json(), "{word}");
            fs::remove_file(helper.folder.join(name)).expect("it was made");
        }
    }
    assert!(helper.says(&["claude-priorities"]).done().contains("no model was asked"));
}

#[test]
fn the_dashboard_says_what_the_files_say_and_where_there_is_none() {
    let world = World::new();
    let helper = Helper::new(&world);
    helper.claim("Fix the parser");
    assert!(helper.says(&["claude-dashboard"]).done().contains("claude_health_analysis.json: no data"));
    helper.says(&["claude-health"]).done();
    fs::write(helper.folder.join("claude_team_analysis.json"), "{").expect("the folder is ours");
    let told = helper.says(&["intelligence"]).done();
    assert!(told.contains("of 100") && told.contains("⚠️ claude_team_analysis.json cannot be read"), "{told}");
}

#[test]
fn nothing_is_done_unless_it_is_asked_for() {
    let world = World::new();
    let helper = Helper::new(&world);
    helper.says(&["status"]).done();
    helper.nexus(&["work", "add", "Fix the parser", "--attempts", "1"]).done();
    let taken = helper.nexus(&["work", "next", "--agent", "max"]).done().json;
    let (id, fence) = (taken["id"].as_str().expect("an id"), taken["fence"].to_string());
    helper.nexus(&["work", "fail", id, "--agent", "max", "--fence", &fence, "--reason", "it does not work"]).done();
    let count = || helper.nexus(&["work", "list"]).done().json.as_array().map(Vec::len);
    helper.says(&["claude-priorities"]).done();
    helper.says(&["claude-priorities", "--apply", "--dry-run"]).done();
    assert_eq!(count(), Some(1));
    let said = helper.says(&["claude-priorities", "--apply"]).done();
    assert!(said.contains("done:") && count() == Some(2), "{said}");
}

#[test]
fn a_stream_is_over_when_its_seconds_are() {
    let world = World::new();
    let helper = Helper::new(&world);
    helper.claim("Fix the parser");
    let told = helper.says(&["claude-stream", "bug", "0"]).done();
    assert!(told.starts_with("⚡ [20") && told.contains("Status: ") && told.contains("💡 Next: "), "{told}");
    let item = helper.says(&["stream", "bug", "0", "--json"]).json();
    has(&item, &["/timestamp", "/urgent_actions", "/next_recommendation"]);
    assert_eq!((&item["focus_area"], &item["system_status"]), (&json!("bug"), &json!("optimal")));
    assert_eq!(helper.says(&["stream", "bug", "soon"]).code, 2);
}

fn piped(helper: &Helper<'_>, args: &[&str], input: &str) -> (i32, Value) {
    let mut child =
        helper.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it can be started");
    // A usage error needs no input, and then nobody may be there to read it.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    (output.status.code().expect("it ended by itself"), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[test]
fn what_is_piped_is_read_by_its_words() {
    let world = World::new();
    let helper = Helper::new(&world);
    let input = "ERROR: no such file\nall is well\nagent b is blocked\n";
    for (kind, field) in [
        ("priorities", "/actions/0"),
        ("bottlenecks", "/bottlenecks/0/severity"),
        ("recommendations", "/immediate/0"),
        ("general", "/issues/0"),
    ] {
        let (code, json) = piped(&helper, &["claude-pipe", kind, "--json"], input);
        assert_eq!(code, 0);
        has(&json, &[field]);
        assert_eq!(json["counts"], json!({ "errors": 1, "waiting": 1 }));
    }
    assert_eq!(piped(&helper, &["pipe", "poems"], input).0, 2);
    assert_eq!(piped(&helper, &["pipe"], "").0, 2);
    assert!(!helper.folder.exists(), "none of this needs a store");
}

#[test]
fn an_answer_to_a_file_goes_into_a_file_and_a_file_that_is_not_there_leaves_a_fallback_and_ends_with_one() {
    let world = World::new();
    let helper = Helper::new(&world);
    let (input, output) = (world.beside("log"), world.beside("answer.json"));
    fs::write(&input, "it failed\n").expect("the folder is ours");
    let path = |it: &std::path::Path| it.to_string_lossy().into_owned();
    helper.says(&["claude-enhanced", "priorities", &path(&input), &path(&output)]).done();
    let read = || serde_json::from_str::<Value>(&text(&output)).expect("it is JSON");
    has(&read(), &["/actions/0"]);
    let lost = helper.says(&["enhanced", "general", &path(&world.beside("none")), &path(&output), "1"]);
    assert_eq!(lost.code, 1, "{lost:?}");
    assert_eq!(read()["status"], "fallback");
    assert!(read()["timestamp"].is_string() && read()["message"].is_string());
}

#[test]
fn mistakes_end_with_two_and_an_unknown_team_with_one() {
    let world = World::new();
    let helper = Helper::new(&world);
    helper.claim("Fix the parser");
    for bad in [
        &["claude-health", "--speed"][..],
        &["claude-priorities", "a"],
        &["claude-optimize", "--workload-factor", "0"],
        &["claude-optimize", "--workload-factor"],
        &["claude-enhanced", "general"],
    ] {
        assert_eq!(helper.says(bad).code, 2, "{bad:?}");
    }
    assert_eq!(helper.says(&["claude-team", "no such team"]).code, 1);
    helper.says(&["claude-team", "autonomous_team"]).done();
}

#[test]
fn who_should_have_what_is_said_in_the_words_of_each_script() {
    let world = World::new();
    let helper = Helper::new(&world);
    helper.says(&["status"]).done();
    let id = helper.nexus(&["work", "add", "Fix the parser", "--type", "bug", "--team", "t"]).done().text("id");
    helper.nexus(&["work", "add", "Write the docs", "--type", "docs", "--team", "t", "--capability", "prose"]).done();
    let scaling = helper.says(&["claude-analyze-scaling", "--metrics", "{}", "--cost-optimization", "--json"]).json();
    let kinds = |json: &Value| {
        let all = json["scaling_actions"].as_array().expect("a list").clone();
        all.iter().map(|it| it["type"].as_str().expect("a word").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&scaling), ["scale_up", "scale_up"], "there is nobody: {scaling:#}");
    let first = &scaling["scaling_actions"][0];
    assert_eq!((&first["additional_agents"], &first["agents_to_remove"]), (&json!(1), &json!([])));
    assert_eq!(scaling["inputs_not_read"], json!(["--metrics", "--cost-optimization"]));
    helper.says(&["register", "max", "t"]).done();
    let goals = ["claude-analyze-work-distribution", "--work-items", "[]", "--optimization-goals", "speed", "--json"];
    let row = helper.says(&goals).json()["assignments"][0].clone();
    assert_eq!((&row["work_item_id"], &row["assigned_agent"]), (&json!(id), &json!("max")), "{row}");
    assert!(row["reasoning"].is_string() && row.get("confidence_score").is_some(), "{row}");
    let moved = helper.says(&["claude-rebalance-recommendations", "--workload-data", "x", "--json"]).json();
    let action = &moved["actions"][0];
    assert_eq!(
        (&action["type"], &action["to_agent"], &action["work_item"]),
        (&json!("reassign_work"), &json!("max"), &json!(id))
    );
    assert_eq!((&action["worktree"], &action["new_capacity"]), (&Value::Null, &Value::Null));
    assert_eq!(helper.says(&["claude-analyze-scaling", "--cheaply"]).code, 2);
}

#[test]
fn a_stream_of_recommendations_says_what_to_do_about_teams_and_ends() {
    let world = World::new();
    let helper = Helper::new(&world);
    helper.says(&["status"]).done();
    helper.nexus(&["work", "add", "Fix the parser", "--type", "bug", "--team", "t"]).done();
    let args = ["claude-intelligence-stream", "--interval", "30s", "--focus", "a, b", "--output-format", "json"];
    let item = helper.says(&[&args[..], &["--seconds", "0"]].concat()).json();
    has(&item, &["/timestamp", "/focus_areas/1"]);
    let wanted = json!({ "action": "scale_team", "priority": "high", "team": "t", "focus": "bug" });
    assert_eq!(item["recommendations"], json!([wanted]));
    assert!(helper.says(&["claude-intelligence-stream", "--seconds", "0"]).done().contains("💡 high: scale_team (t)"));
    for bad in [["--interval", "0s"], ["--seconds", "soon"], ["--output-format", "poem"]] {
        assert_eq!(helper.says(&[&["claude-intelligence-stream"], &bad[..]].concat()).code, 2, "{bad:?}");
    }
}

#[test]
fn a_model_that_the_surroundings_name_is_asked_beside_the_rules() {
    let world = World::new();
    let helper = Helper::new(&world);
    helper.claim("Fix the parser");
    let (program, started) = (world.beside("model"), world.beside("started"));
    let script = |answer: &str| {
        let text = format!("#!/bin/sh\necho >> '{}'\ncat <<'END'\n{answer}\nEND\n", started.display());
        fs::write(&program, text).expect("the folder is ours");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, mode).expect("it is ours");
    };
    let asked = |args: &[&str]| {
        let mut command = helper.command(args);
        command.env("NEXUS_ADVICE_ASK", "command").env("NEXUS_ADVICE_PROGRAM", &program);
        command
    };
    script(r#"{"health_score":70,"system_health":"healthy","alerts":[],"recommendations":[],"confidence":0.5}"#);
    super::helper::run(&mut asked(&["claude-health"])).done();
    let left = saved(&helper, "claude_health_analysis.json");
    assert_eq!((&left["engine"], &left["llm"]["answer"]["health_score"]), (&json!("rules"), &json!(70)), "{left:#}");
    assert_eq!((&left["claude_available"], &left["llm"]["runtime"]), (&json!(false), &json!("command")));
    let (input, output) = (world.beside("log"), world.beside("answer.json"));
    fs::write(&input, "it failed\n").expect("the folder is ours");
    let (from, to) = (input.to_string_lossy().into_owned(), output.to_string_lossy().into_owned());
    script(r#"{"actions":["look at line 1"],"confidence":1}"#);
    super::helper::run(&mut asked(&["claude-enhanced", "priorities", &from, &to])).done();
    let read = || serde_json::from_str::<Value>(&text(&output)).expect("it is JSON");
    assert_eq!(read()["llm"]["answer"]["actions"], json!(["look at line 1"]), "{:#}", read());
    assert!(read()["actions"][0].is_string(), "the rules answer too");
    fs::remove_file(&started).expect("it was started");
    script(r#"{"actions":["1","2","3","4"],"confidence":1}"#);
    fs::write(&input, "it failed again\n").expect("the folder is ours");
    super::helper::run(&mut asked(&["claude-enhanced", "priorities", &from, &to, "2"])).done();
    assert_eq!((&read()["llm"]["available"], text(&started).lines().count()), (&json!(false), 2), "it was tried twice");
    assert!(read()["fallback_reason"].as_str().expect("why").contains("up to 3"), "{:#}", read());
    let bad = super::helper::run(asked(&["claude-health"]).env("NEXUS_ADVICE_ASK", "nobody"));
    assert_eq!(bad.code, 2, "{bad:?}");
}
