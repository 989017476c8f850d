//! Looks whether sealed entries are what they were: in the store, or in a file with no store at all.
//!
//! ```text
//! events of a block ─▶ digests ─┐
//!                    its seal ──┴─▶ compare ─▶ its hash ─▶ is it the next in the chain? ─▶ heads elsewhere
//! ```

use std::collections::BTreeMap;

use domain::audit::{Fault, Mark, Ranges, compare};
use serde::{Deserialize, Serialize};
use store::{audit, seal};

use super::heads::{Head, why_not};
use super::line::{EventLine, NOTHING_BEFORE, SealLine};
use super::webhook::Told;
use crate::problem::Problem;
use crate::{Engine, wait};

/// How many findings are told; more are only counted.
const FINDINGS: usize = 100;
/// How many seals are read in one go.
const SEALS: u32 = 16;

/// What a verification came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Whether nothing was found.
    pub sound: bool,
    /// How many entries were compared with their seal.
    pub events: u64,
    /// How many seals were looked at.
    pub seals: u64,
    /// The end of the chain that was looked at.
    pub head: Option<Head>,
    /// Entries that no seal covers yet.
    pub unsealed: u64,
    /// The number of the entry up to which entries may be in an archive instead; 0 when there is none.
    pub archived_up_to_seq: i64,
    /// Heads elsewhere, and whether they agree.
    pub heads: Vec<Compared>,
    /// What became of the heads that a webhook was told; `None` where there is no webhook.
    pub webhook: Option<Told>,
    /// What is wrong, the first of it first; at most 100.
    pub findings: Vec<Finding>,
}

/// A head elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // The names say it.
pub struct Compared {
    pub place: String,
    pub seal: i64,
    pub up_to_seq: i64,
    pub agrees: bool,
}

/// Something that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was done: `changed`, `missing`, `inserted`, `reordered`.
    pub fault: &'static str,
    /// To what: `event`, `seal`, `chain` (it is not the one that a head elsewhere is of), `file`.
    pub what: &'static str,
    /// The number of the entry; of a seal, that of the last entry that it seals.
    pub seq: Option<i64>,
    /// The number of the seal.
    pub seal: Option<i64>,
    /// A sentence.
    pub text: String,
}

/// What may be gone because an archive has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Up to here.
    pub up_to_seq: i64,
    /// Except these.
    pub kept: Ranges,
}

/// The data of `audit.archived`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Note {
    pub file: String,
    pub sha256: String,
    pub events: u64,
    pub up_to_seq: i64,
    pub kept: String,
}

/// What audit entries of its own are about.
pub(super) const SUBJECT: &str = "audit";

/// Takes in events and seals, in their order.
pub struct Verifier {
    project: String,
    archived: Archived,
    expected: Ranges,
    number: i64,
    last: Option<SealLine>,
    found: Vec<Mark>,
    hashes: BTreeMap<i64, String>,
    out: Verified,
}

impl Verifier {
    /// For the seals `expected` of the chain of `project`, in which what is `archived` may be gone.
    pub fn new(project: &str, expected: Ranges, archived: Archived) -> Self {
        let out = Verified { archived_up_to_seq: archived.up_to_seq, ..Verified::default() };
        let (project, found, hashes) = (project.to_owned(), Vec::new(), BTreeMap::new());
        Self { project, archived, expected, number: 0, last: None, found, hashes, out }
    }

    /// Takes in an event.
    pub fn event(&mut self, event: &EventLine) {
        let mut mark = event.mark();
        if event.project != self.project {
            "of another project".clone_into(&mut mark.digest);
        }
        self.found.push(mark);
    }

    /// Takes in an event that has the number `seq` and is not in the canonical form.
    pub fn broken_event(&mut self, seq: i64) {
        self.found.push(Mark { seq, digest: "broken".to_owned() });
    }

