//! The work door: each verb and each kind of problem, over TCP and over the socket.

use serde_json::{Value, json};

use super::client::{Answer, To};
use super::server::Place;

/// Posts `body`; it has to succeed.
fn done(to: &To, path: &str, body: &Value) -> Value {
    let answer = to.post(path, &body.to_string());
    assert!(matches!(answer.status, 200 | 201), "{path}: {answer:?}");
    answer.json()
}

fn refusal(answer: &Answer) -> (u16, String) {
    let said = answer.json();
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(said["status"], answer.status);
    assert!(said["detail"].as_str().is_some_and(|text| !text.is_empty()), "{said}");
    (answer.status, said["code"].as_str().expect("a code").to_owned())
}

fn id(item: &Value) -> String {
    item["id"].as_str().expect("an id").to_owned()
}

#[test]
fn every_verb_of_the_command_line_is_a_route_that_answers_with_the_item() {
    let place = Place::new();
    let up = place.up();
    for to in up.ways(&place) {
        let added = to.post("", r#"{"title":"one","priority":"high","labels":["a"],"type":"bug","payload":{"n":1}}"#);
        assert_eq!(added.status, 201);
        let one = id(&added.json());
        assert_eq!(added.header("location"), Some(format!("/api/v1/work/{one}").as_str()));
        assert_eq!(to.get(&format!("/{one}")).json(), place.json(&["work", "show", &one]), "the same object");
        let verb = |verb: &str, body: Value| done(&to, &format!("/{one}/{verb}"), &body);
        let hold = |fence: i64| json!({ "agent": "zoe", "fence": fence });
        let with = |fence: i64, name: &str, value: Value| {
            let mut body = hold(fence);
            body[name] = value;
            body
        };
        assert_eq!(verb("claim", json!({ "agent": "zoe", "ttl": "10m" }))["fence"], 1);
        assert_eq!(verb("renew", with(1, "ttl", json!("20m")))["state"], "leased");
        assert_eq!(verb("progress", with(1, "percent", json!(40)))["progress_percent"], 40);
        assert_eq!(verb("release", hold(1))["state"], "ready");
        assert_eq!(done(&to, "/next", &json!({ "agent": "zoe" }))["id"], one.as_str());
        assert!(verb("fail", with(2, "reason", json!("no idea")))["feedback"].to_string().contains("no idea"));
        assert_eq!(verb("block", json!({ "reason": "waits" }))["reason"], "waits");
        assert_eq!(verb("unblock", json!({}))["state"], "ready");
        assert_eq!(verb("claim", json!({ "agent": "zoe" }))["fence"], 3);
        assert_eq!(verb("report", with(3, "result", json!({ "tests": 12 })))["result"]["tests"], 12);
        let two = id(&done(&to, "", &json!({ "title": "two", "attempts": 1 })));
        done(&to, &format!("/{two}/claim"), &json!({ "agent": "zoe" }));
        assert_eq!(done(&to, &format!("/{two}/fail"), &hold(1))["state"], "dead");
        assert_eq!(done(&to, &format!("/{two}/requeue"), &json!({}))["state"], "ready");
        assert_eq!(done(&to, &format!("/{two}/cancel"), &json!({ "reason": "not needed" }))["state"], "cancelled");
        let listed = to.get(&format!("?state=cancelled&limit=10&after={one}")).json();
        assert_eq!(listed.as_array().map(Vec::len), Some(1));
        assert_eq!(listed[0]["id"], two.as_str());
    }
}

#[test]
fn a_backlog_of_json_lines_is_imported_once_per_source() {
    let place = Place::new();
    let up = place.up();
    let lines = "{\"key\":\"a\",\"title\":\"one\"}\n{\"title\":\"two\",\"depends_on\":[\"a\"]}\n";
    let kind = "content-type: application/x-ndjson\r\n";
    for to in up.ways(&place) {
        let answer = to.post_with("/import?source=here", lines, kind).json();
        assert_eq!((&answer["imported"], &answer["items"][1]["item"]["state"]), (&json!(2), &json!("pending")));
    }
    assert_eq!(up.ways(&place)[0].get("").json().as_array().map(Vec::len), Some(2));
    let bad = up.ways(&place)[0].post_with("/import?source=here", "{\"title\":", kind);
    assert_eq!(refusal(&bad), (422, "malformed".to_owned()));
    assert!(bad.json()["detail"].as_str().is_some_and(|text| text.starts_with("line 1")), "{bad:?}");
}

#[test]
fn each_kind_of_problem_has_its_status_and_the_fields_of_the_command_line() {
    let place = Place::new();
    let up = place.up();
    let one = place.add("one");
    place.json(&["work", "claim", &one, "--agent", "ada", "--ttl", "1h"]);
    for to in up.ways(&place) {
        let post = |path: &str, body: &str| refusal(&to.post(path, body));
        let held = to.post(&format!("/{one}/claim"), r#"{"agent":"zoe"}"#);
        assert_eq!(refusal(&held), (409, "held".to_owned()));
        let said = place.nexus(&["work", "claim", &one, "--agent", "zoe"]);
        let said: Value = serde_json::from_slice(&said.stdout).expect("one object");
        for field in ["holder", "fence", "lease_until_ms"] {
            assert_eq!(held.json()[field], said["error"][field], "{field}");
        }
        assert_eq!(held.json()["detail"], said["error"]["message"]);
        let stale = post(&format!("/{one}/report"), r#"{"agent":"zoe","fence":1}"#);
        assert_eq!(stale, (409, "lease_lost".to_owned()));
        assert_eq!(refusal(&to.get("/work_1")), (404, "not_found".to_owned()));
        assert_eq!(post("/work_1/cancel", "{}"), (404, "not_found".to_owned()));
        assert_eq!(post(&format!("/{one}/polish"), "{}"), (404, "not_found".to_owned()));
        let nothing = to.post("/next", r#"{"agent":"zoe"}"#);
        assert_eq!((nothing.status, nothing.body.as_str()), (204, ""));
        for (path, body, named) in [
            ("", "{", "body"),
            ("", "[]", "body"),
            ("", "{}", "title"),
            ("", r#"{"title":" "}"#, "title"),
            ("", r#"{"title":"x","colour":"red"}"#, "colour"),
            ("", r#"{"title":"x","priority":"huge"}"#, "priority"),
            ("", r#"{"title":"x","points":-1}"#, "points"),
            ("", r#"{"title":"x","delay":"soon"}"#, "delay"),
            ("", r#"{"title":"x","depends_on":["yesterday"]}"#, "depends_on"),
            ("", r#"{"title":"x","project":"a/b"}"#, "project"),
            ("?colour=red", r#"{"title":"x"}"#, "colour"),
            ("/next", r#"{"agent":"zoe","wait":"2h"}"#, "wait"),
            ("/next", r#"{"agent":"zoe","target":"main"}"#, "target"),
            ("/next", "", "agent"),
            ("/yesterday/cancel", "{}", "yesterday"),
            (&format!("/{one}/claim"), r#"{"agent":"zoe","ttl":"1ms"}"#, "ttl"),
            (&format!("/{one}/renew"), r#"{"agent":"zoe","fence":"1"}"#, "fence"),
            (&format!("/{one}/progress"), r#"{"agent":"ada","fence":1,"percent":101}"#, "percent"),
            (&format!("/{one}/block"), r#"{"agent":"ada"}"#, "fence"),
            (&format!("/{one}/unblock"), r#"{"reason":"x"}"#, "reason"),
        ] {
            let answer = to.post(path, body);
            assert_eq!(refusal(&answer), (422, "malformed".to_owned()), "{path} {body}");
            let detail = answer.json()["detail"].to_string();
            assert!(detail.contains(named), "{path} {body}: {detail}");
        }
        for query in ["?state=lost", "?limit=0", "?limit=1001", "?after=x", "?sort=up"] {
            assert_eq!(refusal(&to.get(query)).0, 422, "{query}");
        }
        assert_eq!(refusal(&to.ask("DELETE /api/v1/work HTTP/1.0\r\nhost: localhost\r\n\r\n")).0, 405);
    }
}

#[test]
fn one_key_is_one_request_over_http_and_on_the_command_line() {
    let place = Place::new();
    let up = place.up();
    let [tcp, socket] = up.ways(&place);
    let with_key = "content-type: application/json\r\nidempotency-key: k\r\n";
    let first = tcp.post_with("", r#"{"title":"once"}"#, with_key).json();
    assert_eq!(socket.post("", r#"{"title":"once","key":"k"}"#).json(), first);
    let other = tcp.post_with("", r#"{"title":"twice"}"#, with_key);
    assert_eq!(refusal(&other), (409, "key_reused".to_owned()));
    let differs = tcp.post_with("", r#"{"title":"once","key":"l"}"#, with_key);
    assert_eq!(refusal(&differs), (422, "malformed".to_owned()));
    // The same words on the command line are the same request, through the server and over the file.
    let said = ["work", "add", "the same", "--key", "m"];
    let through = place.json(&said);
    assert_eq!(up.end(), Some(0));
    assert_eq!(place.json(&said), through);
    assert_eq!(place.json(&["work", "list"]).as_array().map(Vec::len), Some(2));
}

#[test]
fn a_project_is_named_by_field_query_or_header_and_a_trace_is_taken_up() {
    let place = Place::new();
    let up = place.up();
    let [to, _] = up.ways(&place);
    done(&to, "", &json!({ "title": "in a field", "project": "other" }));
    done(&to, "?project=other", &json!({ "title": "in the query" }));
    let brought = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = format!("content-type: application/json\r\nnexus-project: other\r\ntraceparent: {brought}\r\n");
    let added = to.post_with("", r#"{"title":"in a header"}"#, &headers);
    assert_eq!(added.header("traceparent"), Some(brought));
    assert_eq!(added.json()["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(to.get("?project=other").json().as_array().map(Vec::len), Some(3));
    assert_eq!(to.get("").json(), json!([]));
    let listed = place.json(&["work", "list", "--project", "other"]);
    assert_eq!(listed, to.get("?project=other").json());
}

#[test]
fn pages_of_other_sites_and_forms_change_nothing() {
    let place = Place::new();
    let up = place.up();
    let json = "content-type: application/json\r\n";
    for to in up.ways(&place) {
        let post = |headers: &str| to.post_with("", r#"{"title":"from elsewhere"}"#, headers);
        for bad in
            ["sec-fetch-site: cross-site", "sec-fetch-site: same-site", "origin: http://evil.example", "origin: null"]
        {
            assert_eq!(refusal(&post(&format!("{json}{bad}\r\n"))), (403, "cross_site".to_owned()), "{bad}");
        }
        for kind in ["", "content-type: text/plain\r\n", "content-type: application/x-www-form-urlencoded\r\n"] {
            assert_eq!(refusal(&post(kind)), (415, "unsupported_media_type".to_owned()), "{kind}");
        }
        let large = format!("POST /api/v1/work HTTP/1.0\r\nhost: localhost\r\n{json}content-length: 30000000\r\n\r\n");
        assert_eq!(refusal(&to.ask(&large)), (413, "body_too_large".to_owned()));
    }
    assert_eq!(place.json(&["work", "list"]), json!([]));
    let [to, _] = up.ways(&place);
    let own = format!("{json}sec-fetch-site: same-origin\r\norigin: http://localhost\r\n");
    assert_eq!(to.post_with("", r#"{"title":"our own page"}"#, &own).status, 201);
}

#[test]
fn a_server_that_stands_in_the_repository_opens_workspaces_and_looks_into_them() {
    let place = Place::new();
    let up = place.up();
    let [to, _] = up.ways(&place);
    let [one, two] = ["one", "two"].map(|title| place.add(title));
    let claimed = done(&to, &format!("/{one}/claim"), &json!({ "agent": "zoe", "ttl": "1h", "workspace": true }));
    let path = claimed["workspace"]["path"].as_str().expect("a path").to_owned();
    std::fs::write(format!("{path}/made.txt"), "made\n").expect("the workspace is there");
    let reported = done(&to, &format!("/{one}/report"), &json!({ "agent": "zoe", "fence": 1 }));
    assert!(reported["change"].is_string(), "{reported}");
    let url = format!("http://{}", up.at);
    place.json(&["work", "claim", &two, "--agent", "zoe", "--ttl", "1h", "--workspace", "--server", &url]);
    place.json(&["work", "release", &two, "--agent", "zoe", "--fence", "1", "--server", &url]);
    let states: Vec<String> = place
        .json(&["workspace", "list"])
        .as_array()
        .expect("a list")
        .iter()
        .map(|workspace| workspace["state"].as_str().expect("a state").to_owned())
        .collect();
    assert!(states.len() == 2 && !states.contains(&"open".to_owned()), "{states:?}");
}

#[test]
fn a_server_is_named_by_flag_or_environment_and_what_needs_the_store_says_so() {
    let place = Place::new();
    let up = place.up();
    let url = format!("http://{}", up.at);
    let far = |args: &[&str], env: Option<&str>| {
        let mut command = place.command(args);
        command.current_dir("/");
        command.envs(env.iter().flat_map(|url| [("NEXUS_URL", *url), ("NEXUS_DIR", "/nowhere")]));
        let done = command.output().expect("nexus starts");
        (done.status.code(), serde_json::from_slice::<Value>(&done.stdout).expect("one object"))
    };
    assert_eq!(far(&["work", "add", "by flag", "--server", &url], None).0, Some(0));
    assert_eq!(far(&["work", "add", "by variable"], Some(&url)).0, Some(0));
    let unix = format!("unix:{}", place.socket().display());
    let (code, listed) = far(&["work", "list", "--server", &unix], None);
    assert_eq!((code, listed.as_array().map(Vec::len)), (Some(0), Some(2)));
    for (args, exit, code) in [
        (&["status", "--server", &url][..], 2, "needs_store"),
        (&["up", "--server", &url], 2, "needs_store"),
        (&["work", "list", "--server", "ftp://x"], 2, "bad_server"),
        (&["work", "list", "--server", "http://127.0.0.1:1"], 1, "server_unreachable"),
        (&["work", "add", "x", "--server", "unix:/nowhere/nexus.sock"], 1, "server_unreachable"),
        (&["work", "list", "--server", &url, "--data-dir", "/tmp"], 2, "usage"),
    ] {
        let (exited, said) = far(args, None);
        assert_eq!((exited, said["error"]["code"].as_str()), (Some(exit), Some(code)), "{args:?}");
    }
}
