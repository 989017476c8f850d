//! What a budget and a provider that has had enough do to calls.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stage::{FORMATS, KEY, Stage};

fn once() -> Value {
    json!({ "hello": { "turns": [{ "text": "hello", "usage": { "input": 900, "output": 100 } }] } })
}

#[test]
fn a_spent_budget_ends_an_agent_at_once_in_each_format() {
    let stage = Stage::new(&once(), "hello");
    stage.world.ok(["budget", "set", "project", "--tokens", "500"]);
    let token = stage.pass("zoe");
    assert_eq!(stage.call("anthropic", true, &token).status, 200, "the last call may go over");
    stage.calls(1);
    for (format, ..) in FORMATS {
        let answer = stage.call(format, true, &token);
        // What no agent tries again.
        let wanted = if format == "responses" { 400 } else { 403 };
        assert_eq!(answer.status, wanted, "{format}: {}", answer.body);
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains("project") && message.contains("1000 of 500"), "{message}");
    }
    assert_eq!(stage.asked().len(), 1);
    let events = stage.world.run(["events"]).out;
    assert_eq!(events.matches("budget.refused").count(), 1, "{events}");
}

#[test]
fn money_that_is_limited_is_not_spent_on_what_has_no_price() {
    let stage = Stage::with(&once(), "hello", &[("NEXUS_MODEL_PRICES", "other=1/2")]);
    stage.world.ok(["budget", "set", "run:*", "--usd", "5"]);
    let answer = stage.call("anthropic", false, &stage.pass("zoe"));
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("model.prices"), "{}", answer.body);
}

#[test]
fn twenty_agents_against_an_exhausted_quota_start_nothing_more() {
    let quota = json!({ "status": 429, "headers": { "retry-after": "3600" },
        "body": { "error": { "type": "rate_limit_error", "message": "You have hit your usage limit" } } });
    let stage = Stage::new(&json!({ "quota": { "turns": [{ "text": "never", "fault": quota }] } }), "quota");
    let tokens: Vec<_> = (0..20).map(|n| stage.pass(&format!("agent-{n}"))).collect();
    let first = stage.call("anthropic", true, &tokens[0]);
    assert_eq!(first.status, 403, "said in a way that nobody waits for or tries again: {}", first.head);
    assert!(!first.head.contains("retry-after"), "{}", first.head);
    stage.calls(1);
    let mut ends = BTreeMap::new();
    std::thread::scope(|scope| {
        let ask = |token: &String| {
            let (stage, token) = (&stage, token.clone());
            scope.spawn(move || (0..3).map(|_| stage.call("anthropic", true, &token).status).collect::<Vec<_>>())
        };
        let all: Vec<_> = tokens.iter().map(ask).collect();
        for status in all.into_iter().flat_map(|it| it.join().expect("no panic")) {
            *ends.entry(status).or_insert(0) += 1;
        }
    });
    assert_eq!(ends, BTreeMap::from([(403, 60)]));
    assert_eq!(stage.asked().len(), 1, "the provider was asked once");
    let shown = stage.world.ok(["budget", "show"]);
    let key = &shown["credentials"][0];
    assert_eq!((&key["state"], &key["why"]), (&json!("open"), &json!("You have hit your usage limit")), "{shown}");
    assert!(key["name"].as_str().expect("a name").starts_with("anthropic:"));
    // Another provider's key is another matter, and an operator can ask again.
    assert_eq!(stage.call("chat", true, &tokens[0]).status, 403);
    stage.calls(2);
    stage.world.ok(["budget", "reset", key["name"].as_str().expect("a name")]);
    assert_eq!(stage.call("anthropic", true, &tokens[0]).status, 403);
    stage.calls(3);
    let events = stage.world.run(["events"]).out;
    assert_eq!((events.matches("budget.tripped").count(), events.matches("budget.reset").count()), (3, 1), "{events}");
}

#[test]
fn whoever_comes_while_the_provider_is_slowed_down_waits_for_it() {
    let slow = json!({ "status": 429, "headers": { "retry-after": "1" } });
    let stage = Stage::new(&json!({ "slow": { "turns": [{ "text": "hello", "first": [slow] }] } }), "slow");
    let token = stage.pass("zoe");
    assert_eq!(stage.call("anthropic", true, &token).status, 429);
    stage.calls(1);
    assert_eq!(stage.call("anthropic", true, &token).status, 200);
    stage.calls(2);
    assert_eq!(stage.world.ok(["budget", "show"])["credentials"][0]["state"], "closed");
}

#[test]
fn a_pass_for_an_item_ends_with_the_lease() {
    let stage = Stage::new(&once(), "hello");
    let id = stage.world.add("Fix the parser");
    let claimed = stage.world.ok(["work", "claim", &id, "--agent", "zoe", "--ttl", "1h"]);
    let fence = claimed["fence"].to_string();
    let token = stage.token(&["--agent", "zoe", "--run", "night", "--item", &id, "--fence", &fence]);
    assert_eq!(stage.call("anthropic", true, &token).status, 200);
    stage.calls(1);
    let of_item = stage.world.ok(["budget", "show", &format!("item:{id}")]);
    assert_eq!(of_item["accounts"][0]["spent"]["tokens"], 1_000, "{of_item}");
    stage.world.ok(["work", "release", &id, "--agent", "zoe", "--fence", &fence]);
    let answer = stage.call("anthropic", true, &token);
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("lease"), "{}", answer.body);
    let by = stage.world.ok(["budget", "history", "--by", "item"]);
    assert_eq!((&by[0]["of"], &by[0]["calls"]), (&json!(id), &json!(1)));
}

