//! The sealed log under hands that should not be on it, and under many that should.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Engine, Output, World, on_each_engine, text, until};

on_each_engine! {
    what_was_done_to_the_log_behind_our_back_is_named,
    a_chain_that_was_rewritten_as_a_whole_shows_against_the_heads_elsewhere,
    what_many_write_while_it_is_sealed_is_sealed_once_and_in_order,
    archives_leave_a_chain_that_still_shows_what_was_done_to_it,
    a_webhook_is_told_each_head_once_it_answers_and_sealing_never_waits,
    a_webhook_that_refuses_is_asked_again_by_the_server,
}

fn verify(world: &World, args: &[&str]) -> Output {
    world.nexus(&["audit", "verify"]).with(args).run()
}

/// What the first finding says was done, and to what.
fn first(output: &Output) -> (String, String, Value) {
    assert_eq!(output.code, Some(1), "{output:?}");
    let finding = &output.json["findings"][0];
    let word = |name: &str| finding[name].as_str().expect("a word").to_owned();
    (word("fault"), word("what"), finding["seq"].clone())
}

fn fault(fault: &str, what: &str, seq: i64) -> (String, String, Value) {
    (fault.to_owned(), what.to_owned(), seq.into())
}

/// A world with six events, two seals, and a copy of its log for each change that is tried.
fn sealed(engine: Engine) -> World {
    let world = World::on(engine);
    for half in [["one", "two", "three"], ["four", "five", "six"]] {
        half.iter().for_each(|title| drop(world.add(title)));
        world.nexus(&["audit", "seal"]).done();
    }
    let verified = verify(&world, &[]);
    assert_eq!((verified.code, verified.number("events"), verified.number("seals")), (Some(0), 6, 2), "{verified:?}");
    world
}

fn what_was_done_to_the_log_behind_our_back_is_named(engine: Engine) {
    let world = sealed(engine);
    world.tamper("create table was as select * from event; create table sealed as select * from seal");
    for (sql, named) in [
        ("update event set agent = 'eve' where seq = 2", fault("changed", "event", 2)),
        ("update event set at_ms = at_ms + 1 where seq = 6", fault("changed", "event", 6)),
        ("update event set data = '{}' where seq = 1", fault("changed", "event", 1)),
        ("delete from event where seq = 3", fault("missing", "event", 3)),
        ("delete from event where seq > 4", fault("missing", "event", 5)),
        (
            "delete from event where seq = 6; delete from seal where number = 2;
             insert into event (seq, project, at_ms, name, subject, data) values (6, 'default', 1, 'x', 'y', '{}')",
            fault("missing", "chain", 6),
        ),
        (
            "update event set seq = 9 where seq = 1; update event set seq = 1 where seq = 2;
             update event set seq = 2 where seq = 9",
            fault("reordered", "event", 1),
        ),
        (
            "insert into event (seq, project, at_ms, name, subject, data) values (-1, 'default', 1, 'x', 'y', '{}')",
            fault("inserted", "event", -1),
        ),
        ("update seal set at_ms = 1 where number = 1", fault("changed", "seal", 3)),
        ("update seal set events = 'x' where number = 2", fault("changed", "seal", 6)),
    ] {
        world.tamper(sql);
        let found = verify(&world, &[]);
        assert_eq!(first(&found), named, "{sql}: {found:?}");
        world.tamper(
            "delete from event; insert into event select * from was; delete from seal; insert into seal select * from sealed",
        );
        assert_eq!(verify(&world, &[]).code, Some(0), "after it was taken back: {sql}");
    }
    world.tamper("delete from seal where number = 1");
    let found = verify(&world, &[]);
    assert_eq!(first(&found), ("missing".to_owned(), "seal".to_owned(), Value::Null), "{found:?}");
}

#[test]
fn a_file_that_was_changed_and_folded_is_looked_into_and_not_worked_with() {
    let world = sealed(Engine::Sqlite);
    world.tamper_file("update event set data = '{}' where seq = 1", false);
    for _ in 0..2 {
        assert_eq!(first(&verify(&world, &[])), fault("changed", "event", 1));
        let added = world.nexus(&["work", "add", "x"]).run();
        assert_eq!((added.code, added.problem()), (Some(1), "store_damaged"), "{added:?}");
    }
}

