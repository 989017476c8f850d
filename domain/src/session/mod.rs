//! Sessions: an agent at work in a role, from start to end, and what it leaves for the next.
//!
//! ```text
//! start (role decided, perhaps from a hand-off) ──▶ open ──end (what came of it)──▶ ended, with a hand-off
//! ```
//!
//! An agent has one open session at most. Ending it gives back nothing that the agent holds: leases are for that.

#[cfg(test)]
mod tests;

use crate::id::SessionId;
use crate::role::Wanted;
use crate::text::{AgentName, BadText, Project, Role, filled};
use crate::time::Timestamp;
use crate::work::Json;

/// What somebody who begins says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Who; a new name when `None`.
    pub agent: Option<AgentName>,
    /// In which role.
    pub role: Wanted,
    /// What for.
    pub objectives: Lines,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The partition it belongs to.
    pub project: Project,
    /// Whose it is.
    pub agent: AgentName,
    /// In which role.
    pub role: Role,
    /// Where the project stood, as one word.
    pub stage: String,
    /// Why this role.
    pub reason: String,
    /// What the role was decided from.
    pub facts: Json,
    /// What for.
    pub objectives: Lines,
    /// The session whose hand-off it started from.
    pub from: Option<SessionId>,
    /// When it began.
    pub began_at: Timestamp,
    /// How it ended, when it has.
    pub ended: Option<Ended>,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub report: Report,
}

/// What came of a session, in the words of its agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What was done.
    pub achievements: Lines,
    /// What was in the way.
    pub challenges: Lines,
    /// What is known now that was not before.
    pub learnings: Lines,
    /// What should be done next.
    pub next_steps: Lines,
}

/// Why a session does not end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session {id} has ended; `nexus agent handoff {id}` shows what it left")]
pub struct Over {
    /// Which.
    pub id: SessionId,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl Session {
    /// The session as it stands after `report` at `now`. One that has ended stays as it is.
    pub fn end(mut self, report: Report, now: Timestamp) -> Result<Self, Over> {
        if let Some(ended) = &self.ended {
            return Err(Over { id: self.id, ended_at: ended.at });
        }
        // A clock that was set back ends nothing before it began.
        self.ended = Some(Ended { at: now.max(self.began_at), report });
        Ok(self)
    }
}

/// Some lines of text, each with something to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(Vec<String>);

impl Lines {
    /// The most lines.
    pub const COUNT_MAX: usize = 50;
    /// The longest, in bytes.
    pub const BYTES_MAX: usize = 2_000;

    /// These lines, each `what` somebody said. Fails on an empty or long line, and on too many.
    pub fn new(what: &'static str, lines: Vec<String>) -> Result<Self, BadLines> {
        if lines.len() > Self::COUNT_MAX {
            return Err(BadLines::TooMany { what, count: lines.len() });
        }
        for line in &lines {
            filled(what, line, Self::BYTES_MAX)?;
        }
        Ok(Self(lines))
    }

    /// What was kept earlier; it is not checked again.
    pub const fn trusted(lines: Vec<String>) -> Self {
        Self(lines)
    }
}

impl std::ops::Deref for Lines {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

/// What is wrong with some lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLines {
    /// One of them is empty or too long.
    #[error(transparent)]
    Text(#[from] BadText),
    /// There are more than may be.
    #[error("{what}: {count} were given; the most is {}", Lines::COUNT_MAX)]
    TooMany {
        /// What they are.
        what: &'static str,
        /// How many came.
        count: usize,
    },
}
