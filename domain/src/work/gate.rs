//! Gates: what keeps ready work from being taken for a while, whoever asks.
//!
//! A gate stands before a part of the work: all of a project, a team, a role, a type, or the items that carry one
//! rate key. It can be shut (paused), let only so many items be in flight at once (a limit), or only so many claims
//! through in a time (a rate). Items in flight are never taken away by a gate.

use std::collections::BTreeMap;

use super::draft::Draft;
use crate::id::WorkId;
use crate::text::{AgentName, Name, Role, Team};
use crate::time::Timestamp;

/// A part of a project's work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All of it.
    Project,
    /// What is for a team.
    Team(Team),
    /// What is for a role.
    Role(Role),
    /// What is of a type.
    Type(Name),
    /// What carries a rate key.
    Rate(Name),
}

impl Part {
    /// Its kind as one word, and its name; the project's is empty.
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Project => ("project", ""),
            Self::Team(team) => ("team", team.as_str()),
            Self::Role(role) => ("role", role.as_str()),
            Self::Type(name) => ("type", name.as_str()),
            Self::Rate(name) => ("rate", name.as_str()),
        }
    }

    /// The part with these words, or `None`.
    pub fn from_words(kind: &str, name: &str) -> Option<Self> {
        Some(match kind {
            "project" => Self::Project,
            "team" => Self::Team(name.parse().ok()?),
            "role" => Self::Role(name.parse().ok()?),
            "type" => Self::Type(name.parse().ok()?),
            "rate" => Self::Rate(name.parse().ok()?),
            _ => return None,
        })
    }

    /// Whether `item` belongs to it.
    pub fn has(&self, item: &Draft) -> bool {
        match self {
            Self::Project => true,
            Self::Team(team) => item.team.as_ref() == Some(team),
            Self::Role(role) => item.role.as_ref() == Some(role),
            Self::Type(name) => item.kind == name.as_str(),
            Self::Rate(name) => item.rate_key.as_ref() == Some(name),
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.words() {
            ("project", _) => f.write_str("the project"),
            ("rate", name) => write!(f, "the rate key {name:?}"),
            (kind, name) => write!(f, "the {kind} {name:?}"),
        }
    }
}

/// A gate as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Before what.
    pub part: Part,
    /// Why it is shut; `None` when it is not.
    pub paused: Option<String>,
    /// How many items may be in flight at once.
    pub limit: Option<u32>,
    /// How many claims it lets through in a time.
    pub rate: Option<Rate>,
}

/// So many claims in so long, counted in windows: one begins with the first claim after the last is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many in a window.
    pub most: u32,
    /// How long a window is, in milliseconds.
    pub per_ms: i64,
    /// When the current window began.
    pub since: Timestamp,
    /// How many it has let through.
    pub used: u32,
}

impl Rate {
    /// When the next claim may come; not after `now` when it may come at once.
    pub fn opens_at(&self, now: Timestamp) -> Timestamp {
        let end = self.since.plus_millis(self.per_ms);
        if self.used < self.most || end <= now { now } else { end }
    }

    /// The rate after one more claim at `now`.
    #[must_use]
    pub fn taken(self, now: Timestamp) -> Self {
        if self.since.plus_millis(self.per_ms) <= now || self.used == 0 {
            Self { since: now, used: 1, ..self }
        } else {
            Self { used: self.used + 1, ..self }
        }
    }
}

/// What somebody wants of a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateCommand {
    /// Shut it, for this reason.
    Pause(String),
    /// Open it.
    Resume,
    /// Let so many be in flight; 0 for any number.
    Limit(u32),
    /// Let so many claims through in so many milliseconds; 0 claims for any number.
    Rate(u32, i64),
}

/// What is wrong with a command to a gate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGate {
    /// Limits of items in flight are for teams, roles and types; rates for rate keys.
    #[error("{0} has no limit of this kind: teams, roles and types have limits, rate keys have rates")]
    NoSuchLimit(Part),
    /// The window of a rate is out of range.
    #[error("a rate is for 1 s to 30 d, not for {0} ms")]
    Window(i64),
    /// A rate key cannot be paused.
    #[error("{0} cannot be paused; give it a rate")]
    NoPause(Part),
}

impl Gate {
    /// The longest window of a rate, in milliseconds.
    pub const WINDOW_MS_MAX: i64 = 30 * 24 * 60 * 60 * 1_000;

    /// The gate that nobody has touched: open.
    pub const fn open(part: Part) -> Self {
        Self { part, paused: None, limit: None, rate: None }
    }

    /// Whether it keeps nothing back, so that it need not be kept.
    pub const fn is_open(&self) -> bool {
        self.paused.is_none() && self.limit.is_none() && self.rate.is_none()
    }

