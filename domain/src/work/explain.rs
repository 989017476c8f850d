//! Why an item cannot be taken now, in words, and when that changes.

use super::gate::{Closed, Gates, InFlight};
use super::item::{State, WorkItem};
use super::writes::{Reservation, WriteSet, beside};
use crate::agent::{Agent, Filter};
use crate::id::WorkId;
use crate::text::Capability;
use crate::time::Timestamp;

/// All that decides whether an item can be taken.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The item.
    pub item: &'a WorkItem,
    /// Those of its dependencies that are not done.
    pub needs: &'a [Needed],
    /// What keeps work back.
    pub gates: &'a Gates,
    /// What is in flight.
    pub in_flight: &'a InFlight,
    /// What is being written by those who have items.
    pub reserved: &'a [Reservation],
    /// Who wants it, when somebody is named.
    pub claimer: Option<Claimer<'a>>,
}

/// A dependency that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Which item.
    pub id: WorkId,
    /// What it is called.
    pub title: String,
    /// Where it stands.
    pub state: &'static str,
}

/// Whoever wants an item.
#[derive(Clone, Copy, Debug)]
pub struct Claimer<'a> {
    /// The agent as it is known.
    pub agent: &'a Agent,
    /// What it can take.
    pub filter: &'a Filter,
    /// How many items it holds.
    pub held: u32,
}

/// One thing that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hindrance {
    /// A stable word for it.
    pub code: &'static str,
    /// What it is.
    pub text: String,
    /// When it is over by itself, where that is known.
    pub until: Option<Timestamp>,
    /// What has to happen.
    pub then: String,
}

/// Everything that is in the way of taking the item at `now`; nothing when it can be taken.
pub fn hindrances(seen: &Seen<'_>, now: Timestamp) -> Vec<Hindrance> {
    if let Some(only) = of_state(seen.item, now) {
        return vec![only];
    }
    let mut all: Vec<Hindrance> = seen.needs.iter().map(of_need).collect();
    if let Some(at) = seen.item.not_before.filter(|at| *at > now) {
        let text = "its time has not come".to_owned();
        all.push(Hindrance {
            code: "not_before",
            text,
            until: Some(at),
            then: "it is ready by itself then".to_owned(),
        });
    }
    if let Err(closed) = seen.gates.admits(&seen.item.plan, seen.in_flight, now) {
        all.push(of_gate(&closed));
    }
    let writes = WriteSet::new(&seen.item.plan.writes).unwrap_or_default();
    if let Err(closed) = beside(&seen.item.id, &writes, seen.item.plan.exclusive, seen.reserved) {
        all.push(of_gate(&closed));
    }
    if let Some(claimer) = &seen.claimer {
        of_claimer(seen.item, claimer, &mut all);
    }
    all
}

fn one(code: &'static str, text: String, then: &str) -> Hindrance {
    Hindrance { code, text, until: None, then: then.to_owned() }
}

fn of_state(item: &WorkItem, now: Timestamp) -> Option<Hindrance> {
    Some(match &item.state {
        State::Pending | State::Ready => return None,
        State::Leased(lease) if lease.until > now => Hindrance {
            until: Some(lease.until),
            ..one(
                "held",
                format!("{} holds it under fence {}", lease.holder, item.fence.number()),
                "it is free when it is given back or not renewed until then",
            )
        },
        State::Leased(lease) => Hindrance {
            until: Some(lease.until),
            ..one("held", format!("the lease of {} has run out", lease.holder), "the next claim takes note of it")
        },
        State::Blocked(why) => one("blocked", format!("it is blocked: {why}"), "somebody unblocks it: work unblock"),
        State::Submitted(change) => one(
            "submitted",
            format!("its change {change} waits to be checked and landed"),
            "it is done when the change lands, and free again when it is rejected",
        ),
        State::Dead(why) => {
            one("finished", format!("its attempts are spent: {why}"), "somebody gives it new ones: work requeue")
        }
        State::Done(_) => one("finished", "it is done".to_owned(), "nothing; it is over"),
        State::Cancelled => one("finished", "it is cancelled".to_owned(), "nothing; it is over"),
    })
}

fn of_need(needed: &Needed) -> Hindrance {
    let Needed { id, title, state } = needed;
    let then = match *state {
        "dead" => "somebody requeues that item: work requeue",
        "cancelled" => "nothing; that item will not be done",
        _ => "that item is done",
    };
    one("dependency", format!("it needs {id} ({title}), which is {state}"), then)
}

fn of_gate(closed: &Closed) -> Hindrance {
    let (until, then) = match closed {
        Closed::Paused { .. } => (None, "somebody resumes it: work resume"),
        Closed::WipLimit { .. } => (None, "one of those in flight ends"),
        Closed::Overlap { .. } => (None, "that item is given back, failed or landed"),
        Closed::RateLimited { opens_at, .. } => (Some(*opens_at), "the next may be taken then"),
    };
    Hindrance { until, ..one(closed.code(), closed.to_string(), then) }
}

fn of_claimer(item: &WorkItem, claimer: &Claimer<'_>, all: &mut Vec<Hindrance>) {
    let Claimer { agent, filter, held } = claimer;
    let who = &agent.name;
    if let (Some(wanted), Some(has)) = (&item.plan.role, &filter.role)
        && wanted != has
    {
        all.push(one(
            "role",
            format!("it is for the role {wanted}; {who} asks as {has}"),
            "somebody in that role takes it",
        ));
    }
    if let (Some(wanted), Some(has)) = (&item.plan.team, &filter.team)
        && wanted != has
    {
        all.push(one(
            "team",
            format!("it is for the team {wanted}; {who} asks for {has}"),
            "somebody of that team takes it",
        ));
    }
    if let Some(able) = &filter.capabilities {
        let missing: Vec<&str> = item.plan.capabilities.difference(able).map(Capability::as_str).collect();
        if !missing.is_empty() {
            let text = format!("it asks for {}, which {who} does not have", missing.join(", "));
            all.push(one("capability", text, "somebody who can do that takes it"));
        }
    }
    if let Err(refused) = agent.admit(*held) {
        all.push(one("capacity", refused.to_string(), "it finishes one of them"));
    }
}
