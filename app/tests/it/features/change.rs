//! The steps about changes and workspaces.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::world::{text, write};
use super::{Stage, Step};

pub const STEPS: &[Step] = &[
    ("the file {} says", |s, a, below| {
        s.world.write(a[0], below.trim_start_matches('\n'));
        s.world.commit("a file");
    }),
    ("the project asks", |s, _, below| {
        s.world.write("nexus.toml", below);
        s.world.commit("what the project asks");
    }),
    ("{} works on {}", |s, a, _| {
        s.claim(a[0], a[1], &["--ttl", "1h", "--workspace"]);
        s.success();
    }),
    ("{} writes {} into {} for {}", |s, a, _| {
        write(&s.workspace(a[0], a[3]).join(a[2]), format!("{}\n", a[1]));
    }),
    ("{} writes into {} for {}", |s, a, below| {
        write(&s.workspace(a[0], a[2]).join(a[1]), below.trim_start_matches('\n'));
    }),
    ("{} does {} by writing {} into {}", |s, a, _| {
        s.add(a[1], &[]);
        s.claim(a[0], a[1], &["--ttl", "1h", "--workspace"]);
        write(&s.workspace(a[0], a[1]).join(a[3]), format!("{}\n", a[2]));
        s.as_holder(a[0], "report", a[1], &[]);
        s.success();
    }),
    ("what waits is landed", |s, _, _| s.act(["change", "land"])),
    ("{} as {} approves the change for {}", |s, a, _| {
        let id = text(&s.change(a[2]), "id");
        s.act(["change", "approve", &id, "--by", a[0], "--role", a[1]]);
    }),
    ("{} as {} approves the change for {} from inside a run", |s, a, _| {
        let id = text(&s.change(a[2]), "id");
        s.act_inside_a_run(["change", "approve", &id, "--by", a[0], "--role", a[1]]);
    }),
    ("the change for {} is taken back", |s, a, _| {
        let id = text(&s.change(a[0]), "id");
        s.act(["change", "revert", &id]);
    }),
    ("the operator has changed {} to {} without a commit", |s, a, _| s.world.write(a[0], &format!("{}\n", a[1]))),
    ("the operator undoes the changes to {}", |s, a, _| {
        s.world.git(["checkout", "-q", "--", a[0]]);
    }),
    ("a run lets this agent do everything", |s, _, below| {
        let agent = s.world.beside("agent.sh");
        write(&agent, format!("#!/bin/sh\n{below}\n"));
        std::fs::set_permissions(&agent, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
        s.act(["run", "--agent", &agent.to_string_lossy(), "--workers", "1"]);
    }),
    ("the first put-away workspace of {} is restored", |s, a, _| {
        let id = s.id(a[0]);
        let all = s.world.ok(["workspace", "list", "--state", "quarantined"]);
        let first = all.as_array().expect("a list").iter().find(|it| it["item"] == id.as_str());
        let first = text(first.expect("one was put away"), "id");
        let to = s.world.beside("restored");
        s.act(["workspace", "restore", &first, "--to", &to.to_string_lossy()]);
        s.success();
        s.restored = Some(to);
    }),
    // What follows looks.
    ("{} changes have landed and {} went back", |s, a, _| counted(s, a)),
    ("{} change has landed and {} went back", |s, a, _| counted(s, a)),
    ("the landing waits for {}", |s, a, _| {
        let said = s.answer();
        assert_eq!(said.code, 1, "{}", said.out);
        let waiting = said.json()["waiting"].to_string();
        assert!(waiting.contains(a[0]), "{waiting}");
    }),
    ("the branch holds {} in {}", |s, a, _| assert_eq!(s.world.landed(a[1]), a[0])),
    ("the branch has no {}", |s, a, _| assert_eq!(s.world.git(["ls-tree", "-r", "--name-only", "main", a[0]]), "")),
    ("the checkout holds {} in {}", |s, a, _| {
        let there = std::fs::read_to_string(s.world.repo.join(a[1])).unwrap_or_else(|error| error.to_string());
        assert_eq!(there.trim_end(), a[0]);
        assert_eq!(s.world.git(["status", "--porcelain", a[1]]), "", "index and files agree");
    }),
    ("the restored folder holds {} in {}", |s, a, _| {
        let folder = s.restored.as_ref().expect("something was restored");
        let there = std::fs::read_to_string(folder.join(a[1])).unwrap_or_else(|error| error.to_string());
        assert_eq!(there.trim_end(), a[0]);
    }),
    ("the change for {} is {}", |s, a, _| assert_eq!(s.change(a[0])["state"], a[1], "{}", s.change(a[0]))),
    ("the first change for {} is {}", |s, a, _| assert_eq!(s.changes(a[0])[0]["state"], a[1])),
    ("a receipt shows that {} exited with {} for {}", |s, a, _| {
        let id = text(&s.change(a[2]), "id");
        let shown = s.world.ok(["change", "show", &id]);
        let receipts = shown["receipts"].as_array().expect("receipts");
        let receipt = receipts.iter().find(|it| it["check"] == a[0]).unwrap_or_else(|| panic!("none: {shown}"));
        assert_eq!(receipt["ending"], format!("exit {}", a[1]), "{receipt}");
        assert_eq!(receipt["tree"], shown["tree"]);
        for name in ["command", "output_digest", "tools", "duration_ms", "output_bytes"] {
            assert!(!receipt[name].is_null(), "{name}: {receipt}");
        }
    }),
    ("a workspace of {} is {}", |s, a, _| {
        let (all, id) = (s.world.ok(["workspace", "list", "--state", a[1]]), s.id(a[0]));
        assert!(all.as_array().expect("a list").iter().any(|it: &Value| it["item"] == id.as_str()), "{all}");
    }),
    ("the run ended well", |s, _, _| {
        let end = s.success();
        assert_eq!(end["problems"], serde_json::json!([]), "{end}");
    }),
    ("the run did not end well", |s, _, _| assert_eq!(s.answer().code, 1)),
];

fn counted(stage: &mut Stage, wanted: &[&str]) {
    let done = stage.answer().json();
    let count = |name: &str| done[name].as_array().expect("a list").len().to_string();
    assert_eq!([count("landed"), count("sent_back")], [wanted[0], wanted[1]], "{done}");
}
