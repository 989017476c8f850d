//! The gateway of a run, with its port and its socket, in this process.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use domain::budget::Measure;
use engine::agent::{Caller, Gateway as _, Pass};
use engine::{Engine, SystemClock, wait};
use serde_json::json;
use store::{Mode, Store};

use super::{Hosts, Keys, Means, ModelGateway, Prices};
use crate::demo::model::FakeModel;

struct Place {
    gateway: ModelGateway,
    engine: Engine,
    _fake: FakeModel,
    _folder: tempfile::TempDir,
}

fn place() -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let script = json!({ "scenarios": {
        "hello": { "turns": [{ "text": "hello", "usage": { "input": 20, "output": 3 } }] },
        "slow": { "turns": [{ "text": "word ", "repeat": 100_000, "pace_ms": 2, "usage": { "input": 20, "output": 3 } }] },
        "hang": { "turns": [{ "text": "hello", "fault": { "hang": "before" } }] },
    } });
    let fake = FakeModel::start(serde_json::from_value(script).expect("a script")).expect("it starts");
    let store = Store::create(&folder.path().join("nexus.db"), Mode::Loop).expect("a store");
    let engine = Engine::new(store, "default".parse().expect("a project"), Arc::new(SystemClock));
    let key = |name: &str| name.ends_with("_API_KEY").then(|| "sk-real".to_owned());
    let means = Means {
        urls: ["hello", "slow", "hang"].map(|name| format!("http://{}/s/{name}", fake.address)),
        keys: Keys::find(folder.path(), &key).expect("keys"),
        prices: Prices::read("fake*=1/1").expect("prices"),
        hosts: Hosts::read("pypi.org").expect("hosts"),
        content: None,
    };
    let gateway = ModelGateway::start(engine.clone(), means).expect("it starts");
    Place { gateway, engine, _fake: fake, _folder: folder }
}

fn caller() -> Caller {
    Caller {
        project: "default".parse().expect("a project"),
        run: "night".to_owned(),
        item: None,
        agent: "zoe".parse().expect("a name"),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
    }
}

