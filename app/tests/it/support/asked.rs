//! One call of the program, and what was seen of it.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::{Running, World};

/// A call that is being put together.
pub struct Asked<'w> {
    world: &'w World,
    args: Vec<String>,
    env: Vec<(String, String)>,
    record: Option<Value>,
    own_group: bool,
    gate: Option<PathBuf>,
    clone: Option<PathBuf>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Output {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The answer; null when there was none, or one object a line.
    pub json: Value,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    #[allow(dead_code)] // Read by people, in the text of a failure.
    pub stderr: String,
}

impl<'w> Asked<'w> {
    pub(super) fn new(world: &'w World, args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).chain(["--json".to_owned()]).collect();
        Self { world, args, env: Vec::new(), record: None, own_group: false, gate: None, clone: None }
    }

    /// Adds arguments.
    pub fn with(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// Sets a variable.
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.env.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The process dies when it comes by this failpoint; `name:3` the third time.
    pub fn dying_at(self, failpoint: &str) -> Self {
        self.env("NEXUS_FAILPOINT", failpoint)
    }

    /// Has it run in another clone, on the same store.
    pub fn at(mut self, clone: &Path) -> Self {
        self.clone = Some(clone.to_owned());
        self
    }

    /// Gives it a process group of its own, to be signalled as a terminal does.
    pub fn in_own_group(mut self) -> Self {
        self.own_group = true;
        self
    }

    /// Has the process wait until there is a file `gate`, before it becomes the program.
    pub fn behind(mut self, gate: &Path) -> Self {
        self.gate = Some(gate.to_owned());
        self
    }

    /// Makes it one request with all others of this key.
    pub fn keyed(mut self, key: &str) -> Self {
        if let Some(record) = &mut self.record {
            record["key"] = key.into();
        }
        self.with(&["--key", key])
    }

    /// Has it written down as `docs/history-format.md` says.
    pub fn recorded(mut self, op: &str, agent: &str, item: Option<&str>, fence: Option<i64>) -> Self {
        self.record = Some(json!({ "op": op, "agent": agent, "item": item, "fence": fence }));
        self
    }

    /// Starts it.
    pub fn start(self) -> Running<'w> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let place = self.world.beside("output").join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir_all(&place).expect("the folder is ours");
        let program = env!("CARGO_BIN_EXE_nexus");
        let mut command = self.world.command(if self.gate.is_some() { "sh" } else { program });
        if let Some(gate) = &self.gate {
            let wait = "until [ -e \"$1\" ]; do sleep 0.01; done; shift; exec \"$@\"";
            command.args(["-c", wait, "sh"]).arg(gate).arg(program);
        }
        if let Some(clone) = &self.clone {
            command.current_dir(clone);
            // A database is found by its address; the file is in the first clone.
            if !self.world.on_a_server() {
                command.env("NEXUS_DIR", self.world.repo().join(".nexus"));
            }
        }
        command.args(&self.args).envs(self.env);
        // Files, not pipes: whoever inherits a pipe could keep us waiting for its end.
        let file = |name| File::create(place.join(name)).expect("the folder is ours");
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        if self.own_group {
            command.process_group(0);
        }
        let asked_ms = now_ms();
        let child = command.spawn().expect("the program can be started");
        Running::new(self.world, child, Finish { args: self.args, place, record: self.record, asked_ms })
    }

    /// Runs it to its end.
    pub fn run(self) -> Output {
        self.start().wait()
    }

    /// Runs it to its end, which is to be exit code 0.
    pub fn done(self) -> Output {
        let words = self.args.join(" ");
        let output = self.run();
        assert_eq!(output.code, Some(0), "nexus {words}: {output:?}");
        output
    }
}

/// What is needed to take in the end of a call.
pub(super) struct Finish {
    pub args: Vec<String>,
    place: PathBuf,
    record: Option<Value>,
    asked_ms: u64,
}

impl Finish {
    /// Reads what it said, and writes the call down.
    pub fn take(&self, world: &World, status: ExitStatus) -> Output {
        let answered_ms = now_ms();
        let (stdout, stderr) = (self.printed(), self.complained());
        let json = serde_json::from_str(stdout.trim()).unwrap_or(Value::Null);
        let output = Output { code: status.code(), signal: status.signal(), json, stdout, stderr };
        if let Some(record) = &self.record {
            world.note(line(record.clone(), &output, self.asked_ms, answered_ms));
        }
        output
    }

    /// What it has printed so far.
    pub fn printed(&self) -> String {
        self.read("out")
    }

    /// What it has complained about so far.
    pub fn complained(&self) -> String {
        self.read("err")
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.place.join(name)).unwrap_or_default()).into_owned()
    }
}

fn line(mut record: Value, output: &Output, asked_ms: u64, answered_ms: u64) -> Value {
    record["asked_ms"] = asked_ms.into();
    let claim = record["op"] == "claim" || record["op"] == "next";
    record["saw"] = match output.code {
        Some(0) => "ok",
        Some(3 | 5) => "refused",
        Some(4) => "nothing",
        Some(2) => panic!("a caller asked nonsense: {output:?}"),
        // Whoever fails cannot know how far it came.
        Some(_) | None => "unknown",
    }
    .into();
    if record["saw"] != "unknown" {
        record["answered_ms"] = answered_ms.into();
    }
    if output.code == Some(0) && claim {
        record["fence"] = output.json["fence"].clone();
        record["item"] = output.json["id"].clone();
    }
    if let Some(code) = output.json["error"]["code"].as_str() {
        record["code"] = code.into();
    }
    record
}

/// One clock for all callers of this process.
fn now_ms() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).expect("a test ends within an age")
}

impl Output {
    /// A text of the answer.
    pub fn text(&self, field: &str) -> String {
        self.json[field].as_str().unwrap_or_else(|| panic!("no text {field:?} in {self:?}")).to_owned()
    }

    /// A number of the answer.
    pub fn number(&self, field: &str) -> i64 {
        self.json[field].as_i64().unwrap_or_else(|| panic!("no number {field:?} in {self:?}"))
    }

    /// The stable word of the problem; empty when there is none.
    pub fn problem(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    /// Whether SIGKILL ended it.
    pub const fn killed(&self) -> bool {
        matches!(self.signal, Some(9))
    }
}
