//! How long an item waits before it may be tried again.
//!
//! The wait doubles with every attempt that failed, up to a cap, and is then shortened by up to a half, so that items
//! that failed together do not come back together. By how much is decided by the item and the attempt alone: the same
//! history always gives the same times.

use super::draft::{BadDraft, within};
use crate::id::WorkId;

/// The waits of an item between its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The longest wait after the first attempt, in milliseconds; 0 for none after any.
    pub delay_ms: i64,
    /// The longest wait after any, in milliseconds.
    pub cap_ms: i64,
}

impl Retry {
    /// The longest wait that can be asked for, in milliseconds.
    pub const MS_MAX: i64 = 30 * 24 * 60 * 60 * 1_000;
    /// The cap when none is named, in milliseconds.
    pub const CAP_MS: i64 = 5 * 60 * 1_000;

    /// Refuses waits that are out of range.
    pub(super) fn check(self) -> Result<(), BadDraft> {
        within("the wait for a retry in milliseconds", self.delay_ms, 0, Self::MS_MAX)?;
        within("the most of such waits in milliseconds", self.cap_ms, 0, Self::MS_MAX)
    }

    /// How long `id` waits after the attempt numbered `attempt` (from 1) failed, in milliseconds.
    pub fn wait_ms(self, id: &WorkId, attempt: u32) -> i64 {
        let doublings = attempt.saturating_sub(1).min(40);
        let whole = self.delay_ms.saturating_mul(1 << doublings).min(self.cap_ms).max(0);
        let half = whole / 2;
        let spread = u64::try_from(half).expect("it is not negative") + 1;
        let off = mixed(id.number().wrapping_add(u64::from(attempt) << 32)) % spread;
        whole - i64::try_from(off).expect("it is at most the half of a span")
    }
}

/// Every bit of `n` has its say in every bit of this (the last steps of `SplitMix64`).
const fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
