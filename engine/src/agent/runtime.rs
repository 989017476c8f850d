//! What drives one kind of coding agent: how it is started, and what is said.
//!
//! ```text
//! RunSpec ──plan──▶ Plan: program, variables, files                     (Runtime, knows no process)
//! lines from the agent ──▶ Conversation ──▶ events for us, lines for the agent
//! ```
//!
//! Neither starts anything, waits, or reads a clock: `supervise` does, once for all kinds.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use domain::agent::event::AgentEvent;
use domain::agent::verdict::{End, Terminal};

use super::gateway::Pass;
use super::limits::Limits;

/// What one run of an agent is to do, and within what.
#[derive(Clone, Debug, Default)]
pub struct RunSpec {
    /// What it is told.
    pub prompt: String,
    /// A file with the same, for those who read files.
    pub prompt_file: PathBuf,
    /// The item as JSON, for those who understand it.
    pub item: Vec<u8>,
    /// What is added to its standing instructions; empty is nothing.
    pub system_append: String,
    /// Where it works.
    pub workspace: PathBuf,
    /// A folder of its own for this run, outside the workspace.
    pub home: PathBuf,
    /// The model; `None` leaves it to the agent.
    pub model: Option<String>,
    /// Whether it is only to answer: it gets no tool where its kind can be kept from all of them.
    pub answer_only: bool,
    /// Which tools it may use.
    pub tools: Tools,
    /// The tool servers that it is given.
    pub servers: Vec<McpServer>,
    /// A JSON Schema for its answer.
    pub output_schema: Option<String>,
    /// What it may use up.
    pub limits: Limits,
    /// The `traceparent` of the run.
    pub trace: String,
    /// Where it may leave a result.
    pub result_file: PathBuf,
    /// Lets it call models through our gateway; `None`: it uses what it finds.
    pub pass: Option<Pass>,
    /// Whether a sandbox of ours is around it, so that it needs none of its own.
    pub kept_in: bool,
    /// Whether it has to use the login of whoever started us, because there is neither a pass nor a key.
    pub own_login: bool,
    /// The program to start instead of the usual one.
    pub program: Option<String>,
    /// What the prompt was made with: the name of the template, and its version.
    pub template: String,
}

/// Which tools an agent may use, in its own words.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    /// Without being asked about.
    pub allow: Vec<String>,
    /// Never.
    pub deny: Vec<String>,
}

/// A tool server.
#[derive(Clone)]
pub struct McpServer {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What it is called with.
    pub token: String,
    /// Whether the run is worth nothing without it.
    pub required: bool,
}

impl fmt::Debug for McpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, url) = (&self.name, &self.url);
        f.debug_struct("McpServer").field("name", name).field("url", url).field("token", &"***").finish_non_exhaustive()
    }
}

/// How an agent is started.
#[derive(Clone, Default)]
pub struct Plan {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Set on top of our environment.
    pub env: Vec<(String, OsString)>,
    /// Taken out of our environment.
    pub env_remove: Vec<String>,
    /// Files to write first, by their paths below the run's home.
    pub files: Vec<(PathBuf, String)>,
    /// How it talks.
    pub protocol: Protocol,
    /// How long it may stay, silent, after its last word.
    pub linger: Duration,
    /// How the names begin that it leaves in the worktree for itself; they are no work and go with it.
    pub litter: Option<&'static str>,
}

impl fmt::Debug for Plan {
    /// Without what variables and files hold, which may be keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Plan").field("argv", &self.argv).field("env", &names).finish_non_exhaustive()
    }
}

/// How an agent talks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Line by line, and it hears us too.
    #[default]
    Lines,
    /// Not in a way that we understand: it reads this and prints what it likes. Its end is its last word.
    Opaque(Vec<u8>),
}

/// What a conversation wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// This happened.
    Event(AgentEvent),
    /// This is to be sent to the agent.
    Send(Vec<u8>),
    /// The agent's input ends here.
    CloseInput,
    /// The agent has said its last word: its input ends, and so should it.
    Done,
}

/// What an agent is answered when it asks whether it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It may, this once.
    Allow,
    /// It may not.
    Deny,
}

/// A kind of agent.
pub trait Runtime: Send + Sync {
    /// Its name among all kinds.
    fn name(&self) -> &str;
    /// The variables in which people give it a key; one of them is enough.
    fn keys(&self) -> &[&str] {
        &[]
    }
    /// Whether a run without a call of a model cannot have done anything.
    fn calls_models(&self) -> bool {
        true
    }
    /// Whether it is heard line by line, so that its silence means something.
    fn heard(&self) -> bool {
        true
    }
    /// Whether it reads what the repository says to agents, though we keep it from following its settings.
    fn reads_instructions(&self) -> bool {
        true
    }
    /// How a run is started. Fails with the reason when this kind cannot do what is asked.
    fn plan(&self, spec: &RunSpec) -> Result<Plan, String>;
    /// The conversation of a run that was started so.
    fn converse(&self, spec: &RunSpec) -> Box<dyn Conversation>;
}

/// One run's lines, understood.
pub trait Conversation: Send {
    /// What is to be said first.
    fn begin(&mut self) -> Vec<Move> {
        Vec::new()
    }
    /// What a line from the agent means.
    fn line(&mut self, _line: &[u8]) -> Vec<Move> {
        Vec::new()
    }
    /// Answers a question of the agent.
    fn answer(&mut self, _question: &str, _answer: Answer) -> Vec<Move> {
        Vec::new()
    }
    /// Asks the agent to stop, in its own words. Nothing: it has no words for it.
    fn cancel(&mut self) -> Vec<Move> {
        Vec::new()
    }
    /// The agent's last word, now that it has ended. `None`: it said none.
    fn ended(&mut self, end: Option<End>, errors: &str) -> Option<Terminal>;
}
