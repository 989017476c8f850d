//! What advice is made of: a project as it was read at one moment.

use crate::agent::assign::Seat;
use crate::agent::presence::Presence;
use crate::agent::{Agent, Filter, Record, Standing};
use crate::flow::Flow;
use crate::text::{AgentName, Team};
use crate::time::Timestamp;
use crate::work::{State, WorkItem};

/// A project at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// When it was read.
    pub now: Timestamp,
    /// Items that are open or dead.
    pub items: Vec<WorkItem>,
    /// Items that were done lately.
    pub finished: Vec<WorkItem>,
    /// Agents that are registered.
    pub agents: Vec<Worker>,
    /// What is kept for whom.
    pub kept: Vec<Seat>,
    /// How fast work went lately.
    pub flow: Flow,
}

/// An agent, with what it seems to be doing and has done.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// The agent.
    pub agent: Agent,
    /// What it seems to be doing.
    pub presence: Presence,
    /// What it has done so far.
    pub record: Record,
}

impl Worker {
    /// Whether it takes work and is there.
    pub fn available(&self) -> bool {
        self.agent.standing == Standing::Active && self.presence.present()
    }

    /// Whether it holds work and nothing comes of it.
    pub fn lost(&self) -> bool {
        matches!(self.presence, Presence::Stalled | Presence::Zombie)
    }

    /// Whether it could claim `item`, were that ready.
    pub fn fits(&self, item: &WorkItem) -> bool {
        Filter::default().or_of(&self.agent).fits(&item.plan)
    }
}

impl Snapshot {
    /// The same with the items and agents of `team`, and those of no team.
    #[must_use]
    pub fn of_team(mut self, team: &Team) -> Self {
        let ours = |it: Option<&Team>| it.is_none_or(|it| it == team);
        self.items.retain(|item| ours(item.plan.team.as_ref()));
        self.finished.retain(|item| ours(item.plan.team.as_ref()));
        self.agents.retain(|worker| ours(worker.agent.team.as_ref()));
        let items = &self.items;
        self.kept.retain(|seat| items.iter().any(|item| item.id == seat.need.item));
        self
    }

    /// Items that are not over.
    pub fn open(&self) -> impl Iterator<Item = &WorkItem> {
        self.items.iter().filter(|item| !item.state.finished())
    }

    /// Items that anybody who fits may take, the first of the queue first.
    pub fn ready(&self) -> Vec<&WorkItem> {
        let mut ready: Vec<_> = self.items.iter().filter(|item| item.state == State::Ready).collect();
        ready.sort_by_key(|item| (item.rank, &item.id));
        ready
    }

    /// Items whose attempts are spent.
    pub fn dead(&self) -> impl Iterator<Item = &WorkItem> {
        self.items.iter().filter(|item| matches!(item.state, State::Dead(_)))
    }

    /// Items that cannot go on, as somebody said.
    pub fn blocked(&self) -> impl Iterator<Item = &WorkItem> {
        self.items.iter().filter(|item| matches!(item.state, State::Blocked(_)))
    }

    /// Agents that take work and are there.
    pub fn available(&self) -> impl Iterator<Item = &Worker> {
        self.agents.iter().filter(|worker| worker.available())
    }

    /// Items that are with an agent of whom nothing comes, with that agent.
    pub fn stuck(&self) -> Vec<(&WorkItem, &Worker)> {
        let with = |item: &WorkItem| self.agents.iter().find(|it| holder(item) == Some(&it.agent.name));
        let held = self.items.iter().filter_map(|item| Some((item, with(item)?)));
        held.filter(|(_, worker)| worker.lost()).collect()
    }

    /// How many items `agent` holds or are kept for it.
    pub fn load(&self, agent: &AgentName) -> usize {
        let held = self.items.iter().filter(|item| holder(item) == Some(agent)).count();
        held + self.kept.iter().filter(|seat| seat.agent == *agent).count()
    }
}

/// Who has `item`.
pub(super) fn holder(item: &WorkItem) -> Option<&AgentName> {
    match &item.state {
        State::Leased(lease) => Some(&lease.holder),
        _ => None,
    }
}
