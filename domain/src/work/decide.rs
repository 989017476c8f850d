//! What a command does to an item, or why the rules say no.

use super::draft::Json;
use super::event::{Event, Next};
use super::gate::Closed;
use super::item::{Fence, HeadStart, Lease, Percent, Proof, State, WorkItem};
use crate::id::ChangeId;
use crate::text::{AgentName, Role};
use crate::time::{Timestamp, Ttl};

/// What somebody wants of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The clock: what it waits for may have come.
    Promote,
    /// An agent wants it.
    Claim {
        /// Who.
        by: AgentName,
        /// For how long.
        ttl: Ttl,
    },
    /// The holder wants it for longer.
    Renew {
        /// The hold it shows.
        held: Held,
        /// For how long.
        ttl: Ttl,
    },
    /// The holder says how far it is.
    Progress {
        /// The hold it shows.
        held: Held,
        /// How far.
        percent: Percent,
        /// A word on it.
        note: Option<String>,
    },
    /// The holder leaves a result, inside a run whose supervisor will report.
    KeepResult {
        /// The hold it shows.
        held: Held,
        /// The result.
        result: Json,
    },
    /// The holder is done; `change` is what was found in its workspace.
    Report {
        /// The hold it shows.
        held: Held,
        /// The change, when there is one.
        change: Option<ChangeId>,
        /// What came of it, when it says.
        result: Option<Json>,
    },
    /// The holder could not do it.
    Fail {
        /// The hold it shows.
        held: Held,
        /// Why.
        reason: String,
    },
    /// The holder gives it back.
    Release {
        /// The hold it shows.
        held: Held,
        /// Why, when it says.
        reason: Option<String>,
    },
    /// The holder passes it on.
    HandOff {
        /// The hold it shows.
        held: Held,
        /// To whom.
        to: Receiver,
    },
    /// The clock: the holder's time may be over.
    Lapse,
    /// It cannot go on. An item that is held can be blocked by its holder alone.
    Block {
        /// The hold it shows; `None` from whoever holds nothing.
        held: Option<Held>,
        /// Why.
        reason: String,
    },
    /// What blocked it is gone.
    Unblock,
    /// Call it off.
    Cancel {
        /// Why, when it is said.
        reason: Option<String>,
    },
    /// Give a dead item new attempts.
    Requeue,
    /// The landing queue: the change is in the branch.
    Land {
        /// The fence under which the landing queue has it.
        fence: Fence,
        /// How we know.
        proof: Proof,
    },
    /// The landing queue: the change cannot land.
    Reject {
        /// The fence under which the landing queue has it.
        fence: Fence,
        /// Why.
        reason: String,
    },
    /// A refused change was approved.
    Resubmit {
        /// The change.
        change: ChangeId,
    },
    /// The landed change was taken back.
    Revert {
        /// Why.
        reason: String,
    },
    /// One of its dependencies is done.
    DependencyDone,
    /// One of its dependencies is open again.
    DependencyReopened,
}

/// A hold as its owner shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who says so.
    pub by: AgentName,
    /// The fence of the grant.
    pub fence: Fence,
}

/// To whom a holder passes its item on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// To an agent, which holds it from then on.
    Agent {
        /// Which.
        name: AgentName,
        /// For how long.
        ttl: Ttl,
    },
    /// To whoever has this role.
    Role(Role),
}

/// Why the rules say no. Asking the same again will not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another agent has it, or the same one already.
    #[error("{holder} holds it under fence {}", fence.number())]
    Held {
        /// Who holds it.
        holder: AgentName,
        /// Under which fence.
        fence: Fence,
        /// Until when.
        until: Timestamp,
    },
    /// The fence shown is not that of a current hold by this agent.
    #[error("fence {} of {by} is not current: the lease is lost{}", fence.number(), now_with(holder.as_ref()))]
    LeaseLost {
        /// Who asked.
        by: AgentName,
        /// The fence that was shown.
        fence: Fence,
        /// Who holds the item now, if anybody does.
        holder: Option<AgentName>,
    },
    /// Nothing can be done to a finished item this way.
    #[error("it is {state}, which ends it")]
    Finished {
        /// In which state it ended.
        state: &'static str,
    },
    /// The state has no such transition.
    #[error("it is {state}; this needs {needs}")]
    WrongState {
        /// Where the item is.
        state: &'static str,
        /// Where it would have to be.
        needs: &'static str,
    },
    /// The agent takes nothing new: it is on its way out.
    #[error("{agent} is draining and takes nothing new; `nexus agent resume` changes that")]
    Draining {
        /// Which agent.
        agent: AgentName,
    },
    /// The agent has gone.
    #[error("{agent} is retired; register it again")]
    Retired {
        /// Which agent.
        agent: AgentName,
    },
    /// The agent has as many items as it may.
    #[error("{agent} holds {held} items, its capacity is {capacity}")]
    Capacity {
        /// Which agent.
        agent: AgentName,
        /// How many it holds.
        held: u32,
        /// How many it may.
        capacity: u32,
    },
    /// A gate keeps the item back.
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl Refusal {
    /// The stable word for this refusal; each has a place in `docs/problems.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::LeaseLost { .. } => "lease_lost",
            Self::Finished { .. } => "finished",
            Self::WrongState { .. } => "wrong_state",
            Self::Draining { .. } => "draining",
            Self::Retired { .. } => "retired",
            Self::Capacity { .. } => "capacity",
            Self::Closed(closed) => closed.code(),
        }
    }
}

