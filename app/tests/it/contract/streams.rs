//! What goes on for a while: the event log, followed, and the server.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::features::world::{World, text};

/// A program whose lines are read as they come; ended when dropped.
struct Live {
    child: Child,
    lines: Receiver<String>,
}

impl Live {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let out: Box<dyn Read + Send> = Box::new(child.stdout.take().expect("a pipe"));
        let (send, lines) = channel();
        std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|l| send.send(l)));
        Self { child, lines }
    }

    /// The next line; a bound keeps a test from hanging.
    fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_mins(1)).expect("a line comes")
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn events(world: &World, args: &[&str]) -> Vec<Value> {
    let said = world.run(["events"].iter().chain(args));
    assert_eq!(said.code, 0, "{}", said.out);
    said.out.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

#[test]
fn events_are_one_object_a_line_oldest_first_with_seq() {
    let world = World::new();
    let id = world.add("One");
    world.ok(["work", "claim", &id, "--agent", "zoe"]);
    world.ok(["work", "report", &id, "--agent", "zoe", "--fence", "1"]);
    world.add("Two");
    let all = events(&world, &[]);
    let seqs: Vec<i64> = all.iter().map(|event| event["seq"].as_i64().expect("a number")).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    for event in &all {
        assert!(event["at_ms"].is_i64() && event["name"].is_string() && event["subject"].is_string(), "{event}");
        assert!(event["data"].is_object(), "{event}");
    }
    let names: Vec<String> = events(&world, &["--of", &id]).iter().map(|event| text(event, "name")).collect();
    assert_eq!(names, ["work.added", "work.claimed", "work.reported"]);
    let claimed = all.iter().find(|event| event["name"] == "work.claimed").expect("it was claimed");
    assert_eq!((&claimed["agent"], &claimed["fence"]), (&"zoe".into(), &1.into()));

    let rest = events(&world, &["--after", &seqs[1].to_string(), "--limit", "1"]);
    assert_eq!(rest, all[2..3]);
    assert!(events(&world, &["--after", "999999"]).is_empty());
}

#[test]
fn a_follower_sees_what_another_process_commits() {
    let world = World::new();
    let first = world.add("One");
    let follower = Live::start(&mut world.nexus(["events", "--follow", "--json"]));
    let seen = |line: String| -> Value { serde_json::from_str(&line).expect("one object a line") };
    assert_eq!(seen(follower.line())["subject"], first.as_str());
    for n in 0..3 {
        let id = world.add(&format!("later {n}"));
        let event = seen(follower.line());
        assert_eq!((&event["name"], &event["subject"]), (&"work.added".into(), &id.as_str().into()));
    }
}

#[test]
fn a_follower_with_a_limit_ends_by_itself() {
    let world = World::new();
    world.add("One");
    let said = world.run(["events", "--follow", "--limit", "1"]);
    assert_eq!((said.code, said.out.lines().count()), (0, 1));
}

#[test]
fn up_says_where_it_listens_and_commands_work_beside_it() {
    let world = World::new();
    let up = Live::start(&mut world.nexus(["up", "--port", "0", "--json"]));
    let url: Value = serde_json::from_str(&up.line()).expect("one object a line");
    assert!(text(&url, "url").starts_with("http://127.0.0.1:"), "{url}");
    let id = world.add("One");
    world.ok(["work", "claim", &id, "--agent", "zoe"]);
    assert_eq!(world.ok(["status"])["work"]["leased"], 1);
}

#[test]
fn a_port_that_is_taken_is_said_with_its_address() {
    let world = World::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let refused = world.run(["up", "--port", &port]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(text(&refused.json()["error"], "message").contains(&port), "{}", refused.out);
}
