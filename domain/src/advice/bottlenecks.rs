//! What holds the rest up.

use std::collections::{BTreeMap, BTreeSet};

use super::Snapshot;
use super::figures::share;
use crate::id::WorkId;
use crate::work::{State, WorkItem};

/// Something that holds up work.
#[derive(Clone, Debug, PartialEq)]
pub struct Bottleneck {
    /// Of which kind.
    pub kind: Kind,
    /// What it is.
    pub description: String,
    /// How bad it is, by its impact.
    pub severity: Severity,
    /// The part of all open and dead items that it holds up, from 0 to 1.
    pub impact: f64,
    /// Those items.
    pub items: Vec<WorkId>,
    /// The figures that show whether it goes away.
    pub watch: &'static [&'static str],
}

/// Where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How agents work together.
    Coordination,
    /// Agents that are missing.
    Resource,
    /// Items that wait for others.
    Dependency,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Under a tenth.
    Low,
    /// From a tenth on.
    Medium,
    /// From a quarter on.
    High,
    /// From half on.
    Critical,
}

impl Kind {
    /// The kind as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Coordination => "coordination",
            Self::Resource => "resource",
            Self::Dependency => "dependency",
        }
    }
}

impl Severity {
    /// How bad it is that this part of all is held up.
    pub fn of(impact: f64) -> Self {
        match impact {
            it if it >= 0.5 => Self::Critical,
            it if it >= 0.25 => Self::High,
            it if it >= 0.1 => Self::Medium,
            _ => Self::Low,
        }
    }

    /// The severity as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What holds up work in `snapshot`, the worst first.
pub fn bottlenecks(snapshot: &Snapshot) -> Vec<Bottleneck> {
    let ids = |items: Vec<&WorkItem>| items.into_iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    let stuck = ids(snapshot.stuck().into_iter().map(|(item, _)| item).collect());
    let unfit = snapshot.ready().into_iter().filter(|item| !snapshot.available().any(|worker| worker.fits(item)));
    let unfit = ids(unfit.collect());
    let blocked = ids(snapshot.blocked().collect());
    let dead = ids(snapshot.dead().collect());
    let landing = snapshot.items.iter().filter(|item| matches!(item.state, State::Submitted(_)));
    let landing = ids(landing.collect());
    let mut found = vec![
        (Kind::Coordination, stuck, "held by agents that do not get on", &["wip.age", "stalled"][..]),
        (Kind::Resource, unfit, "ready, and no agent that is there can take them", &["wait", "agents"]),
        (Kind::Coordination, blocked, "blocked: somebody has to say how to go on", &["blocked"]),
        (Kind::Coordination, dead, "dead: their attempts are spent", &["dead", "rework"]),
        (Kind::Coordination, landing, "waiting to be checked and landed", &["submitted", "conflicts"]),
    ];
    if let Some((root, waiting)) = most_waited_for(snapshot) {
        let all = waiting.len();
        let told = format!("{all} waiting, directly or not, for {root} alone or among others");
        found.push((Kind::Dependency, waiting, "", &["lead", "pending"]));
        return finish(snapshot, found, Some(&told));
    }
    finish(snapshot, found, None)
}

fn finish(
    snapshot: &Snapshot,
    found: Vec<(Kind, Vec<WorkId>, &str, &'static [&'static str])>,
    waited: Option<&str>,
) -> Vec<Bottleneck> {
    let all = snapshot.items.len();
    let mut bottlenecks: Vec<Bottleneck> = found
        .into_iter()
        .filter_map(|(kind, items, text, watch)| {
            let impact = share(items.len(), all).filter(|impact| *impact > 0.0)?;
            let description = match (kind, waited) {
                (Kind::Dependency, Some(told)) => told.to_owned(),
                _ => format!("{} {text}", items.len()),
            };
            Some(Bottleneck { kind, description, severity: Severity::of(impact), impact, items, watch })
        })
        .collect();
    bottlenecks.sort_by(|a, b| b.impact.total_cmp(&a.impact));
    bottlenecks
}

/// The item that is not done and that most others wait for, with those; `None` when nothing waits.
fn most_waited_for(snapshot: &Snapshot) -> Option<(WorkId, Vec<WorkId>)> {
    let mut above: BTreeMap<&WorkId, Vec<&WorkId>> = BTreeMap::new();
    for item in snapshot.items.iter().filter(|item| item.state == State::Pending) {
        item.plan.depends_on.iter().for_each(|needed| above.entry(needed).or_default().push(&item.id));
    }
    let known = snapshot.items.iter().filter(|item| item.state != State::Pending && above.contains_key(&item.id));
    let reach = |root: &WorkId| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![root]);
        while let Some(node) = open.pop() {
            open.extend(above.get(node).into_iter().flatten().copied().filter(|it| seen.insert(*it)));
        }
        seen.into_iter().cloned().collect::<Vec<_>>()
    };
    let all = known.map(|item| (item.id.clone(), reach(&item.id)));
    all.fold(
        None,
        |most: Option<(WorkId, Vec<WorkId>)>, it| {
            if most.as_ref().is_none_or(|most| it.1.len() > most.1.len()) { Some(it) } else { most }
        },
    )
}

/// How many items wait for each, directly.
pub(super) fn waited_for(snapshot: &Snapshot) -> BTreeMap<&WorkId, usize> {
    let mut counts = BTreeMap::new();
    for item in snapshot.items.iter().filter(|item| item.state == State::Pending) {
        item.plan.depends_on.iter().for_each(|needed| *counts.entry(needed).or_default() += 1);
    }
    counts
}