fn now_with(holder: Option<&AgentName>) -> String {
    holder.map_or_else(String::new, |h| format!(", {h} holds the item now"))
}

/// What `command` does to `item` at `now`, or why the rules refuse.
///
/// Pure: the item is not changed; give the event to [`apply`](super::apply) for that.
pub fn decide(item: &WorkItem, command: &Command, head_start: HeadStart, now: Timestamp) -> Result<Event, Refusal> {
    let next = || next(item, head_start, now, item.attempts.spent());
    let fresh = || self::next(item, head_start, now, false);
    let retry = || later(item, now).unwrap_or_else(next);
    match (&item.state, command) {
        (State::Pending, Command::Promote) => match fresh() {
            Next::Ready { rank } => Ok(Event::Promoted { rank }),
            Next::Pending | Next::Later { .. } | Next::Dead => {
                Err(wrong(item, "its dependencies done and its time come"))
            }
        },

        (State::Ready, Command::Claim { by, ttl }) => {
            let fence = item.fence.next();
            Ok(Event::Claimed { by: by.clone(), fence, until: now.plus_millis(ttl.millis()) })
        }
        (State::Leased(Lease { holder, until }), Command::Claim { .. } | Command::Block { held: None, .. }) => {
            Err(Refusal::Held { holder: holder.clone(), fence: item.fence, until: *until })
        }

        (State::Leased(lease), Command::Renew { held, ttl }) => {
            check_hold(item, held)?;
            // A renewal never shortens a lease.
            Ok(Event::Renewed { until: lease.until.max(now.plus_millis(ttl.millis())) })
        }
        (State::Leased(_), Command::Progress { held, percent, note }) => {
            check_hold(item, held)?;
            Ok(Event::Progressed { percent: *percent, note: note.clone() })
        }
        (State::Leased(_), Command::KeepResult { held, result }) => {
            check_hold(item, held)?;
            Ok(Event::ResultKept { result: result.clone() })
        }
        (State::Leased(_), Command::Report { held, change, result }) => {
            check_hold(item, held)?;
            let result = result.clone();
            Ok(match change {
                None => Event::Reported { result },
                Some(change) => Event::Submitted { change: change.clone(), fence: item.fence.next(), result },
            })
        }
        (State::Leased(_), Command::Fail { held, reason }) => {
            check_hold(item, held)?;
            Ok(Event::Failed { reason: reason.clone(), then: retry() })
        }
        (State::Leased(_), Command::Release { held, reason }) => {
            check_hold(item, held)?;
            Ok(Event::Released { reason: reason.clone(), then: fresh() })
        }
        (State::Leased(lease), Command::HandOff { held, to }) => {
            check_hold(item, held)?;
            match to {
                Receiver::Agent { name, .. } if *name == lease.holder => {
                    Err(Refusal::Held { holder: lease.holder.clone(), fence: item.fence, until: lease.until })
                }
                Receiver::Agent { name, ttl } => {
                    let until = now.plus_millis(ttl.millis());
                    Ok(Event::HandedOff { to: name.clone(), fence: item.fence.next(), until })
                }
                Receiver::Role(role) => Ok(Event::Offered { role: role.clone(), then: in_front(fresh()) }),
            }
        }
        (State::Leased(lease), Command::Lapse) if lease.until <= now => Ok(Event::Lapsed { then: retry() }),
        (State::Leased(_), Command::Lapse) => Err(wrong(item, "a lease that has run out")),

        (State::Leased(_), Command::Block { held: Some(held), reason }) => {
            check_hold(item, held)?;
            Ok(Event::Blocked { reason: reason.clone() })
        }
        (State::Pending | State::Ready, Command::Block { held: None, reason }) => {
            Ok(Event::Blocked { reason: reason.clone() })
        }
        (State::Blocked(_), Command::Unblock) => Ok(Event::Unblocked { then: fresh() }),
        (State::Dead(_), Command::Requeue) => Ok(Event::Requeued { then: fresh() }),

        (State::Submitted(_), Command::Land { fence, proof }) if *fence == item.fence => {
            Ok(Event::Landed { proof: proof.clone() })
        }
        (State::Submitted(_), Command::Reject { fence, reason }) if *fence == item.fence => {
            Ok(Event::Rejected { reason: reason.clone(), then: next() })
        }
        (State::Ready | State::Pending | State::Blocked(_) | State::Dead(_), Command::Resubmit { change }) => {
            Ok(Event::Resubmitted { change: change.clone(), fence: item.fence.next() })
        }
        (State::Done(proof), Command::Revert { reason }) if proof.change().is_some() => {
            Ok(Event::Reverted { reason: reason.clone(), then: fresh() })
        }

        (State::Done(_) | State::Dead(_) | State::Cancelled, Command::Cancel { .. }) => Err(finished(item)),
        (_, Command::Cancel { reason }) => Ok(Event::Cancelled { reason: reason.clone() }),

        (_, Command::DependencyDone) => Ok(Event::DependencyDone),
        (_, Command::DependencyReopened) => Ok(Event::DependencyReopened),

        // Whoever shows a hold that is not there has lost it, whatever became of the item.
        (
            _,
            Command::Renew { held, .. }
            | Command::Progress { held, .. }
            | Command::KeepResult { held, .. }
            | Command::Report { held, .. }
            | Command::Fail { held, .. }
            | Command::Release { held, .. }
            | Command::HandOff { held, .. }
            | Command::Block { held: Some(held), .. },
        ) => Err(lost(item, held)),

        (State::Done(_) | State::Dead(_) | State::Cancelled, _) => Err(finished(item)),
        (_, Command::Claim { .. }) => Err(wrong(item, "ready")),
        (_, Command::Promote) => Err(wrong(item, "pending")),
        (_, Command::Lapse) => Err(wrong(item, "leased")),
        (_, Command::Block { held: None, .. }) => Err(wrong(item, "pending, ready, or leased with its fence")),
        (_, Command::Unblock) => Err(wrong(item, "blocked")),
        (_, Command::Requeue) => Err(wrong(item, "dead")),
        (_, Command::Land { .. } | Command::Reject { .. }) => Err(wrong(item, "submitted under this fence")),
        (_, Command::Resubmit { .. }) => Err(wrong(item, "ready, pending, blocked or dead")),
        (_, Command::Revert { .. }) => Err(wrong(item, "done with a change")),
    }
}

