//! What programs ask: status, files, and every way to ask wrongly.

use serde_json::Value;

use super::client::{ask, get, get_with};
use super::server::Place;

#[test]
fn status_has_what_callers_of_the_older_system_know_and_null_where_nothing_is_known() {
    let place = Place::new();
    let up = place.up();
    let empty = get(up.at, "/api/coordination/status").json();
    assert!(empty["performance"]["coordination_operations_per_hour"].is_null());
    assert!(empty["performance"]["average_work_completion_time"].is_null());

    let done = place.add("to be done");
    let held = place.add("to be held");
    place.add("to be left");
    place.json(&["work", "claim", &done, "--agent", "ada"]);
    place.json(&["work", "report", &done, "--agent", "ada", "--fence", "1"]);
    place.json(&["work", "claim", &held, "--agent", "grace"]);
    let answer = get(up.at, "/api/coordination/status");
    let said = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(said["agents"], serde_json::json!({ "total": 2, "active": 1 }));
    let coordination = serde_json::json!({ "work_claims": 1, "completed_work": 1, "pending_work": 1 });
    assert_eq!(said["coordination"], coordination);
    assert_eq!(said["performance"]["coordination_operations_per_hour"], 6.0);
    assert!(said["performance"]["average_work_completion_time"].as_f64().is_some_and(|ms| ms >= 0.0));
    assert_eq!(said["system_health"], "healthy");
    assert_eq!((&said["work"]["leased"], said["held"][0]["holder"].as_str()), (&Value::from(1), Some("grace")));
}

#[test]
fn flow_metrics_are_those_of_the_command_line_and_nonsense_is_malformed() {
    let place = Place::new();
    let up = place.up();
    let id = place.add("one");
    place.json(&["work", "claim", &id, "--agent", "ada"]);
    place.json(&["work", "report", &id, "--agent", "ada", "--fence", "1"]);
    let mut served = get(up.at, "/api/v1/metrics/flow?since=7d").json();
    let mut told = place.json(&["metrics", "flow", "--since", "7d"]);
    assert_eq!(served["lead"]["samples"], 1);
    for view in [&mut served, &mut told] {
        // What depends on the moment of asking.
        ["at_ms", "since_ms", "throughput"].iter().for_each(|key| view[*key] = Value::Null);
    }
    assert_eq!(served, told);
    for wrong in ["since=yesterday", "since=3", "team=%01", "colour=red"] {
        let answer = get(up.at, &format!("/api/v1/metrics/flow?{wrong}"));
        assert_eq!((answer.status, answer.json()["code"].as_str()), (422, Some("malformed")), "{wrong}");
    }
}

#[test]
fn unknown_paths_and_wrong_methods_are_answered_with_problem_documents() {
    let place = Place::new();
    let up = place.up();
    let at = up.at;
    let head = format!("HTTP/1.0\r\nhost: {at}\r\n\r\n");
    for (request, status, code) in [
        ("GET /nothing/here", 404, "not_found"),
        ("GET /assets/other.js", 404, "not_found"),
        ("GET /api/health/", 404, "not_found"),
        ("POST /", 405, "method_not_allowed"),
        ("DELETE /live", 405, "method_not_allowed"),
        ("PUT /api/coordination/status", 405, "method_not_allowed"),
    ] {
        let answer = ask(at, &format!("{request} {head}"));
        assert_eq!(answer.status, status, "{request}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{request}");
        let said = answer.json();
        assert_eq!((said["status"].as_u64(), said["code"].as_str()), (Some(status.into()), Some(code)), "{request}");
        for key in ["type", "title", "detail"] {
            assert!(said[key].as_str().is_some_and(|text| !text.is_empty()), "{request} has no {key}");
        }
        assert_eq!(answer.header("allow").is_some(), status == 405, "{request}");
    }
}

#[test]
fn a_name_from_elsewhere_that_points_here_is_refused() {
    let place = Place::new();
    let up = place.up();
    let with = |host: &str| ask(up.at, &format!("GET /api/health HTTP/1.0\r\n{host}\r\n"));
    for host in ["", "host: evil.example\r\n", "host: localhost.evil.example:4000\r\n", "host: 192.168.0.7\r\n"] {
        let answer = with(host);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("host_not_allowed")), "{host}");
    }
    for host in ["host: localhost\r\n", "host: localhost:1\r\n", "host: 127.0.0.1:99\r\n", "host: [::1]:4000\r\n"] {
        assert_eq!(with(host).status, 200, "{host}");
    }
}

#[test]
fn a_valid_trace_is_taken_up_and_any_other_is_replaced_by_a_new_one() {
    let place = Place::new();
    let up = place.up();
    let brought = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = get_with(up.at, "/api/health", &format!("traceparent: {brought}"));
    assert_eq!(answer.header("traceparent"), Some(brought));
    for bad in ["traceparent: 00-xyz-1-01", "traceparent:"] {
        let answer = get_with(up.at, "/nothing", bad);
        let made = answer.header("traceparent").expect("every answer has a trace");
        assert!(made.len() == 55 && made.starts_with("00-") && made.ends_with("-01"), "{made}");
    }
}

#[test]
fn a_body_of_more_bytes_than_allowed_is_refused_without_being_read() {
    let place = Place::new();
    let up = place.up();
    let request = format!("GET / HTTP/1.0\r\nhost: {}\r\ncontent-length: 10000000000\r\n\r\n", up.at);
    let answer = ask(up.at, &request);
    assert_eq!((answer.status, answer.json()["code"].as_str()), (413, Some("body_too_large")));
}

#[test]
fn style_and_script_are_sent_once_per_version() {
    let place = Place::new();
    let up = place.up();
    for name in ["board.css", "board.js", "icon.svg"] {
        let path = format!("/assets/{name}");
        let first = get(up.at, &path);
        let tag = first.header("etag").expect("a file has a tag").to_owned();
        assert!(first.status == 200 && !first.body.is_empty(), "{name}");
        let again = get_with(up.at, &path, &format!("if-none-match: {tag}"));
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{name}");
        assert_eq!(get_with(up.at, &path, "if-none-match: \"older\"").status, 200, "{name}");
    }
}