fn request(token: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: {token}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

const MESSAGES: &str = "/model/anthropic/v1/messages";
const CHAT: &str = "/model/openai/v1/chat/completions";
const BODY: &str = r#"{"model":"fake-1","max_tokens":5,"stream":true,"messages":[]}"#;

fn said(mut stream: impl std::io::Read + std::io::Write, request: &str) -> String {
    stream.write_all(request.as_bytes()).expect("it is open");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn over_tcp(pass: &Pass, path: &str) -> String {
    said(TcpStream::connect(pass.address).expect("it listens"), &request(&pass.token, path, BODY))
}

#[test]
fn a_pass_is_good_over_port_and_socket_until_it_is_given_back() {
    let place = place();
    let pass = place.gateway.open(&caller()).expect("a pass");
    assert_eq!(pass.base("anthropic"), format!("http://{}/model/anthropic", pass.address));
    assert!(over_tcp(&pass, MESSAGES).starts_with("HTTP/1.1 200"));
    let socket = UnixStream::connect(&pass.socket).expect("it listens");
    assert!(said(socket, &request(&pass.token, MESSAGES, BODY)).starts_with("HTTP/1.1 200"));
    let seen = place.gateway.metered(&pass);
    assert_eq!((seen.answered, seen.failed, seen.usage.tokens(), seen.usage.usd_micros), (2, 0, 46, Some(46)));
    assert_eq!(place.gateway.close(&pass), seen);
    assert!(over_tcp(&pass, MESSAGES).starts_with("HTTP/1.1 401"));
    assert_eq!(place.gateway.close(&pass).answered, 0, "it is forgotten");
    assert!(!format!("{pass:?}").contains(&pass.token));
    assert!(place.gateway.open(&Caller { run: String::new(), ..caller() }).is_err());
}

#[test]
fn giving_a_pass_back_cuts_its_calls_off_and_counts_them() {
    let place = place();
    let pass = place.gateway.open(&caller()).expect("a pass");
    let mut stream = TcpStream::connect(pass.address).expect("it listens");
    stream.write_all(request(&pass.token, CHAT, BODY).as_bytes()).expect("it is open");
    let (mut seen, mut piece) = (String::new(), [0; 4_096]);
    while seen.matches("word").count() < 10 {
        let n = stream.read(&mut piece).expect("it goes on");
        seen.push_str(&String::from_utf8_lossy(&piece[..n]));
    }
    // One that has not begun to be answered is cut off too.
    let mut hangs = TcpStream::connect(pass.address).expect("it listens");
    let path = "/model/gemini/v1beta/models/fake-1:generateContent";
    hangs.write_all(request(&pass.token, path, "{}").as_bytes()).expect("it is open");
    while wait(place.engine.budgets(None)).expect("it can be read").under_way.len() < 2 {
        std::thread::yield_now();
    }
    let metered = place.gateway.close(&pass);
    assert_eq!((metered.answered, metered.failed), (0, 2));
    assert!(metered.usage.tokens() > 10, "{metered:?}");
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    drop(place.gateway);
    let shown = wait(place.engine.budgets(None)).expect("it can be read");
    assert_eq!(shown.under_way, [], "all of it is settled when the gateway has ended");
    let since = domain::time::Timestamp::from_millis(0);
    let calls = wait(place.engine.model_calls(since, 10)).expect("it can be read");
    assert!(calls.len() == 2 && calls.iter().all(|it| it.ending == "cut" && it.estimated), "{calls:?}");
    assert_eq!(calls.iter().map(|it| it.input_tokens + it.output_tokens).sum::<u64>(), metered.usage.tokens());
}

#[test]
fn a_run_whose_last_call_was_turned_down_is_known_to_be_cut_short() {
    let place = place();
    let pass = place.gateway.open(&caller()).expect("a pass");
    let limit = |tokens: Option<u64>| {
        let run = "run:night".parse().expect("an account");
        wait(place.engine.set_budget(run, vec![(Measure::Tokens, tokens)], None)).expect("it is set")
    };
    assert!(over_tcp(&pass, MESSAGES).starts_with("HTTP/1.1 200"));
    limit(Some(23));
    assert!(over_tcp(&pass, MESSAGES).starts_with("HTTP/1.1 403"));
    let seen = place.gateway.metered(&pass);
    assert_eq!((seen.answered, seen.over_budget, seen.cut_short), (1, 1, true));
    limit(None);
    assert!(over_tcp(&pass, MESSAGES).starts_with("HTTP/1.1 200"));
    let seen = place.gateway.metered(&pass);
    assert_eq!((seen.answered, seen.over_budget, seen.cut_short), (2, 1, false), "it went on");
}

#[test]
fn tunnels_go_to_named_hosts_for_who_has_a_pass() {
    let place = place();
    let pass = place.gateway.open(&caller()).expect("a pass");
    let ask = |to: &str, with: &str| {
        let stream = UnixStream::connect(&pass.socket).expect("it listens");
        said(stream, &format!("CONNECT {to} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n{with}\r\n"))
    };
    let with = format!("proxy-authorization: Bearer {}\r\n", pass.token);
    assert!(ask("pypi.org:443", "").starts_with("HTTP/1.1 407"));
    assert!(ask("pypi.org:443", "proxy-authorization: Bearer nxp-1\r\n").starts_with("HTTP/1.1 407"));
    for bad in ["evil.example:443", "pypi.org:80", "127.0.0.1:443", "[::1]:443"] {
        let answer = ask(bad, &with);
        assert!(answer.starts_with("HTTP/1.1 403"), "{bad}: {answer}");
    }
    let get = said(
        UnixStream::connect(&pass.socket).expect("it listens"),
        "GET http://pypi.org/ HTTP/1.1\r\nhost: pypi.org\r\nconnection: close\r\n\r\n",
    );
    assert!(get.starts_with("HTTP/1.1 404"), "{get}");
}
