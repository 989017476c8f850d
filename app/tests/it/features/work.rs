//! The steps about work items.

use super::Step;
use super::world::{text, write};

pub const STEPS: &[Step] = &[
    ("the item {}", |s, a, _| s.add(a[0], &[])),
    ("the item {} with {}", |s, a, _| s.add(a[0], &words(a[1]))),
    ("the item {} that needs {}", |s, a, _| {
        let needed = s.id(a[1]);
        s.add(a[0], &["--depends-on", &needed]);
    }),
    ("the agent {} is registered with {}", |s, a, _| {
        s.act(["agent", "register", a[0]].into_iter().chain(words(a[1])));
        s.success();
    }),
    ("{} claims {}", |s, a, _| s.claim(a[0], a[1], &["--ttl", "1h"])),
    ("{} claims {} for {}", |s, a, _| s.claim(a[0], a[1], &["--ttl", a[2]])),
    ("{} claims {} with the key {}", |s, a, _| s.claim(a[0], a[1], &["--ttl", "1h", "--key", a[2]])),
    ("{} asks for work", |s, a, _| s.next(a[0], &["--ttl", "1h"])),
    ("{} asks for work with {}", |s, a, _| s.next(a[0], &words(a[1]))),
    ("{} asks for work until there is some", |s, a, _| s.wait_for_next(a[0])),
    ("{} renews {}", |s, a, _| s.as_holder(a[0], "renew", a[1], &["--ttl", "2h"])),
    ("{} says that {} is {} percent done", |s, a, _| s.as_holder(a[0], "progress", a[1], &["--percent", a[2]])),
    ("{} reports {}", |s, a, _| s.as_holder(a[0], "report", a[1], &[])),
    ("{} reports {} with the result {}", |s, a, _| s.as_holder(a[0], "report", a[1], &["--result", a[2]])),
    ("{} reports {} with the key {}", |s, a, _| s.as_holder(a[0], "report", a[1], &["--key", a[2]])),
    ("{} fails {} because {}", |s, a, _| s.as_holder(a[0], "fail", a[1], &["--reason", a[2]])),
    ("{} fails {} {} times", |s, a, _| {
        for _ in 0..a[2].parse().expect("a number") {
            s.claim(a[0], a[1], &["--ttl", "1h"]);
            s.as_holder(a[0], "fail", a[1], &["--reason", "it does not work"]);
        }
    }),
    ("{} releases {}", |s, a, _| s.as_holder(a[0], "release", a[1], &[])),
    ("{} blocks {} because {}", |s, a, _| s.as_holder(a[0], "block", a[1], &["--reason", a[2]])),
    ("an operator blocks {} because {}", |s, a, _| {
        let id = s.id(a[0]);
        s.act(["work", "block", &id, "--reason", a[1]]);
    }),
    ("an operator unblocks {}", |s, a, _| {
        let id = s.id(a[0]);
        s.act(["work", "unblock", &id]);
    }),
    ("an operator cancels {}", |s, a, _| {
        let id = s.id(a[0]);
        s.act(["work", "cancel", &id]);
    }),
    ("an operator requeues {}", |s, a, _| {
        let id = s.id(a[0]);
        s.act(["work", "requeue", &id]);
    }),
    ("an operator does {}", |s, a, _| s.act(words(a[0]))),
    ("this is added with the key {}: {}", |s, a, _| s.act(["work", "add", a[1], "--key", a[0]])),
    ("this is added with the unique name {}: {}", |s, a, _| s.act(["work", "add", a[1], "--unique", a[0]])),
    ("the same is asked again", |s, _, _| s.again()),
    ("this backlog is imported", |s, _, below| import(s, below)),
    ("{} takes {} items and reports them all", |s, a, _| {
        let taken = s.world.ok(["work", "next", "--agent", a[0], "--count", a[1]]);
        let line = |item: &serde_json::Value| {
            serde_json::json!({ "id": item["id"], "agent": a[0], "fence": item["fence"] }).to_string()
        };
        let lines: Vec<String> = taken.as_array().expect("a list").iter().map(line).collect();
        assert_eq!(lines.len().to_string(), a[1]);
        let file = s.world.beside("reports.jsonl");
        write(&file, lines.join("\n"));
        s.act(["work", "report-many", &file.to_string_lossy()]);
    }),
    ("{} asks why {} is not given out", |s, a, _| {
        let id = s.id(a[1]);
        s.act(["work", "explain", &id, "--agent", a[0]]);
    }),
    ("an operator adds {}", |s, a, _| s.act(["work", "add", a[0]])),
    // What follows looks.
    ("it is like {} alone", |s, a, _| {
        let item = s.success();
        let similar = item["similar"].as_array().expect("a list");
        assert_eq!((similar.len(), &similar[0]["title"]), (1, &a[0].into()), "{item}");
    }),
    ("it is like nothing", |s, _, _| assert_eq!(s.success()["similar"], serde_json::json!([]))),
    ("{} is in the way, which says {}", |s, a, _| {
        let told = s.success();
        let reason = told["reasons"].as_array().expect("a list").iter().find(|it| it["code"] == a[0]);
        assert!(reason.is_some_and(|it| text(it, "text").contains(a[1])), "{told}");
        assert_eq!(told["claimable"], false);
    }),
    ("{} is next, before which {} keeps {} item back", |s, a, _| {
        let told = s.success();
        assert_eq!(told["next"]["title"], a[0], "{told}");
        let over = told["stepped_over"].as_array().expect("a list");
        assert_eq!((over.len().to_string().as_str(), &over[0]["reasons"][0]["code"]), (a[2], &a[1].into()), "{told}");
    }),
    ("the critical path has {} items by {} and ends in {}", |s, a, _| {
        let (graph, last) = (s.success(), s.id(a[2]));
        let path = graph["critical_path"].as_array().expect("a list").clone();
        assert_eq!((path.len().to_string().as_str(), &graph["method"]), (a[0], &a[1].into()), "{graph}");
        assert_eq!(path.last().expect("it is not empty"), &last);
        for format in ["mermaid", "dot", "text"] {
            let said = super::world::said(&mut s.world.nexus(["work", "graph", "--format", format]));
            assert!(said.code == 0 && said.out.contains(&last), "{said:?}");
        }
    }),
    ("it is refused for each with {}", |s, a, _| {
        let said = s.answer();
        assert_eq!(said.code, 1, "{}", said.out);
        let all = said.json();
        assert!(all.as_array().expect("a list").iter().all(|it| it["error"]["code"] == a[0]), "{all}");
    }),
    ("it is refused with exit code {} and {}", |s, a, _| {
        let code = s.answer().refusal(a[0].parse().expect("a number"));
        assert_eq!(code, a[1], "{}", s.answer().out);
    }),
    ("the answer names {} as {}", |s, a, _| assert_eq!(s.answer().json()["error"][a[1]], a[0])),
    ("the message says {}", |s, a, _| {
        let message = text(&s.answer().json()["error"], "message");
        assert!(message.contains(a[0]), "{message}");
    }),
    ("no work is given out", |s, _, _| assert_eq!(s.answer().refusal(4), "nothing_available")),
    ("it gets {}", |s, a, _| {
        let title = text(&s.success(), "title");
        assert_eq!(title, a[0]);
    }),
    ("{} items are in the backlog", |s, a, _| assert_eq!(s.success()["imported"].to_string(), a[0])),
    ("there is {} item", |s, a, _| {
        let all = s.world.ok(["work", "list"]);
        assert_eq!(all.as_array().expect("a list").len().to_string(), a[0]);
    }),
    ("{} is {}", |s, a, _| assert_eq!(s.item(a[0])["state"], a[1], "{}", s.item(a[0]))),
    ("{} is done, {}", |s, a, _| {
        let item = s.item(a[0]);
        assert_eq!((&item["state"], &item["proof"]), (&"done".into(), &a[1].into()), "{item}");
    }),
    ("{} holds {} under fence {}", |s, a, _| {
        let item = s.item(a[1]);
        assert_eq!((&item["holder"], item["fence"].to_string()), (&a[0].into(), a[2].to_owned()), "{item}");
    }),
    ("{} has used {} of {} attempts", |s, a, _| {
        let item = s.item(a[0]);
        assert_eq!([item["attempts_used"].to_string(), item["attempts_max"].to_string()], [a[1], a[2]], "{item}");
    }),
    ("{} is at {} percent", |s, a, _| assert_eq!(s.item(a[0])["progress_percent"].to_string(), a[1])),
    ("the result of {} is {}", |s, a, _| assert_eq!(s.item(a[0])["result"], a[1])),
    ("the reason of {} says {}", |s, a, _| assert!(text(&s.item(a[0]), "reason").contains(a[1]), "{}", s.item(a[0]))),
    ("whoever takes {} next is told {}", |s, a, _| {
        let told = text(&s.item(a[0]), "feedback");
        assert!(told.contains(a[1]), "{told}");
    }),
    ("{} had one claim", |s, a, _| {
        let id = s.id(a[0]);
        let said = s.world.run(["events", "--of", &id]);
        assert_eq!(said.out.lines().filter(|line| line.contains("\"work.claimed\"")).count(), 1, "{}", said.out);
    }),
];

pub fn words(options: &str) -> Vec<&str> {
    options.split_whitespace().collect()
}

fn import(stage: &mut super::Stage, backlog: &str) {
    let file = stage.world.beside("backlog.jsonl");
    write(&file, backlog);
    stage.act(["work", "import", &file.to_string_lossy()]);
    if stage.world.run(["work", "list"]).code == 0 {
        let all = stage.world.ok(["work", "list"]);
        for item in all.as_array().expect("a list") {
            stage.name(&text(item, "title"), text(item, "id"));
        }
    }
}