    /// Takes in a seal, which comes after its events.
    pub fn seal(&mut self, seal: SealLine) {
        self.out.seals += 1;
        let lost = self.reached(seal.seal);
        let mut found = std::mem::take(&mut self.found);
        let floor = self.last.as_ref().map_or(0, |last| last.up_to_seq);
        let before = match &self.last {
            Some(last) if last.seal + 1 == seal.seal => last.hash.as_deref(),
            None if seal.seal == 1 => Some(NOTHING_BEFORE),
            _ => None,
        };
        let follows = before.is_none_or(|hash| hash == seal.previous);
        let marks = seal.marks().filter(|_| seal.hash.as_deref() == Some(seal.computed().as_str()));
        let whole = marks.as_ref().is_some_and(|marks| consistent(&seal, marks, floor)) && seal.project == self.project;
        if !whole || !follows {
            let why = if whole { "does not follow the one before it" } else { "is not what its hash says" };
            self.seal_is(Fault::Changed, seal.seal, Some(seal.up_to_seq), why);
        }
        if let Some(marks) = marks {
            if lost {
                // What stands below belongs to the seal that is gone.
                found.retain(|mark| marks.first().is_none_or(|first| mark.seq >= first.seq));
            }
            self.out.events += found.len() as u64;
            let archived = &self.archived;
            let may_lack = |seq| seq <= archived.up_to_seq && !archived.kept.contains(seq);
            for (seq, fault) in compare(&marks, &found, may_lack) {
                self.event_is(fault, seq, &format!("seal {}", seal.seal));
            }
        }
        if let Some(hash) = &seal.hash {
            self.hashes.insert(seal.seal, hash.clone());
        }
        self.last = Some(seal);
    }

    /// Takes in a seal that has this number and is not in the canonical form; nothing can be said about its events.
    pub fn broken_seal(&mut self, number: i64) {
        self.out.seals += 1;
        self.reached(number);
        self.seal_is(Fault::Changed, number, None, "is not in the canonical form");
        self.found.clear();
        self.last = None;
    }

    /// Notes which seals should have come before `number`. `true`: one of them did not.
    fn reached(&mut self, number: i64) -> bool {
        let mut lost = false;
        if number <= self.number || !self.expected.contains(number) {
            self.seal_is(Fault::Reordered, number, None, "stands where it does not belong");
        }
        while let Some(next) = self.expected.after(self.number).filter(|next| *next < number) {
            self.seal_is(Fault::Missing, next, None, "is not there");
            (self.number, lost) = (next, true);
            if self.out.findings.len() >= FINDINGS {
                break;
            }
        }
        self.number = self.number.max(number);
        lost
    }

    /// Compares the chain with heads that were written down elsewhere, as far as they are of seals that should be here.
    pub fn heads(&mut self, heads: &[(String, Head)]) {
        let of_ours: Vec<_> = heads
            .iter()
            .filter(|(_, head)| head.project == self.project && self.expected.contains(head.seal))
            .collect();
        for (place, head) in of_ours {
            let why = why_not(head, self.hashes.get(&head.seal).map(String::as_str));
            self.out.heads.push(Compared {
                place: place.clone(),
                seal: head.seal,
                up_to_seq: head.up_to_seq,
                agrees: why.is_none(),
            });
            if let Some(why) = why {
                let fault = if self.hashes.contains_key(&head.seal) { Fault::Changed } else { Fault::Missing };
                let text = format!("the chain is not the one that {place} vouches for: {why}");
                self.finding(fault, "chain", Some(head.up_to_seq), Some(head.seal), text);
            }
        }
    }

    /// The end of a store. Events that no seal covers wait for one.
    pub fn end_of_store(mut self) -> Verified {
        self.out.unsealed = std::mem::take(&mut self.found).len() as u64;
        self.end()
    }

    /// The end of a file. All seals have come, and each event has its seal.
    pub fn end_of_file(mut self) -> Verified {
        let lost = self.expected.after(self.number).is_some() && self.reached(i64::MAX);
        let left = std::mem::take(&mut self.found);
        for mark in left.iter().filter(|_| !lost) {
            self.event_is(Fault::Inserted, mark.seq, "no seal covers it");
        }
        self.end()
    }

    fn end(mut self) -> Verified {
        self.out.head = self.last.and_then(|seal| {
            let hash = seal.hash?;
            Some(Head { project: seal.project, seal: seal.seal, up_to_seq: seal.up_to_seq, at_ms: seal.at_ms, hash })
        });
        self.out.sound = self.out.findings.is_empty();
        self.out
    }

