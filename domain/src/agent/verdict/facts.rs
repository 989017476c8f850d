//! What is known of a run that is over.

use super::{By, Failure, Limit};
use crate::budget::{Metered, Usage};
use crate::work::Json;

/// What is known of a run that is over. What is left out was not asked for or not seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Why we ended it, if we did.
    pub cause: Option<Cause>,
    /// How its program ended.
    pub end: Option<End>,
    /// Its last word; `None` when it said none.
    pub terminal: Option<Terminal>,
    /// The end of what it printed as errors.
    pub errors: String,
    /// What the gateway saw of it; `None` when it called its model without one.
    pub metered: Option<Metered>,
    /// The tool servers that it needs and did not reach.
    pub servers_down: Vec<String>,
    /// Whether the answer has the form that was asked for; `None` when none was.
    pub schema_met: Option<bool>,
    /// Whether files were changed; `None` when it need not change any.
    pub changed: Option<bool>,
}

/// Why we ended a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody wanted it to end.
    Cancelled(By),
    /// It went past a limit.
    Limit(Limit),
    /// It could not be started; the text says why.
    NeverStarted(String),
    /// It could not be kept in its sandbox.
    Sandbox,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// By us, because it stayed after its last word.
    PutDown,
}

/// The last word of an agent, as far as it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// What went wrong by its own account; `None` when it says that it is done.
    pub fault: Option<Fault>,
    /// What it says at the end.
    pub text: String,
    /// Its answer in the form that was asked for.
    pub structured: Option<Json>,
    /// All that it used, by its own account.
    pub usage: Option<Usage>,
}

/// What went wrong, by an agent's own account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// What it is, where the agent has a name for it.
    pub named: Option<Named>,
    /// The HTTP status of its model's provider, where it gives one.
    pub status: Option<u16>,
    /// Its words.
    pub text: String,
}

/// What agents have names for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// It hit a limit of its own.
    Limit(Limit),
    /// It failed in this way.
    Failure(Failure),
    /// It was interrupted.
    Interrupted,
}

impl End {
    /// What an exit code says, where 128 and a signal's number stand for the signal.
    pub const fn of(code: i32) -> Self {
        if code > 128 && code <= 128 + 64 { Self::Signal(code - 128) } else { Self::Code(code) }
    }
}
