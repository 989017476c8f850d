//! The socket beside the store: who listens, who asks there, and what happens when its server dies.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use rustix::process::Signal;

use super::server::Place;
use crate::support::{Engine, Seed, World, on_each_engine, rounds, until};

on_each_engine!(
    a_run_listens_when_nobody_does,
    of_fifty_claimers_through_the_socket_one_wins_and_all_others_hear_who_it_was,
    a_server_killed_while_callers_write_loses_nothing_and_nothing_is_done_twice,
    claims_through_a_server_that_dies_are_one_grant_each,
    a_server_that_is_stopped_keeps_nobody_for_ever,
);

#[test]
fn the_first_server_has_the_socket_and_the_next_one_leaves_it_alone() {
    let place = Place::new();
    let first = place.up();
    let mode = std::fs::metadata(place.socket()).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = place.up();
    assert_eq!(second.end(), Some(0));
    UnixStream::connect(place.socket()).expect("the first one listens still");
    assert_eq!(first.end(), Some(0));
    assert!(!place.socket().exists(), "it went with its server");
    let killed = place.up();
    killed.signal(Signal::KILL);
    drop(killed);
    assert!(place.socket().exists() && UnixStream::connect(place.socket()).is_err(), "a dead one is left");
    place.add("over the file");
    let next = place.up();
    UnixStream::connect(place.socket()).expect("it was replaced");
    assert_eq!(next.end(), Some(0));
}

/// Listens at the socket of `place` in the place of a server, takes in one request and ends the connection; comes back
/// with the first line and the body.
fn take_in(listener: &UnixListener) -> (String, String) {
    let (stream, _) = listener.accept().expect("somebody asks");
    let mut request = BufReader::new(stream);
    let head: Vec<String> =
        request.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let length =
        head.iter().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().expect("a number"));
    let mut body = vec![0; length];
    request.read_exact(&mut body).expect("the body comes");
    (head[0].clone(), String::from_utf8(body).expect("a body is text"))
}

#[test]
fn a_command_whose_server_is_lost_on_the_way_asks_again_over_the_file_as_the_same_request() {
    let place = Place::new();
    let listener = UnixListener::bind(place.socket()).expect("nobody is there");
    let lost = |args: &[&str]| {
        std::thread::scope(|threads| {
            let taken = threads.spawn(|| take_in(&listener));
            let answer = place.json(args);
            (taken.join().expect("it asked"), answer)
        })
    };
    let ((line, added_body), added) = lost(&["work", "add", "once"]);
    assert_eq!(line, "POST /api/v1/work HTTP/1.1");
    let id = added["id"].as_str().expect("an id").to_owned();
    let ((line, claim_body), claimed) = lost(&["work", "next", "--agent", "zoe", "--wait", "1m"]);
    assert_eq!((line.as_str(), &claimed["id"]), ("POST /api/v1/work/next HTTP/1.1", &added["id"]));
    let ((line, _), shown) = lost(&["work", "show", &id]);
    assert_eq!((line, &shown["state"]), (format!("GET /api/v1/work/{id}?project=default HTTP/1.1"), &"leased".into()));
    // A server that had taken them in answers what the file has answered.
    drop(listener);
    let up = place.up();
    let [to, _] = up.ways(&place);
    assert_eq!(to.post("", &added_body).json(), added);
    assert_eq!(to.post("/next", &claim_body).json(), claimed);
    assert_eq!(place.json(&["work", "list"]).as_array().map(Vec::len), Some(1));
}

fn a_run_listens_when_nobody_does(engine: Engine) {
    let world = World::on(engine);
    world.add("one");
    let agent =
        world.agent("asker", "ls \"$NEXUS_DIR\" | grep -q sock\nnexus work progress $NEXUS_WORK_ID --percent 5\nmade");
    let end = world.nexus(&["run", "--agent", &agent]).run();
    assert_eq!((end.code, end.number("landed")), (Some(0), 1), "{end:?}");
    assert!(world.sockets().is_empty(), "it went with the run");
}

