//! How a run is ended: asked in its own words first, killed with all that it started last.
//!
//! ```text
//! words ──5 s──▶ interrupt the program ──5 s──▶ terminate its group ──5 s──▶ kill everything
//! ```

use std::time::{Duration, Instant};

use crate::ports::Running;

/// How long each step of ending a run may take.
#[derive(Clone, Copy, Debug)]
pub struct Ladder {
    /// After the request in its own words.
    pub words: Duration,
    /// After the interrupt.
    pub interrupt: Duration,
    /// After the request to terminate; then everything is killed.
    pub terminate: Duration,
}

impl Default for Ladder {
    fn default() -> Self {
        let step = Duration::from_secs(5);
        Self { words: step, interrupt: step, terminate: step }
    }
}

/// Where on the ladder a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rung {
    /// It goes on.
    Free,
    /// It was asked, until then.
    Asked(Instant),
    /// It was interrupted, until then.
    Interrupted(Instant),
    /// It was told to terminate; the rest is its keeper's.
    Terminated,
}

impl Rung {
    /// Whether the run is being ended.
    pub fn ending(self) -> bool {
        self != Self::Free
    }

    /// The next rung, when the time of this one is over.
    pub fn climb(&mut self, ladder: &Ladder, running: &mut dyn Running, now: Instant) {
        match *self {
            Self::Asked(until) if now >= until => {
                running.interrupt();
                *self = Self::Interrupted(now + ladder.interrupt);
            }
            Self::Interrupted(until) if now >= until => self.terminate(ladder.terminate, running),
            _ => {}
        }
    }

    /// Goes to the last rung at once; with no `grace` everything is killed.
    pub fn terminate(&mut self, grace: Duration, running: &mut dyn Running) {
        if *self != Self::Terminated {
            running.stop(grace);
            *self = Self::Terminated;
        }
    }

    /// When there is something to do.
    pub fn due(self) -> Option<Instant> {
        match self {
            Self::Asked(until) | Self::Interrupted(until) => Some(until),
            Self::Free | Self::Terminated => None,
        }
    }
}