#[test]
fn an_item_that_fails_twice_in_the_same_way_waits_for_a_person() {
    let world = crate::features::world::World::new();
    world.write("nexus.toml", "[[check]]\nname = \"better\"\nrun = \"test ! -f same.txt\"\n");
    world.commit("a check");
    let id = world.add("Make it better");
    let run = world.run(["run", "--agent", "sh -c 'echo same > same.txt'", "--workers", "1"]);
    assert_eq!(run.code, 1, "{}", run.out);
    let item = world.item(&id);
    assert_eq!(item["state"], "blocked", "{item}");
    let reason = item["reason"].to_string();
    assert!(reason.contains("no progress") && reason.contains("better"), "{item}");
    let made = world.ok(["change", "list"]);
    assert_eq!(made.as_array().expect("a list").len(), 2, "there was no third attempt: {made}");
    // A person lets it go on.
    assert_eq!(world.ok(["work", "unblock", &id])["state"], "ready");
}

#[test]
fn an_agent_of_a_run_calls_through_the_gateway_of_the_run() {
    let stage = Stage::new(&once(), "hello");
    let id = stage.world.add("Ask a model");
    let agent = stage.world.beside("agent.sh");
    std::fs::write(&agent, include_str!("agent.sh")).expect("there is room");
    let mut run = stage.world.nexus(["--json", "run", "--workers", "1", "--agent"]);
    run.arg(format!("bash {}", agent.display()));
    run.env("NEXUS_MODEL_ANTHROPIC_URL", format!("{}/s/hello", stage.fake)).env("ANTHROPIC_API_KEY", KEY);
    let said = run.output().expect("nexus starts");
    assert!(said.status.success(), "{said:?}");
    let answer = stage.world.git(["show", "main:answer.txt"]);
    assert!(answer.contains("200 OK") && answer.contains("hello") && !answer.contains(KEY), "{answer}");
    let calls = stage.calls(1);
    assert_eq!((&calls[0]["item"], &calls[0]["ending"]), (&json!(id), &json!("answered")), "{calls:?}");
    let of_item = stage.world.ok(["budget", "show", &format!("item:{id}")]);
    assert_eq!(of_item["accounts"][0]["spent"]["tokens"], 1_000);
    assert_eq!(stage.asked()[0]["headers"]["x-api-key"], "***KEYX");
}

#[test]
fn costs_are_on_a_page_by_day_model_agent_and_item_and_nothing_is_invented() {
    let stage = Stage::with(&once(), "hello", &[("NEXUS_MODEL_PRICES", "other-*=1/1")]);
    let page = || crate::http::get(stage.up.trim_start_matches("http://").parse().expect("an address"), "/costs").body;
    assert!(page().contains("No data"), "{}", page());
    let id = stage.world.add("Fix <the> parser");
    let fence = stage.world.ok(["work", "claim", &id, "--agent", "zoe", "--ttl", "1h"])["fence"].to_string();
    let token = stage.token(&["--agent", "zoe", "--run", "night", "--item", &id, "--fence", &fence]);
    assert_eq!(stage.call("anthropic", true, &token).status, 200);
    stage.calls(1);
    let page = page();
    for part in ["By day", "By model", "fake-1", "By agent", "zoe", "By item", &id, "1,000", "no price"] {
        assert!(page.contains(part), "{part:?}: {page}");
    }
    let at = stage.up.trim_start_matches("http://").parse().expect("an address");
    for bad in ["/costs?days=0", "/costs?days=367", "/costs?days=x", "/costs?from=1"] {
        assert_eq!(crate::http::get(at, bad).status, 422, "{bad}");
    }
    assert_eq!(crate::http::get(at, "/costs?days=1").status, 200);
}

#[test]
fn what_was_asked_and_answered_is_kept_where_somebody_asked_for_it_and_nowhere_else() {
    use std::os::unix::fs::PermissionsExt as _;
    for on in [false, true] {
        let settings: &[_] = if on { &[("NEXUS_MODEL_CONTENT", "on")] } else { &[] };
        let stage = Stage::with(&once(), "hello", settings);
        assert_eq!(stage.call("anthropic", true, &stage.pass("zoe")).status, 200);
        stage.calls(1);
        let folder = stage.world.beside("repo/.nexus/calls");
        assert_eq!(folder.exists(), on);
        if on {
            let id = stage.world.ok(["budget", "history"])[0]["id"].as_str().expect("an id").to_owned();
            let file = |kind: &str| folder.join(format!("{id}.{kind}"));
            let read = |kind: &str| std::fs::read_to_string(file(kind)).expect("it is there");
            assert!(read("request").contains("\"model\":\"fake-1\"") && read("answer").contains("hello"));
            assert!(!read("request").contains(KEY));
            let mode = std::fs::metadata(file("request")).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

#[test]
fn an_agent_waits_for_what_others_have_set_aside_and_none_is_started_without() {
    let world = crate::features::world::World::new();
    world.ok(["budget", "set", "project", "--wall", "45m"]);
    let ids = [world.add("one"), world.add("two")];
    // Each sets half an hour aside, so there is never room for two.
    let alone = world.beside("alone");
    let agent = format!("sh -c 'mkdir {0} || exit 9; echo x > $NEXUS_WORK_ID; rmdir {0}'", alone.display());
    let run = world.run(["run", "--agent", &agent, "--workers", "2"]);
    assert_eq!(run.code, 0, "{}", run.out);
    for id in &ids {
        assert_eq!((&world.item(id)["state"], &world.item(id)["attempts_used"]), (&json!("done"), &json!(1)));
    }
}
