//! Takes down what agents do, for people who look: all agents of a run in one transaction every now and then.
//!
//! Nobody waits for it. What could not be kept is gone from the store and stands in the transcripts.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use domain::agent::activity::Lines;
use domain::agent::event::AgentEvent;
use domain::id::WorkId;
use domain::time::Timestamp;
use domain::work::Fence;
use store::activity::Noted;

use crate::{Engine, wait};

/// How long lines wait for those of others.
const PATIENCE: Duration = Duration::from_millis(300);
/// How many lines are kept at once at most.
const AT_ONCE: usize = 2_000;
/// What stands in the place of a secret.
const MASK: &str = "[masked]";
/// Whoever prints less than this many characters of a key has printed none.
const SECRET_CHARS_MIN: usize = 8;

/// Writes down what it is sent, until nobody can send any more.
pub fn write(engine: &Engine, sent: &Receiver<Vec<Noted>>) {
    while let Ok(mut lines) = sent.recv() {
        let until = Instant::now() + PATIENCE;
        while lines.len() < AT_ONCE {
            match sent.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(more) => lines.extend(more),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        // A store that is busy has more important things to keep.
        let _ = wait(engine.keep_activity(lines));
    }
}

/// What one attempt has to say.
pub struct Notes {
    item: WorkId,
    fence: Fence,
    seq: i64,
    lines: Lines,
    secrets: Vec<String>,
    to: Sender<Vec<Noted>>,
}

impl Notes {
    /// Notes of an attempt; `secrets` are masked wherever they stand.
    pub fn new(item: WorkId, fence: Fence, secrets: Vec<String>, to: Sender<Vec<Noted>>) -> Self {
        let secrets = secrets.into_iter().filter(|it| it.chars().count() >= SECRET_CHARS_MIN).collect();
        Self { item, fence, seq: 0, lines: Lines::default(), secrets, to }
    }

    /// Takes `event` down.
    pub fn take(&mut self, event: &AgentEvent) {
        self.lines.take(event);
    }

    /// `text` without the secrets.
    pub fn masked(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
    }

    /// Sends what there is.
    pub fn send(&mut self, now: Timestamp) {
        let lines = self.lines.drain();
        if lines.is_empty() {
            return;
        }
        let mut noted = Vec::with_capacity(lines.len());
        for mut line in lines {
            line.text = self.masked(&line.text);
            self.seq += 1;
            noted.push(Noted { item: self.item.clone(), fence: self.fence, seq: self.seq, at: now, line });
        }
        // The run is ending when nobody listens.
        let _ = self.to.send(noted);
    }
}
