//! A store with a server, a fake provider behind it, and callers that speak HTTP by hand.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::features::world::World;
use crate::support::until;

/// The real key; nobody but the provider may see it.
pub const KEY: &str = "sk-real-0123456789-KEYX";
/// How long a test waits for a byte before it fails instead of hanging.
const PATIENCE: Duration = Duration::from_mins(3);

/// The formats: where a call goes, what it carries, and whether that asks for a stream.
pub const FORMATS: [(&str, &str, &str); 4] = [
    (
        "anthropic",
        "/model/anthropic/v1/messages",
        r#"{"model":"fake-1","max_tokens":50,"stream":STREAM,"messages":[]}"#,
    ),
    (
        "responses",
        "/model/openai/v1/responses",
        r#"{"model":"fake-1","max_output_tokens":50,"stream":STREAM,"input":[]}"#,
    ),
    (
        "chat",
        "/model/openai/v1/chat/completions",
        r#"{"model":"fake-1","max_tokens":50,"stream":STREAM,"messages":[]}"#,
    ),
    (
        "gemini",
        "/model/gemini/v1beta/models/fake-1:VERB",
        r#"{"contents":[],"generationConfig":{"maxOutputTokens":50}}"#,
    ),
];

/// A call in `format`.
pub fn call(format: &str, streams: bool) -> (String, String) {
    let (_, path, body) = FORMATS.iter().find(|it| it.0 == format).expect("a format");
    let verb = if streams { "streamGenerateContent?alt=sse" } else { "generateContent" };
    (path.replace("VERB", verb), body.replace("STREAM", if streams { "true" } else { "false" }))
}

pub struct Stage {
    pub world: World,
    servers: Vec<Child>,
    /// Where the fake provider is, and where the gateway.
    pub fake: String,
    pub up: String,
}

/// An answer, with the pieces of a chunked body put together.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
    /// Whether it came to its end as HTTP has it.
    pub whole: bool,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

impl Stage {
    /// With a provider that says what `scenarios` say, asked for the scenario `scenario`.
    pub fn new(scenarios: &Value, scenario: &str) -> Self {
        Self::with(scenarios, scenario, &[])
    }

    /// The same with settings, as pairs of a variable and its value.
    pub fn with(scenarios: &Value, scenario: &str, settings: &[(&str, &str)]) -> Self {
        let world = World::new();
        let script = world.beside("script.json");
        std::fs::write(&script, json!({ "scenarios": scenarios }).to_string()).expect("there is room");
        let mut fake = world.nexus(["fake-model", "--script"]);
        let (fake, at) = started(fake.arg(&script));
        let mut up = world.nexus(["up", "--port", "0", "--json"]);
        for provider in ["ANTHROPIC", "OPENAI", "GEMINI"] {
            up.env(format!("NEXUS_MODEL_{provider}_URL"), format!("{at}/s/{scenario}"));
            up.env(format!("{provider}_API_KEY"), KEY);
        }
        up.envs(settings.iter().copied());
        let (up, url) = started(&mut up);
        Self { world, servers: vec![up, fake], fake: at, up: url }
    }

    /// A token for `agent`.
    pub fn pass(&self, agent: &str) -> String {
        self.token(&["--agent", agent])
    }

    /// A token with these options.
    pub fn token(&self, options: &[&str]) -> String {
        let said = self.world.ok(["budget", "pass"].iter().chain(options));
        said["token"].as_str().expect("a token").to_owned()
    }

    /// A call in `format` with `token`, read to its end.
    pub fn call(&self, format: &str, streams: bool, token: &str) -> Answer {
        let (path, body) = call(format, streams);
        post(&self.up, &path, &format!("authorization: Bearer {token}\r\n"), &body)
    }

    /// What was asked of the provider.
    pub fn asked(&self) -> Vec<Value> {
        let answer = read(send(&self.fake, "GET", "/_fake/requests", "", ""));
        answer.json().as_array().expect("a list").clone()
    }

    /// The calls that are written down, newest first, once there are `n`.
    pub fn calls(&self, n: usize) -> Vec<Value> {
        until("the calls to be written down", || {
            let calls = self.world.ok(["budget", "history"]).as_array().expect("a list").clone();
            (calls.len() >= n).then_some(calls)
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn started(command: &mut Command) -> (Child, String) {
    let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where it listens");
    let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
    (process, said["url"].as_str().expect("an address").to_owned())
}

/// Sends a request and comes back with the connection, before anything of the answer was read.
pub fn send(url: &str, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
    let at = url.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(at).expect("somebody listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n{headers}");
    let typed = "content-type: application/json\r\n";
    write!(stream, "{head}{typed}content-length: {length}\r\n\r\n{body}").expect("it is open");
    stream
}

pub fn post(url: &str, path: &str, headers: &str, body: &str) -> Answer {
    read(send(url, "POST", path, headers, body))
}

/// The whole answer.
pub fn read(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes).is_ok();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, rest) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    let head = head.to_ascii_lowercase();
    if !head.contains("transfer-encoding: chunked") {
        return Answer { status, head, body: rest.to_owned(), whole: ended };
    }
    let (mut rest, mut body) = (rest.as_bytes(), Vec::new());
    let whole = loop {
        let Some(end) = rest.windows(2).position(|it| it == b"\r\n") else { break false };
        let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).expect("a size");
        if size == 0 {
            break true;
        }
        let from = end + 2;
        if rest.len() < from + size + 2 {
            break false;
        }
        body.extend_from_slice(&rest[from..from + size]);
        rest = &rest[from + size + 2..];
    };
    Answer { status, head, body: String::from_utf8_lossy(&body).into_owned(), whole }
}