fn a_chain_that_was_rewritten_as_a_whole_shows_against_the_heads_elsewhere(engine: Engine) {
    let world = World::on(engine);
    let heads = world.beside("heads.jsonl");
    let head_file = heads.to_string_lossy().into_owned();
    world.add("one");
    let sealed = world.nexus(&["audit", "seal"]).env("NEXUS_AUDIT_HEAD_FILE", &head_file).done();
    assert_eq!(sealed.json["published"], serde_json::json!(["refs/nexus/audit", head_file]));
    assert_eq!(text(&heads).lines().count(), 1);
    // Somebody changes what happened, and makes a chain that fits.
    world.tamper("update event set data = '{}' where seq = 1; delete from seal");
    let again = world.nexus(&["audit", "seal"]).env("NEXUS_AUDIT_HEAD_FILE", &head_file).run();
    assert_eq!((again.code, again.problem()), (Some(3), "tampered"), "the head is not vouched for: {again:?}");
    let by_ref = verify(&world, &[]);
    assert_eq!(first(&by_ref), fault("changed", "chain", 1));
    assert_eq!(first(&verify(&world, &["--against", "refs"])), fault("changed", "chain", 1));
    assert_eq!(first(&verify(&world, &["--against", &head_file])), fault("changed", "chain", 1));
    assert_eq!(by_ref.json["findings"].as_array().map(Vec::len), Some(1), "nothing else shows it: {by_ref:?}");
    // An export of that chain agrees with itself, and not with the heads.
    let file = world.beside("log.jsonl").to_string_lossy().into_owned();
    assert_eq!(world.nexus(&["audit", "export", "--output", &file]).run().problem(), "tampered");
    world.git(&["update-ref", "-d", "refs/nexus/audit"]);
    world.nexus(&["audit", "export", "--output", &file]).done();
    assert_eq!(verify(&world, &[&file]).code, Some(0));
    assert_eq!(first(&verify(&world, &[&file, "--against", &head_file])), fault("changed", "chain", 1));
    let nowhere = verify(&world, &["--against", &world.beside("nowhere").to_string_lossy()]);
    assert_eq!((nowhere.code, nowhere.problem()), (Some(1), "unreadable"));
}

fn what_many_write_while_it_is_sealed_is_sealed_once_and_in_order(engine: Engine) {
    let world = World::on(engine);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| (0..8).for_each(|n| drop(world.add(&format!("item {n}")))));
        }
        for _ in 0..2 {
            threads.spawn(|| {
                for _ in 0..6 {
                    let sealed = world.nexus(&["audit", "seal"]).run();
                    assert!(sealed.code == Some(0) || sealed.problem() == "busy", "{sealed:?}");
                }
            });
        }
    });
    world.nexus(&["audit", "seal"]).done();
    let verified = verify(&world, &[]);
    assert_eq!(
        (verified.code, verified.number("events"), verified.number("unsealed")),
        (Some(0), 32, 0),
        "{verified:?}"
    );
}

fn archives_leave_a_chain_that_still_shows_what_was_done_to_it(engine: Engine) {
    let world = World::on(engine);
    let (over, open) = (world.add("over"), world.add("open"));
    world.nexus(&["work", "cancel", &over]).done();
    world.nexus(&["audit", "seal"]).done();
    let file = world.beside("old.jsonl").to_string_lossy().into_owned();
    let ask = |age: &str| world.nexus(&["audit", "archive", "--older-than", age, "--output", &file]);
    let young = ask("1h").done();
    assert!(young.json["file"].is_null() && !std::path::Path::new(&file).exists(), "{young:?}");
    let archived = ask("0s").done();
    assert_eq!((archived.number("events"), archived.number("removed"), archived.number("kept")), (3, 2, 1));
    assert_eq!(ask("0s").run().code, Some(0), "nothing is left to archive, so no file is in the way");
    let seqs: Vec<i64> = world.events().iter().filter_map(|event| event["seq"].as_i64()).collect();
    assert_eq!(seqs, [2, 4], "what is open, and the note");
    assert_eq!(world.events()[0]["subject"], open.as_str());
    assert_eq!(verify(&world, &[&file]).number("events"), 3);
    assert_eq!(verify(&world, &[&file, "--against", "refs"]).code, Some(0));
    world.nexus(&["audit", "seal"]).done();
    assert_eq!(verify(&world, &[]).code, Some(0));
    let rest = world.beside("rest.jsonl").to_string_lossy().into_owned();
    world.nexus(&["audit", "export", "--output", &rest]).done();
    assert_eq!(verify(&world, &[&rest, "--against", "refs"]).number("events"), 2);
    world.intact();
    // What may be in the archive may be gone; what was to stay may not.
    world.tamper("delete from event where seq = 2");
    assert_eq!(first(&verify(&world, &[])), fault("missing", "event", 2));
    // An archive is not made of a log that was tampered with.
    world.tamper(
        "insert into event (seq, project, at_ms, name, subject, data) values (3, 'default', 1, 'x', 'y', '{}')",
    );
    let next = world.beside("next.jsonl").to_string_lossy().into_owned();
    let refused = world.nexus(&["audit", "archive", "--older-than", "0s", "--output", &next]).run();
    assert_eq!((refused.code, refused.problem()), (Some(3), "tampered"), "{refused:?}");
    assert!(!std::path::Path::new(&next).exists());
}

#[test]
fn a_server_seals_in_the_background() {
    let world = World::new();
    world.add("one");
    let serving = world.nexus(&["up", "--port", "0"]).env("NEXUS_AUDIT_SEAL_EVERY", "10ms").start();
    let sealed = until("a seal", || {
        let verified = verify(&world, &[]);
        (verified.number("seals") > 0 && verified.number("unsealed") == 0).then_some(verified)
    });
    assert_eq!(sealed.code, Some(0), "{sealed:?}");
    serving.signal(Signal::INT);
    assert_eq!(serving.wait().code, Some(0));
}

