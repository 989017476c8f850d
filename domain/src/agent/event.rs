//! What an agent does while it works, whatever program it is.

use crate::budget::Usage;

/// Something that an agent said or did. Texts are the agent's own and not to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentEvent {
    /// It is there.
    Started(Started),
    /// Its model answered once more.
    Turn,
    /// It says something.
    Text(String),
    /// It thinks aloud.
    Thinking(String),
    /// It uses a tool.
    ToolCall(ToolCall),
    /// A tool has answered.
    ToolResult {
        /// The call.
        id: String,
        /// Whether the tool did what it was asked to.
        ok: bool,
        /// The beginning of the answer.
        summary: String,
    },
    /// It asks whether it may.
    PermissionAsked(Question),
    /// It was not allowed to use this tool.
    Denied {
        /// The tool.
        tool: String,
    },
    /// What it means to do, step by step.
    Plan(Vec<String>),
    /// All that it used so far, by its own account.
    Usage(Usage),
    /// A call of its model failed and is tried again.
    Retry {
        /// Which repetition this is.
        attempt: u32,
        /// How many there are at most; 0 when nobody said.
        of: u32,
        /// The HTTP status of the failure, if there was one.
        status: Option<u16>,
    },
    /// Something about the run that is for people.
    Notice(String),
    /// A line of a kind that we do not know, as it came.
    Raw(String),
}

/// An agent that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// The name of its session, to go on with later.
    pub session: String,
    /// Its version, where it says it.
    pub version: String,
    /// The model that it calls, where it says it.
    pub model: String,
    /// The tools that it has, where it says so.
    pub tools: Vec<String>,
    /// The MCP servers that it was given and cannot reach.
    pub servers_down: Vec<String>,
}

/// A use of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// The call, among those of the session.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it is given, as JSON.
    pub input: String,
    /// The call that this one is part of.
    pub parent: Option<String>,
}

/// A question whether a tool may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question, among those of the session.
    pub id: String,
    /// The tool.
    pub tool: String,
    /// What the tool would do.
    pub touch: Touch,
    /// What it would be given, as JSON.
    pub input: String,
}

/// What a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Looks at files.
    Read,
    /// Changes files.
    Edit,
    /// Runs a program.
    Execute,
    /// Something else.
    Other,
}
