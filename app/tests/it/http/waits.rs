//! Waiting for work: through a server and over the file.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use rustix::process::Signal;
use serde_json::json;

use super::client::To;
use super::server::Place;
use crate::support::{Engine, World, on_each_engine, until};

on_each_engine!(
    who_waits_over_the_file_is_woken_by_what_another_process_adds,
    who_waits_is_woken_when_an_item_comes_due_by_the_clock,
    nothing_is_given_to_a_caller_who_has_gone,
    who_waits_through_a_server_that_ends_goes_on_over_the_file,
);

fn who_waits_over_the_file_is_woken_by_what_another_process_adds(engine: Engine) {
    let world = World::on(engine);
    let waiting = world.next("zoe").with(&["--wait", "2m"]).start();
    let id = world.add("just in time");
    let got = waiting.wait();
    assert_eq!((got.code, got.text("id"), got.text("holder")), (Some(0), id, "zoe".to_owned()), "{got:?}");
    world.sound();
}

fn who_waits_is_woken_when_an_item_comes_due_by_the_clock(engine: Engine) {
    let world = World::on(engine);
    let id = world.nexus(&["work", "add", "later", "--delay", "1s"]).done().text("id");
    let got = world.next("zoe").with(&["--wait", "2m"]).done();
    assert_eq!(got.text("id"), id);
}

#[test]
fn a_wait_that_ends_with_nothing_is_exit_code_4_each_way() {
    let place = Place::new();
    let wait = ["work", "next", "--agent", "zoe", "--wait", "300ms"];
    assert_eq!(place.nexus(&wait).status.code(), Some(4), "over the file");
    let up = place.up();
    assert_eq!(place.nexus(&wait).status.code(), Some(4), "through the socket");
    let url = format!("http://{}", up.at);
    assert_eq!(place.nexus(&[&wait[..], &["--server", &url]].concat()).status.code(), Some(4), "through TCP");
    for to in up.ways(&place) {
        assert_eq!(to.post("/next", r#"{"agent":"zoe","wait":"50ms"}"#).status, 204);
    }
}

#[test]
fn those_who_wait_longest_are_served_first_and_each_gets_one() {
    let place = Place::new();
    let up = place.up();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::scope(|threads| {
        for (n, to) in (0..6).zip(up.ways(&place).into_iter().cycle()) {
            let tell = tell.clone();
            threads.spawn(move || {
                let body = json!({ "agent": format!("agent-{n}"), "wait": "2m" }).to_string();
                tell.send(to.post("/next", &body).json()["id"].clone()).expect("the test listens");
            });
        }
        let ids: Vec<_> = (0..6).map(|n| place.add(&format!("item {n}"))).collect();
        let mut got: Vec<_> = (0..6).map(|_| told.recv().expect("each gets one")).collect();
        got.sort_by_key(ToString::to_string);
        assert_eq!(got, ids.iter().map(|id| json!(id)).collect::<Vec<_>>());
    });
}

#[test]
fn items_given_back_and_added_by_another_process_wake_those_whom_they_fit() {
    let place = Place::new();
    let up = place.up();
    let [to, _] = up.ways(&place);
    std::thread::scope(|threads| {
        let ask = |body: &'static str| {
            let to = to.clone();
            threads.spawn(move || to.post("/next", body).json()["title"].clone())
        };
        let writer = ask(r#"{"agent":"w","role":"writer","wait":"2m"}"#);
        let other = ask(r#"{"agent":"o","role":"other","wait":"2m"}"#);
        // Over the file: another process commits, and the server is not asked.
        let path = place.socket();
        let aside = path.with_extension("aside");
        std::fs::rename(&path, &aside).expect("it is there");
        place.json(&["work", "add", "to be written", "--role", "writer"]);
        std::fs::rename(&aside, &path).expect("it is there");
        assert_eq!(writer.join().expect("it is answered"), "to be written");
        place.json(&["work", "add", "something else", "--role", "other"]);
        assert_eq!(other.join().expect("it is answered"), "something else");
    });
}

fn nothing_is_given_to_a_caller_who_has_gone(engine: Engine) {
    let world = World::on(engine);
    let _up = world.serve();
    for _ in 0..5 {
        let gone = world.next("gone").with(&["--wait", "5m", "--ttl", "1h"]).start();
        until("it to wait", || waits_for_an_answer(gone.pid().as_raw_nonzero().get()).then_some(()));
        gone.signal(Signal::KILL);
        assert!(gone.wait().killed());
        let id = world.add("for one who is there");
        let got = until("the item to be free", || {
            let got = world.next("there").run();
            (got.code == Some(0)).then_some(got)
        });
        assert_eq!(got.text("id"), id);
        world.says("report", &id, "there", got.number("fence")).done();
    }
    world.sound();
}

/// Whether the process has asked and does nothing but wait: it has an open socket, and sleeps.
fn waits_for_an_answer(pid: i32) -> bool {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let socket = |entry: std::fs::DirEntry| {
        std::fs::read_link(entry.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
    };
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let asleep = stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
    open.into_iter().any(socket) && asleep
}

fn who_waits_through_a_server_that_ends_goes_on_over_the_file(engine: Engine) {
    let world = World::on(engine);
    for signal in [Signal::INT, Signal::KILL] {
        let up = world.serve();
        let waiting = world.next("patient").with(&["--wait", "5m"]).start();
        until("it to wait", || waits_for_an_answer(waiting.pid().as_raw_nonzero().get()).then_some(()));
        up.signal(signal);
        up.wait();
        let id = world.add("after the end");
        assert_eq!(waiting.wait().text("id"), id);
    }
    world.sound();
}

#[test]
fn many_who_wait_and_one_too_many() {
    let place = Place::new();
    let up = place.up();
    let [to, To::Socket(path)] = up.ways(&place) else { panic!("two ways") };
    let body = r#"{"agent":"crowd","wait":"10m"}"#;
    let request = format!(
        "POST /api/v1/work/next HTTP/1.0\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut crowd: Vec<UnixStream> = (0..769)
        .map(|_| {
            let mut stream = UnixStream::connect(&path).expect("there is a seat");
            stream.write_all(request.as_bytes()).expect("the server reads");
            stream.set_nonblocking(true).expect("a socket can be read without waiting");
            stream
        })
        .collect();
    let mut said = [0; 2_000];
    let refused = until("one of them to be refused", || {
        crowd.iter_mut().find_map(|stream| stream.read(&mut said).ok()).filter(|bytes| *bytes > 0)
    });
    let refused = String::from_utf8_lossy(&said[..refused]).into_owned();
    assert!(refused.starts_with("HTTP/1.0 503") && refused.contains("retry-after"), "{refused}");
    drop(crowd);
    until("the line to be empty", || {
        (to.post("/next", r#"{"agent":"late","wait":"1ms"}"#).status == 204).then_some(())
    });
    let id = place.add("for whoever is left");
    let got = to.post("/next", r#"{"agent":"late"}"#).json();
    assert_eq!(got["id"], id.as_str(), "nobody who has gone was given it");
}
