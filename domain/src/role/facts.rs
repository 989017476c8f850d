//! What a role is decided from.

use std::collections::{BTreeMap, BTreeSet};

use super::Phase;
use crate::text::Role;
use crate::time::Timestamp;
use crate::work::{Gates, InFlight, State, WorkItem};

/// How many items of a phase are open, and how many are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Neither done nor called off; dead ones count, as somebody has to look at them.
    pub open: u32,
    /// Done: what landed has passed its checks.
    pub done: u32,
}

/// How a project stands, as far as roles go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The items of each phase, in the order of [`Phase::ALL`].
    pub phases: [Tally; 5],
    /// How many items can go on: ready, held, or waiting to be checked and landed.
    pub moving: u32,
    /// How many of these wait to be checked and landed.
    pub checking: u32,
    /// How many are ready and kept back by a gate; they are among `moving`.
    pub gated: u32,
    /// How many cannot go on: blocked, or dead.
    pub stuck: u32,
    /// For which roles there is work that could be taken now, with how many items.
    pub waiting: BTreeMap<Role, u32>,
    /// Which roles agents have in sessions that are open, with how many.
    pub sessions: BTreeMap<Role, u32>,
    /// The role that was given last.
    pub last: Option<Role>,
    /// Every role that an open item asks for or an agent has.
    pub known: BTreeSet<Role>,
}

impl Facts {
    /// The facts about items; `gates` keep some of them back at `now`. Sessions and known agents are added by the
    /// caller.
    pub fn of<'a>(
        items: impl IntoIterator<Item = &'a WorkItem>,
        gates: &Gates,
        in_flight: &InFlight,
        now: Timestamp,
    ) -> Self {
        let mut facts = Self::default();
        for item in items {
            facts.count(item, gates.admits(&item.plan, in_flight, now).is_ok());
        }
        facts
    }

    fn count(&mut self, item: &WorkItem, admitted: bool) {
        let phase = Phase::of(&item.plan);
        let tally = &mut self.phases[phase as usize];
        match &item.state {
            State::Cancelled => return,
            State::Done(_) => {
                tally.done += 1;
                return;
            }
            _ => tally.open += 1,
        }
        self.known.extend(item.plan.role.clone());
        match &item.state {
            State::Ready if admitted => {
                self.moving += 1;
                let usual = || phase.role().parse().expect("a usual role is a role");
                *self.waiting.entry(item.plan.role.clone().unwrap_or_else(usual)).or_default() += 1;
            }
            State::Ready => {
                self.moving += 1;
                self.gated += 1;
            }
            State::Leased(_) => self.moving += 1,
            State::Submitted(_) => {
                self.moving += 1;
                self.checking += 1;
            }
            State::Blocked(_) | State::Dead(_) => self.stuck += 1,
            State::Pending | State::Done(_) | State::Cancelled => {}
        }
    }

    /// How many items there are that were not called off.
    pub fn items(&self) -> u32 {
        self.phases.iter().map(|tally| tally.open + tally.done).sum()
    }

    /// How many of the phase.
    pub const fn tally(&self, phase: Phase) -> Tally {
        self.phases[phase as usize]
    }

    /// The furthest phase that is complete: something in it is done, and nothing in it or before it is open.
    pub fn complete(&self) -> Option<Phase> {
        let open = |tally: &Tally| tally.open > 0;
        let until = self.phases.iter().position(open).unwrap_or(self.phases.len());
        Phase::ALL[..until].iter().rev().find(|phase| self.tally(**phase).done > 0).copied()
    }
}
