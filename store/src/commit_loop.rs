//! Group commit: one writer takes all commands that wait, runs them in one transaction, and answers after the
//! commit.
//!
//! ```text
//! jobs ──▶ begin immediate
//!            savepoint · job 1 · release      a job that fails rolls back its savepoint alone
//!            savepoint · job 2 · release
//!          commit (synced) ──▶ answers
//! ```
//!
//! When nobody else waits, a round is one command and needs no savepoint. A short command line process uses the
//! same round on its own thread ([`Mode::Direct`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::tx::ready;
use crate::{Changes, Patience, StoreError, Tx, failpoint, sqlite};

/// How many commands one round takes at most.
const ROUND_MAX: usize = 2_048;
/// How long the writer looks out for the next command before it sleeps.
const LOOKOUT: Duration = Duration::from_micros(50);
/// How many read connections are kept for the next reader.
const READERS_KEPT: usize = 4;

/// Where writes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// On the caller's thread, one commit per command: for processes that do one thing and end.
    Direct,
    /// On a thread of their own, many per commit: for processes that serve many callers.
    Loop,
}

/// A store that is open. Cloning gives another handle on the same one; the last to go closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    patience: Patience,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
}

enum Writer {
    Direct(Mutex<sqlite::File>),
    // Both are there until the last handle goes: then the sender is dropped, and the thread ends.
    Loop { send: Option<Sender<Box<dyn Job>>>, thread: Option<JoinHandle<()>> },
}

trait Job: Send {
    /// Runs in the open transaction. Comes back with whether its effects are to be kept.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the caller, after the commit or its failure.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Command<F, T, E> {
    body: Option<F>,
    outcome: Option<Result<T, E>>,
    tell: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Command<F, T, E>
where
    F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let body = self.body.take().expect("a job runs once");
        // A panic in a verb must not end the writer: its caller learns that the store stopped, the others go on.
        self.outcome = catch_unwind(AssertUnwindSafe(|| ready(body(&mut Tx::new(connection))))).ok();
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = match (self.outcome, committed) {
            (Some(Ok(_)) | None, Err(error)) => Err(error.into()),
            (Some(outcome), _) => outcome,
            (None, Ok(())) => Err(StoreError::Stopped.into()),
        };
        // A caller who has gone away does not want its answer.
        let _ = self.tell.send(outcome);
    }
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

    /// A store in memory, gone with its last handle. It has one connection, so reads see what writes have done.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::over(sqlite::open_in_memory()?, Path::new(":memory:"), Mode::Direct)
    }

    fn over(file: sqlite::File, path: &Path, mode: Mode) -> Result<Self, StoreError> {
        let patience = file.patience;
        let writer = match mode {
            Mode::Direct => Writer::Direct(Mutex::new(file)),
            Mode::Loop => {
                file.stay()?;
                let (send, receive) = channel();
                let thread = std::thread::Builder::new().name("nexus-writer".to_owned());
                let thread = thread.spawn(move || serve(file, &receive)).expect("a thread can be started");
                Writer::Loop { send: Some(send), thread: Some(thread) }
            }
        };
        Ok(Self { inner: Arc::new(Inner { path: path.to_owned(), patience, writer, readers: Mutex::default() }) })
    }

    /// The file of the store.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs `body` in a transaction. What it comes back with is told after the commit is on the disk; with an
    /// error, nothing it did is kept.
    pub async fn write<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Command { body: Some(body), outcome: None, tell });
        match &self.inner.writer {
            Writer::Direct(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                round(&file, vec![job]);
                file.fold_log();
            }
            Writer::Loop { send, .. } => {
                send.as_ref().expect("open until the last handle goes").send(job).map_err(|_| StoreError::Stopped)?;
            }
        }
        told.await.map_err(|_| StoreError::Stopped)?
    }

    /// Runs `body` on a snapshot of its own; it sees no write that is not committed, and none that comes later.
    #[allow(clippy::unused_async)] // On SQLite a snapshot is read at once; the other engine will wait.
    pub async fn read<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
        E: From<StoreError>,
    {
        if let Writer::Direct(file) = &self.inner.writer {
            let file = file.lock().unwrap_or_else(PoisonError::into_inner);
            return snapshot(&file.connection, body);
        }
        let kept = self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = kept.map_or_else(|| sqlite::open_reader(&self.inner.path, self.inner.patience), Ok)?;
        let out = snapshot(&connection, body);
        let mut readers = self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_KEPT {
            readers.push(connection);
        }
        out
    }

    /// A watch on commits, by whatever process.
    pub fn changes(&self) -> Result<Changes, StoreError> {
        Changes::watch(&self.inner.path)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Writer::Loop { send, thread } = &mut self.writer {
            drop(send.take());
            // A command may have had the last handle; then this is the writer itself, which ends after its round.
            if let Some(thread) = thread.take()
                && thread.thread().id() != std::thread::current().id()
            {
                let _ = thread.join();
            }
        }
    }
}

fn snapshot<T, E: From<StoreError>>(
    connection: &Connection,
    body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    // Ends when it is dropped, so also when `body` panics.
    let _open = Transaction::new_unchecked(connection, TransactionBehavior::Deferred).map_err(StoreError::from)?;
    ready(body(&mut Tx::new(connection)))
}

fn serve(mut file: sqlite::File, jobs: &Receiver<Box<dyn Job>>) {
    while let Some(first) = next(jobs) {
        let mut waiting = vec![first];
        waiting.extend(jobs.try_iter().take(ROUND_MAX - 1));
        round(&file, waiting);
    }
    file.fold_log();
}

/// The next command, or `None` when there will be none. Whoever was just answered often asks again at once, and
/// looking out for that takes less time than to be woken; an idle writer sleeps.
fn next(jobs: &Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
    let until = Instant::now() + LOOKOUT;
    loop {
        match jobs.try_recv() {
            Ok(job) => return Some(job),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) if Instant::now() < until => std::hint::spin_loop(),
            Err(TryRecvError::Empty) => return jobs.recv().ok(),
        }
    }
}

/// One transaction for all of `jobs`, then their answers.
fn round(file: &sqlite::File, mut jobs: Vec<Box<dyn Job>>) {
    let committed = transact(&file.connection, &mut jobs).map_err(|error| file.patience.named(error));
    if committed.is_err() && !file.connection.is_autocommit() {
        let _ = file.connection.execute_batch("rollback");
    }
    for job in jobs {
        job.answer(committed.clone());
    }
}

fn transact(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    run(connection, "begin immediate")?;
    if let [only] = jobs {
        if !only.run(connection) {
            // Full disks and the like end the transaction by themselves.
            return if connection.is_autocommit() { Ok(()) } else { run(connection, "rollback") };
        }
    } else {
        for job in jobs {
            run(connection, "savepoint job")?;
            let keep = job.run(connection);
            if connection.is_autocommit() {
                // The engine gave up the whole transaction, and with it what earlier jobs had done.
                return Err(StoreError::Full);
            }
            if !keep {
                run(connection, "rollback to job")?;
            }
            run(connection, "release job")?;
        }
    }
    if connection.is_autocommit() {
        return Err(StoreError::Stopped);
    }
    failpoint!("store.commit.before");
    run(connection, "commit")?;
    failpoint!("store.commit.after");
    Ok(())
}

fn run(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}
