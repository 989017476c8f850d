//! A time in which the database cannot be reached: all calls of a process share one, and one patience.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::StoreError;

/// How long all calls together go on trying while the server comes back.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one attempt may take when somebody wants to end.
const HURRY: Duration = Duration::from_secs(2);

/// Hears what is waited for, and when that is over.
pub type Tell = Box<dyn Fn(&str) + Send + Sync>;

/// The outage that there is, if any.
#[derive(Default)]
pub struct Outage {
    now: Mutex<Option<Since>>,
    tell: OnceLock<Tell>,
}

#[derive(Clone, Copy)]
struct Since {
    began: Instant,
    /// When an attempt failed last. Long ago, and nobody knows what was in between.
    last: Instant,
    hurried: bool,
}

impl Outage {
    /// From now on `tell` hears when an outage begins and ends; the first one that is given stays.
    pub fn tell_to(&self, tell: Tell) {
        let _ = self.tell.set(tell);
    }

    /// Nobody waits for the end of the outage any more, when there is one.
    pub fn hurry(&self) {
        if let Some(since) = self.now().as_mut() {
            since.hurried = true;
        }
    }

    /// How long an attempt may take; `None`: as long as the address says.
    pub fn limit(&self) -> Option<Duration> {
        self.now().filter(|since| since.hurried).map(|_| HURRY)
    }

    /// The database was reached.
    pub fn is_over(&self) {
        if self.now().take().is_some() {
            self.tell("the database can be reached again");
        }
    }

    /// The database was not reached because of `why`; comes back with whether it is worth another try.
    pub fn goes_on(&self, why: &StoreError) -> bool {
        let at = Instant::now();
        let (first, since) = {
            let mut now = self.now();
            let before = now.filter(|since| since.last.elapsed() < PATIENCE);
            let since = before.map_or(Since { began: at, last: at, hurried: false }, |it| Since { last: at, ..it });
            *now = Some(since);
            (before.is_none(), since)
        };
        if first {
            self.tell(&format!("waiting up to {} s for the database: {why}", PATIENCE.as_secs()));
        }
        !since.hurried && since.began.elapsed() < PATIENCE
    }

    fn tell(&self, what: &str) {
        if let Some(tell) = self.tell.get() {
            tell(what);
        }
    }

    fn now(&self) -> MutexGuard<'_, Option<Since>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn an_outage_is_told_once_and_nobody_waits_who_is_in_a_hurry() {
        let (outage, heard) = (Outage::default(), Arc::<Mutex<Vec<String>>>::default());
        let mine = Arc::clone(&heard);
        outage.tell_to(Box::new(move |what| mine.lock().expect("no panic").push(what.to_owned())));
        let why = StoreError::Lost("gone".to_owned());
        outage.hurry();
        assert!(outage.goes_on(&why) && outage.goes_on(&why), "there was none to hurry in");
        assert_eq!(outage.limit(), None);
        outage.hurry();
        assert!(!outage.goes_on(&why));
        assert_eq!(outage.limit(), Some(HURRY));
        outage.is_over();
        outage.is_over();
        assert!(outage.goes_on(&why), "the next outage is another one");
        let heard = heard.lock().expect("no panic");
        assert_eq!(heard.len(), 3, "{heard:?}");
        assert!(heard[0].contains("waiting up to 30 s") && heard[0].contains("gone"), "{heard:?}");
        assert!(heard[1].contains("again"), "{heard:?}");
    }
}
