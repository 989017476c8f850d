//! The live stream, and how the server begins and ends.

use super::client::{Stream, get, send};
use super::server::Place;

fn open(up: &super::server::Up) -> Stream {
    Stream::open(up.at).unwrap_or_else(|answer| panic!("no stream: {answer:?}"))
}

#[test]
fn a_commit_by_another_process_is_pushed_to_every_page_as_the_regions_that_changed() {
    let place = Place::new();
    let up = place.up();
    let (mut one, mut two) = (open(&up), open(&up));
    for stream in [&mut one, &mut two] {
        let all = stream.next().expect("a page that comes is sent everything");
        assert_eq!(all.matches("<section id=").count(), 10);
    }
    place.add("from another process");
    for stream in [&mut one, &mut two] {
        let news = stream.until("from another process");
        assert!(news.contains("<section id=\"ready\"") && news.contains("<section id=\"events\""));
        assert!(!news.contains("<section id=\"done\""), "what did not change is not sent");
    }
    place.json(&["work", "next", "--agent", "ada"]);
    assert!(one.until("<section id=\"held\"").contains("ada"));
}

#[test]
fn an_interrupt_ends_every_stream_and_the_server_with_exit_code_0() {
    let place = Place::new();
    let up = place.up();
    let mut streams = [open(&up), open(&up)];
    for stream in &mut streams {
        assert!(stream.next().is_some());
    }
    // Somebody who has asked for half a page is not waited for either.
    let _half = send(up.at, "GET / HTTP/1.1\r\nhost:");
    assert_eq!(up.end(), Some(0));
    for stream in &mut streams {
        assert_eq!(stream.next(), None);
    }
}

#[test]
fn a_page_that_comes_back_after_a_restart_gets_all_that_it_missed() {
    let place = Place::new();
    let up = place.up();
    let mut before = open(&up);
    assert!(before.next().is_some());
    assert_eq!(up.end(), Some(0));
    assert_eq!(before.next(), None);
    place.add("while nobody served");
    let up = place.up();
    assert!(open(&up).until("while nobody served").contains("<section id=\"ready\""));
    assert_eq!(up.end(), Some(0));
}

#[test]
fn one_page_too_many_is_told_so_and_finds_a_seat_when_another_goes() {
    let place = Place::new();
    let up = place.up();
    let mut seats: Vec<Stream> = (0..256).map(|_| open(&up)).collect();
    for stream in &mut seats {
        assert!(stream.next().is_some());
    }
    let refused = Stream::open(up.at).err().expect("there are 256 seats");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert!(refused.body.contains("256"), "{}", refused.body);
    assert_eq!(get(up.at, "/").status, 200, "the page itself needs no seat");
    drop(seats);
    // The server hears of it when it next looks at those connections.
    while Stream::open(up.at).is_err() {}
}

#[test]
fn two_servers_on_one_store_show_the_same() {
    let place = Place::new();
    let (one, two) = (place.up(), place.up());
    let (mut first, mut second) = (open(&one), open(&two));
    let id = place.add("seen by both");
    first.until("seen by both");
    second.until("seen by both");
    place.json(&["work", "claim", &id, "--agent", "ada"]);
    first.until("<bdi class=\"name\">ada</bdi> took");
    second.until("<bdi class=\"name\">ada</bdi> took");
    assert_eq!((one.end(), two.end()), (Some(0), Some(0)));
}

#[test]
fn a_store_that_goes_away_is_told_to_those_who_watch() {
    let place = Place::new();
    let up = place.up();
    let mut stream = open(&up);
    assert!(stream.next().expect("there is a board").contains("Store ok"));
    std::fs::remove_file(place.store()).expect("it is there");
    assert!(stream.until("Store failed").contains("cannot be read any more"));
}

#[test]
fn a_port_in_use_gives_one_message_and_exit_code_1() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let done = place.nexus(&["up", "--port", &port]);
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stdout).expect("the answer is text");
    assert_eq!(said.lines().count(), 1, "{said}");
    let error = serde_json::from_str::<serde_json::Value>(&said).expect("it is an object")["error"].clone();
    assert_eq!(error["code"], "cannot_listen");
    let message = error["message"].as_str().expect("there is a message");
    assert!(message.contains(&port) && message.contains("--port"), "{message}");
    assert!(done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
}
