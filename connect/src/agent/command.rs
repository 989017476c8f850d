//! Any program: it is told by files and variables, and its exit code is its last word.

use std::time::Duration;

use domain::agent::verdict::{End, Failure, Fault, Named, Terminal};
use engine::agent::{Conversation, Plan, Protocol, RunSpec, Runtime};

/// A program of which we know nothing, or aider.
pub(super) struct Command {
    pub name: &'static str,
    /// The program and its arguments.
    pub argv: Vec<String>,
}

/// The arguments that let aider work by itself.
const AIDER: &[&str] = &[
    "aider",
    "--yes-always",
    "--no-stream",
    "--no-pretty",
    "--no-auto-commits",
    "--no-gitignore",
    "--analytics-disable",
    "--no-check-update",
    "--message-file",
];

impl Command {
    /// The preset for aider.
    pub fn aider() -> Self {
        Self { name: "aider", argv: AIDER.iter().map(|&it| it.to_owned()).collect() }
    }
}

impl Runtime for Command {
    fn name(&self) -> &'static str {
        self.name
    }

    fn keys(&self) -> &[&str] {
        if self.name == "aider" { &["OPENAI_API_KEY"] } else { &[] }
    }

    fn calls_models(&self) -> bool {
        self.name == "aider"
    }

    fn heard(&self) -> bool {
        false
    }

    fn plan(&self, spec: &RunSpec) -> Result<Plan, String> {
        if self.argv.is_empty() {
            return Err("no program is named; give one with --agent".to_owned());
        }
        let mut plan = Plan { argv: self.argv.clone(), linger: Duration::ZERO, ..Plan::default() };
        if let Some(program) = &spec.program {
            plan.argv[0].clone_from(program);
        }
        plan.protocol = Protocol::Opaque(spec.item.clone());
        if self.name == "aider" {
            plan.protocol = Protocol::Opaque(Vec::new());
            plan.argv.push(spec.prompt_file.to_string_lossy().into_owned());
            if let Some(model) = &spec.model {
                let model = if spec.pass.is_some() { format!("openai/{model}") } else { model.clone() };
                plan.argv.extend(["--model".to_owned(), model]);
            }
            if let Some(pass) = &spec.pass {
                plan.env.push(("OPENAI_API_BASE".to_owned(), format!("{}/v1", pass.base("openai")).into()));
            }
        }
        if let Some(pass) = &spec.pass {
            plan.env.push(("OPENAI_API_KEY".to_owned(), pass.token.clone().into()));
            if self.name != "aider" {
                plan.env.push(("OPENAI_BASE_URL".to_owned(), format!("{}/v1", pass.base("openai")).into()));
                plan.env.push(("ANTHROPIC_BASE_URL".to_owned(), pass.base("anthropic").into()));
                plan.env.push(("ANTHROPIC_API_KEY".to_owned(), pass.token.clone().into()));
                plan.env.push(("GOOGLE_GEMINI_BASE_URL".to_owned(), pass.base("gemini").into()));
                plan.env.push(("GEMINI_API_KEY".to_owned(), pass.token.clone().into()));
            }
        }
        Ok(plan)
    }

    fn converse(&self, _spec: &RunSpec) -> Box<dyn Conversation> {
        Box::new(Exit { litellm: self.name == "aider" })
    }
}

struct Exit {
    /// Whether errors of its library for models are told apart; it ends with 0 after them.
    litellm: bool,
}

impl Conversation for Exit {
    fn ended(&mut self, end: Option<End>, errors: &str) -> Option<Terminal> {
        let fault = |named, text: String| Some(Fault { named, status: None, text });
        let told = errors.lines().rfind(|line| self.litellm && line.contains("litellm.") && line.contains("Error"));
        let fault = match end? {
            End::Code(0) | End::PutDown => told.and_then(|line| fault(None, line.to_owned())),
            End::Code(code) => fault(Some(Named::Failure(Failure::Exit(code))), String::new()),
            End::Signal(_) => return None,
        };
        Some(Terminal { fault, ..Terminal::default() })
    }
}
