//! What an item is going to write, as patterns, and what that means for others.
//!
//! Two items whose patterns overlap may well be worked on at the same time: both holders are told. An exclusive one
//! waits until nothing that overlaps is in flight, and nothing that overlaps is given out while it is.

use std::collections::BTreeSet;

use super::gate::Closed;
use crate::change::{BadGlob, Flat, Glob};
use crate::id::WorkId;
use crate::text::AgentName;

/// Patterns for the paths that an item is going to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteSet(Vec<(String, Vec<Flat>)>);

/// Why texts are no write-set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWrites {
    /// One of them is no pattern.
    #[error(transparent)]
    Glob(#[from] BadGlob),
    /// Too many, too long, or too many ways to choose within braces.
    #[error(
        "a write-set has {} patterns at most, of {} bytes together, and {} with all choices of braces spelled out; name folders instead of files",
        WriteSet::GLOBS_MAX,
        WriteSet::BYTES_MAX,
        WriteSet::CHOICES_MAX
    )]
    TooMany,
    /// Nobody can have to itself what is not named.
    #[error("what is exclusive has to say what it writes")]
    Nothing,
}

impl WriteSet {
    /// The most patterns.
    pub const GLOBS_MAX: usize = 64;
    /// The most bytes of all of them.
    pub const BYTES_MAX: usize = 4_000;
    /// The most patterns when every choice within braces is spelled out.
    pub const CHOICES_MAX: usize = 64;

    /// The write-set of these patterns.
    pub fn new(globs: &BTreeSet<String>) -> Result<Self, BadWrites> {
        if globs.len() > Self::GLOBS_MAX || globs.iter().map(String::len).sum::<usize>() > Self::BYTES_MAX {
            return Err(BadWrites::TooMany);
        }
        let (mut all, mut left) = (Vec::with_capacity(globs.len()), Self::CHOICES_MAX);
        for text in globs {
            let flat = text.parse::<Glob>()?.flat(left).ok_or(BadWrites::TooMany)?;
            left -= flat.len();
            all.push((text.clone(), flat));
        }
        Ok(Self(all))
    }

    /// Whether nothing is named.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those patterns of `other` that overlap one of these.
    pub fn overlap(&self, other: &Self) -> Vec<String> {
        let mine = || self.0.iter().flat_map(|(_, flat)| flat);
        let meets = |flat: &Vec<Flat>| flat.iter().any(|theirs| mine().any(|mine| mine.overlaps(theirs)));
        other.0.iter().filter(|(_, flat)| meets(flat)).map(|(text, _)| text.clone()).collect()
    }
}

/// What somebody who has an item is writing, until it is given back, failed or landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// For which item.
    pub id: WorkId,
    /// Who has, or made, it.
    pub holder: AgentName,
    /// What.
    pub writes: WriteSet,
    /// Whether nobody else may.
    pub exclusive: bool,
}

/// Somebody who is writing the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// For which item.
    pub id: WorkId,
    /// Who.
    pub holder: AgentName,
    /// Which of their patterns overlap.
    pub globs: Vec<String>,
}

/// Who else is writing what the item `id` writes.
pub fn conflicts(id: &WorkId, writes: &WriteSet, in_flight: &[Reservation]) -> Vec<Conflict> {
    let others = in_flight.iter().filter(|it| it.id != *id);
    let conflict = |it: &Reservation| {
        let globs = writes.overlap(&it.writes);
        (!globs.is_empty()).then(|| Conflict { id: it.id.clone(), holder: it.holder.clone(), globs })
    };
    others.filter_map(conflict).collect()
}

/// Whether the item `id` may be taken beside what is in flight, and who else is writing the same.
pub fn beside(
    id: &WorkId,
    writes: &WriteSet,
    exclusive: bool,
    in_flight: &[Reservation],
) -> Result<Vec<Conflict>, Closed> {
    let all = conflicts(id, writes, in_flight);
    let alone = |it: &Conflict| exclusive || in_flight.iter().any(|other| other.id == it.id && other.exclusive);
    match all.iter().find(|it| alone(it)) {
        Some(Conflict { id, holder, globs }) => {
            Err(Closed::Overlap { id: id.clone(), holder: holder.clone(), globs: globs.clone() })
        }
        None => Ok(all),
    }
}
