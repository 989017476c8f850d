//! What has changed, pushed: one watcher looks at the store, all pages hear of it.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use engine::Engine;
use engine::problem::Problem;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt as _};

use super::{Door, board};

/// How often the store is asked whether anybody has committed.
const LOOK: Duration = Duration::from_millis(200);

/// The latest board, for all who watch.
#[derive(Clone)]
pub struct Live {
    markup: watch::Receiver<String>,
    close: watch::Sender<bool>,
}

impl Live {
    /// Watches the store and draws the board anew after each commit, at most once a look, and only while somebody
    /// watches.
    pub fn watch(engine: Engine) -> Result<Self, Problem> {
        let mut changes = engine.store.changes()?;
        let (send, markup) = watch::channel(String::new());
        let (close, mut closed) = watch::channel(false);
        tokio::spawn(async move {
            let mut stale = true;
            loop {
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    _ = closed.changed() => break,
                }
                stale |= changes.any().unwrap_or(true);
                // One receiver is ours.
                if stale && send.receiver_count() > 1 {
                    if let Ok(drawn) = board::draw(&engine).await {
                        send.send_replace(drawn);
                        stale = false;
                    }
                }
            }
        });
        Ok(Self { markup, close })
    }

    /// Ends every stream.
    pub fn close(&self) {
        self.close.send_replace(true);
    }
}

/// The board as it changes: each message is the whole of it.
pub async fn stream(State(door): State<Door>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let closed = WatchStream::new(door.live.close.subscribe()).filter(|closed| *closed);
    let drawn = WatchStream::from_changes(door.live.markup.clone()).map(|markup| Ok(Event::default().data(markup)));
    Sse::new(until(drawn, closed)).keep_alive(KeepAlive::default())
}

/// `stream` up to the first thing that `end` says.
fn until<T>(stream: impl Stream<Item = T>, end: impl Stream<Item = bool>) -> impl Stream<Item = T> {
    stream.map(Some).merge(end.map(|_| None)).take_while(Option::is_some).filter_map(|item| item)
}
