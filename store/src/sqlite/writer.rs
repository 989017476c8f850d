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
//! When nobody else waits, a round is one command and needs no savepoint; a caller that finds itself alone runs it on
//! its own thread, which saves waking the writer and being woken by it. A short command line process always does
//! ([`Mode::Direct`]).

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::file::{self, File, Watch};
use super::ready;
use crate::broken::Rule;
use crate::job::Job;
use crate::rig::{Ending, Queue};
use crate::{Changes, Mode, Patience, StoreError, Tx, failpoint};

/// How many commands one round takes at most.
const ROUND_MAX: usize = 2_048;
/// How long the writer looks out for the next command before it sleeps.
const LOOKOUT: Duration = Duration::from_micros(50);
/// How many read connections are kept for the next reader.
const READERS_KEPT: usize = 4;

/// A file that is open, with its writer and readers.
pub struct Sqlite {
    path: PathBuf,
    patience: Patience,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
}

enum Writer {
    Direct(Mutex<File>),
    /// A test says when a round is run, see [`crate::rig`].
    ByHand {
        file: Arc<Mutex<File>>,
        queue: Queue,
    },
    // Both are there until the last handle goes: then the sender is dropped, and the thread ends.
    Loop {
        seat: Arc<Seat>,
        send: Option<Sender<Letter>>,
        thread: Option<JoinHandle<()>>,
    },
}

/// A command on its way to the writer.
struct Letter {
    job: Box<dyn Job>,
    /// Until when it waits for others to go with; `None` when it does not.
    until: Option<Instant>,
}

/// Where whoever writes sits.
struct Seat {
    file: Mutex<File>,
    /// Whether the last round was one command, so that the next is likely to be one too.
    alone: AtomicBool,
    /// How many commands wait for one to go with.
    patient: AtomicUsize,
}

thread_local! {
    /// The seat that this thread has taken as a caller, if it has.
    static TAKEN: Cell<*const Seat> = const { Cell::new(std::ptr::null()) };
}

