//! How far the database's clock is ahead of this machine's: asked once, and kept right when ours is stepped.

use std::time::Instant;

use super::link::{Link, number};
use crate::StoreError;
use crate::clock::{steady_ms, unix_ms};

/// The difference when it was measured, and where our clock stood then against the one that never steps.
pub struct Ahead {
    measured_ms: i64,
    stood_ms: i64,
}

impl Ahead {
    /// Asks the database thrice; the quickest answer is the most exact.
    pub fn measure(link: &Link) -> Result<Self, StoreError> {
        let mut best: Option<(u128, Self)> = None;
        for _ in 0..3 {
            let (asked, ours, stood_ms) = (Instant::now(), unix_ms(), standing_ms());
            let asked_for = "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";
            let theirs = link.block_on(number(link.session().client(), asked_for))?;
            let took = asked.elapsed();
            let half = i64::try_from(took.as_millis() / 2).unwrap_or(0);
            if best.as_ref().is_none_or(|(quickest, _)| took.as_micros() < *quickest) {
                best = Some((took.as_micros(), Self { measured_ms: theirs - ours - half, stood_ms }));
            }
        }
        Ok(best.expect("it was asked").1)
    }

    /// By how many milliseconds the database's clock is ahead of ours by now.
    pub fn ms(&self) -> i64 {
        self.measured_ms - (standing_ms() - self.stood_ms)
    }
}

/// How far the clock that people set is ahead of the one that never steps.
fn standing_ms() -> i64 {
    unix_ms() - steady_ms()
}
