//! Sealing: the entries after the last seal become a block, and its seal takes the hash of the one before.
//!
//! Nothing that was written is touched, and whoever writes does not wait: a block is read from a snapshot, and only
//! the seal is written. The number of a seal is its key, so of two that seal at the same time one comes too late. Why
//! the highest entry of a snapshot may be sealed: `store/src/seal.rs`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::time::Timestamp;
use serde::Serialize;
use store::seal::Seal;
use store::{StoreError, audit, failpoint, seal};

use super::heads::{Head, Heads};
use super::line::{EventLine, NOTHING_BEFORE, SealLine, events};
use crate::problem::Problem;
use crate::run::{Bell, Quiet};
use crate::{Engine, wait};

/// How many entries a seal has at most.
pub const BLOCK: u32 = 1_000;
/// The longest time between two looks whether there is something to seal.
const LOOK: Duration = Duration::from_secs(5);

/// What one visit sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// How many seals were made.
    pub seals: u64,
    /// How many entries they seal.
    pub events: u64,
    /// The end of the chain; `None` before the first seal.
    pub head: Option<Head>,
    /// Where the head was written down; empty when it was there already.
    pub published: Vec<String>,
}

impl Engine {
    /// Seals every entry that is not sealed, and writes the head down where `heads` says. Comes back with `None` when
    /// another process is at it.
    pub fn seal(&self, heads: &Heads) -> Result<Option<Sealed>, Problem> {
        let Some(fence) = self.take_duty("seal")? else { return Ok(None) };
        let sealed = self.seal_all(heads, fence);
        self.end_duty("seal", fence)?;
        sealed.map(Some)
    }

    fn seal_all(&self, heads: &Heads, fence: i64) -> Result<Sealed, Problem> {
        let mut done = Sealed::default();
        let mut last = self.last_seal()?;
        while let Some(block) = self.next_block(last.as_ref())? {
            failpoint!("seal.computed");
            let (project, kept) = (self.project.clone(), block.clone());
            let first = wait(self.store.write(async move |tx| seal::insert(tx, &project, &kept).await))?;
            if !first {
                break;
            }
            failpoint!("seal.kept");
            done.seals += 1;
            done.events += u64::try_from(block.count).unwrap_or(0);
            last = Some(block);
            if !self.keep_duty("seal", fence) {
                break;
            }
        }
        done.head = self.last_seal()?.map(|seal| Head::of(&self.project, &seal));
        if let Some(head) = &done.head {
            done.published = heads.publish(self, head)?;
        }
        Ok(done)
    }

    /// The last seal, without its events.
    pub(super) fn last_seal(&self) -> Result<Option<Seal>, Problem> {
        Ok(wait(self.store.read(async |tx| seal::last(tx, &self.project).await))?)
    }

    /// The seal that comes after `last`; `None` when there is nothing to seal.
    fn next_block(&self, last: Option<&Seal>) -> Result<Option<Seal>, Problem> {
        let after = last.map_or(0, |seal| seal.up_to_seq);
        let found = wait(self.store.read(async |tx| audit::after(tx, &self.project, after, BLOCK).await))?;
        let Some(highest) = found.last() else { return Ok(None) };
        let marks: Vec<_> = found.iter().map(|entry| EventLine::of(&self.project, entry).mark()).collect();
        let mut seal = Seal {
            number: last.map_or(1, |seal| seal.number + 1),
            up_to_seq: highest.seq,
            count: i64::try_from(found.len()).expect("a block is small"),
            at: self.scope().now,
            previous: last.map_or_else(|| NOTHING_BEFORE.to_owned(), |seal| seal.hash.clone()),
            events: events(&marks),
            hash: String::new(),
        };
        seal.hash = SealLine::of(&self.project, &seal).computed();
        Ok(Some(seal))
    }

    /// When the entry that waits longest for its seal will have waited for `every`; `None` when none waits.
    fn seal_due(&self, every: Duration) -> Result<Option<Timestamp>, Problem> {
        let oldest = wait(self.store.read(async |tx| {
            let after = seal::last(tx, &self.project).await?.map_or(0, |seal| seal.up_to_seq);
            Ok::<_, StoreError>(audit::after(tx, &self.project, after, 1).await?.pop())
        }))?;
        let every_ms = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
        Ok(oldest.map(|entry| entry.at.plus_millis(every_ms)))
    }

    /// Seals in the background until `over`, so that no entry waits much longer than `every`; never when that is
    /// nothing. Troubles are told to `tell`, each when it comes and not again while it lasts.
    pub fn keep_sealing(&self, heads: &Heads, every: Duration, bell: &Bell, over: &AtomicBool, tell: &dyn Fn(&str)) {
        let (mut heard, mut before) = (0, String::new());
        let mut quiet = Quiet::over(self);
        while !every.is_zero() && !over.load(Ordering::SeqCst) {
            quiet.look();
            let sealed = match self.seal_due(every) {
                Ok(Some(due)) if due <= self.scope().now => self.seal(heads).map(drop),
                Ok(next) => {
                    quiet.begin(next);
                    Ok(())
                }
                Err(problem) => Err(problem),
            };
            let trouble = sealed.err().map(|problem| problem.message).unwrap_or_default();
            if !trouble.is_empty() && trouble != before {
                tell(&trouble);
            }
            before = trouble;
            heard = bell.wait(heard, every.min(LOOK));
            while !over.load(Ordering::SeqCst) && quiet.lasts() {
                heard = bell.wait(heard, every.min(LOOK));
            }
        }
    }
}