impl Seat {
    fn sit(&self) -> MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sqlite {
    /// A writer as `mode` says over `file`, which is at `path`.
    pub fn over(file: File, path: &Path, mode: Mode) -> Result<Self, StoreError> {
        let patience = file.patience;
        let writer = match mode {
            Mode::Direct => Writer::Direct(Mutex::new(file)),
            Mode::Loop => {
                file.stay()?;
                let (send, receive) = channel();
                let seat = Arc::new(Seat {
                    file: Mutex::new(file),
                    alone: AtomicBool::new(true),
                    patient: AtomicUsize::new(0),
                });
                let thread = std::thread::Builder::new().name("nexus-writer".to_owned());
                let served = Arc::clone(&seat);
                let thread = thread.spawn(move || serve(&served, &receive)).expect("a thread can be started");
                Writer::Loop { seat, send: Some(send), thread: Some(thread) }
            }
        };
        Ok(Self { path: path.to_owned(), patience, writer, readers: Mutex::default() })
    }

    /// A process whose rounds are run by hand.
    pub fn by_hand(file: Arc<Mutex<File>>, queue: Queue, path: &Path) -> Self {
        let writer = Writer::ByHand { file, queue };
        Self { path: path.to_owned(), patience: Patience::None, writer, readers: Mutex::default() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `job`, or has it run; it answers for itself.
    pub fn send(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        match &self.writer {
            Writer::Direct(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                round(&file, vec![job]);
                file.fold_log();
            }
            Writer::ByHand { queue, .. } => {
                queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
            }
            Writer::Loop { seat, send, .. } => {
                if seat.alone.load(Ordering::Relaxed)
                    && seat.patient.load(Ordering::Relaxed) == 0
                    && let Ok(file) = seat.file.try_lock()
                {
                    TAKEN.set(Arc::as_ptr(seat));
                    round(&file, vec![job]);
                    TAKEN.set(std::ptr::null());
                    return Ok(());
                }
                post(send.as_ref(), Letter { job, until: None })?;
            }
        }
        Ok(())
    }

    /// Has `job` run with whatever comes next, and in any case after `patience`; at once where nothing comes next.
    pub fn send_late(&self, job: Box<dyn Job>, patience: Duration) -> Result<(), StoreError> {
        match &self.writer {
            Writer::Loop { seat, send, .. } => {
                seat.patient.fetch_add(1, Ordering::Relaxed);
                post(send.as_ref(), Letter { job, until: Some(Instant::now() + patience) })
            }
            Writer::Direct(_) | Writer::ByHand { .. } => self.send(job),
        }
    }

    /// Runs `body` on a snapshot of its own.
    pub fn read<T, E: From<StoreError>>(&self, body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let one = match &self.writer {
            Writer::Direct(file) => Some(file),
            Writer::ByHand { file, .. } => Some(&**file),
            Writer::Loop { .. } => None,
        };
        if let Some(file) = one {
            let file = file.lock().unwrap_or_else(PoisonError::into_inner);
            return snapshot(&file.connection, body);
        }
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = kept.map_or_else(|| file::open_reader(&self.path, self.patience), Ok)?;
        let out = snapshot(&connection, body);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_KEPT {
            readers.push(connection);
        }
        out
    }

    /// A watch on commits, by whatever process.
    pub fn changes(&self) -> Result<Changes, StoreError> {
        Watch::on(&self.path).map(Changes::sqlite)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        if let Writer::Loop { seat, send, thread } = &mut self.writer {
            drop(send.take());
            // A command may have had the last handle; then this is the writer itself, which ends after its round, or
            // a caller that was alone and has its seat.
            if let Some(thread) = thread.take()
                && thread.thread().id() != std::thread::current().id()
                && TAKEN.get() != Arc::as_ptr(seat)
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
    ready(body(&mut Tx::sqlite(connection)))
}

fn post(send: Option<&Sender<Letter>>, letter: Letter) -> Result<(), StoreError> {
    send.expect("open until the last handle goes").send(letter).map_err(|_| StoreError::Stopped)
}

fn serve(seat: &Seat, letters: &Receiver<Letter>) {
    let mut late: Vec<Letter> = Vec::new();
    while let Some(first) = next(letters, &mut late) {
        // Whoever sits now was alone when it came; it is not for long.
        let file = seat.sit();
        late.extend(letters.try_iter().take(ROUND_MAX - 1));
        let patient = usize::from(first.until.is_some()) + late.iter().filter(|it| it.until.is_some()).count();
        let waiting: Vec<_> = std::iter::once(first).chain(late.drain(..)).map(|letter| letter.job).collect();
        seat.patient.fetch_sub(patient, Ordering::Relaxed);
        seat.alone.store(waiting.len() == 1, Ordering::Relaxed);
        round(&file, waiting);
    }
    seat.sit().fold_log();
}

/// The next command, or `None` when there will be none. Whoever was just answered often asks again at once, and
/// looking out for that takes less time than to be woken; an idle writer sleeps. What may wait is put to `late`, which
/// is in the order of its ends.
fn next(letters: &Receiver<Letter>, late: &mut Vec<Letter>) -> Option<Letter> {
    let until = Instant::now() + LOOKOUT;
    loop {
        let letter = match letters.try_recv() {
            Err(TryRecvError::Empty) if Instant::now() < until => {
                std::hint::spin_loop();
                continue;
            }
            Err(TryRecvError::Empty) => match late.first().and_then(|first| first.until) {
                None => letters.recv().ok(),
                Some(end) => match letters.recv_timeout(end.saturating_duration_since(Instant::now())) {
                    Ok(letter) => Some(letter),
                    Err(_) => return Some(late.remove(0)),
                },
            },
            Err(TryRecvError::Disconnected) if !late.is_empty() => return Some(late.remove(0)),
            received => received.ok(),
        };
        match letter {
            Some(letter) if letter.until.is_some() => {
                let after = late.partition_point(|other| other.until <= letter.until);
                late.insert(after, letter);
            }
            letter => return letter,
        }
    }
}

/// One transaction for all of `jobs`, then their answers.
fn round(file: &File, mut jobs: Vec<Box<dyn Job>>) {
    let committed = transact(&file.connection, &mut jobs).map_err(|error| file.patience.named(error));
    if committed.is_err() && !file.connection.is_autocommit() {
        let _ = file.connection.execute_batch("rollback");
    }
    for job in jobs {
        job.answer(committed.clone());
    }
}

fn transact(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    if !begin(connection, jobs)? {
        return Ok(());
    }
    failpoint!("store.commit.before");
    run(connection, "commit")?;
    failpoint!("store.commit.after");
    Ok(())
}

/// Runs `jobs` in a transaction and leaves it open. Comes back with whether there is anything to commit.
fn begin(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<bool, StoreError> {
    run(connection, "begin immediate")?;
    if let [only] = jobs {
        if !ready(only.run(Tx::sqlite(connection))) {
            // Full disks and the like end the transaction by themselves.
            return if connection.is_autocommit() { Ok(false) } else { run(connection, "rollback").map(|()| false) };
        }
    } else {
        for job in jobs {
            run(connection, "savepoint job")?;
            let keep = ready(job.run(Tx::sqlite(connection)));
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
    if connection.is_autocommit() { Err(StoreError::Stopped) } else { Ok(true) }
}

/// One transaction for all of `jobs`, and how it ends for a process in a simulation.
pub fn round_by_hand(file: &File, mut jobs: Vec<Box<dyn Job>>, ending: Ending) {
    match ending {
        Ending::Answered => round(file, jobs),
        Ending::DiesAfterCommit => transact(&file.connection, &mut jobs).expect("memory is not full"),
        Ending::DiesBeforeCommit => {
            if begin(&file.connection, &mut jobs).expect("memory is not full") {
                run(&file.connection, "rollback").expect("a transaction is open");
            }
            if Rule::CommitFirst.broken() {
                jobs.into_iter().for_each(|job| job.answer(Ok(())));
            }
        }
    }
}

fn run(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}