/// Where the item goes when nobody has it: dead when `spent`, else ready unless it has something to wait for.
fn next(item: &WorkItem, head_start: HeadStart, now: Timestamp, spent: bool) -> Next {
    if spent {
        Next::Dead
    } else if item.open_dependencies > 0 || item.not_before.is_some_and(|at| at > now) {
        Next::Pending
    } else {
        Next::Ready { rank: head_start.rank(item.plan.priority, now) }
    }
}

/// Until when an item that has just failed waits, if it does.
fn later(item: &WorkItem, now: Timestamp) -> Option<Next> {
    let retry = item.plan.retry.filter(|_| !item.attempts.spent())?;
    let wait_ms = retry.wait_ms(&item.id, item.attempts.used);
    (wait_ms > 0).then(|| Next::Later { until: now.plus_millis(wait_ms) })
}

/// The same, ahead of everything that waits: a hand-off had its turn already, when it was first claimed.
const fn in_front(next: Next) -> Next {
    match next {
        Next::Ready { .. } => Next::Ready { rank: Timestamp::from_millis(0) },
        other => other,
    }
}

/// Whether `held` is the current hold of `item`: the right agent under the right fence. [`Refusal::LeaseLost`] if not.
pub fn check_hold(item: &WorkItem, held: &Held) -> Result<(), Refusal> {
    match &item.state {
        State::Leased(lease) if lease.holder == held.by && item.fence == held.fence => Ok(()),
        _ => Err(lost(item, held)),
    }
}

fn lost(item: &WorkItem, held: &Held) -> Refusal {
    let holder = match &item.state {
        State::Leased(lease) => Some(lease.holder.clone()),
        _ => None,
    };
    Refusal::LeaseLost { by: held.by.clone(), fence: held.fence, holder }
}

const fn finished(item: &WorkItem) -> Refusal {
    Refusal::Finished { state: item.state.word() }
}

const fn wrong(item: &WorkItem, needs: &'static str) -> Refusal {
    Refusal::WrongState { state: item.state.word(), needs }
}
