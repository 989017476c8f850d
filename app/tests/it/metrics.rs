//! Flow metrics of a log whose times are set by hand.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::{Engine, World, on_each_engine};

on_each_engine! {
    figures_are_those_of_the_log_whatever_window_is_asked_for,
}

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Three items: A was added 10 days ago, taken 9 and done 8 days ago; B of team red with 3 points was added 5 days ago,
/// taken 4 and done 2 days ago; C was added 3 days ago and taken 1 day ago. Comes back with now.
fn history(world: &World) -> i64 {
    let add = |title: &str, options: &[&str]| world.nexus(&["work", "add", title]).with(options).done().text("id");
    let a = add("A", &[]);
    world.claim(&a, "zoe").with(&["--ttl", "1d"]).done();
    world.says("report", &a, "zoe", 1).done();
    let b = add("B", &["--team", "red", "--points", "3"]);
    world.claim(&b, "zoe").with(&["--ttl", "1d"]).done();
    let c = add("C", &[]);
    world.says("report", &b, "zoe", 1).done();
    world.claim(&c, "zoe").with(&["--ttl", "1d"]).done();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_millis();
    let now = i64::try_from(now).expect("it is before the end of time");
    for (name, subject, days) in [
        ("work.added", &a, 10),
        ("work.claimed", &a, 9),
        ("agent.registered", &"zoe".to_owned(), 9),
        ("work.reported", &a, 8),
        ("work.added", &b, 5),
        ("work.claimed", &b, 4),
        ("work.added", &c, 3),
        ("work.reported", &b, 2),
        ("work.claimed", &c, 1),
    ] {
        let at_ms = now - days * DAY;
        world.tamper(&format!("update event set at_ms = {at_ms} where name = '{name}' and subject = '{subject}'"));
    }
    now
}

/// Samples and percentiles in days.
fn spans(spans: &Value) -> Value {
    let days = |name: &str| spans[name].as_i64().map(|ms| ms / DAY);
    json!([spans["samples"], days("p50_ms"), days("p85_ms"), days("p95_ms")])
}

fn figures_are_those_of_the_log_whatever_window_is_asked_for(engine: Engine) {
    let world = World::on(engine);
    let nothing = world.nexus(&["metrics", "flow"]).done().json;
    assert_eq!((&nothing["from_ms"], &nothing["rework"]["rate"]), (&Value::Null, &Value::Null));
    let now = history(&world);
    let flow = |since: &str| world.nexus(&["metrics", "flow", "--since", since]).done().json;

    let all = flow("30d");
    // Leads 2 and 3 days, cycles 1 and 2, waits 1, 1 and 2: the 2nd, the 3rd, the 3rd.
    assert_eq!(spans(&all["lead"]), json!([2, 2, 3, 3]));
    assert_eq!(spans(&all["cycle"]), json!([2, 1, 2, 2]));
    assert_eq!(spans(&all["wait"]), json!([3, 1, 2, 2]));
    assert_eq!((&all["wip"]["items"], spans(&all["wip"]["age"])), (&json!(1), json!([1, 1, 1, 1])));
    assert_eq!(all["rework"], json!({ "samples": 2, "hits": 0, "rate": 0.0 }));
    assert_eq!(all["conflicts"], json!({ "samples": 0, "hits": 0, "rate": null }));
    // 2 in 10 days; the log does not go back to the beginning of the window.
    assert_eq!(all["from_ms"], now - 10 * DAY);
    let per = |flow: &Value, name: &str| flow["throughput"][name].as_f64().map(|n| (n * 1_000.0).round());
    assert_eq!((per(&all, "per_day"), per(&all, "per_week")), (Some(200.0), Some(1_400.0)));
    assert_eq!(all["velocity"], Value::Null, "nobody said when sprints begin");

    // B was added before this window, and taken within.
    let some = flow("108h");
    assert_eq!((spans(&some["lead"]), spans(&some["cycle"])), (json!([1, 3, 3, 3]), json!([1, 2, 2, 2])));
    assert_eq!(spans(&some["wait"]), json!([2, 1, 2, 2]));
    // 1 in 4.5 days; that says nothing about a week.
    assert_eq!((per(&some, "per_day"), per(&some, "per_week")), (Some(222.0), None));

    // Nothing happened in this window, and C is held all the same.
    let none = flow("1h");
    assert_eq!((&none["lead"]["samples"], &none["throughput"]["per_day"]), (&json!(0), &Value::Null));
    assert_eq!((&none["wip"]["items"], spans(&none["wip"]["age"])), (&json!(1), json!([1, 1, 1, 1])));

    let red = world.nexus(&["metrics", "flow", "--team", "red"]).done().json;
    assert_eq!((&red["lead"]["samples"], &red["wip"]["items"]), (&json!(1), &json!(0)));

    // Sprints of a week that began on the day 12 days ago: A was done in the first, B in the second.
    let start = jiff::Timestamp::from_millisecond(now - 12 * DAY).expect("a moment").strftime("%Y-%m-%d").to_string();
    let asked = world.nexus(&["metrics", "flow"]).env("NEXUS_PLANNING_START", &start);
    let planned = asked.env("NEXUS_PLANNING_SPRINT_WEEKS", "1").env("NEXUS_PLANNING_SPRINTS_PER_PI", "1").done().json;
    let rows: Vec<Value> = planned["velocity"]
        .as_array()
        .expect("sprints")
        .iter()
        .map(|row| {
            json!([
                row["pi"],
                row["sprint"],
                row["team"],
                row["samples"],
                row["without_points"],
                row["points"],
                row["over"]
            ])
        })
        .collect();
    assert_eq!(rows, [json!([1, 1, null, 1, 1, null, true]), json!([2, 2, "red", 1, 0, 3, false])]);
    let bad = world.nexus(&["metrics", "flow"]).env("NEXUS_PLANNING_START", "2026-02-30").run();
    assert_eq!((bad.code, bad.problem()), (Some(2), "bad_setting"));
}
