//! The commands that wait for a connection.
//!
//! One connection takes all that wait, round after round. Rounds on several at once would be smaller and wait for each
//! other, since commits that write to the log come one after the other anyway: with three, two nodes together did a third
//! of what one did alone. The others take what has waited for [`LATE`], because the first one is stuck: behind a lock, a
//! long import, a connection that broke.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::job::Job;

/// How many commands one round takes at most.
const ROUND_MAX: usize = 512;
/// How long a command waits for the first connection before another takes it.
const LATE: Duration = Duration::from_millis(100);

/// Which connection asks for commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The one that takes whatever there is.
    First,
    /// One that takes what the first leaves for too long.
    Late,
}

/// The commands, in the order in which they came.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    first: Condvar,
    late: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<(Instant, Box<dyn Job>)>,
    /// What goes with the next round, or begins one when its time has come; first what has the least time.
    patient: VecDeque<(Instant, Box<dyn Job>)>,
    first_at_work: bool,
    closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more command.
    pub fn push(&self, job: Box<dyn Job>) {
        let mut waiting = self.lock();
        waiting.jobs.push_back((Instant::now(), job));
        if !waiting.first_at_work {
            self.first.notify_one();
        } else if waiting.jobs.len() == 1 {
            self.late.notify_one();
        }
    }

    /// One more command, which goes with whatever comes next, and in any case after `patience`.
    pub fn push_late(&self, job: Box<dyn Job>, patience: Duration) {
        let mut waiting = self.lock();
        let end = Instant::now() + patience;
        let after = waiting.patient.partition_point(|(other, _)| *other <= end);
        waiting.patient.insert(after, (end, job));
        if after == 0 {
            self.first.notify_one();
        }
    }

    /// Nothing comes after this.
    pub fn close(&self) {
        self.lock().closed = true;
        self.first.notify_all();
        self.late.notify_all();
    }

    /// The commands of a round, or `None` when there will be none.
    pub fn next(&self, turn: Turn) -> Option<Vec<Box<dyn Job>>> {
        let mut waiting = self.lock();
        if turn == Turn::First {
            waiting.first_at_work = false;
        }
        loop {
            waiting.hurry_patient(turn);
            let age = waiting.jobs.front().map(|(came, _)| came.elapsed());
            let early = age.and_then(|age| LATE.checked_sub(age)).filter(|left| !left.is_zero());
            waiting = match (turn, age, early) {
                (_, None, _) if waiting.closed => return None,
                (Turn::First, None, _) => match waiting.patience() {
                    None => self.first.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                    Some(left) => self.first.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0,
                },
                (Turn::Late, None, _) => self.late.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                (Turn::Late, Some(_), Some(left)) if !waiting.closed => {
                    self.late.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0
                }
                _ => {
                    waiting.first_at_work |= turn == Turn::First;
                    let some = waiting.jobs.len().min(ROUND_MAX);
                    return Some(waiting.jobs.drain(..some).map(|(_, job)| job).collect());
                }
            };
        }
    }
}

impl Waiting {
    /// What has waited long enough is waited for, and so is all of it as soon as anything is or there will be nothing
    /// to go with. Only the first connection looks: when it is stuck, this can wait.
    fn hurry_patient(&mut self, turn: Turn) {
        let due = self.patience().is_some_and(|left| left.is_zero());
        if turn == Turn::First && (due || self.closed || !self.jobs.is_empty()) {
            self.jobs.append(&mut self.patient);
        }
    }

    /// How long the patient can wait; `None` when there are none.
    fn patience(&self) -> Option<Duration> {
        self.patient.front().map(|(end, _)| end.saturating_duration_since(Instant::now()))
    }
}
