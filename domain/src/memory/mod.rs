//! Memory: short notes that agents keep for each other, and how they are found again.

mod search;
#[cfg(test)]
mod tests;

pub use search::{Found, Query, search, words};

use std::collections::BTreeSet;

use crate::id::{NoteId, SessionId, WorkId};
use crate::text::{AgentName, BadText, Label, Project, filled};
use crate::time::Timestamp;

/// A note as somebody writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// What is to be remembered.
    pub text: String,
    /// Words to find it by, beside its own.
    pub tags: BTreeSet<Label>,
    /// Who says so; that of the session when there is one and this is `None`.
    pub agent: Option<AgentName>,
    /// In which session; the open one of the agent when `None`.
    pub session: Option<SessionId>,
    /// About which item.
    pub item: Option<WorkId>,
}

/// A note as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: NoteId,
    /// The partition it belongs to.
    pub project: Project,
    /// What is to be remembered.
    pub text: String,
    /// Words to find it by, beside its own.
    pub tags: BTreeSet<Label>,
    /// Who said so.
    pub agent: Option<AgentName>,
    /// In which session.
    pub session: Option<SessionId>,
    /// About which item.
    pub item: Option<WorkId>,
    /// When.
    pub at: Timestamp,
}

impl Note {
    /// The longest text, in bytes.
    pub const TEXT_BYTES_MAX: usize = 10_000;
    /// The most tags.
    pub const TAGS_MAX: usize = 20;
}

/// Why a note is not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// Its text is empty or too long.
    #[error(transparent)]
    Text(#[from] BadText),
    /// It has too many tags.
    #[error("{0} tags were given; the most is {max}", max = Note::TAGS_MAX)]
    Tags(usize),
}

impl Draft {
    /// Whether it keeps to the limits, or which it passes.
    pub fn check(&self) -> Result<(), BadNote> {
        filled("the note", &self.text, Note::TEXT_BYTES_MAX)?;
        if self.tags.len() > Note::TAGS_MAX {
            return Err(BadNote::Tags(self.tags.len()));
        }
        Ok(())
    }

    /// The note that it becomes.
    pub fn kept(self, id: NoteId, project: Project, now: Timestamp) -> Result<Note, BadNote> {
        self.check()?;
        let Self { text, tags, agent, session, item } = self;
        Ok(Note { id, project, text, tags, agent, session, item, at: now })
    }
}
