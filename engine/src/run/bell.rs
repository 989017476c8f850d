//! Waking those who wait: workers for work, the lander for changes, everybody for the end.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Rung whenever something may have become possible.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<u64>,
    heard: Condvar,
    in_the_way: AtomicBool,
    lander_gone: AtomicBool,
}

/// While this is there, somebody lands.
pub(super) struct AtWork<'a>(&'a Bell);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.lander_gone.store(true, Ordering::SeqCst);
        self.0.ring();
    }
}

impl Bell {
    /// Wakes everybody who waits.
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.heard.notify_all();
    }

    /// Waits for a ring after the one numbered `heard`, at most this long; comes back with the latest number.
    pub fn wait(&self, heard: u64, at_most: Duration) -> u64 {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let silent = |rung: &mut u64| *rung == heard;
        *self.heard.wait_timeout_while(rung, at_most, silent).unwrap_or_else(PoisonError::into_inner).0
    }

    /// The lander is at work until what comes back is dropped.
    pub(super) fn lander_at_work(&self) -> AtWork<'_> {
        AtWork(self)
    }

    /// Whether nobody lands any more.
    pub(super) fn lander_gone(&self) -> bool {
        self.lander_gone.load(Ordering::SeqCst)
    }

    /// Notes whether changed files keep the landing waiting.
    pub(super) fn note_in_the_way(&self, yes: bool) {
        self.in_the_way.store(yes, Ordering::SeqCst);
    }

    /// Whether changed files keep the landing waiting.
    pub(super) fn in_the_way(&self) -> bool {
        self.in_the_way.load(Ordering::SeqCst)
    }
}

/// The operator's wish to end a run.
#[derive(Debug, Default)]
pub struct Drain {
    asked: AtomicU8,
    bells: Mutex<Vec<Arc<Bell>>>,
}

impl Drain {
    /// Asks once more: the first time to drain, from the second time on to stop. Comes back with how often.
    pub fn ask(&self) -> u8 {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|bell| bell.ring());
        asked
    }

    /// Whether nothing new is to be begun.
    pub fn draining(&self) -> bool {
        self.asked.load(Ordering::SeqCst) > 0
    }

    /// Whether what runs is to be ended.
    pub fn stopping(&self) -> bool {
        self.asked.load(Ordering::SeqCst) > 1
    }

    pub(super) fn ring_also(&self, bell: &Arc<Bell>) {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(bell));
    }
}
