//! The steps about messages.

use super::Step;
use super::stage::Stage;
use super::world::{text, write};

pub const STEPS: &[Step] = &[
    ("{} tells {}: {}", |s, a, _| {
        let from = a[0].to_owned();
        match a[1].split_once(" as the holder of ") {
            None => send(s, &from, &a[1].split_whitespace().collect::<Vec<_>>(), a[2]),
            Some((to, title)) => {
                let (id, hold) = (s.id(title), s.hold(&from, title));
                send(s, &from, &["--to", to, "--work", &id, "--fence", &hold[3]], a[2]);
            }
        }
    }),
    ("{} answers {} with {} to {}", |s, a, _| {
        let thread = s.id(a[1]);
        send(s, a[0], &["--to", a[3], "--thread", &thread], a[2]);
    }),
    ("{} opens {}", |s, a, _| {
        let id = s.id(a[1]);
        s.act(["message", "show", &id, "--agent", a[0]]);
    }),
    ("{} acknowledges {}", |s, a, _| {
        let id = s.id(a[1]);
        s.act(["message", "ack", &id, "--agent", a[0]]);
    }),
    ("{} has {} message, of which {} is unread", |s, a, _| inbox(s, a[0], a[1], a[2])),
    ("{} has {} message, of which {} are unread", |s, a, _| inbox(s, a[0], a[1], a[2])),
    ("{} has {} messages, of which {} are unread", |s, a, _| inbox(s, a[0], a[1], a[2])),
    ("the thread of {} has {} messages", |s, a, _| {
        let thread = s.world.ok(["message", "thread", &s.id(a[0])]);
        assert_eq!(thread.as_array().expect("a list").len().to_string(), a[1], "{thread}");
    }),
    ("the message has priority {} and is to be answered within {} seconds", |s, a, _| {
        let message = s.success();
        let [sent, by] = ["sent_at_ms", "respond_by_ms"].map(|field| message[field].as_i64().expect("a time"));
        assert_eq!((&message["priority"], ((by - sent) / 1_000).to_string()), (&a[0].into(), a[1].to_owned()));
        assert_eq!(message["ack_required"], true);
    }),
    ("nobody needs to answer the message", |s, _, _| {
        let message = s.success();
        assert!(message["respond_by_ms"].is_null() && message["ack_required"] == false, "{message}");
    }),
    ("the log says {} of {} once", |s, a, _| {
        let said = s.world.run(["events", "--of", &s.id(a[1])]);
        assert_eq!(said.out.matches(&format!("\"{}\"", a[0])).count(), 1, "{}", said.out);
    }),
    ("the hook writes to a file", |s, _, _| {
        let told = s.world.beside("told.json").display().to_string();
        write(&s.world.repo.join(".nexus/config.toml"), format!("[notify]\ncommand = \"dd status=none of={told}\"\n"));
    }),
    ("somebody escalates what is due", |s, _, _| s.act(["message", "escalate", "--due"])),
    ("1 thing went to the role {}", |s, a, _| {
        let done = s.success();
        assert_eq!((&done["escalated"][0]["level"], &done["escalated"][0]["to"]), (&"role".into(), &a[0].into()));
        assert_eq!(done["escalated"].as_array().map(Vec::len), Some(1), "{done}");
    }),
    ("1 thing went to a person", |s, _, _| {
        let done = s.success();
        assert_eq!((&done["escalated"][0]["level"], &done["notified"]), (&"human".into(), &1.into()), "{done}");
    }),
    ("nothing was escalated", |s, _, _| {
        let done = s.success();
        assert_eq!(done, serde_json::json!({ "escalated": [], "notified": 0 }));
    }),
    ("the person reads {} and {}", |s, a, _| {
        let told = std::fs::read_to_string(s.world.beside("told.json")).expect("the hook ran");
        let told: serde_json::Value = serde_json::from_str(&told).expect("it is JSON");
        assert_eq!([&told["event"], &told["data"]["subject"]], [a[0], a[1]], "{told}");
    }),
];

/// Sends a message, and remembers it by its subject.
fn send(stage: &mut Stage, from: &str, options: &[&str], subject: &str) {
    let args = ["message", "send", "--from", from, "--subject", subject];
    stage.act(args.iter().chain(options).copied());
    if stage.succeeded() {
        let id = text(&stage.success(), "id");
        stage.name(subject, id);
    }
}

fn inbox(stage: &mut Stage, agent: &str, open: &str, unread: &str) {
    let count = |args: &[&str]| {
        let list = stage.world.ok(["message", "inbox", "--agent", agent].iter().chain(args));
        list.as_array().expect("a list").len().to_string()
    };
    assert_eq!([count(&[]), count(&["--unread"])], [open, unread], "of {agent}");
}
