//! A webhook takes what it answers with 2xx, and nothing else counts as taken.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use connect::webhook::Webhook;
use engine::ports::Post as _;

/// Answers one request with `status`; comes back with its first line and its body.
fn answering(status: &'static str) -> (String, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = listener.local_addr().expect("it has an address");
    let took = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody calls");
        let (mut reader, mut first, mut length) = (BufReader::new(stream), String::new(), 0);
        reader.read_line(&mut first).expect("a request");
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a header");
            if let Some(bytes) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = bytes.trim().parse().expect("a number");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        reader.into_inner().write_all(answer.as_bytes()).expect("the caller listens");
        (first.trim().to_owned(), String::from_utf8(body).expect("text"))
    });
    (format!("http://{at}"), took)
}

#[test]
fn what_is_answered_with_success_was_taken() {
    let (at, took) = answering("204 No Content");
    let webhook = Webhook::at(&format!("{at}/heads?token=hush")).expect("an address");
    webhook.post("{\"seal\":1}").expect("it is taken");
    let heard = took.join().expect("it answered");
    assert_eq!(heard, ("POST /heads?token=hush HTTP/1.1".to_owned(), "{\"seal\":1}".to_owned()));
    assert!(!webhook.place().contains("hush"), "{}", webhook.place());
}

#[test]
fn any_other_answer_and_none_is_a_failure_with_its_reason() {
    for status in ["500 Broken", "302 Found", "404 Not Found"] {
        let (at, took) = answering(status);
        let why = Webhook::at(&at).expect("an address").post("{}").expect_err(status);
        assert!(why.contains(&status[..3]), "{why}");
        took.join().expect("it answered");
    }
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port that is free again");
    assert!(Webhook::at(&format!("http://{closed}")).expect("an address").post("{}").is_err());
}

#[test]
fn https_to_one_that_speaks_none_fails_and_is_not_sent_in_the_clear() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = listener.local_addr().expect("it has an address");
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody calls");
        let mut first = [0; 5];
        stream.read_exact(&mut first).map(|()| first)
    });
    assert!(Webhook::at(&format!("https://{at}/")).expect("an address").post("{\"seal\":1}").is_err());
    // A TLS record of a handshake begins with 22; where the machine trusts nobody nothing is sent at all.
    assert!(heard.join().expect("it listened").is_ok_and(|first| first[0] == 22));
}

#[test]
fn what_is_no_webhook_is_refused() {
    for bad in ["", "x", "ftp://host/", "http://", "http://me:hush@host/", "unix:/x"] {
        assert!(Webhook::at(bad).is_err(), "{bad}");
    }
}
