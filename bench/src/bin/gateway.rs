//! What the model gateway costs: to the first byte, with many paced streams, and at full speed; each against the same
//! calls straight to the fake provider. It wants an optimised `nexus` beside it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bench::{Flags, cpu, machine};
use serde_json::{Value, json};

/// The most that the gateway may add to the first byte.
const GOAL_FIRST: Duration = Duration::from_millis(1);
/// The most that paced streams may take, against the same straight from the provider.
const GOAL_PACED: f64 = 1.05;
const STREAMS: usize = 20;

fn main() {
    let flags = Flags::read("What the model gateway costs, against the same calls straight to the provider.");
    let (rounds, events) = if flags.quick { (50, 100) } else { (1_000, 1_000) };
    let place = Place::start(events);
    let (direct, through) = first_bytes(&place, rounds);
    let added = p50(&through).saturating_sub(p50(&direct));
    let paced = [place.direct("paced"), place.through("paced")].map(|way| all_at_once(&way, STREAMS).0);
    let ratio = paced[1].as_secs_f64() / paced[0].as_secs_f64();
    let full = [place.direct("full"), place.through("full")].map(|way| {
        let before = cpu(place.up.id());
        let (took, bytes) = all_at_once(&way, 4);
        #[allow(clippy::cast_precision_loss)] // Nobody waits for that many bytes.
        let mb = bytes as f64 / 1e6;
        (mb / took.as_secs_f64(), cpu(place.up.id()).saturating_sub(before), mb)
    });
    let (mb, spent) = (full[1].2, full[1].1.as_secs_f64());
    if flags.json {
        let results = json!({
            "direct_p50_us": us(p50(&direct)), "gateway_p50_us": us(p50(&through)), "added_us": us(added),
            "paced_direct_s": paced[0].as_secs_f64(), "paced_gateway_s": paced[1].as_secs_f64(), "paced_ratio": ratio,
            "direct_mb_per_s": full[0].0, "gateway_mb_per_s": full[1].0, "gateway_cpu_ms_per_mb": spent * 1e3 / mb,
            "goals": { "first_byte_met": added <= GOAL_FIRST, "paced_met": ratio <= GOAL_PACED },
        });
        return println!(
            "{}",
            json!({ "bench": "gateway", "machine": machine(), "rounds": rounds, "results": results })
        );
    }
    println!("the model gateway against the same calls straight to the provider\n{}\n", machine());
    println!(
        "first byte, {rounds} rounds   direct {:>6} us   gateway {:>6} us   added {:>6} us   goal {} us: {}",
        us(p50(&direct)),
        us(p50(&through)),
        us(added),
        us(GOAL_FIRST),
        met(added <= GOAL_FIRST)
    );
    println!(
        "{STREAMS} streams of {events} events at 100/s   direct {:.3} s   gateway {:.3} s   {ratio:.3} x   goal {GOAL_PACED} x: {}",
        paced[0].as_secs_f64(),
        paced[1].as_secs_f64(),
        met(ratio <= GOAL_PACED)
    );
    println!(
        "4 streams at full speed   direct {:.1} MB/s   gateway {:.1} MB/s   {:.2} ms of CPU a MB in the gateway",
        full[0].0,
        full[1].0,
        spent * 1e3 / mb
    );
}

const fn met(yes: bool) -> &'static str {
    if yes { "met" } else { "NOT met" }
}

/// One way to ask: where, at which path, with which headers.
struct Way {
    at: String,
    path: String,
    headers: String,
}

