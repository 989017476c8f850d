//! Chance that can be repeated: a printed seed decides who starts when, and who is killed where.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A source of numbers.
pub struct Seed(u64);

impl Seed {
    /// From `NEXUS_TEST_SEED`, else from the clock; printed, so that a failure tells it.
    pub fn new() -> Self {
        let said = std::env::var("NEXUS_TEST_SEED").ok().and_then(|it| it.parse().ok());
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |it| u64::from(it.subsec_nanos()));
        let seed = said.unwrap_or_else(clock);
        println!("seed: NEXUS_TEST_SEED={seed}");
        Self(seed)
    }

    /// The next number (splitmix64).
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Calls `each` with every number below `count` at the same time, each a little later or earlier within
    /// `spread`; comes back with the answers in the order of the numbers.
    pub fn all_at_once<T: Send>(&mut self, count: usize, spread: Duration, each: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let spread_us = u64::try_from(spread.as_micros()).unwrap_or(u64::MAX).max(1);
        let delays: Vec<_> = (0..count).map(|_| Duration::from_micros(self.below(spread_us))).collect();
        let each = &each;
        std::thread::scope(|threads| {
            let start = |(n, delay): (usize, Duration)| {
                threads.spawn(move || {
                    sleep(delay);
                    each(n)
                })
            };
            let all: Vec<_> = delays.into_iter().enumerate().map(start).collect();
            all.into_iter().map(|it| it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    }
}

/// How many rounds: `few` in a normal run, ten times as many with `NEXUS_TEST_FULL`, a hundred times with
/// `NEXUS_TEST_SOAK`.
pub fn rounds(few: usize) -> usize {
    let set = |name| std::env::var_os(name).is_some();
    if set("NEXUS_TEST_SOAK") {
        few * 100
    } else if set("NEXUS_TEST_FULL") {
        few * 10
    } else {
        few
    }
}
