//! New numbers for ids.

use std::sync::atomic::{AtomicU64, Ordering};

/// Gives out numbers that rise, following a clock in nanoseconds. Two processes may still give out the same one:
/// the primary key refuses the twin, and the verb takes the next.
#[derive(Debug, Default)]
pub struct Ids {
    last: AtomicU64,
}

impl Ids {
    /// A number above all that were given out before, `now_ns` when that is one.
    pub fn next(&self, now_ns: u64) -> u64 {
        let step = |last: u64| Some(now_ns.max(last.saturating_add(1)));
        let before =
            self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).expect("the step gives a number");
        now_ns.max(before.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_even_when_the_clock_stands_or_goes_back() {
        let ids = Ids::default();
        let given: Vec<u64> = [100, 100, 50, 101, 500].map(|now| ids.next(now)).to_vec();
        assert_eq!(given, [100, 101, 102, 103, 500]);
    }

    #[test]
    fn two_threads_never_get_the_same_number() {
        let ids = std::sync::Arc::new(Ids::default());
        let take = |ids: std::sync::Arc<Ids>| move || (0..10_000).map(|_| ids.next(7)).collect::<Vec<_>>();
        let one = std::thread::spawn(take(ids.clone()));
        let two = std::thread::spawn(take(ids));
        let mut all = [one.join().expect("no panic"), two.join().expect("no panic")].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 20_000);
    }
}