fn of_fifty_claimers_through_the_socket_one_wins_and_all_others_hear_who_it_was(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    let _up = world.serve();
    for _ in 0..rounds(2) {
        let id = world.add("for one of fifty");
        let answers = seed.all_at_once(50, Duration::from_millis(30), |n| {
            world.claim(&id, &format!("agent-{n}")).with(&["--ttl", "1h"]).run()
        });
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.code == Some(0));
        assert_eq!((won.len(), lost.len()), (1, 49), "{answers:?}");
        let holder = won[0].text("holder");
        for lost in lost {
            assert_eq!((lost.code, lost.problem()), (Some(3), "held"), "{lost:?}");
            assert_eq!(lost.json["error"]["holder"], holder.as_str(), "{lost:?}");
        }
    }
    assert_eq!(world.sound()["double_grants"], 0);
    world.intact();
}

fn a_server_killed_while_callers_write_loses_nothing_and_nothing_is_done_twice(engine: Engine) {
    let mut seed = Seed::new();
    for _ in 0..rounds(2) {
        let world = World::on(engine);
        let serving = world.serve();
        let moment = Duration::from_millis(5 + seed.below(120));
        let added: BTreeSet<String> = std::thread::scope(|threads| {
            let callers: Vec<_> = (0..6)
                .map(|caller| {
                    let world = &world;
                    threads.spawn(move || -> Vec<String> {
                        let add = |n| world.nexus(&["work", "add", &format!("{caller}-{n}")]).done().text("id");
                        (0..12).map(add).collect()
                    })
                })
                .collect();
            std::thread::sleep(moment);
            serving.signal(Signal::KILL);
            callers.into_iter().flat_map(|caller| caller.join().expect("each call succeeds")).collect()
        });
        println!("killed after {moment:?}");
        assert!(serving.wait().killed());
        assert_eq!(added.len(), 72, "every call was acknowledged, each with an item of its own");
        let listed = world.nexus(&["work", "list"]).done();
        let kept: BTreeSet<String> = listed
            .json
            .as_array()
            .expect("a list")
            .iter()
            .map(|item| item["id"].as_str().expect("an id").to_owned())
            .collect();
        assert_eq!(kept, added, "what was acknowledged is there, once");
        world.intact();
    }
}

fn claims_through_a_server_that_dies_are_one_grant_each(engine: Engine) {
    let mut seed = Seed::new();
    let world = World::on(engine);
    for _ in 0..rounds(2) {
        let serving = world.serve();
        let ids: BTreeSet<String> = (0..20).map(|n| world.add(&format!("item {n}"))).collect();
        let moment = Duration::from_millis(seed.below(60));
        let got: Vec<String> = std::thread::scope(|threads| {
            let world = &world;
            let callers: Vec<_> = (0..20)
                .map(|n| {
                    threads.spawn(move || world.next(&format!("agent-{n}")).with(&["--ttl", "1h"]).done().text("id"))
                })
                .collect();
            std::thread::sleep(moment);
            serving.signal(Signal::KILL);
            callers.into_iter().map(|caller| caller.join().expect("each gets one")).collect()
        });
        assert!(serving.wait().killed());
        assert_eq!(got.iter().cloned().collect::<BTreeSet<_>>(), ids, "each item went to one caller: {got:?}");
    }
    assert_eq!(world.sound()["double_grants"], 0);
    world.intact();
}

fn a_server_that_is_stopped_keeps_nobody_for_ever(engine: Engine) {
    let world = World::on(engine);
    let serving = world.serve();
    serving.signal(Signal::STOP);
    let id = world.nexus(&["work", "add", "past the one that sleeps"]).done().text("id");
    serving.signal(Signal::CONT);
    until("the server to go on", || (world.item(&id).json["state"] == "ready").then_some(()));
    // What it took in while it slept it has done by now, under the same key.
    assert_eq!(world.count("work.added", None), 1);
}
