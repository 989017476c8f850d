//! What the tests share.

use std::future::Future;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};

use domain::id::WorkId;
use domain::text::{AgentName, Project};
use domain::time::{Timestamp, Ttl};
use domain::work::{Command, Draft, HeadStart, WorkItem};
use store::work::{self, WorkError};
use store::{Mode, Scope, Store, StoreError, Tx};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What `future` comes back with; this thread sleeps until it does.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(out) => return out,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// `future`, polled once: what it sends has been sent. It must have to wait for something.
pub fn sent<'a, T>(future: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    let mut future: Pin<Box<dyn Future<Output = T> + 'a>> = Box::pin(future);
    let first = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(first.is_pending(), "the answer came before anybody was waiting");
    future
}

/// Holds the writer of `store` until the sender is used or dropped, so that all that is sent meanwhile makes one round.
pub fn gate(store: &Store) -> (Sender<()>, JoinHandle<Result<(), StoreError>>) {
    let ((open, opened), (enter, entered)) = (channel::<()>(), channel::<()>());
    let (store, opened) = (store.clone(), Arc::new(Mutex::new(opened)));
    let body = async move |_: &mut Tx<'_>| {
        enter.send(()).expect("somebody waits for it");
        let _ = opened.lock().expect("no panic").recv();
        Ok::<_, StoreError>(())
    };
    let held = std::thread::spawn(move || wait(store.write(body)));
    entered.recv().expect("the gate is a command like any other");
    (open, held)
}

/// A folder with the path of a store that is not there yet.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder can be made") }
    }

    /// A folder in memory where there is one, for tests that commit thousands of times.
    pub fn in_memory() -> Self {
        Self { folder: tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| Self::new().folder) }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("store.db-wal")
    }

    pub fn create(&self, mode: Mode) -> Store {
        Store::create(&self.path(), mode).expect("a store can be made")
    }

    pub fn open(&self, mode: Mode) -> Store {
        Store::open(&self.path(), mode).expect("the store opens")
    }
}

/// A scope in the default project at `now_ms`.
pub fn at(now_ms: i64) -> Scope {
    scope("default", now_ms)
}

pub fn scope(project: &str, now_ms: i64) -> Scope {
    Scope {
        project: project.parse().expect("a project"),
        now: Timestamp::from_millis(now_ms),
        head_start: HeadStart::default(),
    }
}

pub fn project() -> Project {
    Project::default()
}

pub fn name(text: &str) -> AgentName {
    text.parse().expect("a name")
}

pub fn ttl(ms: i64) -> Ttl {
    Ttl::from_millis(ms).expect("a time-to-live")
}

pub fn draft(title: &str) -> Draft {
    Draft { title: title.to_owned(), ..Draft::default() }
}

/// The first number of an id that is as long as those to come.
pub const FIRST: u64 = 1_000_000;

pub fn everything() -> work::Page {
    work::Page { after: String::new(), limit: 1_000_000 }
}

/// Adds an item called `title`.
pub async fn add(store: &Store, title: &str) -> Result<WorkItem, WorkError> {
    add_numbered(store, FIRST, title).await
}

/// As [`add`], from this number on; for many, as each twin is looked for one by one.
pub async fn add_numbered(store: &Store, number: u64, title: &str) -> Result<WorkItem, WorkError> {
    let draft = draft(title);
    store.write(async move |tx: &mut Tx<'_>| work::add(tx, &at(0), draft, number, "").await).await
}

/// Takes `id` for the agent called `by`, for a minute from 0.
pub async fn claim(store: &Store, id: &WorkId, by: &str) -> Result<WorkItem, WorkError> {
    let (id, by) = (id.clone(), name(by));
    store.write(async move |tx: &mut Tx<'_>| work::claim(tx, &at(0), &id, &by, ttl(60_000)).await).await
}

pub async fn carry_out(store: &Store, scope: Scope, id: &WorkId, command: Command) -> Result<WorkItem, WorkError> {
    let id = id.clone();
    store.write(async move |tx: &mut Tx<'_>| work::carry_out(tx, &scope, &id, &command).await).await
}

/// Every item of the default project.
pub fn items(store: &Store) -> Vec<WorkItem> {
    let all = wait(store.read(async |tx: &mut Tx<'_>| work::list(tx, &project(), None, &everything()).await));
    all.expect("the items can be read").into_iter().map(|found| found.item).collect()
}

/// The titles of every item of the default project, sorted.
pub fn titles(store: &Store) -> Vec<String> {
    let mut titles: Vec<String> = items(store).into_iter().map(|item| item.plan.title.clone()).collect();
    titles.sort();
    titles
}

/// The error of the store that `result` is.
pub fn store_error<T: std::fmt::Debug>(result: Result<T, WorkError>) -> StoreError {
    match result {
        Err(WorkError::Store(error)) => error,
        other => panic!("the store should have failed, but: {other:?}"),
    }
}
