//! The connections of one process: a few that write, some that read.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::ahead::Ahead;
use super::front::Fronts;
use super::link::Link;
use super::listen::{Listener, Notifier, Watch};
use super::outage::{Outage, Tell};
use super::queue::{Queue, Turn};
use super::round::round;
use super::{Session, Url, migrate};
use crate::job::Job;
use crate::sqlite::VERSION;
use crate::{Changes, Mode, StoreError, Tx};

/// The connections that write.
const WRITERS: [Turn; 3] = [Turn::First, Turn::Late, Turn::Late];
/// How often a read is tried while connections break.
const READ_TRIES: usize = 3;
/// How many read connections are kept for the next reader.
const READERS_KEPT: usize = 4;

/// A database that is open.
pub struct Postgres {
    url: Url,
    outage: Arc<Outage>,
    fronts: Arc<Fronts>,
    writer: Writer,
    readers: Mutex<Vec<Link>>,
    ahead: Ahead,
    listener: OnceLock<Arc<Listener>>,
}

enum Writer {
    Direct(Box<Mutex<Link>>),
    Loop { queue: Arc<Queue>, threads: Vec<JoinHandle<()>> },
}

impl Postgres {
    /// Opens the database at `url`; makes or migrates its tables when `create`.
    pub fn open(url: &Url, create: bool, mode: Mode) -> Result<Self, StoreError> {
        let outage = Arc::<Outage>::default();
        let fronts = Arc::<Fronts>::default();
        let mut link = Link::sharing(url, &outage, &fronts)?;
        link.connect()?;
        if create {
            link.block_on(migrate::migrate(link.session().client()))?;
        } else {
            match link.block_on(migrate::version(link.session().client()))? {
                0 => return Err(StoreError::Missing(url.to_string())),
                VERSION => {}
                found if found > VERSION => return Err(StoreError::Newer { found, known: VERSION }),
                found => return Err(StoreError::Older { found, known: VERSION }),
            }
        }
        let ahead = Ahead::measure(&link)?;
        let (writer, readers) = match mode {
            Mode::Direct => (Writer::Direct(Box::new(Mutex::new(link))), Vec::new()),
            Mode::Loop => {
                let queue = Arc::<Queue>::default();
                let notifier = Arc::new(Notifier::start(url)?);
                let threads = WRITERS.map(|turn| {
                    let (queue, link, notifier) =
                        (Arc::clone(&queue), Link::sharing(url, &outage, &fronts)?, Arc::clone(&notifier));
                    let thread = std::thread::Builder::new().name("nexus-writer".to_owned());
                    Ok(thread.spawn(move || serve(link, &queue, turn, &notifier)).expect("a thread can be started"))
                });
                let threads = threads.into_iter().collect::<Result<_, StoreError>>()?;
                (Writer::Loop { queue, threads }, vec![link])
            }
        };
        Ok(Self {
            url: url.clone(),
            outage,
            fronts,
            writer,
            readers: Mutex::new(readers),
            ahead,
            listener: OnceLock::new(),
        })
    }

    /// By how many milliseconds the clock of the database is ahead of this machine's.
    pub fn clock_ahead_ms(&self) -> i64 {
        self.ahead.ms()
    }

    /// Has `tell` hear when the database cannot be reached, and when it can be again.
    pub fn tell_outages(&self, tell: Tell) {
        self.outage.tell_to(tell);
    }

    /// While the database cannot be reached, nobody waits for it any more.
    pub fn hurry(&self) {
        self.outage.hurry();
    }

    /// Runs `job`, or has it run; it answers for itself.
    pub fn send(&self, job: Box<dyn Job>) {
        match &self.writer {
            Writer::Direct(link) => {
                let mut link = link.lock().unwrap_or_else(PoisonError::into_inner);
                round(&mut link, vec![job]);
                super::listen::notify(&mut link);
            }
            Writer::Loop { queue, .. } => queue.push(job),
        }
    }

    /// Has `job` run with whatever comes next, and in any case after `patience`.
    pub fn send_late(&self, job: Box<dyn Job>, patience: Duration) {
        match &self.writer {
            Writer::Direct(_) => self.send(job),
            Writer::Loop { queue, .. } => queue.push_late(job, patience),
        }
    }

    /// Runs `body` on a snapshot of its own.
    pub fn read<T, E: From<StoreError>>(
        &self,
        body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        if let Writer::Direct(link) = &self.writer {
            let mut link = link.lock().unwrap_or_else(PoisonError::into_inner);
            return snapshot(&mut link, body);
        }
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut link = kept.map_or_else(|| Link::sharing(&self.url, &self.outage, &self.fronts), Ok)?;
        let out = snapshot(&mut link, body);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_KEPT {
            readers.push(link);
        }
        out
    }

    /// A watch on commits, by whatever node.
    pub fn changes(&self) -> Result<Changes, StoreError> {
        if self.listener.get().is_none() {
            let started = Listener::start(&self.url)?;
            // Somebody may have been faster; theirs is as good.
            let _ = self.listener.set(Arc::new(started));
        }
        let listener = self.listener.get().expect("just set");
        Ok(Changes::postgres(Watch::on(Arc::clone(listener))))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Writer::Loop { queue, threads } = &mut self.writer {
            queue.close();
            for thread in threads.drain(..) {
                // A command may have had the last handle; then this is a writer itself, which ends after its round.
                if thread.thread().id() != std::thread::current().id() {
                    let _ = thread.join();
                }
            }
        }
    }
}

fn serve(mut link: Link, queue: &Queue, turn: Turn, notifier: &Notifier) {
    while let Some(jobs) = queue.next(turn) {
        round(&mut link, jobs);
        notifier.ring();
    }
}

/// Runs `body` on a snapshot; again on a new connection, when the one there was turns out to be gone.
fn snapshot<T, E: From<StoreError>>(
    link: &mut Link,
    body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone,
) -> Result<T, E> {
    for _ in 1..READ_TRIES {
        link.connect_in_time()?;
        let out = link.block_on(read(link.session(), body.clone()));
        if !matches!(link.session().trouble(), Some(StoreError::Lost(_))) {
            return out;
        }
        link.close();
    }
    link.connect_in_time()?;
    link.block_on(read(link.session(), body))
}

async fn read<T, E: From<StoreError>>(
    session: &Session,
    body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    session.begin_snapshot();
    let out = body(&mut Tx::postgres(session)).await;
    // What was read is good, even when the connection goes now; the next reader makes a new one.
    let _ = session.end_snapshot().await;
    out
}
