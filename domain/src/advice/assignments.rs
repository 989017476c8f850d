//! Who should have what.
//!
//! Three kinds of items can change hands: those that are held by an agent of whom nothing comes, those that are kept for
//! an agent that is away or has two more than another, and those that nobody has. What an agent is getting on with stays
//! with it. The urgent go first; of equally urgent ones those that the fewest can do. Each goes to whoever fits and
//! has least; of those to whoever can do the least of the rest, so that whoever can do anything stays free.
//!
//! *Efficiency* is the part of the agents that could have something to do that have: `busy / min(agents, items)`, over
//! agents that are there, and items that at least one of them fits.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Snapshot;
use super::figures::{fairness, real, share};
use super::snapshot::{Worker, holder};
use crate::id::WorkId;
use crate::text::AgentName;
use crate::work::{State, WorkItem};

/// Who should have what, and what is gained by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignments {
    /// How many of the agents that could have something to do have, from 0 to 1.
    pub current_efficiency: Option<f64>,
    /// The same after the changes.
    pub optimized_efficiency: Option<f64>,
    /// How evenly work is spread after the changes, from 0 to 1.
    pub balance: Option<f64>,
    /// Of what agents have after the changes, the part that its agent is known to have been registered for.
    pub skill_match: Option<f64>,
    /// What should change.
    pub changes: Vec<Change>,
    /// What each agent that is there has after the changes.
    pub held: BTreeMap<AgentName, Vec<WorkId>>,
}

/// An item that should be with somebody else.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which.
    pub item: WorkId,
    /// Who has it; `None` when nobody has.
    pub from: Option<AgentName>,
    /// Who should have it.
    pub to: AgentName,
    /// How sure that is, by the receiver's record: completed / (completed + failed + 1).
    pub confidence: Option<f64>,
    /// Why.
    pub reasoning: String,
    /// Whether it can be given: that needs a hold, or a role of the agent or the item.
    pub can_be_given: bool,
}

/// An item that can go to somebody.
struct Task<'a> {
    item: &'a WorkItem,
    owner: Option<&'a AgentName>,
    why: &'static str,
    /// An item that is kept for one that is there moves only to one that has two fewer.
    to_even_out: bool,
}

/// The changes that give those that are there something to do, up to `factor` items each of those that nobody has.
pub fn assignments(snapshot: &Snapshot, factor: usize) -> Assignments {
    let workers: Vec<&Worker> = snapshot.available().collect();
    let mut held: BTreeMap<AgentName, Vec<WorkId>> = workers
        .iter()
        .map(|it| (it.agent.name.clone(), snapshot.items.iter().filter(|i| has(snapshot, it, i)).map(id).collect()))
        .collect();
    let could = snapshot.items.iter().filter(|item| {
        let movable = matches!(item.state, State::Ready | State::Leased(_));
        movable && workers.iter().any(|worker| worker.fits(item) || has(snapshot, worker, item))
    });
    let could = could.count().min(workers.len());
    let efficiency = |held: &BTreeMap<AgentName, Vec<WorkId>>| {
        share(held.values().filter(|items| !items.is_empty()).count().min(could), could)
    };
    let current_efficiency = efficiency(&held);
    let mut tasks = tasks(snapshot);
    let others = |worker: &Worker| tasks_of(&tasks, worker);
    let flexible: BTreeMap<&AgentName, usize> = workers.iter().map(|it| (&it.agent.name, others(it))).collect();
    let fitting = |item: &WorkItem| workers.iter().filter(|worker| worker.fits(item)).count();
    tasks.sort_by_cached_key(|task| {
        let item = task.item;
        (task.to_even_out, Reverse(item.plan.priority), fitting(item), item.rank, item.id.clone())
    });
    let mut changes = Vec::new();
    for task in &tasks {
        let load = |worker: &&&Worker| held.get(&worker.agent.name).map_or(0, Vec::len);
        let fits = |worker: &&&Worker| {
            let (has, limit) = (load(worker), worker.agent.capacity.map_or(usize::MAX, |it| it as usize));
            let most = if task.owner.is_none() { factor.min(limit) } else { limit };
            worker.fits(task.item) && has < most && Some(&worker.agent.name) != task.owner
        };
        let key = |worker: &&&Worker| (load(worker), flexible[&worker.agent.name], worker.agent.name.clone());
        let Some(best) = workers.iter().filter(fits).min_by_key(key) else { continue };
        let owned = task.owner.and_then(|owner| held.get(owner)).map_or(0, Vec::len);
        if task.to_even_out && load(&best) + 2 > owned {
            continue;
        }
        if let Some(items) = task.owner.and_then(|owner| held.get_mut(owner)) {
            items.retain(|item| *item != task.item.id);
        }
        held.entry(best.agent.name.clone()).or_default().push(task.item.id.clone());
        changes.push(change(task, best));
    }
    let known = |(name, items): (&AgentName, &Vec<WorkId>)| {
        let worker = workers.iter().find(|it| it.agent.name == *name);
        let able = |id: &&WorkId| {
            let item = snapshot.items.iter().find(|item| item.id == **id);
            item.zip(worker).is_some_and(|(i, w)| i.plan.capabilities.is_subset(&w.agent.capabilities))
        };
        items.iter().filter(able).count()
    };
    let loads: Vec<usize> = held.values().map(Vec::len).collect();
    Assignments {
        current_efficiency,
        optimized_efficiency: efficiency(&held),
        balance: fairness(&loads),
        skill_match: share(held.iter().map(known).sum(), loads.iter().sum()),
        changes,
        held,
    }
}