#[test]
fn what_is_no_export_is_malformed_and_an_existing_file_is_not_written_over() {
    let world = World::new();
    world.add("one");
    let file = world.beside("log.jsonl");
    let name = file.to_string_lossy().into_owned();
    std::fs::write(&file, "hello\n").expect("the folder is ours");
    let verified = verify(&world, &[&name]);
    assert_eq!((verified.code, verified.problem()), (Some(2), "malformed"));
    for ask in [&["audit", "export"][..], &["audit", "archive", "--older-than", "0s"]] {
        world.nexus(&["audit", "seal"]).done();
        world.nexus(&["work", "add", "more"]).done();
        let refused = world.nexus(ask).with(&["--output", &name]).run();
        assert!(refused.problem() == "exists" || refused.json["file"].is_null(), "{refused:?}");
        assert_eq!(text(&file), "hello\n");
    }
    assert_eq!(verify(&world, &[&world.beside("nowhere").to_string_lossy()]).problem(), "unreadable");
}

/// A receiver of heads, which answers with `statuses` in turn and then with success; comes back with its address and
/// what it hears.
fn receiver(statuses: &'static [u16]) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = format!("http://{}/heads?token=hush", listener.local_addr().expect("it has one"));
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            let mut reader = BufReader::new(stream.expect("somebody calls"));
            let lengths = reader.by_ref().lines().map(|line| line.expect("a header").to_ascii_lowercase());
            let headers: Vec<_> = lengths.take_while(|line| !line.is_empty()).collect();
            let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).expect("a body");
            let status = statuses.get(n).copied().unwrap_or(200);
            let answer = format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n");
            reader.into_inner().write_all(answer.as_bytes()).expect("the caller listens");
            if tell.send(serde_json::from_slice(&body).expect("a head")).is_err() {
                return;
            }
        }
    });
    (address, heard)
}

const HOOK: &str = "NEXUS_AUDIT_WEBHOOK";

fn a_webhook_is_told_each_head_once_it_answers_and_sealing_never_waits(engine: Engine) {
    let world = World::on(engine);
    let gone = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port that is free again");
    let gone = format!("http://{gone}/");
    world.add("one");
    let sealed = world.nexus(&["audit", "seal"]).env(HOOK, &gone).done();
    assert_eq!(sealed.json["published"], serde_json::json!(["refs/nexus/audit"]));
    let verified = world.nexus(&["audit", "verify"]).env(HOOK, &gone).done();
    assert!(verified.json["webhook"]["taken"].is_null(), "{verified:?}");
    assert_eq!(verified.json["webhook"]["failed"]["seal"], 1, "{verified:?}");

    // Another address has taken nothing yet; it is told the newest head, and then each.
    let (address, heard) = receiver(&[]);
    world.nexus(&["audit", "seal"]).env(HOOK, &address).done();
    world.add("two");
    world.nexus(&["audit", "seal"]).done();
    world.add("three");
    let sealed = world.nexus(&["audit", "seal"]).env(HOOK, &address).done();
    assert!(!sealed.json["published"].to_string().contains("hush"), "{sealed:?}");
    world.nexus(&["audit", "seal"]).env(HOOK, &address).done();
    let seals: Vec<_> = heard.try_iter().map(|head| head["seal"].clone()).collect();
    assert_eq!(seals, [1, 2, 3], "each once, and in order");
    let verified = world.nexus(&["audit", "verify"]).env(HOOK, &address).done();
    assert_eq!(verified.json["webhook"]["taken"]["hash"], verified.json["head"]["hash"], "{verified:?}");
    assert!(verified.json["webhook"]["failed"].is_null(), "{verified:?}");

    // A chain that was rewritten is not vouched for.
    world.git(&["update-ref", "-d", "refs/nexus/audit"]);
    world.tamper("update event set agent = 'eve' where seq = 1; delete from seal");
    world.add("four");
    for _ in 0..4 {
        world.nexus(&["audit", "seal"]).env(HOOK, &address).done();
        world.add("five");
    }
    assert_eq!(heard.try_iter().count(), 0);
}

fn a_webhook_that_refuses_is_asked_again_by_the_server(engine: Engine) {
    let world = World::on(engine);
    let (address, heard) = receiver(&[500, 302]);
    world.add("one");
    let server =
        world.nexus(&["up"]).env(HOOK, &address).env("NEXUS_AUDIT_SEAL_EVERY", "1s").env("NEXUS_HTTP_PORT", "0");
    let mut server = server.start();
    let first: Vec<_> = (0..3).map(|_| heard.recv_timeout(Duration::from_secs(60)).expect("it is told")).collect();
    assert!(first.iter().all(|head| *head == first[0]), "the same head until it is taken: {first:?}");
    let taken = || {
        let verified = world.nexus(&["audit", "verify"]).env(HOOK, &address).done();
        (verified.json["webhook"]["taken"]["seal"] == 1).then_some(())
    };
    until("the note is made", taken);
    assert!(server.runs());
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code, Some(0));
}
