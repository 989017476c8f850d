//! How a command answers: text for people, one JSON object for programs, and an exit code.

use std::io::Write as _;
use std::process::ExitCode;

use engine::problem::{Kind, Problem};
use serde::Serialize;
use serde_json::{Value, json};

use crate::terminal::{harmless, painted};

/// What a command has to say.
pub struct Answer {
    json: Option<String>,
    text: String,
    code: ExitCode,
}

impl Answer {
    /// Done: `json` for programs, `text` for people.
    pub fn new(json: &impl Serialize, text: impl Into<String>) -> Self {
        Self { json: Some(line(json)), text: text.into(), code: ExitCode::SUCCESS }
    }

    /// Nothing more to say.
    pub fn silent() -> Self {
        Self { json: None, text: String::new(), code: ExitCode::SUCCESS }
    }

    /// Nothing more to say than this exit code.
    pub fn code(code: ExitCode) -> Self {
        Self { code, ..Self::silent() }
    }

    /// The same with another exit code.
    #[must_use]
    pub fn exit(self, code: u8) -> Self {
        Self { code: ExitCode::from(code), ..self }
    }

    /// Says it, and comes back with the exit code.
    pub fn give(self, json: bool) -> ExitCode {
        let said = self.json.filter(|_| json).unwrap_or(self.text);
        if !said.is_empty() && !print(&said) {
            return ExitCode::FAILURE;
        }
        self.code
    }
}

/// A line on standard output. `false` when nobody can read it any more.
pub fn print(text: &str) -> bool {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).is_ok()
}

/// JSON on one line.
pub fn line(json: &impl Serialize) -> String {
    serde_json::to_string(json).expect("an answer can be written as JSON")
}

/// The problem as JSON.
pub fn problem_json(problem: &Problem) -> Value {
    let mut error = json!({ "code": problem.code, "message": problem.message });
    let fields = error.as_object_mut().expect("an object was just made");
    fields.extend(problem.fields.clone());
    json!({ "error": error })
}

/// Says what went wrong, and comes back with the exit code for it.
pub fn fail(problem: &Problem, json: bool) -> ExitCode {
    if json {
        print(&line(&problem_json(problem)));
    } else {
        anstream::eprintln!("{} {}", painted("dead", "nexus:"), harmless(&problem.message));
    }
    ExitCode::from(exit_code(problem.kind))
}

/// The one table from kinds of problems to exit codes.
pub const fn exit_code(kind: Kind) -> u8 {
    match kind {
        Kind::Failed | Kind::NotFound => 1,
        Kind::Malformed => 2,
        Kind::Refused => 3,
        Kind::Nothing => 4,
        Kind::LeaseLost => 5,
    }
}
