//! Teams as they are, and where agents are missing.

use std::collections::{BTreeMap, BTreeSet};

use super::Snapshot;
use super::figures::share;
use super::snapshot::holder;
use crate::text::{AgentName, Capability, Team as Name};
use crate::work::{State, WorkItem};

/// A team as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Team {
    /// Its name; `None` for what is of no team.
    pub name: Option<Name>,
    /// Its agents.
    pub agents: usize,
    /// Those of them that are there and take work.
    pub available: usize,
    /// Its items that are ready.
    pub ready: usize,
    /// Held.
    pub leased: usize,
    /// Blocked or dead.
    pub stopped: usize,
    /// Done lately.
    pub done: usize,
    /// The part of its agents that are there that hold something.
    pub utilization: Option<f64>,
    /// What its open items ask for, and none of its agents that are there can do.
    pub missing: BTreeSet<Capability>,
}

/// Agents that are missing for one type of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// What such a team could be called: the team of the items, or their type.
    pub name: String,
    /// The type of work.
    pub focus: String,
    /// How many more agents there would be something to do for at once.
    pub members_needed: usize,
    /// Agents that are there, fit, and have nothing.
    pub members: Vec<AgentName>,
}

/// The teams of `snapshot`, by name.
pub fn teams(snapshot: &Snapshot) -> Vec<Team> {
    let of_agents = snapshot.agents.iter().map(|it| it.agent.team.clone());
    let of_items = snapshot.items.iter().chain(&snapshot.finished).map(|it| it.plan.team.clone());
    let names: BTreeSet<Option<Name>> = of_agents.chain(of_items).collect();
    names.into_iter().map(|name| team(snapshot, name)).collect()
}

fn team(snapshot: &Snapshot, name: Option<Name>) -> Team {
    let agents: Vec<_> = snapshot.agents.iter().filter(|it| it.agent.team == name).collect();
    let there: Vec<_> = agents.iter().filter(|it| it.available()).collect();
    let items: Vec<_> = snapshot.items.iter().filter(|it| it.plan.team == name).collect();
    let count = |fits: fn(&State) -> bool| items.iter().filter(|it| fits(&it.state)).count();
    let busy = there.iter().filter(|worker| snapshot.load(&worker.agent.name) > 0).count();
    let able: BTreeSet<&Capability> = there.iter().flat_map(|it| &it.agent.capabilities).collect();
    let asked = items.iter().filter(|it| !it.state.finished()).flat_map(|it| &it.plan.capabilities);
    Team {
        agents: agents.len(),
        available: there.len(),
        ready: count(|it| *it == State::Ready),
        leased: count(|it| matches!(it, State::Leased(_))),
        stopped: count(|it| matches!(it, State::Blocked(_) | State::Dead(_))),
        done: snapshot.finished.iter().filter(|it| it.plan.team == name).count(),
        utilization: share(busy, there.len()),
        missing: asked.filter(|it| !able.contains(it)).cloned().collect(),
        name,
    }
}

/// Where more could be done at once than there are agents for: by team and type of the items that are ready or held.
pub fn suggestions(snapshot: &Snapshot) -> Vec<Suggestion> {
    let mut groups: BTreeMap<(Option<&Name>, &str), Vec<&WorkItem>> = BTreeMap::new();
    for item in snapshot.items.iter().filter(|it| matches!(it.state, State::Ready | State::Leased(_))) {
        groups.entry((item.plan.team.as_ref(), item.plan.kind.as_str())).or_default().push(item);
    }
    let suggestion = |((team, kind), items): ((Option<&Name>, &str), Vec<&WorkItem>)| {
        let fit = snapshot.available().filter(|worker| items.iter().any(|item| worker.fits(item)));
        let (free, busy): (Vec<_>, Vec<_>) = fit.partition(|worker| snapshot.load(&worker.agent.name) == 0);
        let name = |worker: &super::Worker| worker.agent.name.clone();
        let at_it = busy.iter().filter(|it| items.iter().any(|item| holder(item) == Some(&it.agent.name))).count();
        Suggestion {
            name: team.map_or_else(|| kind.to_owned(), ToString::to_string),
            focus: kind.to_owned(),
            members_needed: items.len().saturating_sub(free.len() + at_it),
            members: free.into_iter().map(name).collect(),
        }
    };
    let mut all: Vec<Suggestion> = groups.into_iter().map(suggestion).filter(|it| it.members_needed > 0).collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.members_needed));
    all
}
