//! What can be done about it, through the verbs that there are.

use std::collections::{BTreeMap, BTreeSet};

use super::assignments::Assignments;
use super::{Snapshot, snapshot::holder};
use crate::id::WorkId;
use crate::text::AgentName;
use crate::work::{Fence, WorkItem};

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Give back what an agent holds and does not get on with.
    Release {
        /// Which item.
        item: WorkId,
        /// Who has it.
        from: AgentName,
        /// Under which fence; a hold that is newer stays.
        fence: Fence,
    },
    /// Give an item to an agent, or keep it for it.
    Reassign {
        /// Which item.
        item: WorkId,
        /// To whom.
        to: AgentName,
    },
    /// Give a dead item its attempts again.
    Requeue {
        /// Which item.
        item: WorkId,
    },
    /// Add work.
    Add {
        /// What to call it.
        title: String,
        /// Its type.
        kind: String,
        /// The name by which it is added once only.
        unique: String,
    },
}

impl Action {
    /// What it is, as one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Release { .. } => "release",
            Self::Reassign { .. } => "reassign",
            Self::Requeue { .. } => "requeue",
            Self::Add { .. } => "add",
        }
    }

    /// What it is, in words.
    pub fn told(&self) -> String {
        match self {
            Self::Release { item, from, .. } => format!("release {item} from {from}"),
            Self::Reassign { item, to } => format!("give {item} to {to}"),
            Self::Requeue { item } => format!("requeue {item}"),
            Self::Add { title, .. } => format!("add {title:?}"),
        }
    }
}

/// What can be done about what lies: holds of agents that do not get on are released. A dead item gets another go when
/// one of its type was done after it died, which says that it can work; for other types somebody has to find out.
pub fn actions(snapshot: &Snapshot) -> Vec<Action> {
    let release = |item: &WorkItem| {
        let from = holder(item)?.clone();
        Some(Action::Release { item: item.id.clone(), from, fence: item.fence })
    };
    let mut actions: Vec<Action> = snapshot.stuck().into_iter().filter_map(|(item, _)| release(item)).collect();
    let (again, lost): (Vec<&WorkItem>, Vec<&WorkItem>) = snapshot.dead().partition(|dead| {
        let like = snapshot.finished.iter().filter(|done| done.plan.kind == dead.plan.kind);
        like.into_iter().any(|done| done.changed_at > dead.changed_at)
    });
    actions.extend(again.into_iter().map(|dead| Action::Requeue { item: dead.id.clone() }));
    let open: BTreeSet<&str> =
        snapshot.open().filter_map(|item| item.plan.unique.as_ref()).map(crate::text::Name::as_str).collect();
    for (kind, count) in by_kind(&lost) {
        let unique = format!("advice/dead/{kind}");
        if !open.contains(unique.as_str()) {
            let title = format!("Find out why {count} items of type {kind} died");
            actions.push(Action::Add { title, kind: "investigation".to_owned(), unique });
        }
    }
    actions
}

/// How many dead items there are of each type.
pub fn dead_kinds(snapshot: &Snapshot) -> BTreeMap<&str, usize> {
    by_kind(&snapshot.dead().collect::<Vec<_>>())
}

fn by_kind<'a>(items: &[&'a WorkItem]) -> BTreeMap<&'a str, usize> {
    let mut kinds = BTreeMap::new();
    for item in items {
        *kinds.entry(item.plan.kind.as_str()).or_default() += 1;
    }
    kinds
}

impl Assignments {
    /// The changes that can be made by giving.
    pub fn actions(&self) -> Vec<Action> {
        let given = self.changes.iter().filter(|change| change.can_be_given);
        given.map(|change| Action::Reassign { item: change.item.clone(), to: change.to.clone() }).collect()
    }
}
