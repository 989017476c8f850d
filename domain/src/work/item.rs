//! A work item, its states, and the small types it is made of.

use super::draft::{Json, Plan};
use crate::id::{ChangeId, WorkId};
use crate::text::{AgentName, Project};
use crate::time::Timestamp;

/// One piece of work, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkItem {
    /// Its id.
    pub id: WorkId,
    /// The partition it belongs to.
    pub project: Project,
    /// What was asked for; never changes, but for the role when a holder passes it on to one.
    pub plan: Plan,
    /// Where it stands.
    pub state: State,
    /// The number of the latest grant; 0 before the first. Never goes down.
    pub fence: Fence,
    /// How often it was taken, and how often it may be.
    pub attempts: Attempts,
    /// How many of its dependencies are not done.
    pub open_dependencies: u32,
    /// Its place in the queue: when it became ready, less the head start of its priority. Lower goes first.
    pub rank: Timestamp,
    /// It may not be taken before, because its plan says so or because it failed a moment ago.
    pub not_before: Option<Timestamp>,
    /// The holder's last word on how far it is.
    pub progress: Option<Progress>,
    /// What its last report said.
    pub result: Option<Json>,
    /// What is known from earlier attempts: why the last one ended, for whoever takes it next.
    pub feedback: Option<String>,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Where an item stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for a dependency or for its time.
    Pending,
    /// May be claimed.
    Ready,
    /// One agent has it.
    Leased(Lease),
    /// Somebody said why it cannot go on.
    Blocked(String),
    /// Its change waits to be checked and landed; the landing queue holds it.
    Submitted(ChangeId),
    /// Finished.
    Done(Proof),
    /// Its attempts are spent; the text says on what.
    Dead(String),
    /// Called off.
    Cancelled,
}

impl State {
    /// Every word of [`State::word`], in the order of an item's life.
    pub const WORDS: [&'static str; 8] =
        ["pending", "ready", "leased", "blocked", "submitted", "done", "dead", "cancelled"];

    /// The state as one word, the same in the store, on the command line and on the page.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Leased(_) => "leased",
            Self::Blocked(_) => "blocked",
            Self::Submitted(_) => "submitted",
            Self::Done(_) => "done",
            Self::Dead(_) => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more is going to happen to the item by itself.
    pub const fn finished(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Dead(_) | Self::Cancelled)
    }
}

/// One agent's hold on one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it.
    pub holder: AgentName,
    /// When the hold may be taken away.
    pub until: Timestamp,
}

/// How we know that an item is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// An agent said so; there is no change.
    Reported,
    /// We saw the change land; no check covered it.
    Observed(ChangeId),
    /// We ran the checks on the tree that landed.
    Verified(ChangeId),
}

impl Proof {
    /// The proof as one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Observed(_) => "observed",
            Self::Verified(_) => "verified",
        }
    }

    /// The change that landed, if there is one.
    pub const fn change(&self) -> Option<&ChangeId> {
        match self {
            Self::Reported => None,
            Self::Observed(change) | Self::Verified(change) => Some(change),
        }
    }
}

/// The number of a grant. Each grant of an item has a higher one than all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fence(i64);

impl Fence {
    /// The fence numbered `n`.
    pub const fn new(n: i64) -> Self {
        Self(n)
    }

    /// Its number.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The fence of the next grant.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// How often an item was taken and how often it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// Grants that counted.
    pub used: u32,
    /// Grants that may count before the item is dead; at least 1.
    pub max: u32,
}

impl Attempts {
    /// Whether none is left.
    pub const fn spent(self) -> bool {
        self.used >= self.max
    }
}

/// How urgent an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// No head start.
    Low,
    /// An hour's head start unless configured otherwise.
    #[default]
    Medium,
    /// Four hours.
    High,
    /// A day.
    Critical,
}

impl Priority {
    /// All of them, most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The priority as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The priority called `word`, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.word() == word)
    }
}

/// How much earlier than it became ready an item of each priority counts as ready, in milliseconds.
///
/// The order that follows never changes while an item waits, so it can be stored and indexed, and the longest head
/// start is the longest that an item of low priority can be overtaken (I12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadStart {
    /// For `critical`.
    pub critical_ms: i64,
    /// For `high`.
    pub high_ms: i64,
    /// For `medium`.
    pub medium_ms: i64,
}

impl HeadStart {
    const HOUR_MS: i64 = 60 * 60 * 1_000;

    /// The rank of an item of `priority` that becomes ready at `now`.
    pub const fn rank(self, priority: Priority, now: Timestamp) -> Timestamp {
        let head_start_ms = match priority {
            Priority::Critical => self.critical_ms,
            Priority::High => self.high_ms,
            Priority::Medium => self.medium_ms,
            Priority::Low => 0,
        };
        now.plus_millis(head_start_ms.saturating_neg())
    }
}

impl Default for HeadStart {
    fn default() -> Self {
        Self { critical_ms: 24 * Self::HOUR_MS, high_ms: 4 * Self::HOUR_MS, medium_ms: Self::HOUR_MS }
    }
}

/// How far a holder says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Percent done.
    pub percent: Percent,
    /// A word on it, if there was one.
    pub note: Option<String>,
}

/// A whole number of percent from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u8);

impl Percent {
    /// `n` percent, or `None` above 100.
    pub const fn new(n: u8) -> Option<Self> {
        if n <= 100 { Some(Self(n)) } else { None }
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }
}
