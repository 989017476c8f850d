//! What ran on which tree, and which branch moved from where to where.

use crate::id::{ChangeId, LandingId, ReceiptId};
use crate::text::Project;
use crate::time::Timestamp;

/// The record of one check that ran on one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its id.
    pub id: ReceiptId,
    /// The partition it belongs to.
    pub project: Project,
    /// The tree, as git hashes it.
    pub tree: String,
    /// The check's name.
    pub check: String,
    /// SHA-256 of the check as it is declared; another command or timeout is another check.
    pub check_digest: String,
    /// The command as it ran.
    pub command: Vec<String>,
    /// How it ended.
    pub ending: CheckEnding,
    /// SHA-256 of all its output, kept or not.
    pub output_digest: String,
    /// How many bytes of output there were.
    pub output_bytes: u64,
    /// The file with the kept part of the output.
    pub output_path: String,
    /// What ran it: program → version.
    pub tools: Vec<(String, String)>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// When it ended.
    pub at: Timestamp,
}

impl Receipt {
    /// Whether the check passed.
    pub const fn passed(&self) -> bool {
        matches!(self.ending, CheckEnding::Exited(0))
    }
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckEnding {
    /// With this exit code.
    Exited(i32),
    /// Its time was over; it was stopped with all it had started.
    OutOfTime,
    /// It never started; the text says why.
    NeverStarted(String),
}

impl std::fmt::Display for CheckEnding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit {code}"),
            Self::OutOfTime => f.write_str("out of time"),
            Self::NeverStarted(why) => write!(f, "never started: {why}"),
        }
    }
}

/// One move of a branch, written down before it happens, so that a crash in between is finished or undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// Its id.
    pub id: LandingId,
    /// The partition it belongs to.
    pub project: Project,
    /// The branch, without `refs/heads/`.
    pub target: String,
    /// Where the branch was.
    pub old: String,
    /// Where it is to be.
    pub new: String,
    /// The changes it carries, in order, each with the commit it becomes.
    pub carries: Vec<(ChangeId, String)>,
    /// Whether checks passed on the tree of `new`.
    pub verified: bool,
    /// How far it is.
    pub state: LandingState,
    /// When it began.
    pub begun_at: Timestamp,
}

/// How far a landing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandingState {
    /// Written down; the branch may or may not have moved.
    Begun,
    /// The branch has moved and the changes are landed.
    Finished,
    /// The branch has not moved and the changes are queued again.
    Undone,
}

impl LandingState {
    /// The state as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Finished => "finished",
            Self::Undone => "undone",
        }
    }

    /// The state called `word`, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Begun, Self::Finished, Self::Undone].into_iter().find(|s| s.word() == word)
    }
}
