//! What goes through, byte by byte; what is counted of it; and what goes wrong on the way.

use std::io::Read as _;

use serde_json::{Value, json};

use super::stage::{FORMATS, KEY, Stage, call, post, read, send};
use crate::support::until;

fn hello() -> Value {
    json!({ "turns": [{
        "thinking": "hm", "text": "Hello from the fake model ünïcode ", "tools": [{ "name": "Bash", "input": { "command": "true" } }],
        "usage": { "input": 120, "output": 30, "cache_read": 7 },
    }] })
}

/// Ids have a number that rises.
fn without_numbers(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

#[test]
fn every_format_goes_through_byte_by_byte_and_is_counted() {
    let stage = Stage::with(&json!({ "hello": hello() }), "hello", &[("NEXUS_MODEL_PRICES", "fake-*=2/10/0.5/2")]);
    let token = stage.pass("zoe");
    let mut n = 0;
    for (format, ..) in FORMATS {
        for streams in [true, false] {
            let through = stage.call(format, streams, &token);
            let (path, body) = call(format, streams);
            let path = path.splitn(4, '/').nth(3).map(|rest| format!("/s/hello/{rest}")).expect("a path");
            // What the gateway asks for by itself.
            let body = body.replace(
                r#""stream":true,"messages""#,
                r#""stream":true,"stream_options":{"include_usage":true},"messages""#,
            );
            let direct = post(&stage.fake, &path, "", &body);
            assert_eq!((through.status, through.whole), (200, true), "{format}: {}", through.body);
            assert_eq!(without_numbers(&through.body), without_numbers(&direct.body), "{format}");
            assert!(through.body.contains("ünïcode"));
            n += 1;
            let said = &stage.calls(n)[0];
            let wanted = json!({
                "format": format, "model": "fake-1", "status": 200, "ending": "answered", "agent": "zoe", "run": "by hand",
                "input_tokens": 120, "output_tokens": 30, "cache_read_tokens": 7, "estimated": false,
                "usd_micros": 240 + 300 + 4, "response_bytes": through.body.len(), "item": null,
            });
            for (field, wanted) in wanted.as_object().expect("an object") {
                assert_eq!(&said[field], wanted, "{format} {streams}: {field} of {said}");
            }
        }
    }
    let spent = stage.world.ok(["budget", "show", "project"]);
    assert_eq!(spent["accounts"][0]["spent"]["tokens"], 8 * 157);
    assert_eq!((&spent["accounts"][0]["reserved"]["tokens"], &spent["under_way"]), (&json!(0), &json!([])));
    let by = stage.world.ok(["budget", "history", "--by", "agent"]);
    assert_eq!((&by[0]["of"], &by[0]["calls"], &by[0]["answered"]), (&json!("zoe"), &json!(8), &json!(8)));
}

#[test]
fn the_provider_gets_the_real_key_and_nobody_else_sees_it() {
    let stage = Stage::new(&json!({ "hello": hello() }), "hello");
    let token = stage.pass("zoe");
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for (format, header) in [("anthropic", "x-api-key"), ("chat", "authorization"), ("gemini", "x-goog-api-key")] {
        let (path, body) = call(format, true);
        let said = if header == "authorization" { format!("Bearer {token}") } else { token.clone() };
        let headers = format!(
            "{header}: {said}\r\ntraceparent: 00-{trace}-00f067aa0ba902b7-01\r\ncookie: a=b\r\nx-hop: 1\r\nconnection: x-hop\r\n"
        );
        assert_eq!(post(&stage.up, &path, &headers, &body).status, 200, "{format}");
    }
    let asked = stage.asked();
    for (asked, header) in asked.iter().zip(["x-api-key", "authorization", "x-goog-api-key"]) {
        let headers = &asked["headers"];
        assert_eq!(headers[header], "***KEYX", "{headers}");
        assert_eq!(headers["traceparent"], format!("00-{trace}-00f067aa0ba902b7-01"));
        for gone in ["cookie", "x-hop", "accept-encoding"] {
            assert_eq!(headers[gone], Value::Null, "{gone}: {headers}");
        }
    }
    let calls = stage.calls(3);
    assert!(calls.iter().all(|it| it["trace_id"] == trace), "{calls:?}");
    for file in ["nexus.db", "nexus.db-wal"] {
        let kept = std::fs::read(stage.world.repo.join(".nexus").join(file)).unwrap_or_default();
        let kept = String::from_utf8_lossy(&kept);
        assert!(!kept.contains(KEY) && !kept.contains(&token), "{file} has a secret");
        assert!(!kept.contains("Hello from the fake"), "{file} has what was said");
    }
}

#[test]
fn who_shows_no_token_of_ours_and_what_is_no_call_is_turned_down_in_the_words_of_the_format() {
    let stage = Stage::new(&json!({ "hello": hello() }), "hello");
    for (format, kind) in [
        ("anthropic", "/error/type"),
        ("responses", "/error/type"),
        ("chat", "/error/type"),
        ("gemini", "/error/status"),
    ] {
        let answer = stage.call(format, true, "nxp-wrong");
        let said = answer.json();
        assert_eq!(answer.status, 401, "{said}");
        let wanted = if format == "gemini" { "UNAUTHENTICATED" } else { "authentication_error" };
        assert_eq!(said.pointer(kind), Some(&json!(wanted)), "{said}");
    }
    let token = stage.pass("zoe");
    let with = format!("x-api-key: {token}\r\n");
    for path in [
        "/model/anthropic/v1/files",
        "/model/openai/v1/../admin",
        "/model/anthropic/v1/organizations/me",
        "/model/else/v1",
    ] {
        assert_eq!(post(&stage.up, path, &with, "{}").status, 404, "{path}");
    }
    for bad in ["", "[]", "{"] {
        assert_eq!(post(&stage.up, "/model/anthropic/v1/messages", &with, bad).status, 400, "{bad:?}");
    }
    assert_eq!(stage.asked().len(), 0, "none of it was passed on");
}

#[test]
fn a_stream_that_the_caller_cuts_off_is_counted_as_far_as_is_known() {
    let slow = json!({ "turns": [{ "text": "word ", "repeat": 100_000, "pace_ms": 2, "usage": { "input": 55, "output": 9_999 } }] });
    let stage = Stage::new(&json!({ "slow": slow }), "slow");
    let token = stage.pass("zoe");
    let (path, body) = call("anthropic", true);
    let mut stream = send(&stage.up, "POST", &path, &format!("x-api-key: {token}\r\n"), &body);
    let mut seen = String::new();
    while seen.matches("word ").count() < 20 {
        let mut piece = [0; 4_096];
        let n = stream.read(&mut piece).expect("it goes on");
        seen.push_str(&String::from_utf8_lossy(&piece[..n]));
    }
    drop(stream);
    let said = &stage.calls(1)[0];
    assert_eq!(
        (&said["ending"], &said["estimated"], &said["input_tokens"]),
        (&json!("cut"), &json!(true), &json!(55)),
        "{said}"
    );
    let output = said["output_tokens"].as_u64().expect("a number");
    assert!((20..9_999).contains(&output), "{said}");
    until("the provider to hear of it", || (stage.asked()[0]["client_left"] == true).then_some(()));
    until("it to be settled", || {
        (stage.world.ok(["budget", "show", "project"])["under_way"] == json!([])).then_some(())
    });
    let spent = stage.world.ok(["budget", "show", "project"]);
    assert_eq!(spent["accounts"][0]["spent"]["tokens"], 55 + output);
}

#[test]
fn what_breaks_on_the_way_is_passed_on_as_it_is_and_called_by_its_name() {
    let stage = Stage::new(
        &json!({ "all": { "turns": [{ "text": "one two three four", "first": [
            { "drop": "middle" }, { "stream_error": "overloaded_error" }, { "drop": "before" },
            { "status": 500 }, { "status": 404, "body": { "odd": true } },
        ] }] } }),
        "all",
    );
    let token = stage.pass("zoe");
    let ask = || stage.call("anthropic", true, &token);
    let dropped = ask();
    assert_eq!((dropped.status, dropped.whole), (200, false), "the end is missing for the caller too");
    let failed = ask();
    assert!(failed.whole && failed.body.contains("overloaded_error"), "{}", failed.body);
    assert_eq!(ask().status, 502);
    assert_eq!(ask().status, 500);
    let odd = ask();
    assert_eq!((odd.status, odd.body.as_str()), (404, r#"{"odd":true}"#));
    assert_eq!(ask().status, 200);
    let calls = stage.calls(6);
    let ends: Vec<_> =
        calls.iter().rev().map(|it| (it["ending"].as_str().expect("a word"), it["status"].as_u64())).collect();
    assert_eq!(
        ends,
        [
            ("cut", Some(200)),
            ("failed", Some(200)),
            ("failed", None),
            ("failed", Some(500)),
            ("failed", Some(404)),
            ("answered", Some(200))
        ]
    );
    assert_eq!(calls[1]["usd_micros"], 0, "what failed used nothing");
    assert_eq!(calls[0]["usd_micros"], Value::Null, "without a price there is no data");
}

#[test]
fn lists_of_models_go_through_and_are_no_calls() {
    let stage = Stage::new(&json!({ "hello": hello() }), "hello");
    let token = stage.pass("zoe");
    let answer =
        read(send(&stage.up, "GET", "/model/openai/v1/models", &format!("authorization: Bearer {token}\r\n"), ""));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(stage.world.ok(["budget", "history"]), json!([]));
}
