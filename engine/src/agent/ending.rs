//! The ways in which an agent's work on an item ends.

use domain::work::Json;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It exited with 0; with the result it left, if it left one.
    Answered(Option<Json>),
    /// It exited with another code.
    Failed(i32),
    /// Its time was over.
    OutOfTime,
    /// We were asked to stop.
    Stopped,
    /// It could not be started; the text says why.
    NeverStarted(String),
    /// Another holder has the item, or nobody: what this one did no longer counts.
    LostLease,
}

/// Why a supervisor stops an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The operator wants it.
    Asked,
    /// The lease is lost.
    LostLease,
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answered(_) => f.write_str("answered"),
            Self::Failed(code) => write!(f, "failed with exit code {code}"),
            Self::OutOfTime => f.write_str("out of time"),
            Self::Stopped => f.write_str("stopped"),
            Self::NeverStarted(why) => write!(f, "never started: {why}"),
            Self::LostLease => f.write_str("lost its lease"),
        }
    }
}
