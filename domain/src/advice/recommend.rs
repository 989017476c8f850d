//! What an agent should do now.

use super::Snapshot;
use super::snapshot::{Worker, holder};
use crate::id::WorkId;
use crate::text::AgentName;
use crate::work::{State, WorkItem};

/// What an agent should do now, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// What.
    pub what: What,
    /// Why.
    pub reasoning: String,
    /// The items that it could take, the first of the queue first.
    pub candidates: Vec<WorkId>,
    /// The agents that are there and could take the first of them, whoever has least first, with what each has.
    pub suited: Vec<(AgentName, usize)>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Go on with an item that one has.
    Continue(WorkId),
    /// Take this item.
    Claim(WorkId),
    /// See why an item died, and requeue it.
    Requeue(WorkId),
    /// See how an item can go on, and unblock it.
    Unblock(WorkId),
    /// Wait: what there is is with others, or waits for them.
    Wait,
    /// Add work: there is none.
    Add,
}

impl What {
    /// What to do, as one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Continue(_) => "continue",
            Self::Claim(_) => "claim",
            Self::Requeue(_) => "requeue",
            Self::Unblock(_) => "unblock",
            Self::Wait => "wait",
            Self::Add => "add",
        }
    }

    /// The item that it is about.
    pub const fn item(&self) -> Option<&WorkId> {
        match self {
            Self::Continue(id) | Self::Claim(id) | Self::Requeue(id) | Self::Unblock(id) => Some(id),
            Self::Wait | Self::Add => None,
        }
    }
}

/// What to do about work of type `kind` (any type when `None`); `agent` does it, or whoever fits.
pub fn recommend(snapshot: &Snapshot, kind: Option<&str>, agent: Option<&AgentName>) -> Recommendation {
    let ours = |item: &&WorkItem| kind.is_none_or(|kind| item.plan.kind == kind);
    let worker = agent.and_then(|name| snapshot.agents.iter().find(|it| it.agent.name == *name));
    let able = |item: &&WorkItem| worker.is_none_or(|worker| worker.fits(item));
    let kept = |item: &&WorkItem| {
        let seat = snapshot.kept.iter().find(|seat| seat.need.item == item.id);
        agent.is_none() || seat.is_none_or(|seat| Some(&seat.agent) == agent)
    };
    let ready: Vec<&WorkItem> = snapshot.ready().into_iter().filter(ours).collect();
    let candidates: Vec<&WorkItem> = ready.iter().copied().filter(able).filter(kept).collect();
    let mine = snapshot.items.iter().filter(ours).find(|item| agent.is_some() && holder(item) == agent);
    let dead = snapshot.dead().find(ours);
    let blocked = snapshot.blocked().find(ours);
    let open = snapshot.open().filter(ours).count();
    let (what, reasoning) = match (mine, candidates.first(), blocked, dead) {
        (Some(mine), ..) => (What::Continue(mine.id.clone()), "it is held already; finish it first".to_owned()),
        (_, Some(first), ..) => (
            What::Claim(first.id.clone()),
            format!(
                "it is first in the queue of {} that can be taken, with priority {}",
                candidates.len(),
                word(first)
            ),
        ),
        (.., Some(blocked), _) if ready.is_empty() => {
            (What::Unblock(blocked.id.clone()), "nothing is ready, and it waits for somebody's word".to_owned())
        }
        (.., Some(dead)) if ready.is_empty() => {
            (What::Requeue(dead.id.clone()), "nothing is ready, and its attempts are spent".to_owned())
        }
        _ if !ready.is_empty() => (What::Wait, format!("{} are ready, for others than this agent", ready.len())),
        _ if open > 0 => (What::Wait, format!("{open} are with others or wait for something")),
        _ => (What::Add, "there is no such work".to_owned()),
    };
    let fits = |worker: &&Worker| candidates.first().is_some_and(|first| worker.fits(first));
    let mut suited: Vec<(AgentName, usize)> =
        snapshot.available().filter(fits).map(|it| (it.agent.name.clone(), snapshot.load(&it.agent.name))).collect();
    suited.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    let candidates = candidates.into_iter().map(|item| item.id.clone()).collect();
    Recommendation { what, reasoning, candidates, suited }
}

fn word(item: &WorkItem) -> &'static str {
    debug_assert_eq!(item.state, State::Ready);
    item.plan.priority.word()
}
