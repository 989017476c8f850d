//! What a run may use up, and which limit it went past.

use std::time::Duration;

use domain::agent::verdict::Limit;

use crate::ports::Caps;

/// What one run of an agent may use up. `None` is no limit.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Time in all.
    pub wall: Duration,
    /// Time without a sign.
    pub idle: Option<Duration>,
    /// Answers of its model.
    pub turns: Option<u32>,
    /// Tokens, of all kinds together.
    pub tokens: Option<u64>,
    /// Millionths of a dollar.
    pub usd_micros: Option<u64>,
    /// Bytes printed, whether they are kept or not.
    pub output_bytes: Option<u64>,
    /// Memory of all its processes together.
    pub memory_bytes: Option<u64>,
    /// Processes at the same time.
    pub processes: Option<u32>,
    /// Bytes of its output that are kept.
    pub kept_bytes: u64,
    /// Bytes of a line that are looked at.
    pub line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_mins(30),
            idle: None,
            turns: None,
            tokens: None,
            usd_micros: None,
            output_bytes: None,
            memory_bytes: None,
            processes: None,
            kept_bytes: 10_000_000,
            line_bytes: 4_000_000,
        }
    }
}

/// What a run has used up so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub wall: Duration,
    pub idle: Duration,
    pub turns: u32,
    pub tokens: u64,
    pub usd_micros: u64,
    pub output_bytes: u64,
    pub memory_bytes: u64,
    pub processes: u32,
}

impl Limits {
    /// What the kernel is to keep a run to.
    pub fn caps(&self) -> Caps {
        Caps::above(self.memory_bytes, self.processes)
    }

    /// The first limit that `used` is past, those first that hurt others.
    pub(super) fn past(&self, used: &Used) -> Option<Limit> {
        let over = |max: Option<u64>, is: u64| max.is_some_and(|max| is > max);
        [
            (Limit::Processes, over(self.processes.map(u64::from), used.processes.into())),
            (Limit::Memory, over(self.memory_bytes, used.memory_bytes)),
            (Limit::Output, over(self.output_bytes, used.output_bytes)),
            (Limit::Money, over(self.usd_micros, used.usd_micros)),
            (Limit::Tokens, over(self.tokens, used.tokens)),
            (Limit::Turns, over(self.turns.map(u64::from), used.turns.into())),
            (Limit::Wall, used.wall >= self.wall),
            (Limit::Idle, self.idle.is_some_and(|max| used.idle >= max)),
        ]
        .into_iter()
        .find_map(|(limit, past)| past.then_some(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_noticed_when_it_is_passed_and_not_before() {
        let limits = Limits {
            wall: Duration::from_secs(10),
            idle: Some(Duration::from_secs(5)),
            turns: Some(3),
            tokens: Some(100),
            usd_micros: Some(1_000),
            output_bytes: Some(50),
            memory_bytes: Some(70),
            processes: Some(2),
            ..Limits::default()
        };
        let within = Used {
            wall: Duration::from_secs(9),
            idle: Duration::from_secs(4),
            turns: 3,
            tokens: 100,
            usd_micros: 1_000,
            output_bytes: 50,
            memory_bytes: 70,
            processes: 2,
        };
        assert_eq!(limits.past(&within), None);
        for (used, limit) in [
            (Used { wall: Duration::from_secs(10), ..within }, Limit::Wall),
            (Used { idle: Duration::from_secs(5), ..within }, Limit::Idle),
            (Used { turns: 4, ..within }, Limit::Turns),
            (Used { tokens: 101, ..within }, Limit::Tokens),
            (Used { usd_micros: 1_001, ..within }, Limit::Money),
            (Used { output_bytes: 51, ..within }, Limit::Output),
            (Used { memory_bytes: 71, ..within }, Limit::Memory),
            (Used { processes: 3, ..within }, Limit::Processes),
        ] {
            assert_eq!(limits.past(&used), Some(limit));
        }
    }
}
