//! Retention: old sealed entries of work that is over go into a file, and out of the store.
//!
//! ```text
//! which? ─▶ file written, read back, verified, synced, named ─▶ audit.archived ─▶ removed, some at a time
//! ```
//!
//! Whole blocks go into the file, so that it can be verified by itself; seals stay in the store, so that the chain
//! can. Entries of items that are still open stay too: replaying them gives the item. A crash before the last step
//! leaves entries in both places, and the next archive takes them along.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use domain::audit::Ranges;
use domain::id::WorkId;
use domain::work::State;
use serde::{Deserialize, Serialize};
use store::audit::{Entry, Fact};
use store::{StoreError, audit, failpoint, seal};

use super::file::{verify_file, write_file};
use super::verify::{Archived, Note, SUBJECT};
use crate::problem::Problem;
use crate::{Engine, wait};

/// How many entries are removed in one transaction at most.
const AT_ONCE: i64 = 1_000;

/// What an archive came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Archive {
    /// The file; `None` when there was nothing to archive, and none was written.
    pub file: Option<String>,
    /// The SHA-256 that its last line has.
    pub sha256: Option<String>,
    /// How many entries it holds.
    pub events: u64,
    /// How many were removed from the store.
    pub removed: u64,
    /// How many that are as old stay, because their item is open.
    pub kept: u64,
    /// The last entry that was looked at.
    pub up_to_seq: i64,
}

/// What of the data of an entry says which item it is about.
#[derive(Deserialize)]
struct About {
    item: Option<String>,
}

/// Which entries go and which stay.
#[derive(Default)]
struct Choice {
    up_to_seq: i64,
    seals: Ranges,
    goes: Ranges,
    stays: Ranges,
    going: u64,
    staying: u64,
}

impl Engine {
    /// Moves the entries of blocks that were sealed `older_than` ago or earlier into a new file at `path`, except those
    /// of items that are open. `None`: another process is at it.
    pub fn archive(&self, older_than: Duration, path: &Path) -> Result<Option<Archive>, Problem> {
        let Some(fence) = self.take_duty("archive")? else { return Ok(None) };
        let archive = self.archive_alone(older_than, path, &|| self.keep_duty("archive", fence));
        self.end_duty("archive", fence)?;
        archive.map(Some)
    }

    fn archive_alone(&self, older_than: Duration, path: &Path, keep: &dyn Fn() -> bool) -> Result<Archive, Problem> {
        let earlier = self.archived()?;
        let choice = self.choose(older_than, &earlier, keep)?;
        let mut archive = Archive {
            file: None,
            sha256: None,
            events: 0,
            removed: 0,
            kept: choice.staying,
            up_to_seq: choice.up_to_seq,
        };
        if choice.going == 0 {
            return Ok(archive);
        }
        let totals = write_file(
            path,
            |out| self.write_seals("archive", &choice.seals, &earlier, out),
            |partial| {
                failpoint!("archive.drafted");
                let verified = verify_file(partial, &[])?;
                match verified.findings.first() {
                    None => Ok(()),
                    Some(finding) => {
                        let message = format!("{}; nothing was archived; see nexus audit verify", finding.text);
                        Err(Problem::refused("tampered", message))
                    }
                }
            },
        )?;
        failpoint!("archive.written");
        let name = std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
        self.note(&Note {
            file: name.clone(),
            sha256: totals.sha256.clone(),
            events: totals.events,
            up_to_seq: choice.up_to_seq,
            kept: choice.stays.to_string(),
        })?;
        failpoint!("archive.noted");
        archive.events = totals.events;
        archive.removed = self.remove(&choice.goes, keep)?;
        (archive.file, archive.sha256) = (Some(name), Some(totals.sha256));
        Ok(archive)
    }

