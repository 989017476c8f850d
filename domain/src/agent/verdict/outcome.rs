//! The ways in which a run ends, each with its word.

use std::fmt;

/// How a run of an agent ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing speaks against looking at what it made.
    Completed,
    /// We ended it, or somebody else did.
    Cancelled {
        /// Who.
        by: By,
    },
    /// It went past one of its limits and was ended.
    LimitHit(Limit),
    /// It did not do what it was to do.
    Failed(Failure),
    /// It could not be started; the text says why.
    NeverStarted(String),
}

/// Who ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Whoever started it.
    Operator,
    /// We did, because its item has another holder or none.
    LostLease,
    /// Somebody who did not ask us.
    Outside,
}

/// A limit of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Time since it began.
    Wall,
    /// Time since it last gave a sign.
    Idle,
    /// Answers of its model.
    Turns,
    /// Money.
    Money,
    /// Tokens.
    Tokens,
    /// Bytes that it printed.
    Output,
    /// Memory of all its processes.
    Memory,
    /// How many processes it has.
    Processes,
}

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The model's provider does not know who calls.
    Auth,
    /// Too many calls in a short time.
    RateLimited,
    /// The provider cannot keep up, or is broken.
    Overloaded,
    /// The provider does not understand the call.
    BadRequest,
    /// There is no such model for this caller.
    ModelMissing,
    /// The model will not do this.
    Refused,
    /// The model's answers were cut off at their greatest length.
    Truncated,
    /// The provider was not reached.
    Network,
    /// The answer does not have the form that was asked for.
    SchemaUnmet,
    /// A tool server that it needs is not there.
    McpDown,
    /// It does not speak as programs of its kind do.
    Protocol,
    /// It ended without a last word, or died.
    Crash,
    /// It was to be kept in a sandbox, and that is not possible.
    Sandbox,
    /// It was to change files and has changed none.
    NoChange,
    /// What it may spend is spent.
    OverBudget,
    /// The account with the provider is exhausted.
    Quota,
    /// It ended with this exit code, and that is all it tells.
    Exit(i32),
    /// It says that it failed, and not how.
    Other,
}

impl Outcome {
    /// The outcome as one word, which stays the same for ever.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled { by: By::Operator } => "cancelled_operator",
            Self::Cancelled { by: By::LostLease } => "cancelled_lease",
            Self::Cancelled { by: By::Outside } => "cancelled_outside",
            Self::LimitHit(limit) => limit.word(),
            Self::Failed(failure) => failure.word(),
            Self::NeverStarted(_) => "never_started",
        }
    }

    /// Whether the next run would end the same way, whatever it is to do: the agent, its key or its account are to
    /// blame, not the item.
    pub const fn blocks_all(&self) -> bool {
        matches!(self, Self::NeverStarted(_) | Self::Failed(Failure::Auth | Failure::Quota | Failure::Sandbox))
    }
}

impl Limit {
    /// The outcome's word when this limit was hit.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wall => "limit_wall",
            Self::Idle => "limit_idle",
            Self::Turns => "limit_turns",
            Self::Money => "limit_money",
            Self::Tokens => "limit_tokens",
            Self::Output => "limit_output",
            Self::Memory => "limit_memory",
            Self::Processes => "limit_processes",
        }
    }
}

impl Failure {
    /// The outcome's word when this was wrong.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auth => "failed_auth",
            Self::RateLimited => "failed_rate_limited",
            Self::Overloaded => "failed_overloaded",
            Self::BadRequest => "failed_bad_request",
            Self::ModelMissing => "failed_model_missing",
            Self::Refused => "failed_refused",
            Self::Truncated => "failed_truncated",
            Self::Network => "failed_network",
            Self::SchemaUnmet => "failed_schema_unmet",
            Self::McpDown => "failed_mcp_down",
            Self::Protocol => "failed_protocol",
            Self::Crash => "failed_crash",
            Self::Sandbox => "failed_sandbox",
            Self::NoChange => "failed_no_change",
            Self::OverBudget => "failed_over_budget",
            Self::Quota => "failed_quota",
            Self::Exit(_) => "failed_exit",
            Self::Other => "failed_other",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::Cancelled { by: By::Operator } => f.write_str("stopped"),
            Self::Cancelled { by: By::LostLease } => f.write_str("lost its lease"),
            Self::Cancelled { by: By::Outside } => f.write_str("was interrupted by somebody else"),
            Self::LimitHit(limit) => limit.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
            Self::NeverStarted(why) => write!(f, "never started: {why}"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wall => "out of time",
            Self::Idle => "gave no sign for too long",
            Self::Turns => "took too many turns",
            Self::Money => "spent more than it may",
            Self::Tokens => "used more tokens than it may",
            Self::Output => "printed more than it may",
            Self::Memory => "took more memory than it may",
            Self::Processes => "started more processes than it may",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auth => "failed: the model's provider does not accept its key; log in, or set the key",
            Self::RateLimited => "failed: the model's provider wants fewer calls",
            Self::Overloaded => "failed: the model's provider is overloaded or broken",
            Self::BadRequest => "failed: the model's provider does not accept its request",
            Self::ModelMissing => "failed: there is no such model for this key",
            Self::Refused => "failed: the model refuses to do this",
            Self::Truncated => "failed: the model's answers are longer than they may be",
            Self::Network => "failed: the model's provider was not reached",
            Self::SchemaUnmet => "failed: its answer does not have the form that was asked for",
            Self::McpDown => "failed: a tool server that it needs is not there",
            Self::Protocol => "failed: what it printed is not what programs of its kind print",
            Self::Crash => "failed: it ended without a last word",
            Self::Sandbox => "failed: it cannot be kept in a sandbox",
            Self::NoChange => "failed: it was to change files and has changed none",
            Self::OverBudget => "failed: the budget is spent",
            Self::Quota => "failed: the account with the model's provider is exhausted",
            Self::Exit(code) => return write!(f, "failed with exit code {code}"),
            Self::Other => "failed, by its own account",
        })
    }
}
