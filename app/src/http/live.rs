//! What has changed, pushed: one watcher looks at the store, all open pages hear of it.
//!
//! The board is drawn at most once per commit, however many look at it, and not at all while nobody does. Each page
//! is sent the regions whose markup is not what it was sent last; a page that comes, or comes back, is sent all.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::problem::Problem;
use engine::{Engine, wait};
use store::Changes;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore, watch};
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt as _};

use super::board::{Regions, Seen};
use super::health::Vitals;
use super::{Door, aside};

/// How often the store is asked whether anybody has committed.
const LOOK: Duration = Duration::from_millis(200);
/// How often the file of the store is looked at.
const CHECK: Duration = Duration::from_secs(5);
/// A board that is dear to draw is drawn for at most one part in so many of the time.
const SHARE: u32 = 10;
/// How many pages can be open at once.
const SEATS: usize = 256;

/// The latest board, for all who watch.
#[derive(Clone)]
pub struct Live(Arc<Shared>);

struct Shared {
    engine: Engine,
    vitals: Arc<Vitals>,
    look: Arc<Mutex<Look>>,
    drawn: watch::Sender<Arc<Regions>>,
    closed: watch::Sender<bool>,
    seats: Arc<Semaphore>,
}

/// What is known of the last drawing.
struct Look {
    changes: Changes,
    /// Whether the store has changed since, or drawing failed.
    stale: bool,
    /// When it began.
    begun: Option<Instant>,
}

impl Live {
    /// Starts to watch the store.
    pub fn watch(engine: Engine, vitals: Arc<Vitals>) -> Result<Self, Problem> {
        let look = Look { changes: engine.store.changes()?, stale: true, begun: None };
        let live = Self(Arc::new(Shared {
            engine,
            vitals,
            look: Arc::new(Mutex::new(look)),
            drawn: watch::Sender::new(Arc::default()),
            closed: watch::Sender::new(false),
            seats: Arc::new(Semaphore::new(SEATS)),
        }));
        tokio::spawn(live.clone().keep_fresh());
        Ok(live)
    }

    /// The board with all that was committed before the call.
    pub async fn fresh(&self) -> Result<Arc<Regions>, Problem> {
        let asked = Instant::now();
        let look = Arc::clone(&self.0.look).lock_owned().await;
        let shared = Arc::clone(&self.0);
        aside(move || shared.redraw(look, asked)).await
    }

    /// Draws the board after each commit, while anybody watches.
    async fn keep_fresh(self) {
        let mut closed = self.0.closed.subscribe();
        let mut pause = LOOK;
        let mut checked = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = closed.changed() => return,
            }
            if self.0.drawn.receiver_count() == 0 {
                continue;
            }
            let began = Instant::now();
            let looked = if checked.elapsed() < CHECK { Ok(()) } else { self.0.vitals.check() };
            if checked.elapsed() >= CHECK {
                checked = began;
            }
            let drawn = match looked {
                Ok(()) => self.fresh().await.map(drop),
                Err(problem) => Err(problem),
            };
            if let Err(problem) = drawn {
                self.0.look.lock().await.stale = true;
                self.0.drawn.send_modify(|drawn| *drawn = Arc::new(drawn.failed(&problem)));
            }
            pause = LOOK.max(began.elapsed() * (SHARE - 1));
        }
    }

    /// Ends every stream.
    pub fn close(&self) {
        self.0.closed.send_replace(true);
    }

    /// Comes back when [`Live::close`] was called.
    pub async fn closed(&self) {
        // The sender lives as long as this handle.
        let _ = self.0.closed.subscribe().wait_for(|closed| *closed).await;
    }
}

impl Shared {
    /// Draws the board when it has changed. Waits for the disk.
    fn redraw(&self, mut look: OwnedMutexGuard<Look>, asked: Instant) -> Result<Arc<Regions>, Problem> {
        // Somebody who waited in line takes what was drawn meanwhile, if it was begun after they came.
        if look.begun.is_none_or(|begun| begun < asked) {
            look.stale |= look.changes.any()?;
            if look.stale {
                let begun = Instant::now();
                self.vitals.check()?;
                self.drawn.send_replace(Arc::new(Regions::of(&wait(self.engine.board())?)));
                look.stale = false;
                look.begun = Some(begun);
            }
        }
        Ok(Arc::clone(&self.drawn.borrow()))
    }
}

/// The board as it changes: each message is the regions that did.
pub async fn stream(State(Door { live, .. }): State<Door>) -> Response {
    let Ok(seat) = Arc::clone(&live.0.seats).try_acquire_owned() else {
        let retry = [(header::RETRY_AFTER, "5")];
        let said = format!("{SEATS} live pages are open, which is the most; close one, or reload this one by hand\n");
        return (StatusCode::SERVICE_UNAVAILABLE, retry, said).into_response();
    };
    // A failure reaches the page as a message, from the watcher.
    let _ = live.fresh().await;
    let mut seen = Seen::default();
    let news = WatchStream::new(live.0.drawn.subscribe()).filter_map(move |regions| {
        let _held = &seat;
        seen.news(&regions).map(|markup| Ok::<_, Infallible>(Event::default().data(markup)))
    });
    let closed = WatchStream::new(live.0.closed.subscribe()).filter(|closed| *closed);
    Sse::new(until(news, closed)).keep_alive(KeepAlive::default()).into_response()
}

/// `stream` up to the first thing that `end` says.
fn until<T>(stream: impl Stream<Item = T>, end: impl Stream<Item = bool>) -> impl Stream<Item = T> {
    stream.map(Some).merge(end.map(|_| None)).take_while(Option::is_some).filter_map(|item| item)
}