struct Place {
    fake: Child,
    up: Child,
    fake_at: String,
    ups: Vec<(&'static str, Child, String)>,
    token: String,
    _folder: tempfile::TempDir,
}

impl Place {
    fn start(events: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let script = folder.path().join("script.json");
        let turn = |repeat: usize, pace: u64| json!({ "turns": [{ "text": "some words ", "repeat": repeat, "pace_ms": pace }] });
        let scenarios = json!({ "first": turn(1, 0), "paced": turn(events, 10), "full": turn(events * 200, 0) });
        std::fs::write(&script, json!({ "scenarios": scenarios }).to_string()).expect("there is room");
        let nexus = |args: &[&str]| {
            let mut command = Command::new(Path::new("target/release/nexus"));
            command
                .args(args)
                .env("NEXUS_DIR", folder.path())
                .env("ANTHROPIC_API_KEY", "sk-bench")
                .stderr(Stdio::null());
            command
        };
        let script = script.to_str().expect("a path");
        let (fake, fake_at) = started(&mut nexus(&["fake-model", "--script", script]));
        assert!(nexus(&["init"]).stdout(Stdio::null()).status().expect("target/release/nexus starts").success());
        // The scenario is a part of the provider's address, so there is one server for each.
        let mut ups = ["first", "paced", "full"].map(|name| {
            let mut command = nexus(&["up", "--port", "0", "--json"]);
            command.env("NEXUS_MODEL_ANTHROPIC_URL", format!("{fake_at}/s/{name}"));
            let (child, at) = started(&mut command);
            (name, child, at)
        });
        let said =
            nexus(&["budget", "pass", "--agent", "bench", "--json"]).output().expect("target/release/nexus starts");
        let said: Value = serde_json::from_slice(&said.stdout).expect("one object");
        let token = said["token"].as_str().expect("a token").to_owned();
        // The one that is measured at full speed is the one whose time is looked at.
        let up = std::mem::replace(&mut ups[2].1, started_nothing());
        Self { fake, up, fake_at, ups: ups.into(), token, _folder: folder }
    }

    fn direct(&self, name: &str) -> Way {
        Way { at: self.fake_at.clone(), path: format!("/s/{name}/v1/messages"), headers: String::new() }
    }

    fn through(&self, name: &str) -> Way {
        let at = self.ups.iter().find(|it| it.0 == name).expect("a server").2.clone();
        Way { at, path: "/model/anthropic/v1/messages".to_owned(), headers: format!("x-api-key: {}\r\n", self.token) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let ups = self.ups.iter_mut().map(|it| &mut it.1);
        for child in [&mut self.fake, &mut self.up].into_iter().chain(ups) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A process that has nothing to do.
fn started_nothing() -> Child {
    Command::new("true").spawn().expect("true starts")
}

fn started(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("target/release/nexus starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where it listens");
    let said: Value = serde_json::from_str(&line).expect("one object");
    (child, said["url"].as_str().expect("an address").to_owned())
}

/// The time to the first byte of the body, one way and the other in turn.
fn first_bytes(place: &Place, rounds: usize) -> (Vec<Duration>, Vec<Duration>) {
    let (direct, through) = (place.direct("first"), place.through("first"));
    // One warm-up that does not count.
    first_byte(&direct);
    first_byte(&through);
    (0..rounds).map(|_| (first_byte(&direct), first_byte(&through))).unzip()
}

fn first_byte(way: &Way) -> Duration {
    let mut stream = connect(way);
    let start = Instant::now();
    ask(&mut stream, way);
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while line.trim_end() != "event: message_start" {
        line.clear();
        assert!(reader.read_line(&mut line).expect("it answers") > 0, "the answer is a stream");
    }
    let took = start.elapsed();
    let mut rest = Vec::new();
    let _ = reader.read_to_end(&mut rest);
    took
}

/// So many streams at once, read to their end: how long all took, and how many bytes came.
fn all_at_once(way: &Way, streams: usize) -> (Duration, usize) {
    let start = Instant::now();
    let bytes = std::thread::scope(|scope| {
        let one = || {
            let mut stream = connect(way);
            ask(&mut stream, way);
            let (mut bytes, mut piece) = (0, vec![0; 65_536]);
            loop {
                match stream.read(&mut piece).expect("it goes on") {
                    0 => return bytes,
                    n => bytes += n,
                }
            }
        };
        let all: Vec<_> = (0..streams).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|it| it.join().expect("no panic")).sum()
    });
    (start.elapsed(), bytes)
}

fn connect(way: &Way) -> TcpStream {
    let stream = TcpStream::connect(way.at.strip_prefix("http://").expect("an address")).expect("it listens");
    stream.set_nodelay(true).expect("it can be set");
    stream
}

fn ask(stream: &mut TcpStream, way: &Way) {
    let body = r#"{"model":"fake-1","max_tokens":1000,"stream":true,"messages":[]}"#;
    let (path, headers, length) = (&way.path, &way.headers, body.len());
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
}

fn p50(all: &[Duration]) -> Duration {
    let mut all = all.to_vec();
    all.sort_unstable();
    all[all.len() / 2]
}

fn us(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
