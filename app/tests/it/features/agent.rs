//! The steps about agents, and about passing work on.

use super::Step;
use super::stage::Stage;

pub const STEPS: &[Step] = &[
    ("{} hands {} to {} with {}", |s, a, _| {
        hand_off(s, a[0], a[1], &["--to", a[2]], a[3]);
        if s.succeeded() {
            s.granted(a[2]);
        }
    }),
    ("{} hands {} to the role {} with {}", |s, a, _| hand_off(s, a[0], a[1], &["--to-role", a[2]], a[3])),
    ("{} is for the role {}", |s, a, _| assert_eq!(s.item(a[0])["role"], a[1])),
    ("the hand-off of {} names {}, {} and {}", |s, a, _| {
        let handoff = s.item(a[0])["handoff"].clone();
        let said = [&handoff["artifacts"][0], &handoff["context"], &handoff["note"]];
        assert_eq!(said, [a[1], a[2], a[3]], "{handoff}");
        assert_eq!(s.world.ok(["work", "handoff", "show", &s.id(a[0])]), handoff);
    }),
    ("the hand-off of {} was at {} percent", |s, a, _| {
        assert_eq!(s.item(a[0])["handoff"]["progress_percent"].to_string(), a[1]);
    }),
    ("the agent {} is told to {}", |s, a, _| s.act(["agent", a[1], a[0]])),
    ("{} says that it waits for a person", |s, a, _| {
        s.act(["agent", "heartbeat", a[0], "--waiting-for", "which colour?"]);
    }),
    ("{} gives a sign of life", |s, a, _| s.act(["agent", "heartbeat", a[0]])),
    ("{} is seen as {}", |s, a, _| {
        let agent = s.world.ok(["agent", "show", a[0]]);
        assert_eq!(agent["presence"], a[1], "{agent}");
        assert!(agent["reason"].as_str().is_some_and(|why| !why.is_empty()), "{agent}");
    }),
    ("there is no data on {}", |s, a, _| {
        let record = s.world.ok(["agent", "show", a[0]])["record"].clone();
        assert!(record["success_rate"].is_null() && record["mean_time_to_report_ms"].is_null(), "{record}");
    }),
    ("{} has completed {} of {}", |s, a, _| {
        let record = s.world.ok(["agent", "show", a[0]])["record"].clone();
        let [completed, failed] = ["completed", "failed"].map(|field| record[field].as_u64().expect("a number"));
        assert_eq!([completed.to_string(), (completed + failed).to_string()], [a[1], a[2]], "{record}");
        assert!(record["success_rate"].is_f64() && record["mean_time_to_report_ms"].is_i64(), "{record}");
    }),
    ("the log has no heartbeats", |s, _, _| {
        let said = s.world.run(["events"]);
        assert!(!said.out.contains("heartbeat") && !said.out.contains("presence"), "{}", said.out);
    }),
    ("an operator assigns {} with {}", |s, a, _| {
        let id = s.id(a[0]);
        s.act(["work", "assign", &id].into_iter().chain(a[1].split_whitespace()));
    }),
    ("{} is kept for {} and {}", |s, a, _| {
        let assigned = s.success()["assigned"].clone();
        assert_eq!([&assigned[0]["agent"], &assigned[1]["agent"]], [a[1], a[2]], "{assigned}");
    }),
    ("an operator reassigns {} to {}", |s, a, _| {
        let id = s.id(a[0]);
        s.act(["work", "reassign", &id, "--to", a[1]]);
    }),
    ("an operator evens out the load", |s, _, _| s.act(["agent", "rebalance"])),
    ("{} went from {} to {}", |s, a, _| {
        let moves = s.success()["moves"].clone();
        assert_eq!([&moves[0]["from"], &moves[0]["to"]], [a[1], a[2]], "{moves}");
        assert_eq!(moves.as_array().map(Vec::len), Some(1), "{moves}");
    }),
];

fn hand_off(stage: &mut Stage, from: &str, title: &str, to: &[&str], options: &str) {
    let options: Vec<&str> = to.iter().copied().chain(options.split_whitespace()).collect();
    stage.as_holder(from, "handoff", title, &options);
}
