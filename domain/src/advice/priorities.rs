//! Which type of work should come first.
//!
//! The score of a type is `1 + 99 × m`, rounded, where `m` is the mean, by these weights, of what is known of it:
//!
//! | part | weight | from 0 to 1 |
//! |---|---|---|
//! | urgency | 4 | the most urgent open item of the type: low ¼, medium ½, high ¾, critical 1 |
//! | waiting | 2 | of its ready items those that have waited longer than 85 % of all did lately |
//! | waited for | 2 | of the pending items those that wait directly for one of the type |
//! | trouble | 1 | of its items those that are dead, blocked or stuck |
//! | share | 1 | of all items those of the type |

use std::collections::{BTreeMap, BTreeSet};

use super::Snapshot;
use super::bottlenecks::waited_for;
use super::figures::share;
use crate::id::WorkId;
use crate::work::{Priority, State, WorkItem};

/// A type of work, with how pressing it is and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The type.
    pub work_type: String,
    /// How pressing it is, from 1 to 100.
    pub score: u8,
    /// Why.
    pub reasoning: String,
    /// What to do about it.
    pub action: String,
    /// The figure to watch meanwhile.
    pub watch: &'static str,
    /// Its items that are ready, the first of the queue first.
    pub ready: Vec<WorkId>,
}

/// The types of work in `snapshot`, the most pressing first.
pub fn priorities(snapshot: &Snapshot) -> Vec<Group> {
    let mut kinds: BTreeMap<&str, Vec<&WorkItem>> = BTreeMap::new();
    for item in &snapshot.items {
        kinds.entry(item.plan.kind.as_str()).or_default().push(item);
    }
    let mut groups: Vec<Group> = kinds.into_iter().map(|(kind, items)| group(snapshot, kind, &items)).collect();
    groups.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.work_type.cmp(&b.work_type)));
    groups
}

fn group(snapshot: &Snapshot, kind: &str, items: &[&WorkItem]) -> Group {
    let count = |fits: fn(&State) -> bool| items.iter().filter(|item| fits(&item.state)).count();
    let (dead, blocked) = (count(|it| matches!(it, State::Dead(_))), count(|it| matches!(it, State::Blocked(_))));
    let stuck: BTreeSet<&WorkId> = snapshot.stuck().into_iter().map(|(item, _)| &item.id).collect();
    let stuck = items.iter().filter(|item| stuck.contains(&item.id)).count();
    let ready: Vec<&WorkItem> = snapshot.ready().into_iter().filter(|item| item.plan.kind == kind).collect();
    let unfit = ready.iter().filter(|item| !snapshot.available().any(|worker| worker.fits(item))).count();
    let long = snapshot.flow.wait.p85_ms;
    let since = |item: &WorkItem| snapshot.now.millis().saturating_sub(item.changed_at.millis());
    let late = long.map(|long| ready.iter().filter(|item| since(item) > long).count());
    let waits = waited_for(snapshot);
    let pending: usize = snapshot.items.iter().filter(|item| item.state == State::Pending).count();
    let above = items.iter().filter_map(|item| waits.get(&item.id)).sum::<usize>().min(pending);
    let top = items.iter().filter(|item| !item.state.finished()).map(|item| item.plan.priority).max();
    let parts = [
        (4.0, top.map(urgency)),
        (2.0, late.and_then(|late| share(late, ready.len()))),
        (2.0, share(above, pending)),
        (1.0, share(dead + blocked + stuck, items.len())),
        (1.0, share(items.len(), snapshot.items.len())),
    ];
    let known = || parts.iter().filter_map(|(weight, part)| Some((*weight, (*part)?)));
    let weights: f64 = known().map(|(weight, _)| weight).sum();
    let pressing = known().map(|(weight, part)| weight * part).sum::<f64>() / weights;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // From 1 to 100.
    let score = 99.0f64.mul_add(pressing, 1.0).round().clamp(1.0, 100.0) as u8;
    let mut reasons = vec![format!("{} items, {} ready", items.len(), ready.len())];
    reasons.extend(top.map(|top| format!("the most urgent is {}", top.word())));
    for (n, what) in
        [(dead, "dead"), (blocked, "blocked"), (stuck, "stuck"), (unfit, "ready that nobody there can take")]
    {
        reasons.extend((n > 0).then(|| format!("{n} {what}")));
    }
    reasons.extend((above > 0).then(|| format!("{above} others wait for them")));
    reasons.push(match late {
        Some(late) => format!("{late} have waited longer than 85 % did lately"),
        None => "no data on how long items waited lately".to_owned(),
    });
    let (action, watch) = match (stuck, unfit, ready.first(), blocked, dead) {
        (1.., ..) => (format!("release {stuck} held by agents that do not get on"), "wip.age"),
        (_, 1.., ..) => (format!("start an agent that can take {unfit} of them"), "wait"),
        (_, _, Some(first), ..) => (format!("work on {} next", first.id), "wait"),
        (_, _, _, 1.., _) => (format!("say how {blocked} can go on, and unblock"), "blocked"),
        (.., 1..) => (format!("look at why {dead} died, and requeue"), "dead"),
        _ => ("nothing: it is under way or waits for others".to_owned(), "lead"),
    };
    Group {
        work_type: kind.to_owned(),
        score,
        reasoning: reasons.join("; "),
        action,
        watch,
        ready: ready.into_iter().map(|item| item.id.clone()).collect(),
    }
}

const fn urgency(priority: Priority) -> f64 {
    match priority {
        Priority::Low => 0.25,
        Priority::Medium => 0.5,
        Priority::High => 0.75,
        Priority::Critical => 1.0,
    }
}