    /// Looks at every entry that is in the store and old enough.
    fn choose(&self, older_than: Duration, earlier: &Archived, keep: &dyn Fn() -> bool) -> Result<Choice, Problem> {
        let older_ms = i64::try_from(older_than.as_millis()).unwrap_or(i64::MAX);
        let blocks = self.blocks_until(self.scope().now.millis().saturating_sub(older_ms))?;
        let mut choice = Choice { up_to_seq: blocks.last().map_or(0, |(_, up_to)| *up_to), ..Choice::default() };
        let (mut open, mut blocks) = (HashMap::new(), blocks.into_iter().peekable());
        let mut after = 0;
        while keep() {
            let page = wait(self.store.read(async |tx| audit::after(tx, &self.project, after, 1_000).await))?;
            let old = page.iter().take_while(|entry| entry.seq <= choice.up_to_seq);
            let mut seen = 0;
            for entry in old {
                (after, seen) = (entry.seq, seen + 1);
                if self.stays(entry, &mut open)? {
                    choice.stays.push(entry.seq);
                    choice.staying += 1;
                    continue;
                }
                choice.goes.push(entry.seq);
                choice.going += 1;
                while blocks.next_if(|(_, up_to)| *up_to < entry.seq).is_some() {}
                if let Some((number, _)) = blocks.peek().filter(|(number, _)| !choice.seals.contains(*number)) {
                    choice.seals.push(*number);
                }
            }
            if seen < page.len() || page.is_empty() {
                break;
            }
        }
        let mut later = earlier.kept.after(choice.up_to_seq);
        while let Some(seq) = later {
            choice.stays.push(seq);
            later = earlier.kept.after(seq);
        }
        choice.up_to_seq = choice.up_to_seq.max(earlier.up_to_seq);
        Ok(choice)
    }

    /// The number and the last entry of each seal that was made at `until_ms` or earlier.
    fn blocks_until(&self, until_ms: i64) -> Result<Vec<(i64, i64)>, Problem> {
        let mut blocks = Vec::new();
        let mut number = 0;
        loop {
            let page = wait(self.store.read(async |tx| seal::heads(tx, &self.project, number, 1_000).await))?;
            let old = page.iter().take_while(|seal| seal.at.millis() <= until_ms);
            blocks.extend(old.map(|seal| (seal.number, seal.up_to_seq)));
            match page.last() {
                Some(last) if last.at.millis() <= until_ms => number = last.number,
                _ => return Ok(blocks),
            }
        }
    }

    /// Whether an entry has to stay: it is of an item that is open, or says what is in archives.
    fn stays(&self, entry: &Entry, open: &mut HashMap<WorkId, bool>) -> Result<bool, Problem> {
        if entry.subject == SUBJECT {
            return Ok(true);
        }
        let of = serde_json::from_str::<About>(&entry.data).ok().and_then(|about| about.item);
        let Ok(id) = of.as_deref().unwrap_or(&entry.subject).parse::<WorkId>() else { return Ok(false) };
        if let Some(known) = open.get(&id) {
            return Ok(*known);
        }
        let scope = self.scope();
        let found = wait(self.store.read(async |tx| store::work::find(tx, &scope, &id).await))?;
        let over = |state: &State| matches!(state, State::Done(_) | State::Dead(_) | State::Cancelled);
        let is_open = found.is_some_and(|found| !over(&found.item.state));
        open.insert(id, is_open);
        Ok(is_open)
    }

    /// Writes down in the log what is in the archive from now on.
    fn note(&self, note: &Note) -> Result<(), Problem> {
        let (scope, data) = (self.scope(), serde_json::to_string(note).expect("a note can be written as JSON"));
        let write = async move |tx: &mut store::Tx<'_>| {
            let fact = Fact { name: "audit.archived", subject: SUBJECT, agent: None, fence: None, data: &data };
            audit::append(tx, &scope, fact).await
        };
        Ok(wait(self.store.write(write))?)
    }

    /// Removes entries, some in each transaction; comes back with how many there were.
    fn remove(&self, goes: &Ranges, keep: &dyn Fn() -> bool) -> Result<u64, Problem> {
        let pieces = goes.runs().iter().flat_map(|&(first, last)| {
            let step = usize::try_from(AT_ONCE).expect("it is small");
            (first..=last).step_by(step).map(move |from| (from, last.min(from + AT_ONCE - 1)))
        });
        let (mut batch, mut size, mut removed) = (Vec::new(), 0, 0);
        for (first, last) in pieces {
            if size + last - first >= AT_ONCE {
                removed += self.remove_batch(std::mem::take(&mut batch))?;
                size = 0;
                if !keep() {
                    return Ok(removed);
                }
            }
            size += last - first + 1;
            batch.push((first, last));
        }
        Ok(removed + self.remove_batch(batch)?)
    }

    fn remove_batch(&self, batch: Vec<(i64, i64)>) -> Result<u64, Problem> {
        let project = self.project.clone();
        let removed = wait(self.store.write(async move |tx| {
            let mut removed = 0;
            for (first, last) in &batch {
                removed += audit::remove(tx, &project, *first, *last).await?;
            }
            Ok::<_, StoreError>(removed)
        }))?;
        failpoint!("archive.removed");
        Ok(removed)
    }
}