    /// The gate after `command`.
    pub fn after(&self, command: &GateCommand) -> Result<Self, BadGate> {
        let counted = matches!(self.part, Part::Team(_) | Part::Role(_) | Part::Type(_));
        let rated = matches!(self.part, Part::Rate(_));
        let mut gate = self.clone();
        match command {
            GateCommand::Pause(_) if rated => return Err(BadGate::NoPause(self.part.clone())),
            GateCommand::Pause(reason) => gate.paused = Some(reason.clone()),
            GateCommand::Resume => gate.paused = None,
            GateCommand::Limit(_) if !counted => return Err(BadGate::NoSuchLimit(self.part.clone())),
            GateCommand::Limit(most) => gate.limit = (*most > 0).then_some(*most),
            GateCommand::Rate(..) if !rated => return Err(BadGate::NoSuchLimit(self.part.clone())),
            GateCommand::Rate(0, _) => gate.rate = None,
            GateCommand::Rate(_, per_ms) if !(1_000..=Self::WINDOW_MS_MAX).contains(per_ms) => {
                return Err(BadGate::Window(*per_ms));
            }
            // What was let through in the current window counts on.
            GateCommand::Rate(most, per_ms) => {
                let before = self.rate.unwrap_or(Rate { most: 0, per_ms: 0, since: Timestamp::default(), used: 0 });
                gate.rate = Some(Rate { most: *most, per_ms: *per_ms, ..before });
            }
        }
        Ok(gate)
    }

    fn admits(&self, in_flight: u32, now: Timestamp) -> Result<(), Closed> {
        let part = || self.part.clone();
        if let Some(reason) = &self.paused {
            return Err(Closed::Paused { part: part(), reason: reason.clone() });
        }
        if let Some(limit) = self.limit.filter(|limit| in_flight >= *limit) {
            return Err(Closed::WipLimit { part: part(), in_flight, limit });
        }
        match self.rate {
            Some(rate) if rate.opens_at(now) > now => {
                Err(Closed::RateLimited { part: part(), rate, opens_at: rate.opens_at(now) })
            }
            _ => Ok(()),
        }
    }
}

/// Why a gate lets an item not be taken now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// Somebody shut it.
    #[error("{part} is paused{}", because(reason))]
    Paused {
        /// What is paused.
        part: Part,
        /// Why; may be empty.
        reason: String,
    },
    /// As many as may are in flight.
    #[error("{in_flight} items of {part} are in flight; its limit is {limit}")]
    WipLimit {
        /// Of what.
        part: Part,
        /// How many are.
        in_flight: u32,
        /// How many may.
        limit: u32,
    },
    /// As many as may have been let through in this window.
    #[error("{part} lets {} items through every {} ms, and has", rate.most, rate.per_ms)]
    RateLimited {
        /// Of what.
        part: Part,
        /// The rate.
        rate: Rate,
        /// When the next may come.
        opens_at: Timestamp,
    },
    /// Somebody is writing the same, and one of the two is to be alone.
    #[error("{holder} is writing {} for {id}", globs.join(", "))]
    Overlap {
        /// For which item.
        id: WorkId,
        /// Who.
        holder: AgentName,
        /// Which of their patterns overlap.
        globs: Vec<String>,
    },
}

impl Closed {
    /// The stable word for it; each has a place in `docs/problems.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Paused { .. } => "paused",
            Self::WipLimit { .. } => "wip_limit",
            Self::RateLimited { .. } => "rate_limited",
            Self::Overlap { .. } => "overlap",
        }
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

/// How many items of each part that has a limit are in flight: leased, and their time not over.
pub type InFlight = BTreeMap<Part, u32>;

/// Every gate of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gates(pub Vec<Gate>);

impl Gates {
    /// Whether nothing is kept back.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them counts, so that two claims at a time must not both be let through.
    pub fn count(&self) -> bool {
        self.0.iter().any(|gate| gate.limit.is_some() || gate.rate.is_some())
    }

    /// Whether `item` may be taken, or which gate keeps it back.
    pub fn admits(&self, item: &Draft, in_flight: &InFlight, now: Timestamp) -> Result<(), Closed> {
        let before = |gate: &&Gate| gate.part.has(item);
        self.0
            .iter()
            .filter(before)
            .try_for_each(|gate| gate.admits(in_flight.get(&gate.part).copied().unwrap_or(0), now))
    }

    /// Counts a claim of `item`; comes back with the gates whose rate has changed.
    pub fn let_through(&mut self, item: &Draft, in_flight: &mut InFlight, now: Timestamp) -> Vec<Gate> {
        let mut changed = Vec::new();
        for gate in self.0.iter_mut().filter(|gate| gate.part.has(item)) {
            if gate.limit.is_some() {
                *in_flight.entry(gate.part.clone()).or_default() += 1;
            }
            if let Some(rate) = gate.rate {
                gate.rate = Some(rate.taken(now));
                changed.push(gate.clone());
            }
        }
        changed
    }
}
