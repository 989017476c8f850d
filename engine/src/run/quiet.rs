//! Knowing that there is nothing to look for, so that a node without work asks its database next to nothing.

use std::time::Duration;

use domain::time::Timestamp;
use store::Changes;

use crate::Engine;

/// The longest time without a look, whatever is known: clocks can be stepped, and news can be missed.
const LONGEST: Duration = Duration::from_secs(10);

/// Whether a look could find anything that the last one did not.
pub struct Quiet {
    engine: Engine,
    changes: Option<Changes>,
    until: Option<Timestamp>,
}

impl Quiet {
    /// Not quiet until the first look was in vain.
    pub fn over(engine: &Engine) -> Self {
        // Without a watch every look may find something.
        Self { engine: engine.clone(), changes: engine.store.changes().ok(), until: None }
    }

    /// Whether nothing has been committed since [`Quiet::look`], and the time that [`Quiet::begin`] was told has not come.
    pub fn lasts(&mut self) -> bool {
        let silent = self.until.is_some_and(|until| self.engine.scope().now < until) && !self.news();
        if !silent {
            self.until = None;
        }
        silent
    }

    /// A look begins: what is committed from here on, it may not see.
    pub fn look(&mut self) {
        self.until = None;
        self.news();
    }

    /// The look was in vain, and nothing comes by itself before `next`.
    pub fn begin(&mut self, next: Option<Timestamp>) {
        let longest = self.engine.scope().now.plus_millis(i64::try_from(LONGEST.as_millis()).unwrap_or(i64::MAX));
        self.until = Some(next.map_or(longest, |next| next.min(longest)));
    }

    fn news(&mut self) -> bool {
        self.changes.as_mut().is_none_or(|changes| changes.any().unwrap_or(true))
    }
}
