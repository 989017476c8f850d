//! The kinds of agents there are, by their names.

use engine::agent::Runtime;

use super::acp::{Acp, PRESETS};
use super::claude::Claude;
use super::codex::Codex;
use super::command::Command;

/// A kind of agent, as far as it can be looked for on a machine.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// The program that is looked for; `None` where the caller has to name one.
    pub program: Option<&'static str>,
    /// The oldest version that this was tried with; older ones may not know what they are told.
    pub version_min: &'static str,
}

/// Every kind, in the order in which they are shown.
pub static KINDS: &[Kind] = &[
    kind("claude", "claude", "2.1.300"),
    kind("codex", "codex", "0.160.0"),
    kind("gemini", "gemini", "0.50.0"),
    kind("opencode", "opencode", "1.15.0"),
    kind("goose", "goose", "1.40.0"),
    kind("qwen", "qwen", "0.15.0"),
    kind("aider", "aider", "0.86.0"),
    kind("claude-acp", "claude-agent-acp", "0.90.0"),
    kind("codex-acp", "codex-acp", "2.0.0"),
    Kind { name: "acp", program: None, version_min: "" },
    Kind { name: "command", program: None, version_min: "" },
];

const fn kind(name: &'static str, program: &'static str, version_min: &'static str) -> Kind {
    Kind { name, program: Some(program), version_min }
}

/// The kind called `name`; `argv` is the program where the kind does not know one. `None`: there is no such kind.
pub fn runtime(name: &str, argv: &[String]) -> Option<Box<dyn Runtime>> {
    Some(match name {
        "claude" => Box::new(Claude),
        "codex" => Box::new(Codex),
        "command" => Box::new(Command { name: "command", argv: argv.to_vec() }),
        "aider" => Box::new(Command::aider()),
        other => {
            let preset = PRESETS.iter().find(|preset| preset.name == other)?;
            Box::new(Acp { preset, argv: argv.to_vec() })
        }
    })
}
