//! Heads of the chain, told to a webhook: each one in its order, until it is taken, by whoever has the duty.
//!
//! What it has taken is noted in a file beside the store. Without a note only the newest head is told, as it covers all
//! before it. A head may be told twice: by a node that crashed before it made its note, and by one that has another.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::seal;

use super::heads::{Head, disagreement};
use super::line::line;
use crate::ports::Post;
use crate::problem::{Kind, Problem};
use crate::run::Bell;
use crate::{Engine, sha256_hex, wait};

/// The time between two looks for a new head, and the longest before a webhook that failed is tried again.
const LOOK: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// The first time before it is tried again; each is twice the last.
const PAUSE: Duration = Duration::from_secs(1);
/// How many heads are read in one go.
const HEADS: u32 = 100;

/// Where heads are told to, and where it is noted which it has.
#[derive(Clone)]
pub struct Webhook {
    post: Arc<dyn Post>,
    folder: PathBuf,
}

/// What became of heads that were told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The last one that was taken.
    pub taken: Option<Head>,
    /// The last attempt, when it failed.
    pub failed: Option<Failed>,
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// When.
    pub at_ms: i64,
    /// The number of the seal that was told.
    pub seal: i64,
    /// Why.
    pub why: String,
}

impl Webhook {
    /// One behind `post`; notes are kept in `folder`.
    pub fn new(post: Arc<dyn Post>, folder: &Path) -> Self {
        Self { post, folder: folder.to_owned() }
    }

    /// Its address, as far as it may be shown.
    pub fn place(&self) -> String {
        self.post.place()
    }

    fn note(&self, engine: &Engine) -> PathBuf {
        let whose = sha256_hex(format!("{}\n{}", engine.project.as_str(), self.post.identity()).as_bytes());
        self.folder.join(format!("audit-webhook-{}.json", &whose[..12]))
    }

    /// What became of the heads of the engine's project.
    pub fn told(&self, engine: &Engine) -> Told {
        let text = std::fs::read_to_string(self.note(engine)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn keep(&self, engine: &Engine, told: &Told) -> Result<(), Problem> {
        let file = self.note(engine);
        let new = file.with_extension(format!("{}.new", std::process::id()));
        let kept = std::fs::write(&new, line(told)).and_then(|()| std::fs::rename(&new, &file));
        kept.map_err(|e| Problem::new(Kind::Failed, "io_failed", format!("{}: {e}", file.display())))
    }
}

impl Engine {
    /// Tells `webhook` the heads that it has not taken yet; comes back with the last one. `None` when there was none, or
    /// another process is at it.
    pub fn tell_heads(&self, webhook: &Webhook) -> Result<Option<Head>, Problem> {
        if self.heads_to_tell(&webhook.told(self))?.is_empty() {
            return Ok(None);
        }
        let Some(fence) = self.take_duty("webhook")? else { return Ok(None) };
        let last = self.tell_all(webhook, fence);
        self.end_duty("webhook", fence)?;
        last
    }

    fn tell_all(&self, webhook: &Webhook, fence: i64) -> Result<Option<Head>, Problem> {
        let (mut told, mut last) = (webhook.told(self), None);
        loop {
            let heads = self.heads_to_tell(&told)?;
            if heads.is_empty() {
                return Ok(last);
            }
            for head in heads {
                if let Err(why) = webhook.post.post(&line(&head)) {
                    let (at_ms, place) = (self.scope().now.millis(), webhook.place());
                    told.failed = Some(Failed { at_ms, seal: head.seal, why: why.clone() });
                    webhook.keep(self, &told)?;
                    let message = format!("{place} has not taken the head of seal {}: {why}", head.seal);
                    return Err(Problem::new(Kind::Failed, "webhook_failed", message));
                }
                told = Told { taken: Some(head.clone()), failed: None };
                webhook.keep(self, &told)?;
                last = Some(head);
                if !self.keep_duty("webhook", fence) {
                    return Ok(last);
                }
            }
        }
    }

    /// The heads after the last that was taken, which has to be of this chain.
    fn heads_to_tell(&self, told: &Told) -> Result<Vec<Head>, Problem> {
        let Some(taken) = &told.taken else {
            return Ok(self.last_seal()?.map(|seal| Head::of(&self.project, &seal)).into_iter().collect());
        };
        let after = taken.seal;
        let seals = wait(self.store.read(async |tx| seal::heads(tx, &self.project, after, HEADS).await))?;
        if !seals.is_empty()
            && let Some(why) = disagreement(self, taken)?
        {
            let message = format!("{why} since the webhook took it; it is told no more heads; see nexus audit verify");
            return Err(Problem::refused("tampered", message));
        }
        Ok(seals.iter().map(|seal| Head::of(&self.project, seal)).collect())
    }

    /// Tells `webhook` heads in the background until `over`. Troubles are told to `tell`, each when it comes and not
    /// again while it lasts.
    pub fn keep_telling(&self, webhook: &Webhook, bell: &Bell, over: &AtomicBool, tell: &dyn Fn(&str)) {
        let (mut heard, mut before, mut pause) = (0, String::new(), PAUSE);
        while !over.load(Ordering::SeqCst) {
            let trouble = self.tell_heads(webhook).err().map(|problem| problem.message).unwrap_or_default();
            if !trouble.is_empty() && trouble != before {
                tell(&trouble);
            }
            let at_most = if trouble.is_empty() { LOOK } else { pause };
            pause = if trouble.is_empty() { PAUSE } else { PAUSE_MAX.min(pause * 2) };
            before = trouble;
            heard = bell.wait(heard, at_most);
        }
    }
}
