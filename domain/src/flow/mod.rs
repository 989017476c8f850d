//! Flow: how fast work goes, from what happened to it and from nothing else.
//!
//! ```text
//! added ── ready ──────▶ claimed ── submitted ──▶ done
//! │          └── wait ──┘ └──────── cycle ─────────┘│
//! └───────────────────── lead ──────────────────────┘
//! ```
//!
//! What cannot be said is `None`, never 0, and each figure comes with the number of samples that it is from. A
//! percentile is a sample (nearest rank): the smallest that at least so many percent of all are not above. What each
//! figure means, in words: `docs/metrics.md`.

mod gather;
mod planning;
#[cfg(test)]
mod tests;

pub use gather::Gather;
pub use planning::{Planning, Sprint};

use crate::id::WorkId;
use crate::text::Team;
use crate::time::Timestamp;

/// What the reason of a rejection begins with when the change conflicts with what has landed.
pub const CONFLICT: &str = "conflict: ";

/// Something that happened to an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// When.
    pub at: Timestamp,
    /// To which.
    pub item: WorkId,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It was added.
    Added {
        /// Whose it is.
        team: Option<Team>,
        /// Its size.
        points: Option<u32>,
        /// Whether it could be taken at once.
        ready: bool,
    },
    /// It can be taken, or has to wait again, without anybody having held it.
    Ready(bool),
    /// An agent took it.
    Claimed,
    /// Its holder has it no more, and nothing came of it: given back, failed, lapsed, blocked. `true`: it can be taken.
    Freed(bool),
    /// Its holder handed it on to a role. `true`: it can be taken. (To an agent it goes from hand to hand: no fact.)
    HandedOff(bool),
    /// Its holder is done, and the landing queue has it.
    Submitted,
    /// Its change went back.
    Rejected {
        /// Whether it met another change in the same lines.
        conflict: bool,
        /// Whether the item can be taken.
        ready: bool,
    },
    /// It is done.
    Done {
        /// Whether a change of it landed.
        landed: bool,
    },
    /// Its landed change was taken back. `true`: it can be taken.
    Reverted(bool),
    /// It is over and not done: cancelled, or dead.
    Dropped,
}

/// Percentiles of spans, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    /// How many there were.
    pub samples: usize,
    /// At most this long in half of all cases.
    pub p50_ms: Option<i64>,
    /// In 85 % of all cases.
    pub p85_ms: Option<i64>,
    /// In 95 % of all cases.
    pub p95_ms: Option<i64>,
    /// All of them together; for an average.
    pub sum_ms: i64,
}

impl Spans {
    /// The percentiles of `samples`.
    pub fn of(mut samples: Vec<i64>) -> Self {
        samples.sort_unstable();
        Self {
            samples: samples.len(),
            p50_ms: percentile(&samples, 50),
            p85_ms: percentile(&samples, 85),
            p95_ms: percentile(&samples, 95),
            sum_ms: samples.iter().sum(),
        }
    }
}

/// The smallest of the `sorted` samples that at least `percent` of all are not above; `None` when there is none.
pub fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Of so many.
    pub samples: usize,
    /// So many.
    pub hits: usize,
}

/// What a team finished in a sprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Velocity {
    /// The sprint.
    pub sprint: Sprint,
    /// The team; `None` for items of no team.
    pub team: Option<Team>,
    /// How many items.
    pub items: usize,
    /// How many of them have no size.
    pub unsized_items: usize,
    /// The size of the others together; `None` when no item has one.
    pub points: Option<u64>,
}

/// How fast work went in a window, and where it stands at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// From added to done.
    pub lead: Spans,
    /// From first taken to done.
    pub cycle: Spans,
    /// From can be taken to taken.
    pub wait: Spans,
    /// From handed on to a role to taken.
    pub hand_off: Spans,
    /// For how long what is in somebody's hands now has been begun; its samples are the work in progress.
    pub wip_age: Spans,
    /// How many items were done, and still are.
    pub done: usize,
    /// Of the items with an outcome, how many came back at least once.
    pub rework: Share,
    /// Of the changes that the landing queue judged, how many met another in the same lines.
    pub conflicts: Share,
    /// What was finished by sprint and team; `None` when nobody said when sprints begin.
    pub velocity: Option<Vec<Velocity>>,
}