impl Assignments {
    /// What is gained; `None` where there is nothing to compare.
    pub fn gain(&self) -> Option<f64> {
        Some(self.optimized_efficiency? - self.current_efficiency?)
    }
}

fn id(item: &WorkItem) -> WorkId {
    item.id.clone()
}

fn has(snapshot: &Snapshot, worker: &Worker, item: &WorkItem) -> bool {
    let name = &worker.agent.name;
    holder(item) == Some(name) || snapshot.kept.iter().any(|seat| seat.agent == *name && seat.need.item == item.id)
}

fn tasks_of(tasks: &[Task<'_>], worker: &Worker) -> usize {
    tasks.iter().filter(|task| worker.fits(task.item)).count()
}

fn tasks(snapshot: &Snapshot) -> Vec<Task<'_>> {
    let mut tasks: Vec<Task<'_>> = snapshot
        .stuck()
        .into_iter()
        .map(|(item, worker)| Task {
            item,
            owner: Some(&worker.agent.name),
            why: "its holder does not get on with it",
            to_even_out: false,
        })
        .collect();
    for item in snapshot.ready() {
        let seat = snapshot.kept.iter().find(|seat| seat.need.item == item.id);
        let there = seat.is_some_and(|seat| snapshot.available().any(|it| it.agent.name == seat.agent));
        tasks.push(Task {
            item,
            owner: seat.map(|seat| &seat.agent),
            why: match (seat, there) {
                (None, _) => "nobody has it",
                (Some(_), false) => "whom it is kept for is not there",
                (Some(_), true) => "whom it is kept for has at least two more",
            },
            to_even_out: there,
        });
    }
    tasks
}

fn change(task: &Task<'_>, to: &Worker) -> Change {
    let asked = &task.item.plan.capabilities;
    let able = match (asked.is_empty(), asked.is_subset(&to.agent.capabilities)) {
        (true, _) => "can take it",
        (false, true) => "can do all that it asks for",
        (false, false) => "has not said what it can do",
    };
    let record = to.record;
    let tried = usize::try_from(record.completed + record.failed).unwrap_or(usize::MAX);
    let completed = usize::try_from(record.completed).unwrap_or(usize::MAX);
    Change {
        item: task.item.id.clone(),
        from: task.owner.cloned(),
        to: to.agent.name.clone(),
        confidence: (tried > 0).then(|| real(completed) / (real(tried) + 1.0)),
        reasoning: format!("{}; {} {able}", task.why, to.agent.name),
        can_be_given: holder(task.item).is_some() || to.agent.role.is_some() || task.item.plan.role.is_some(),
    }
}
