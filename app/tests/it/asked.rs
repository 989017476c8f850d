//! What agents do and ask while they work, seen by people: on the command line, over HTTP, on the board.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::http::{ask, get, up};
use crate::support::{Engine, World, on_each_engine, until};

on_each_engine! {
    what_an_agent_does_is_kept_in_short_lines_without_keys,
    a_person_lets_an_agent_do_what_it_asked_about,
    a_person_says_no_and_the_agent_hears_it,
}

const DONE: &str =
    r#"{"type":"result","subtype":"success","is_error":false,"result":"made","usage":{"output_tokens":7}}"#;

/// A program that talks like Claude Code, hears its prompt, and does this.
fn claude(world: &World, script: &str) -> String {
    let path = world.beside("claude");
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo '2.1.329 (Claude Code)'; exit; fi\n\
         while read -r line; do case $line in *'\"type\":\"user\"'*) break ;; esac; done\n\
         echo '{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\",\"model\":\"m-1\"}}'\n{script}\necho '{DONE}'\n"
    );
    fs::write(&path, text).expect("the folder is ours");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    path.to_string_lossy().into_owned()
}

/// Asks whether it may use Bash, and writes the answer into a file.
fn asks(item: &str) -> String {
    let request = json!({ "type": "control_request", "request_id": "q",
        "request": { "subtype": "can_use_tool", "tool_name": "Bash", "input": { "command": format!("rm -r {item} <b>") } } });
    format!("echo '{request}'\nread -r answer\necho \"$answer\" > told")
}

const RUN: [&str; 5] = ["run", "--runtime", "claude", "--sandbox", "none"];

fn what_an_agent_does_is_kept_in_short_lines_without_keys(engine: Engine) {
    let world = World::on(engine);
    let id = world.add("one");
    let long = "word ".repeat(200);
    let content = json!([
        { "type": "text", "text": format!("my key is AIza-secret-of-ours {long}") },
        { "type": "tool_use", "id": "t1", "name": "Write", "input": { "file_path": "made" } },
    ]);
    let message = json!({ "type": "assistant", "message": { "id": "m", "content": content } });
    let agent = claude(&world, &format!("echo '{message}'\necho hello > made"));
    world.nexus(&RUN).env("NEXUS_CLAUDE_BIN", &agent).env("GEMINI_API_KEY", "AIza-secret-of-ours").done();
    let lines = world.nexus(&["agent", "activity", &id]).done().json;
    let kinds: Vec<&str> = lines.as_array().expect("lines").iter().filter_map(|it| it["kind"].as_str()).collect();
    assert_eq!(kinds, ["notice", "started", "text", "tool", "usage"], "{lines}");
    assert_eq!(lines[1]["text"], "m-1 s");
    let said = lines[2]["text"].as_str().expect("a text");
    assert!(said.starts_with("my key is [masked] word") && said.chars().count() <= 400, "{said}");
    assert_eq!(lines[3]["text"], "Write {\"file_path\":\"made\"}");
    assert_eq!(lines[4]["text"], "7 tokens");
    assert_eq!(world.nexus(&["agent", "activity", &id, "--limit", "1"]).done().json[0]["kind"], "usage");
    assert_eq!(world.nexus(&["agent", "activity", "work_1"]).run().code, Some(1), "there is no such item");
}

fn a_person_lets_an_agent_do_what_it_asked_about(engine: Engine) {
    let world = World::on(engine);
    let id = world.add("one");
    let agent = claude(&world, &asks(&id));
    let run = world.nexus(&RUN).env("NEXUS_CLAUDE_BIN", &agent).env("NEXUS_AGENT_PERMISSION", "ask").start();
    let question = until("a question", || world.nexus(&["agent", "questions"]).done().json.get(0).cloned());
    assert_eq!((&question["item"], &question["tool"]), (&json!(id), &json!("Bash")), "{question}");
    let name = question["id"].as_str().expect("an id");
    let told = world.beside("told.json");
    let hook = format!("dd status=none of={}", told.display());
    let notified = world.nexus(&["message", "escalate", "--due"]).env("NEXUS_NOTIFY_COMMAND", &hook).done().json;
    assert_eq!(notified["notified"], 1, "a person hears of it who does not look at the board: {notified}");
    let told: Value = serde_json::from_slice(&fs::read(told).expect("the hook ran")).expect("JSON");
    assert_eq!((&told["event"], &told["subject"]), (&json!("permission.asked"), &json!(id)), "{told}");
    assert_eq!((&told["data"]["question"], &told["data"]["tool"]), (&json!(name), &json!("Bash")), "{told}");
    let inside = world.nexus(&["agent", "answer", name, "allow"]).env("NEXUS_RUN_TOKEN", "x").run();
    assert_eq!(inside.code, Some(3), "nobody inside a run can answer: {inside:?}");
    let answered = world.nexus(&["agent", "answer", name, "allow", "--by", "ann"]).done().json;
    assert_eq!((&answered["allow"], &answered["answered_by"]), (&json!(true), &json!("ann")));
    let again = world.nexus(&["agent", "answer", name, "deny", "--by", "bob"]).run();
    assert_eq!(again.code, Some(3), "{again:?}");
    assert!(again.json.to_string().contains("ann has said allow already"), "{again:?}");
    assert_eq!(run.wait().code, Some(0));
    assert!(world.git(&["show", "main:told"]).contains("\"behavior\":\"allow\""));
    let events = world.events();
    let of = |name: &str| events.iter().find(|it| it["name"] == name && it["subject"] == id.as_str()).cloned();
    assert_eq!(of("permission.asked").expect("it is in the log")["data"]["tool"], "Bash");
    assert_eq!(of("permission.answered").expect("it is in the log")["data"]["by"], "ann");
    assert_eq!(world.nexus(&["agent", "questions"]).done().json, json!([]));
}

