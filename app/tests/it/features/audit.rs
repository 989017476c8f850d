//! The steps about the sealed log.

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
];

/// Verifies a file where there is neither a repository nor a store.
fn somewhere_else(stage: &mut Stage, file: &str) {
    let (file, nowhere) = (stage.world.beside(file), stage.world.beside("nowhere"));
    std::fs::create_dir_all(&nowhere).expect("the folder is ours");
    let file = file.to_string_lossy().into_owned();
    let data = nowhere.join("none").to_string_lossy().into_owned();
    stage.act(["audit", "verify", &file, "--repo", &nowhere.to_string_lossy(), "--data-dir", &data]);
}
