//! The store that is open: one handle, whichever database is behind it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::job::{Job, job};
use crate::postgres::{self, Url};
use crate::{Changes, Patience, StoreError, Tx, sqlite};

/// Where writes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// On the caller's thread, one commit per command: for processes that do one thing and end.
    Direct,
    /// On threads of their own, many per commit: for processes that serve many callers.
    Loop,
}

/// A store that is open. Cloning gives another handle on the same one; the last to go closes it.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
}

enum Engine {
    Sqlite(Box<sqlite::Sqlite>),
    Postgres(Box<postgres::Postgres>),
}

impl Store {
    /// Makes the store at `path`, or brings an older one up to date.
    pub fn create(path: &Path, mode: Mode) -> Result<Self, StoreError> {
        Self::over(sqlite::open(path, true, Patience::Minute)?, path, mode)
    }

    /// Opens the store at `path`. Fails when there is none.
    pub fn open(path: &Path, mode: Mode) -> Result<Self, StoreError> {
        Self::open_with(path, mode, Patience::Minute)
    }

    /// Opens the store at `path`, and waits for locks no longer than `patience` says.
    pub fn open_with(path: &Path, mode: Mode, patience: Patience) -> Result<Self, StoreError> {
        Self::over(sqlite::open(path, false, patience)?, path, mode)
    }

    /// Opens the store at `path` to see what is wrong with it. One that [`Store::open`] refuses, because it does not fit together,
    /// can be read, and nothing else.
    pub fn open_to_look(path: &Path) -> Result<Self, StoreError> {
        Self::over(sqlite::open_to_look(path)?, path, Mode::Direct)
    }

    /// A store in memory, gone with its last handle. It has one connection, so reads see what writes have done.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::over(sqlite::open_in_memory()?, Path::new(":memory:"), Mode::Direct)
    }

    /// What a process of a [`crate::rig::Rig`] opens.
    pub(crate) fn of_rig(process: sqlite::Sqlite) -> Self {
        Self { engine: Arc::new(Engine::Sqlite(Box::new(process))) }
    }

    fn over(file: sqlite::File, path: &Path, mode: Mode) -> Result<Self, StoreError> {
        Ok(Self { engine: Arc::new(Engine::Sqlite(Box::new(sqlite::Sqlite::over(file, path, mode)?))) })
    }

    /// Makes the tables in the PostgreSQL database at `url`, or brings older ones up to date.
    pub fn create_database(url: &Url, mode: Mode) -> Result<Self, StoreError> {
        Ok(Self { engine: Arc::new(Engine::Postgres(Box::new(postgres::Postgres::open(url, true, mode)?))) })
    }

    /// Opens the PostgreSQL database at `url`. Fails when it has no tables of ours, or those of another version.
    pub fn open_database(url: &Url, mode: Mode) -> Result<Self, StoreError> {
        Ok(Self { engine: Arc::new(Engine::Postgres(Box::new(postgres::Postgres::open(url, false, mode)?))) })
    }

    /// The file of the store; `None` when it is in a PostgreSQL database.
    pub fn path(&self) -> Option<&Path> {
        match &*self.engine {
            Engine::Sqlite(it) => Some(it.path()),
            Engine::Postgres(_) => None,
        }
    }

    /// By how many milliseconds the clock of the store is ahead of this machine's; 0 when they are the same clock.
    pub fn clock_ahead_ms(&self) -> i64 {
        match &*self.engine {
            Engine::Sqlite(_) => 0,
            Engine::Postgres(it) => it.clock_ahead_ms(),
        }
    }

    /// Has `tell` hear when the database cannot be reached, with what is waited for, and when it can be again. A file is
    /// always there.
    pub fn tell_outages(&self, tell: impl Fn(&str) + Send + Sync + 'static) {
        if let Engine::Postgres(it) = &*self.engine {
            it.tell_outages(Box::new(tell));
        }
    }

    /// Somebody wants to end: calls that wait for a database that cannot be reached fail now instead.
    pub fn hurry(&self) {
        if let Engine::Postgres(it) = &*self.engine {
            it.hurry();
        }
    }

    /// Runs `body` in a transaction. What it comes back with is told after the commit is on the disk; with an
    /// error, nothing it did is kept. On PostgreSQL it is run again when others were in its way.
    pub async fn write<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, told) = job(body);
        self.send(job)?;
        told.await.map_err(|_| StoreError::Stopped)?
    }

    /// Has `job` run; it answers for itself.
    pub(crate) fn send(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        match &*self.engine {
            Engine::Sqlite(it) => it.send(job),
            Engine::Postgres(it) => {
                it.send(job);
                Ok(())
            }
        }
    }

    /// Has `job` run, with whatever comes next, and in any case after `patience`.
    pub(crate) fn send_late(&self, job: Box<dyn Job>, patience: Duration) -> Result<(), StoreError> {
        match &*self.engine {
            Engine::Sqlite(it) => it.send_late(job, patience),
            Engine::Postgres(it) => {
                it.send_late(job, patience);
                Ok(())
            }
        }
    }

    /// Runs `body` on a snapshot of its own; it sees no write that is not committed, and none that comes later.
    /// Blocks the thread until the answer is there.
    #[allow(clippy::unused_async)] // The verbs are async; that this blocks is the business of no caller.
    pub async fn read<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
        E: From<StoreError>,
    {
        match &*self.engine {
            Engine::Sqlite(it) => it.read(body),
            Engine::Postgres(it) => it.read(body),
        }
    }

    /// A watch on commits, by whatever process.
    pub fn changes(&self) -> Result<Changes, StoreError> {
        match &*self.engine {
            Engine::Sqlite(it) => it.changes(),
            Engine::Postgres(it) => it.changes(),
        }
    }
}
