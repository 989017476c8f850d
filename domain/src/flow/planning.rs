//! Sprints and program increments, as the settings say when they begin.

use crate::time::Timestamp;

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// When sprints begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planning {
    /// When the first one does.
    pub start: Timestamp,
    /// How long one is.
    pub sprint_weeks: u32,
    /// How many make a program increment (PI).
    pub sprints_per_pi: u32,
}

/// One sprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sprint {
    /// Its number, from 1.
    pub number: i64,
    /// The number of its program increment, from 1.
    pub pi: i64,
    /// Its number within that, from 1.
    pub within_pi: i64,
    /// Its first moment.
    pub starts: Timestamp,
    /// The first moment after it.
    pub ends: Timestamp,
}

impl Planning {
    /// The sprint in which `at` lies; `None` before the first.
    pub fn sprint_at(&self, at: Timestamp) -> Option<Sprint> {
        let length_ms = i64::from(self.sprint_weeks.max(1)) * WEEK_MS;
        let since_ms = at.millis().checked_sub(self.start.millis()).filter(|ms| *ms >= 0)?;
        let (index, per_pi) = (since_ms / length_ms, i64::from(self.sprints_per_pi.max(1)));
        let starts = self.start.plus_millis(index * length_ms);
        Some(Sprint {
            number: index + 1,
            pi: index / per_pi + 1,
            within_pi: index % per_pi + 1,
            starts,
            ends: starts.plus_millis(length_ms),
        })
    }
}
