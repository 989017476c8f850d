//! The steps about the sealed log and what it says.

use serde_json::Value;

use super::world::{said, text, write};
use super::{Stage, Step};

pub const STEPS: &[Step] = &[
    ("the log is sealed", |s, _, _| {
        s.act(["audit", "seal"]);
        s.success();
    }),
    ("the log is verified", |s, _, _| s.act(["audit", "verify"])),
    ("the log is exported", |s, _, _| {
        s.act(["audit", "export", "--output", &s.world.beside("export.jsonl").to_string_lossy()]);
        s.success();
    }),
    ("what is old is archived", |s, _, _| {
        let file = s.world.beside("archive.jsonl");
        s.act(["audit", "archive", "--older-than", "0s", "--output", &file.to_string_lossy()]);
        s.success();
    }),
    ("the export is verified somewhere else", |s, _, _| somewhere_else(s, "export.jsonl")),
    ("the archive is verified somewhere else", |s, _, _| somewhere_else(s, "archive.jsonl")),
    ("somebody writes {} for {} in event {} of the export", |s, a, _| {
        let file = s.world.beside("export.jsonl");
        let whole = std::fs::read_to_string(&file).expect("there is an export");
        let event = format!("{{\"seq\":{},", a[2]);
        let line = whole.lines().find(|line| line.starts_with(&event)).expect("it is in the export");
        write(&file, whole.replace(line, &line.replace(a[1], a[0])));
    }),
    ("flow is asked for", |s, _, _| s.act(["metrics", "flow"])),
    ("flow is asked for the team {}", |s, a, _| s.act(["metrics", "flow", "--team", a[0]])),
    // What follows looks.
    ("nothing was tampered with", |s, _, _| {
        let verified = s.success();
        assert_eq!((&verified["sound"], &verified["findings"]), (&Value::Bool(true), &serde_json::json!([])));
    }),
    ("the ref {} agrees", |s, a, _| {
        let head = s.answer().json()["heads"][0].clone();
        assert_eq!((text(&head, "place").as_str(), &head["agrees"]), (a[0], &Value::Bool(true)));
    }),
    ("event {} is found to be {}", |s, a, _| {
        let answer = s.answer();
        assert_eq!(answer.code, 1);
        let first = answer.json()["findings"][0].clone();
        assert_eq!((first["seq"].to_string().as_str(), text(&first, "fault").as_str()), (a[0], a[1]), "{first}");
    }),
    ("the log tells nothing of {} and the beginning of {}", |s, a, _| {
        let all = said(&mut s.world.nexus(["events", "--json"])).out;
        assert!(!all.contains(&s.id(a[0])) && all.contains(&s.id(a[1])), "{all}");
    }),
    ("there is no data on {}, {}, {} and {}", |s, a, _| {
        let flow = s.success();
        for name in a {
            let spans = &flow[*name];
            assert_eq!(spans["samples"], 0, "{flow}");
            assert!(["p50_ms", "p85_ms", "p95_ms", "mean_ms"].iter().all(|it| spans[*it].is_null()), "{flow}");
        }
    }),
    ("there is no velocity", |s, _, _| assert!(s.success()["velocity"].is_null())),
    ("there is {} sample of {}", |s, a, _| {
        let spans = s.success()[a[1]].clone();
        assert_eq!(spans["samples"].to_string(), a[0]);
        assert!(spans["p95_ms"].is_i64(), "{spans}");
    }),
];

/// Verifies a file where there is neither a repository nor a store.
fn somewhere_else(stage: &mut Stage, file: &str) {
    let (file, nowhere) = (stage.world.beside(file), stage.world.beside("nowhere"));
    std::fs::create_dir_all(&nowhere).expect("the folder is ours");
    let file = file.to_string_lossy().into_owned();
    let data = nowhere.join("none").to_string_lossy().into_owned();
    stage.act(["audit", "verify", &file, "--repo", &nowhere.to_string_lossy(), "--data-dir", &data]);
}
