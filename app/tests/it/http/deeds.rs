//! Messages, locks, gates, hand-off, explanations and many at once, over TCP and over the socket.

use serde_json::{Value, json};

use super::client::{Answer, To};
use super::server::Place;

/// Posts `body`; it has to succeed.
fn done(to: &To, path: &str, body: &Value) -> Value {
    let answer = to.post_to(path, &body.to_string());
    assert!(matches!(answer.status, 200 | 201), "{path}: {answer:?}");
    answer.json()
}

fn seen(to: &To, path: &str) -> Value {
    let answer = to.get_at(path);
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{path}: {answer:?}");
    answer.json()
}

fn refusal(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    (answer.status, answer.json()["code"].as_str().expect("a code").to_owned())
}

fn id(of: &Value) -> String {
    of["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_message_is_sent_found_read_answered_and_acknowledged() {
    let place = Place::new();
    for agent in ["zoe", "max"] {
        place.json(&["agent", "register", agent, "--role", "QA"]);
    }
    let up = place.up();
    for to in up.ways(&place) {
        let sent = to.post_to("/messages", r#"{"from":"zoe","to":"max","subject":"日本 & co","ack_required":true}"#);
        assert_eq!(sent.status, 201, "{sent:?}");
        let first = id(&sent.json());
        let inbox = seen(&to, "/messages?agent=max&unread=true&limit=10");
        assert_eq!(inbox, place.json(&["message", "inbox", "--agent", "max", "--unread"]), "the same objects");
        assert_eq!(inbox[0]["subject"], "日本 & co");
        assert_eq!(seen(&to, &format!("/messages/{first}")), place.json(&["message", "show", &first]));
        let read = done(&to, &format!("/messages/{first}/read"), &json!({ "agent": "max" }));
        assert!(read["copies"][0]["read_at_ms"].is_i64(), "{read}");
        let answer = json!({ "from": "max", "to": "zoe", "thread": first, "subject": "Re", "class": "note" });
        let second = id(&done(&to, "/messages", &answer));
        assert_eq!(seen(&to, &format!("/messages/{second}/thread?after={first}"))[0]["id"], second.as_str());
        assert_eq!(seen(&to, "/messages?agent=max"), json!([]), "an answer acknowledges");
        let acknowledged = done(&to, &format!("/messages/{second}/ack"), &json!({ "agent": "zoe" }));
        assert!(acknowledged["copies"][0]["acknowledged_at_ms"].is_i64(), "{acknowledged}");
        assert_eq!(seen(&to, "/messages?agent=zoe&all=true&limit=1").as_array().map(Vec::len), Some(1));
        let to_role = to.post_to("/messages", r#"{"from":"max","to_role":"QA","subject":"to all of you"}"#);
        done(&to, &format!("/messages/{}/ack", id(&to_role.json())), &json!({ "agent": "zoe" }));
    }
}

#[test]
fn a_lock_is_taken_kept_listed_and_given_back() {
    let place = Place::new();
    let up = place.up();
    for to in up.ways(&place) {
        let name = "the /schema of 日本";
        let lock = done(&to, "/locks/acquire", &json!({ "name": name, "agent": "zoe", "ttl": "5m" }));
        let fence = lock["fence"].clone();
        let held = to.post_to("/locks/acquire", &json!({ "name": name, "agent": "max" }).to_string());
        assert_eq!((refusal(&held), &held.json()["holder"]), ((409, "held".to_owned()), &json!("zoe")));
        let mine = json!({ "name": name, "agent": "zoe", "fence": fence });
        assert_eq!(done(&to, "/locks/renew", &mine)["holder"], "zoe");
        assert_eq!(seen(&to, "/locks?limit=1"), place.json(&["lock", "list"]));
        assert_eq!(done(&to, "/locks/release", &mine)["holder"], Value::Null);
        assert_eq!(refusal(&to.post_to("/locks/renew", &mine.to_string())), (409, "lease_lost".to_owned()));
        assert_eq!(seen(&to, "/locks"), json!([]));
    }
}

#[test]
fn gates_are_shut_limited_and_opened_and_said_by_an_explanation() {
    let place = Place::new();
    let up = place.up();
    let one = place.add("one");
    for to in up.ways(&place) {
        assert_eq!(done(&to, "/work/pause", &json!({ "reason": "release" }))["paused"], true);
        let why = seen(&to, &format!("/work/{one}/explain?agent=zoe"));
        assert_eq!((&why["claimable"], &why["reasons"][0]["code"]), (&json!(false), &json!("paused")), "{why}");
        assert_eq!(why, place.json(&["work", "explain", &one, "--agent", "zoe"]));
        assert_eq!(done(&to, "/work/resume", &json!({}))["paused"], false);
        let next = seen(&to, "/work/explain?agent=zoe&role=QA&capability=rust&capability=sql");
        assert_eq!(next["next"]["id"], one.as_str());
        assert_eq!(done(&to, "/work/limit", &json!({ "team": "a/b", "most": 3 }))["limit"], 3);
        assert_eq!(done(&to, "/work/limit", &json!({ "rate": "api", "most": 30, "per": "1m" }))["per_ms"], 60_000);
        assert_eq!(seen(&to, "/work/gates"), place.json(&["work", "gates"]));
        assert_eq!(seen(&to, "/work/gates").as_array().map(Vec::len), Some(2));
        done(&to, "/work/limit", &json!({ "team": "a/b", "most": 0 }));
        done(&to, "/work/limit", &json!({ "rate": "api", "most": 0, "per": "1m" }));
        let graph = seen(&to, "/work/graph?limit=10");
        assert_eq!(graph, place.json(&["work", "graph", "--limit", "10"]));
        assert_eq!(seen(&to, &format!("/work/{one}/graph"))["nodes"][0]["id"], one.as_str());
    }
}

#[test]
fn an_item_is_handed_off_and_what_was_left_with_it_is_found() {
    let place = Place::new();
    place.json(&["agent", "register", "max"]);
    let up = place.up();
    for to in up.ways(&place) {
        let one = place.add("one");
        done(&to, &format!("/work/{one}/claim"), &json!({ "agent": "zoe" }));
        let body = json!({
            "agent": "zoe", "fence": 1, "to": "max", "note": "tests are left", "artifacts": ["docs/plan.md"],
            "context": "日本", "ttl": "5m",
        });
        let handed = to.post_to(&format!("/work/{one}/handoff"), &body.to_string()).json();
        assert_eq!((&handed["holder"], &handed["fence"]), (&json!("max"), &json!(2)), "{handed}");
        let left = seen(&to, &format!("/work/{one}/handoff"));
        assert_eq!(left, place.json(&["work", "handoff", "show", &one]));
        assert_eq!((&left["note"], &left["artifacts"][0]), (&json!("tests are left"), &json!("docs/plan.md")));
        let late = to.post_to(&format!("/work/{one}/handoff"), &body.to_string());
        assert_eq!(refusal(&late), (409, "lease_lost".to_owned()));
        let nobody = json!({ "agent": "max", "fence": 2, "to_role": "nobody has this" });
        let nobody = to.post_to(&format!("/work/{one}/handoff"), &nobody.to_string());
        assert_eq!(refusal(&nobody), (409, "no_agent_for_role".to_owned()));
        done(&to, &format!("/work/{one}/report"), &json!({ "agent": "max", "fence": 2 }));
        let two = place.add("two");
        assert_eq!(refusal(&to.get_at(&format!("/work/{two}/handoff"))), (404, "not_found".to_owned()));
        done(&to, &format!("/work/{two}/cancel"), &json!({}));
    }
}

#[test]
fn many_are_taken_and_reported_and_a_repeat_under_a_key_is_one() {
    let place = Place::new();
    let up = place.up();
    for to in up.ways(&place) {
        let ids: Vec<_> = (0..3).map(|n| place.add(&format!("item {n}"))).collect();
        let key = ids[0].as_str();
        let ask = json!({ "agent": "zoe", "count": 2, "ttl": "10m", "key": key });
        let taken = done(&to, "/work/next", &ask);
        assert_eq!(taken.as_array().map(Vec::len), Some(2), "{taken}");
        assert_eq!(done(&to, "/work/next", &ask), taken, "one request");
        let over_the_file = ["work", "next", "--agent", "zoe", "--count", "2", "--ttl", "10m", "--key", key];
        assert_eq!(place.json(&over_the_file), taken, "whichever way it comes");
        let report =
            |n: usize, fence: i64| json!({ "id": ids[n], "agent": "zoe", "fence": fence, "result": { "n": n } });
        let told = done(&to, "/work/report-many", &json!({ "reports": [report(0, 1), report(1, 7), report(2, 1)] }));
        assert_eq!(told[0]["item"]["state"], "done");
        assert_eq!(told[1]["error"]["code"], "lease_lost");
        assert_eq!(told[2]["error"]["code"], "lease_lost");
        done(&to, "/work/report-many", &json!({ "reports": [report(1, 1)] }));
        done(&to, &format!("/work/{}/cancel", ids[2]), &json!({}));
        assert_eq!(to.post_to("/work/next", r#"{"agent":"zoe","count":5}"#).status, 204);
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let place = Place::new();
    let up = place.up();
    let one = place.add("one");
    for to in up.ways(&place) {
        for (path, body, named) in [
            ("/messages", r#"{"from":"zoe","subject":"x"}"#, "to_role"),
            ("/messages", r#"{"from":"zoe","subject":"x","to":"a","to_all":true}"#, "to_role"),
            ("/messages", r#"{"from":"zoe","to":"a"}"#, "subject"),
            ("/messages", r#"{"from":"zoe","to":"a","subject":"x","class":"shout"}"#, "class"),
            ("/messages", r#"{"from":"zoe","to":"a","subject":"x","fence":1}"#, "fence"),
            ("/messages", r#"{"from":"zoe","to":"a","subject":"x","colour":1}"#, "colour"),
            ("/messages/yesterday/ack", r#"{"agent":"zoe"}"#, "yesterday"),
            ("/messages/msg_1/ack", "{}", "agent"),
            ("/locks/acquire", r#"{"agent":"zoe"}"#, "name"),
            ("/locks/acquire", r#"{"agent":"zoe","name":"x","ttl":"1ms"}"#, "ttl"),
            ("/locks/release", r#"{"agent":"zoe","name":"x"}"#, "fence"),
            ("/work/pause", r#"{"team":"a","role":"b"}"#, "team"),
            ("/work/limit", r#"{"team":"a"}"#, "most"),
            ("/work/limit", r#"{"most":1}"#, "--team"),
            ("/work/limit", r#"{"most":1,"rate":"x"}"#, "--per"),
            (&format!("/work/{one}/handoff"), r#"{"agent":"zoe","fence":1}"#, "to_role"),
            (&format!("/work/{one}/handoff"), r#"{"agent":"zoe","fence":1,"to":"a","anyway":true}"#, "anyway"),
            ("/work/next", r#"{"agent":"zoe","count":0}"#, "count"),
            ("/work/next", r#"{"agent":"zoe","count":1001}"#, "count"),
            ("/work/next", r#"{"agent":"zoe","count":2,"wait":"1m"}"#, "wait"),
            ("/work/report-many", "{}", "reports"),
            ("/work/report-many", r#"{"reports":[{"id":"work_1","agent":"zoe"}]}"#, "report 1"),
        ] {
            let answer = to.post_to(path, body);
            assert_eq!(refusal(&answer), (422, "malformed".to_owned()), "{path} {body}");
            let detail = answer.json()["detail"].to_string();
            assert!(detail.contains(named), "{path} {body}: {detail}");
        }
        for (path, named) in [
            ("/messages", "agent"),
            ("/messages?agent=zoe&limit=0", "limit"),
            ("/messages?agent=zoe&unread=true&all=true", "unread"),
            ("/messages?agent=zoe&after=yesterday", "yesterday"),
            ("/locks?colour=red", "colour"),
            ("/work/explain?role=QA", "agent"),
            ("/work/graph?limit=many", "limit"),
            ("/work/Yesterday/explain", "Yesterday"),
        ] {
            let answer = to.get_at(path);
            assert_eq!(refusal(&answer), (422, "malformed".to_owned()), "{path}");
            assert!(answer.json()["detail"].to_string().contains(named), "{path}: {answer:?}");
        }
        for path in ["/messages/msg_1", "/messages/msg_1/thread", "/work/work_1/explain", "/work/work_1/graph"] {
            assert_eq!(refusal(&to.get_at(path)), (404, "not_found".to_owned()), "{path}");
        }
        assert_eq!(refusal(&to.get_at("/locks/acquire")), (405, "method_not_allowed".to_owned()));
        assert_eq!(refusal(&to.get_at("/locks/polish")), (404, "not_found".to_owned()));
    }
}

#[test]
fn a_session_begins_ends_and_leaves_a_document_that_another_loads() {
    let place = Place::new();
    let up = place.up();
    for (n, to) in up.ways(&place).into_iter().enumerate() {
        let zoe = format!("zoe {n}");
        let body = json!({ "agent": zoe, "role": "qa", "objectives": ["日本 & co"] });
        let begun = to.post_to("/sessions", &body.to_string());
        assert_eq!(begun.status, 201, "{begun:?}");
        let session = begun.json()["session"].clone();
        let one = id(&session);
        let twice = to.post_to("/sessions", &body.to_string());
        assert_eq!((refusal(&twice), &twice.json()["session"]), ((409, "session_open".to_owned()), &json!(one)));
        assert_eq!(seen(&to, &format!("/sessions/{one}")), session);
        let note = json!({ "agent": zoe, "text": "Tabs & tokens", "tags": ["parser"] });
        let note = to.post_to("/memory", &note.to_string());
        assert_eq!((note.status, &note.json()["session"]), (201, &json!(one)), "{note:?}");
        let note = id(&note.json());
        let ended = done(&to, "/sessions/end", &json!({ "agent": zoe, "achieved": ["half"], "next_steps": ["more"] }));
        assert_eq!(ended["session"]["achievements"], json!(["half"]), "the name of the flag will do: {ended}");
        let again = to.post_to(&format!("/sessions/{one}/end"), "{}");
        assert_eq!(refusal(&again), (409, "session_ended".to_owned()));
        let left = seen(&to, &format!("/sessions/{one}/handoff"));
        assert_eq!(left, ended["handoff"]);
        assert_eq!(left, place.json(&["agent", "handoff", &one]));
        let loaded = done(&to, "/sessions", &json!({ "from": left, "agent": format!("max {n}") }));
        assert_eq!((&loaded["loaded"]["handoff"], &loaded["session"]["from"]), (&left, &json!(one)));
        let loaded = done(&to, "/sessions", &json!({ "from_session": one }));
        assert_eq!(loaded["loaded"]["handoff"], left);
        let open = seen(&to, &format!("/sessions?agent=max%20{n}&open=true&limit=5"));
        assert_eq!(open, place.json(&["agent", "sessions", "--agent", &format!("max {n}"), "--open"]));
        let found = seen(&to, &format!("/memory/search?words=TOKENS%20tabs&session={one}&tag=Parser&limit=3"));
        assert_eq!((&found[0]["id"], &found[0]["matched"]), (&json!(note), &json!(["tokens", "tabs"])));
        assert_eq!(seen(&to, &format!("/memory?session={one}")), place.json(&["memory", "list", "--session", &one]));
        assert_eq!(seen(&to, &format!("/memory/{note}")), place.json(&["memory", "show", &note]));
        assert_eq!(done(&to, &format!("/memory/{note}/remove"), &json!({}))["text"], "Tabs & tokens");
        for (path, body, code) in [
            ("/sessions".to_owned(), json!({ "from": left, "from_session": one }), "malformed"),
            ("/sessions".to_owned(), json!({ "from": { "format": "other", "version": 1 } }), "malformed"),
            ("/sessions".to_owned(), json!({ "objectives": [" "] }), "malformed"),
            ("/sessions".to_owned(), json!({ "objectivs": [] }), "malformed"),
            ("/sessions/end".to_owned(), json!({}), "malformed"),
            ("/sessions/work_1/end".to_owned(), json!({}), "malformed"),
            ("/memory".to_owned(), json!({ "text": "" }), "malformed"),
            ("/memory".to_owned(), json!({}), "malformed"),
        ] {
            assert_eq!(refusal(&to.post_to(&path, &body.to_string())), (422, code.to_owned()), "{path} {body}");
        }
        assert_eq!(refusal(&to.get_at("/memory/search?words=%3F")), (422, "malformed".to_owned()));
        assert_eq!(refusal(&to.get_at("/memory/search")), (422, "malformed".to_owned()));
        assert_eq!(refusal(&to.get_at("/sessions/session_1")), (404, "not_found".to_owned()));
        assert_eq!(refusal(&to.get_at("/sessions?open=perhaps")), (422, "malformed".to_owned()));
    }
}
/// What the rules say, but for the times.
fn timeless(mut answer: Value) -> Value {
    for field in ["at_ms", "analysis_metadata"] {
        answer[field] = Value::Null;
    }
    answer
}

#[test]
fn advice_is_asked_for_and_followed_once_for_a_key() {
    let place = Place::new();
    place.json(&["agent", "register", "zoe", "--role", "Developer"]);
    let up = place.up();
    for (n, to) in up.ways(&place).iter().enumerate() {
        let one = place.add(&format!("one {n}"));
        for question in ["priorities", "health", "teams", "bottlenecks", "assignments", "recommend"] {
            let told = seen(to, &format!("/advice/{question}?since=7d"));
            let same = place.json(&["advise", question, "--since", "7d"]);
            assert_eq!(timeless(told), timeless(same), "{question}");
        }
        let told = seen(to, "/advice/recommend?agent=zoe&type=task");
        assert_eq!((&told["agent"], &told["work_type"]), (&json!("zoe"), &json!("task")));
        assert_eq!(seen(to, "/advice/assignments?workload_factor=2&team=a%20b")["workload_factor"], 2);
        let body = json!({ "workload_factor": 5, "key": format!("k {n}") });
        let first = done(to, "/advice/assignments/apply", &body);
        let given: Vec<_> = first["applied"].as_array().expect("a list").iter().map(|it| &it["told"]).collect();
        assert!(given.contains(&&json!(format!("give {one} to zoe"))), "{first}");
        assert_eq!(done(to, "/advice/assignments/apply", &body), first, "the same key gets the same answer");
        let other = to.post_to("/advice/health/apply", &json!({ "key": format!("k {n}") }).to_string());
        assert_eq!(refusal(&other), (409, "key_reused".to_owned()));
        place.json(&["work", "cancel", &one]);
    }
    let events = place.nexus(&["events"]).stdout;
    assert_eq!(String::from_utf8_lossy(&events).matches("\"work.assigned\"").count(), 2);
}

#[test]
fn advice_that_there_is_not_and_what_it_does_not_take_is_refused() {
    let place = Place::new();
    let up = place.up();
    for to in up.ways(&place) {
        assert_eq!(refusal(&to.get_at("/advice/fortune")), (404, "not_found".to_owned()));
        assert_eq!(refusal(&to.post_to("/advice/fortune/apply", "{}")), (404, "not_found".to_owned()));
        for path in [
            "/advice/health?agent=zoe",
            "/advice/recommend?workload_factor=1",
            "/advice/assignments?workload_factor=0",
            "/advice/health?since=yesterday",
            "/advice/health?ask=claude",
        ] {
            assert_eq!(refusal(&to.get_at(path)), (422, "malformed".to_owned()), "{path}");
        }
        let asked = to.post_to("/advice/health/apply", r#"{"apply_opinion":true}"#);
        assert_eq!(refusal(&asked), (422, "malformed".to_owned()), "a server starts no agents for whoever asks");
        assert_eq!(to.get_at("/advice/health/apply").status, 405);
    }
}

#[test]
fn a_budget_is_set_shown_and_added_up_and_a_credential_is_asked_again() {
    let place = Place::new();
    let up = place.up();
    for (n, to) in up.ways(&place).iter().enumerate() {
        let body =
            json!({ "account": "project", "tokens": 5_000, "usd": "2.50", "wall": "8h", "key": format!("k {n}") });
        let set = done(to, "/budget/set", &body);
        let limits = json!({ "tokens": 5_000, "usd_micros": 2_500_000, "wall_ms": 28_800_000, "attempts": null });
        assert_eq!((&set["account"], &set["limits"]), (&json!("project"), &limits));
        assert_eq!(done(to, "/budget/set", &body), set, "the same key gets the same answer");
        assert_eq!(seen(to, "/budget"), place.json(&["budget", "show"]));
        assert_eq!(seen(to, "/budget?account=item:*")["accounts"], json!([]));
        let less = done(to, "/budget/set", &json!({ "account": "project", "no_limit": ["usd", "wall", "tokens"] }));
        assert_eq!(less["limits"]["usd_micros"], Value::Null);
        assert_eq!(seen(to, "/budget/history"), json!([]));
        assert_eq!(seen(to, "/budget/history?by=day&since=2026-01-05&limit=10"), json!([]));
        let reset = done(to, "/budget/reset", &json!({ "credential": "anthropic:1f0c3a9b77d2" }));
        assert_eq!(reset, json!({ "credential": "anthropic:1f0c3a9b77d2", "was_in_trouble": false }));
        for (path, body) in [
            ("/budget/set", json!({ "account": "project" })),
            ("/budget/set", json!({ "tokens": 1 })),
            ("/budget/set", json!({ "account": "mars", "tokens": 1 })),
            ("/budget/set", json!({ "account": "project", "usd": "1e3" })),
            ("/budget/set", json!({ "account": "project", "no_limit": ["time"] })),
            ("/budget/reset", json!({})),
        ] {
            assert_eq!(refusal(&to.post_to(path, &body.to_string())), (422, "malformed".to_owned()), "{body}");
        }
        for path in ["/budget/history?by=moon", "/budget/history?limit=0", "/budget?acount=org"] {
            assert_eq!(refusal(&to.get_at(path)), (422, "malformed".to_owned()), "{path}");
        }
    }
    let url = format!("http://{}", up.at);
    let named = |args: &[&str]| place.json(&[args, &["--server", &url]].concat());
    assert_eq!(named(&["budget", "set", "item:*", "--attempts", "3"])["limits"]["attempts"], 3);
    assert_eq!(named(&["budget", "show"]), place.json(&["budget", "show"]));
    assert_eq!(named(&["budget", "history", "--by", "item"]), json!([]));
    assert_eq!(timeless(named(&["advise", "health"])), timeless(place.json(&["advise", "health"])));
    let pass = place.nexus(&["budget", "pass", "--agent", "zoe", "--server", &url]);
    assert_eq!(pass.status.code(), Some(2), "a token is made where the store is");
}
