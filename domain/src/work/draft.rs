//! What anyone may ask for (`Draft`), and what the rules accept (`Plan`).

use std::collections::BTreeSet;

use super::item::Priority;
use super::retry::Retry;
use super::writes::{BadWrites, WriteSet};
use crate::id::WorkId;
use crate::text::{BadText, Capability, Label, Name, Role, Team, bounded, filled};
use crate::time::Timestamp;

/// A JSON document as text; checked where it came in, never read by the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(pub String);

/// Work as somebody asks for it: nothing is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// One line that says what to do.
    pub title: String,
    /// The whole story.
    pub description: String,
    /// What kind of work, such as `bug`; `task` when empty.
    pub kind: String,
    /// How urgent.
    pub priority: Priority,
    /// Which team may take it; any when `None`.
    pub team: Option<Team>,
    /// Which role may take it; any when `None`.
    pub role: Option<Role>,
    /// What its agent must be able to do.
    pub capabilities: BTreeSet<Capability>,
    /// Words to find it by.
    pub labels: BTreeSet<Label>,
    /// Size in points.
    pub points: Option<u32>,
    /// Worth, on whatever scale the project uses.
    pub business_value: Option<u32>,
    /// How to see that it is done.
    pub acceptance: String,
    /// Data for its agent.
    pub payload: Option<Json>,
    /// Items that must be done first.
    pub depends_on: BTreeSet<WorkId>,
    /// Not before this moment.
    pub not_before: Option<Timestamp>,
    /// How often it may be tried; 3 when `None`.
    pub attempts_max: Option<u32>,
    /// What its workspace needs.
    pub needs: Needs,
    /// Claims of items with the same key are counted together, when the key has a rate.
    pub rate_key: Option<Name>,
    /// A name that no other open item of the project may have.
    pub unique: Option<Name>,
    /// Patterns for the paths that it is going to write.
    pub writes: BTreeSet<String>,
    /// Whether nothing that writes the same may be in flight beside it.
    pub exclusive: bool,
    /// How long it waits between attempts; not at all when `None`.
    pub retry: Option<Retry>,
}

/// What a workspace for an item leases beside its worktree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// How many TCP ports.
    pub ports: u32,
    /// How many database names.
    pub databases: u32,
    /// Whether it wants a cache directory of its own.
    pub cache: bool,
}

/// Work as the rules accept it; only [`Plan::try_from`] and [`Plan::trusted`] make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    draft: Draft,
}

/// The limits on what one item may carry.
pub struct Limits;

impl Limits {
    /// Longest title, in bytes.
    pub const TITLE_BYTES_MAX: usize = 1_000;
    /// Longest description, acceptance, note or reason, in bytes.
    pub const TEXT_BYTES_MAX: usize = 1_000_000;
    /// Largest payload or result, in bytes.
    pub const JSON_BYTES_MAX: usize = 1_000_000;
    /// Most dependencies, labels or capabilities.
    pub const LIST_MAX: usize = 1_000;
    /// Most attempts.
    pub const ATTEMPTS_MAX: u32 = 1_000;
    /// Most ports or database names.
    pub const NEEDS_MAX: u32 = 64;
}

/// Why a draft cannot become a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDraft {
    /// A text is empty or too long.
    #[error(transparent)]
    Text(#[from] BadText),
    /// What it is going to write makes no sense.
    #[error(transparent)]
    Writes(#[from] BadWrites),
    /// A number or a list passes its limit.
    #[error("{what} is {found}; it can be {min} to {max}")]
    OutOfRange {
        /// Which field.
        what: &'static str,
        /// What was asked for.
        found: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
}

impl Plan {
    /// The plan that was kept earlier; what the store gives back is not checked again.
    pub const fn trusted(draft: Draft) -> Self {
        Self { draft }
    }

    /// From now on the item is for this role.
    pub(super) fn ask_for(&mut self, role: Role) {
        self.draft.role = Some(role);
    }

    /// How often the item may be tried.
    pub fn attempts_max(&self) -> u32 {
        self.draft.attempts_max.unwrap_or(3)
    }
}

impl std::ops::Deref for Plan {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.draft
    }
}

impl TryFrom<Draft> for Plan {
    type Error = BadDraft;

    fn try_from(mut draft: Draft) -> Result<Self, BadDraft> {
        filled("title", &draft.title, Limits::TITLE_BYTES_MAX)?;
        bounded("description", &draft.description, Limits::TEXT_BYTES_MAX)?;
        bounded("acceptance", &draft.acceptance, Limits::TEXT_BYTES_MAX)?;
        if draft.kind.trim().is_empty() {
            "task".clone_into(&mut draft.kind);
        }
        bounded("type", &draft.kind, 200)?;
        if let Some(payload) = &draft.payload {
            bounded("payload", &payload.0, Limits::JSON_BYTES_MAX)?;
        }
        within("the number of dependencies", draft.depends_on.len(), 0, Limits::LIST_MAX)?;
        within("the number of labels", draft.labels.len(), 0, Limits::LIST_MAX)?;
        within("the number of capabilities", draft.capabilities.len(), 0, Limits::LIST_MAX)?;
        within("ports", draft.needs.ports, 0, Limits::NEEDS_MAX)?;
        within("databases", draft.needs.databases, 0, Limits::NEEDS_MAX)?;
        if let Some(n) = draft.attempts_max {
            within("attempts", n, 1, Limits::ATTEMPTS_MAX)?;
        }
        if WriteSet::new(&draft.writes)?.is_empty() && draft.exclusive {
            return Err(BadWrites::Nothing.into());
        }
        if let Some(retry) = draft.retry {
            retry.check()?;
        }
        Ok(Self { draft })
    }
}

pub(super) fn within<N: TryInto<u64>>(what: &'static str, found: N, min: N, max: N) -> Result<(), BadDraft> {
    let wide = |n: N| n.try_into().unwrap_or(u64::MAX);
    let (found, min, max) = (wide(found), wide(min), wide(max));
    if (min..=max).contains(&found) { Ok(()) } else { Err(BadDraft::OutOfRange { what, found, min, max }) }
}
