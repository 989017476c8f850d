//! Any program: it is told by files and variables, and its exit code is its last word.

use std::path::PathBuf;
use std::time::Duration;

use domain::agent::verdict::{End, Failure, Fault, Named, Terminal};
use engine::agent::{Conversation, Plan, Protocol, RunSpec, Runtime};

/// A program of which we know nothing, or aider.
pub(super) struct Command {
    pub name: &'static str,
    /// The program and its arguments.
    pub argv: Vec<String>,
}

/// The arguments that let aider work by itself, and that go before what a repository's `.aider.conf.yml` says: nothing is
/// committed, asked, looked up, or run beside the work.
const AIDER: &[&str] = &[
    "aider",
    "--yes-always",
    "--no-stream",
    "--no-pretty",
    "--no-fancy-input",
    "--no-auto-commits",
    "--no-dirty-commits",
    "--no-gitignore",
    "--no-auto-lint",
    "--no-auto-test",
    "--no-suggest-shell-commands",
    "--no-detect-urls",
    "--no-notifications",
    "--no-show-model-warnings",
    "--no-show-release-notes",
    "--no-check-update",
    "--analytics-disable",
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
            aider(&mut plan, spec);
        } else if let Some(pass) = &spec.pass {
            plan.env.push(("OPENAI_API_KEY".to_owned(), pass.token.clone().into()));
            plan.env.push(("OPENAI_BASE_URL".to_owned(), format!("{}/v1", pass.base("openai")).into()));
            plan.env.push(("ANTHROPIC_BASE_URL".to_owned(), pass.base("anthropic").into()));
            plan.env.push(("ANTHROPIC_API_KEY".to_owned(), pass.token.clone().into()));
            plan.env.push(("GOOGLE_GEMINI_BASE_URL".to_owned(), pass.base("gemini").into()));
            plan.env.push(("GEMINI_API_KEY".to_owned(), pass.token.clone().into()));
        }
        Ok(plan)
    }

    fn converse(&self, _spec: &RunSpec) -> Box<dyn Conversation> {
        Box::new(Exit { litellm: self.name == "aider" })
    }
}

fn aider(plan: &mut Plan, spec: &RunSpec) {
    plan.protocol = Protocol::Opaque(Vec::new());
    // Nothing else of that name: a configuration may be the work.
    plan.litter = Some(".aider.tags.cache");
    let mut add = |flag: &str, value: String| plan.argv.extend([flag.to_owned(), value]);
    let in_home = |name: &str| spec.home.join(name).to_string_lossy().into_owned();
    add("--message-file", spec.prompt_file.to_string_lossy().into_owned());
    add("--chat-history-file", in_home("chat.md"));
    add("--input-history-file", in_home("input"));
    add("--env-file", in_home("aider.env"));
    if let Some(model) = &spec.model {
        add("--model", if spec.pass.is_some() { format!("openai/{model}") } else { model.clone() });
    }
    // The last of the files with variables that it reads; a repository's own `.env` is read before it.
    let variables = spec.pass.as_ref().map(|pass| {
        let base = pass.base("openai");
        format!("OPENAI_API_KEY={}\nOPENAI_API_BASE={base}/v1\nOPENAI_BASE_URL={base}/v1\n", pass.token)
    });
    plan.files.push((PathBuf::from("aider.env"), variables.unwrap_or_default()));
    // It writes a name into the repository's configuration where there is none.
    let identity = [("user.name", "agent"), ("user.email", "agent@localhost")];
    plan.env.push(("GIT_CONFIG_COUNT".to_owned(), identity.len().to_string().into()));
    for (index, (key, value)) in identity.into_iter().enumerate() {
        plan.env.push((format!("GIT_CONFIG_KEY_{index}"), key.into()));
        plan.env.push((format!("GIT_CONFIG_VALUE_{index}"), value.into()));
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