    /// Something is wrong with the file as such.
    pub fn file_is(&mut self, fault: Fault, text: String) {
        self.finding(fault, "file", None, None, text);
    }

    /// Something is wrong with an event.
    pub fn event_is(&mut self, fault: Fault, seq: i64, why: &str) {
        self.finding(fault, "event", Some(seq), None, format!("event {seq} is {} ({why})", fault.word()));
    }

    fn seal_is(&mut self, fault: Fault, seal: i64, seq: Option<i64>, why: &str) {
        self.finding(fault, "seal", seq, Some(seal), format!("seal {seal} is {}: it {why}", fault.word()));
    }

    fn finding(&mut self, fault: Fault, what: &'static str, seq: Option<i64>, seal: Option<i64>, text: String) {
        if self.out.findings.len() < FINDINGS {
            self.out.findings.push(Finding { fault: fault.word(), what, seq, seal, text });
        }
    }
}

/// Whether what a seal says of its events is so: their count, their order, the last of them.
fn consistent(seal: &SealLine, marks: &[Mark], floor: i64) -> bool {
    i64::try_from(marks.len()) == Ok(seal.count)
        && marks.last().is_some_and(|mark| mark.seq == seal.up_to_seq)
        && marks.first().is_some_and(|mark| mark.seq > floor)
        && marks.windows(2).all(|pair| pair[0].seq < pair[1].seq)
}

impl Engine {
    /// Looks whether every sealed entry of the store is what it was, and whether `heads` agree.
    pub fn verify(&self, heads: &[(String, Head)]) -> Result<Verified, Problem> {
        loop {
            let archived = self.archived()?;
            let verified = self.verify_once(heads, archived.clone())?;
            // What went into an archive meanwhile is not missing.
            if verified.sound || self.archived()? == archived {
                return Ok(verified);
            }
        }
    }

    fn verify_once(&self, heads: &[(String, Head)], archived: Archived) -> Result<Verified, Problem> {
        let mut verifier = Verifier::new(self.project.as_str(), Ranges::run(1, i64::MAX), archived);
        // From the very beginning: numbers are given from 1, and who puts something in may choose another.
        let (mut number, mut after_seq) = (0, i64::MIN);
        loop {
            let seals = wait(self.store.read(async |tx| seal::after(tx, &self.project, number, SEALS).await))?;
            let Some(highest) = seals.last().map(|seal| seal.number) else { break };
            for seal in seals {
                self.each_entry(after_seq, seal.up_to_seq, &mut |event| verifier.event(event))?;
                after_seq = after_seq.max(seal.up_to_seq);
                verifier.seal(SealLine::of(&self.project, &seal));
            }
            number = highest;
        }
        verifier.heads(heads);
        self.each_entry(after_seq, i64::MAX, &mut |event| verifier.event(event))?;
        Ok(verifier.end_of_store())
    }

    /// Every entry after number `after` up to `up_to`, a page at a time.
    pub(super) fn each_entry(
        &self,
        mut after: i64,
        up_to: i64,
        each: &mut dyn FnMut(&EventLine),
    ) -> Result<(), Problem> {
        const PAGE: u32 = 1_000;
        loop {
            let page = wait(self.store.read(async |tx| audit::after(tx, &self.project, after, PAGE).await))?;
            let Some(last) = page.last().map(|entry| entry.seq) else { return Ok(()) };
            for entry in page.iter().take_while(|entry| entry.seq <= up_to) {
                each(&EventLine::of(&self.project, entry));
            }
            if last >= up_to {
                return Ok(());
            }
            after = last;
        }
    }

    /// What may be gone because an archive has it, as the last archive noted.
    pub fn archived(&self) -> Result<Archived, Problem> {
        let (mut after, mut note) = (0, None);
        loop {
            let page = wait(self.store.read(async |tx| audit::of(tx, &self.project, SUBJECT, after, 1_000).await))?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            let found = page.iter().rev().find(|entry| entry.name == "audit.archived");
            note = found.and_then(|entry| serde_json::from_str::<Note>(&entry.data).ok()).or(note);
        }
        let Some(note) = note else { return Ok(Archived::default()) };
        Ok(Archived { up_to_seq: note.up_to_seq, kept: note.kept.parse().unwrap_or_default() })
    }
}
