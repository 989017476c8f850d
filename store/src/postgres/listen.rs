//! News of commits between nodes: `notify` after commits, never inside one, and at most so many a second; `listen`
//! on the other side, and a slow look for whoever has missed one.

use std::future::poll_fn;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_postgres::AsyncMessage;

use super::Url;
use super::link::{Link, number};
use crate::StoreError;

/// How long the news of a commit may wait for others to go with.
const GATHER: Duration = Duration::from_millis(10);
/// How often a listener looks by itself.
const LOOK: Duration = Duration::from_secs(5);
/// How long before a listener that lost its connection tries again.
const AGAIN: Duration = Duration::from_millis(500);

const NOTIFY: &str = "select pg_notify('nexus:' || current_schema(), '')";

/// Tells the other nodes, now.
pub fn notify(link: &mut Link) {
    // Whoever misses it looks by itself before long.
    if link.connect().is_ok() {
        let _ = link.block_on(link.session().client().simple_query(NOTIFY));
    }
}

/// Tells the other nodes in its own time.
pub struct Notifier {
    bell: Arc<Bell>,
}

#[derive(Default)]
struct Bell {
    state: Mutex<Rung>,
    rung: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Rung {
    #[default]
    No,
    Yes,
    Closed,
}

impl Notifier {
    /// Starts the thread that tells.
    pub fn start(url: &Url) -> Result<Self, StoreError> {
        let bell = Arc::<Bell>::default();
        let (mut link, heard) = (Link::to(url)?, Arc::clone(&bell));
        let thread = std::thread::Builder::new().name("nexus-notify".to_owned());
        let tell = move || {
            while heard.next() {
                notify(&mut link);
                std::thread::sleep(GATHER);
            }
        };
        thread.spawn(tell).expect("a thread can be started");
        Ok(Self { bell })
    }

    /// There was a commit.
    pub fn ring(&self) {
        self.bell.set(Rung::Yes);
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.bell.set(Rung::Closed);
    }
}

impl Bell {
    fn set(&self, rung: Rung) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state != Rung::Closed {
            *state = rung;
        }
        self.rung.notify_one();
    }

    /// Waits until it is rung; `false` when it will not be any more.
    fn next(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match *state {
                Rung::Yes => {
                    *state = Rung::No;
                    return true;
                }
                Rung::Closed => return false,
                Rung::No => state = self.rung.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Hears of commits on a thread of its own, for all watches of a process.
pub struct Listener {
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    times: AtomicU64,
    last_seq: AtomicI64,
    closed: Notify,
}

impl Listener {
    /// Starts to listen. Fails when the database cannot be reached now; later it is tried again and again.
    pub fn start(url: &Url) -> Result<Self, StoreError> {
        let heard = Arc::<Heard>::default();
        let mut link = Link::to(url)?;
        link.connect()?;
        let (url, mine) = (url.clone(), Arc::clone(&heard));
        let thread = std::thread::Builder::new().name("nexus-listen".to_owned());
        let listen = move || {
            link.close();
            link.block_on(async {
                tokio::select! {
                    () = listen_for_ever(&url, &mine) => {}
                    () = mine.closed.notified() => {}
                }
            });
        };
        thread.spawn(listen).expect("a thread can be started");
        Ok(Self { heard })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.heard.closed.notify_one();
    }
}

async fn listen_for_ever(url: &Url, heard: &Arc<Heard>) {
    loop {
        // However it ended: what came in between was missed.
        let _ = listen(url, heard).await;
        heard.times.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen(url: &Url, heard: &Arc<Heard>) -> Result<(), StoreError> {
    let (client, mut connection) = url.config().connect(url.tls()?).await?;
    let counted = Arc::clone(heard);
    let hear = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(_) = message {
                counted.times.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let listening = async {
        client.batch_execute("do $$ begin execute format('listen %I', 'nexus:' || current_schema()); end $$").await?;
        loop {
            let last = number(&client, "select coalesce(max(seq), 0) from event").await?;
            if heard.last_seq.swap(last, Ordering::SeqCst) != last {
                heard.times.fetch_add(1, Ordering::SeqCst);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        ended = listening => ended,
        _ = hear => Ok(()),
    }
}

/// Tells whether anybody has committed since it was last asked.
pub struct Watch {
    listener: Arc<Listener>,
    seen: u64,
}

impl Watch {
    pub(super) fn on(listener: Arc<Listener>) -> Self {
        let seen = listener.heard.times.load(Ordering::SeqCst);
        Self { listener, seen }
    }

    /// Whether there was a commit, by this node or another, since the last call; `true` also when one may have been
    /// missed.
    #[allow(clippy::unnecessary_wraps)] // The other engine reads a file here.
    pub fn any(&mut self) -> Result<bool, StoreError> {
        let times = self.listener.heard.times.load(Ordering::SeqCst);
        Ok(std::mem::replace(&mut self.seen, times) != times)
    }
}
