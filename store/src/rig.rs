//! A database in memory whose rounds are run by hand: for simulations.
//!
//! ```text
//! a process ──commands──▶ its queue ──[Process::round]──▶ one transaction ──▶ answers, unless it died
//! ```
//!
//! Several processes share the database. When one dies, what was not committed is gone, and so is whoever waited for an
//! answer of it; open another in its place.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::job::Job;
use crate::{Store, StoreError, sqlite};

/// The database.
pub struct Rig {
    file: Arc<Mutex<sqlite::File>>,
}

/// The commands that wait for a process to do them.
pub(crate) type Queue = Arc<Mutex<VecDeque<Box<dyn Job>>>>;

/// A process on it.
pub struct Process {
    file: Arc<Mutex<sqlite::File>>,
    queue: Queue,
}

/// How a round ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is committed and answered.
    Answered,
    /// The process dies before the commit.
    DiesBeforeCommit,
    /// The process dies after the commit, before the answers.
    DiesAfterCommit,
}

impl Rig {
    /// A database with nothing in it.
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self { file: Arc::new(Mutex::new(sqlite::open_in_memory()?)) })
    }

    /// A process that has just been started, and what it opens as its store.
    pub fn process(&self) -> (Process, Store) {
        let queue = Queue::default();
        let store = sqlite::Sqlite::by_hand(Arc::clone(&self.file), Arc::clone(&queue), Path::new(":memory:"));
        (Process { file: Arc::clone(&self.file), queue }, Store::of_rig(store))
    }
}

impl Process {
    /// How many commands wait.
    pub fn waiting(&self) -> usize {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Does up to `most` of the commands that wait, in one transaction. With one that dies, those that wait behind
    /// them go, too.
    pub fn round(&self, most: usize, ending: Ending) {
        let mut waiting = std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner));
        let rest = waiting.split_off(most.min(waiting.len()));
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        sqlite::round_by_hand(&file, waiting.into(), ending);
        if ending == Ending::Answered {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let late = std::mem::replace(&mut *queue, rest);
            queue.extend(late);
        }
    }
}
