//! Waiting for a program while something else has to be kept alive.

use std::time::{Duration, Instant};

use crate::ports::{Exit, Running};

/// How often the caller is asked whether to go on.
const BEAT: Duration = Duration::from_millis(500);

/// How a program that was attended to ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attended {
    /// By itself.
    Exited(Exit),
    /// Its time was over and it was stopped.
    OutOfTime(Exit),
    /// The caller wanted it stopped.
    Stopped,
}

/// Waits for `running` until it ends, `timeout` is over, or `beat` says `false`; asks `beat` twice a second. When this
/// comes back, the program and all that it started have ended.
pub fn attend(
    running: &mut dyn Running,
    timeout: Duration,
    grace: Duration,
    beat: &mut dyn FnMut() -> bool,
) -> Attended {
    let began = Instant::now();
    loop {
        let left = timeout.saturating_sub(began.elapsed());
        if let Some(exit) = running.wait(left.min(BEAT)) {
            return Attended::Exited(exit);
        }
        if began.elapsed() >= timeout {
            return Attended::OutOfTime(end(running, grace));
        }
        if !beat() {
            end(running, grace);
            return Attended::Stopped;
        }
    }
}

fn end(running: &mut dyn Running, grace: Duration) -> Exit {
    running.stop(grace);
    loop {
        if let Some(exit) = running.wait(Duration::from_hours(1)) {
            return exit;
        }
    }
}