fn a_person_says_no_and_the_agent_hears_it(engine: Engine) {
    let world = World::on(engine);
    world.add("one");
    let agent = claude(&world, &asks("x"));
    let run = world.nexus(&RUN).env("NEXUS_CLAUDE_BIN", &agent).env("NEXUS_AGENT_PERMISSION", "ask").start();
    let question = until("a question", || world.nexus(&["agent", "questions"]).done().json.get(0).cloned());
    let name = question["id"].as_str().expect("an id");
    let answered = world.nexus(&["agent", "answer", name, "deny", "--by", "ann"]).done().json;
    assert_eq!((&answered["allow"], &answered["answered_by"]), (&json!(false), &json!("ann")));
    assert_eq!(run.wait().code, Some(0));
    assert!(world.git(&["show", "main:told"]).contains("\"behavior\":\"deny\""));
}

#[test]
fn silence_is_no_and_a_later_answer_is_refused() {
    let world = World::new();
    world.add("one");
    let agent = claude(&world, &asks("x"));
    let run = world.nexus(&RUN).env("NEXUS_CLAUDE_BIN", &agent).env("NEXUS_AGENT_PERMISSION", "ask");
    let run = run.env("NEXUS_AGENT_PERMISSION_WAIT", "2s").start();
    let question = until("a question", || world.nexus(&["agent", "questions"]).done().json.get(0).cloned());
    assert_eq!(run.wait().code, Some(0));
    assert!(world.git(&["show", "main:told"]).contains("\"behavior\":\"deny\""));
    let late = world.nexus(&["agent", "answer", question["id"].as_str().expect("an id"), "allow"]).run();
    assert_eq!(late.code, Some(3), "{late:?}");
    assert_eq!(world.nexus(&["agent", "answer", "ask_1", "allow"]).run().code, Some(1), "there is no such question");
    assert_eq!(world.nexus(&["agent", "answer", "ask_1", "perhaps"]).run().code, Some(2));
}

#[test]
fn the_board_shows_what_agents_do_and_takes_the_answers_to_what_they_ask() {
    let world = World::new();
    let id = world.add("one");
    let agent = claude(&world, &asks(&id));
    let run = world.nexus(&RUN).env("NEXUS_CLAUDE_BIN", &agent).env("NEXUS_AGENT_PERMISSION", "ask").start();
    let up = up(&world);
    let page = until("a question on the board", || {
        let page = get(up.at, "/").body;
        page.contains("data-question").then_some(page)
    });
    assert!(page.contains("asks whether it may use") && !page.contains("<b>\""), "{page}");
    until("what it does on the board", || get(up.at, "/").body.contains("m-1 s").then_some(()));
    let told = get(up.at, &format!("/api/v1/work/{id}/activity?limit=10")).json();
    assert_eq!(told[1]["kind"], "started", "{told}");
    let questions: Value = get(up.at, "/api/v1/work/questions").json();
    let at = format!("/api/v1/work/questions/{}/answer", questions[0]["id"].as_str().expect("an id"));
    let post = |body: &str, more: &str| {
        let (host, size) = (up.at, body.len());
        let head = format!("POST {at} HTTP/1.0\r\nhost: {host}\r\ncontent-type: application/json\r\n{more}");
        ask(up.at, &format!("{head}content-length: {size}\r\n\r\n{body}"))
    };
    let allow = r#"{"allow":true,"by":"the board"}"#;
    assert_eq!(post(allow, "origin: http://elsewhere.example\r\n").status, 403, "a page of another site");
    assert_eq!(post(r#"{"allow":"yes"}"#, "").status, 422);
    assert_eq!(post(allow, "").status, 200);
    assert_eq!(run.wait().code, Some(0));
    assert!(world.git(&["show", "main:told"]).contains("\"behavior\":\"allow\""));
    assert!(!get(up.at, "/").body.contains("data-question"));
}
