//! A real coding agent among the scripted ones: its program is real, its sandbox and its gateway too; only the model says
//! what a script says.

use std::process::{Child, Command, Stdio};

use engine::problem::Problem;
use serde_json::{Value, json};

use super::io;
use super::model::{FakeModel, Script};
use super::scene::Scene;

/// The kinds that can play along.
pub const KINDS: [&str; 3] = ["claude", "codex", "goose"];

/// What the agent's model has it do: look around, and write a file.
const COMMAND: &str =
    "git log --oneline | head -3; ls; printf '# Notes\\n\\nA real agent has been here.\\n' > NOTES.md";

/// The item for it, as a line of the backlog.
pub fn item() -> Value {
    json!({ "key": "real", "title": "Say in NOTES.md who has been here", "role": "real", "type": "docs", "priority": "high" })
}

/// A real agent at work, and its model.
pub struct Real {
    /// Its run.
    pub run: Child,
    _model: FakeModel,
}

/// Fails when this machine has no agent of `kind`, with what to do.
pub fn ready(scene: &Scene, kind: &str) -> Result<(), Problem> {
    let said = scene.nexus(&["agent", "runtimes", "--json"])?;
    let all: Value = serde_json::from_str(&said).map_err(|e| io("asking for agents", &e))?;
    let found = all["runtimes"].as_array().into_iter().flatten().find(|it| it["name"] == kind);
    match found {
        Some(found) if found["ready"] == true => Ok(()),
        found => {
            let why = found.and_then(|it| it["why"].as_str()).unwrap_or("there is none");
            Err(Problem::malformed(format!("{kind} cannot play along: {why}")))
        }
    }
}

/// Starts the run of a real agent of `kind`.
pub fn start(scene: &Scene, kind: &str) -> Result<Real, Problem> {
    let (provider, tool) = match kind {
        "claude" => ("ANTHROPIC", json!({ "name": "Bash", "input": { "command": COMMAND, "description": "work" } })),
        "codex" => ("OPENAI", json!({ "name": "exec_command", "input": { "cmd": COMMAND } })),
        _ => ("OPENAI", json!({ "name": "shell", "input": { "command": COMMAND } })),
    };
    let turns = json!([
        { "text": "I look around and write the notes.", "tools": [tool] },
        { "text": "NOTES.md says who has been here." }
    ]);
    let script = json!({ "scenarios": { "default": { "turns": turns, "no_tools": { "text": "Notes" } } } });
    let script: Script = serde_json::from_value(script).map_err(|e| io("the script of the model", &e))?;
    let model = FakeModel::start(script).map_err(|e| io("starting the model", &e))?;
    let mut command = Command::new(&scene.program);
    scene.environment(&mut command);
    let log = std::fs::File::create(scene.folder.join("real.log")).map_err(|e| io("making a log", &e))?;
    let out = log.try_clone().map_err(|e| io("making a log", &e))?;
    command.args(["run", "--runtime", kind, "--model", "scripted", "--role", "real", "--agent-name", "real"]);
    command.args(["--workers", "1", "--ttl", "30s"]);
    command.env(format!("NEXUS_MODEL_{provider}_URL"), format!("http://{}", model.address));
    command.env(format!("{provider}_API_KEY"), "fake-default");
    let run = command.stdin(Stdio::null()).stdout(out).stderr(log).spawn();
    Ok(Real { run: run.map_err(|e| io("starting the real agent", &e))?, _model: model })
}
