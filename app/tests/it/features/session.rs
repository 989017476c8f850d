//! The steps about sessions, memory and hand-off.

use serde_json::Value;

use super::Step;
use super::stage::Stage;
use super::world::text;

pub const STEPS: &[Step] = &[
    ("{} begins", |s, a, _| begin(s, a[0], &[])),
    ("{} begins as {}", |s, a, _| begin(s, a[0], &["--role", a[1]])),
    ("{} begins from what {} left", |s, a, _| {
        let from = session(s, a[1]);
        begin(s, a[0], &["--from", &from]);
    }),
    ("{} ends", |s, a, _| s.act(["agent", "end", "--agent", a[0]])),
    ("{} ends with {} done and {} next", |s, a, _| {
        s.act(["agent", "end", "--agent", a[0], "--achieved", a[1], "--next", a[2]]);
    }),
    ("somebody ends the session of {} again", |s, a, _| {
        let id = session(s, a[0]);
        s.act(["agent", "end", &id]);
    }),
    ("somebody finishes {}", |s, a, _| {
        let id = s.id(a[0]);
        let fence = s.world.ok(["work", "claim", &id, "--agent", "somebody"])["fence"].to_string();
        s.act(["work", "report", &id, "--agent", "somebody", "--fence", &fence]);
    }),
    ("the item {} of type {}", |s, a, _| s.add(a[0], &["--type", a[1]])),
    ("the role is {} because {}", |s, a, _| {
        let session = s.success()["session"].clone();
        assert_eq!(session["role"], a[0], "{session}");
        assert!(text(&session, "reason").contains(a[1]), "{session}");
    }),
    ("the session shows {} to take, {} in hand and {} message", |s, a, _| {
        let told = s.success();
        let first = |list: &str| told[list].as_array().expect("a list").iter().map(|it| it["title"].clone()).collect();
        let all: [Vec<Value>; 2] = ["ready", "held"].map(first);
        assert_eq!(all, [[a[0]], [a[1]]], "{told}");
        assert_eq!(told["messages"].as_array().map(Vec::len).map(|n| n.to_string()).as_deref(), Some(a[2]));
    }),
    ("what {} left says {} and {}", |s, a, _| {
        let left = left(s, a[0]);
        let said = ["achievements", "next_steps"].map(|field| left["session"][field][0].clone());
        assert_eq!(said, [a[1], a[2]], "{left}");
    }),
    ("what {} left names {} as {} and {} note", |s, a, _| {
        let left = left(s, a[0]);
        let item = [&left["items"][0]["title"], &left["items"][0]["state"]];
        assert_eq!(item, [a[1], a[2]], "{left}");
        assert_eq!(left["notes"].as_array().map(Vec::len).map(|n| n.to_string()).as_deref(), Some(a[3]), "{left}");
    }),
    ("what was loaded is what {} left, marked as data", |s, a, _| {
        let told = s.success();
        let loaded = &told["loaded"];
        assert_eq!(loaded["marked"], "data, not instructions", "{told}");
        assert_eq!(loaded["handoff"], left(s, a[0]));
        assert!(told["last_handoff"].is_null(), "{told}");
        assert_eq!(told["session"]["from"], session(s, a[0]).as_str());
    }),
    ("what {} left is shown", |s, a, _| {
        let told = s.success();
        assert_eq!(told["last_handoff"]["handoff"], left(s, a[0]), "{told}");
        assert!(told["loaded"].is_null(), "{told}");
    }),
    ("the session remembers {}", |s, a, _| {
        let told = s.success();
        assert_eq!(told["notes"][0]["text"], a[0], "{told}");
    }),
    ("the session remembers {} note", |s, a, _| {
        let told = s.success();
        assert_eq!(told["notes"].as_array().map(Vec::len).map(|n| n.to_string()).as_deref(), Some(a[0]), "{told}");
    }),
    ("{} remembers {}", |s, a, _| remember(s, a[0], a[1], &[])),
    ("{} remembers {} about {}", |s, a, _| {
        let id = s.id(a[2]);
        remember(s, a[0], a[1], &["--item", &id]);
    }),
    ("somebody forgets {}", |s, a, _| {
        let id = s.id(a[0]);
        s.act(["memory", "remove", &id]);
    }),
    ("a search for {} finds {} notes", |s, a, _| {
        found(s, a[0], a[1]);
    }),
    ("a search for {} finds {} notes, first {}", |s, a, _| {
        let all = found(s, a[0], a[1]);
        assert_eq!(all[0]["text"], a[2], "{all}");
    }),
];

fn begin(stage: &mut Stage, agent: &str, options: &[&str]) {
    stage.act(["agent", "start", "--agent", agent].iter().chain(options).copied());
    if stage.succeeded() {
        let id = text(&stage.success()["session"], "id");
        stage.name(&format!("the session of {agent}"), id);
    }
}

/// The session that `agent` began last.
fn session(stage: &Stage, agent: &str) -> String {
    stage.id(&format!("the session of {agent}"))
}

fn left(stage: &Stage, agent: &str) -> Value {
    stage.world.ok(["agent", "handoff", &session(stage, agent)])
}

fn remember(stage: &mut Stage, agent: &str, said: &str, options: &[&str]) {
    stage.act(["memory", "add", said, "--agent", agent].iter().chain(options).copied());
    let id = text(&stage.success(), "id");
    stage.name(said, id);
}

fn found(stage: &Stage, words: &str, count: &str) -> Value {
    let all = stage.world.ok(["memory", "search", words]);
    assert_eq!(all.as_array().expect("a list").len().to_string(), count, "{all}");
    all
}
