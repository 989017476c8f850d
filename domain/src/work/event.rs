//! What happened to an item. Each event carries all that [`apply`](super::apply) needs, so that replaying gives
//! the state.

use super::draft::{Json, Plan};
use super::item::{Fence, Percent, Proof};
use crate::id::ChangeId;
use crate::text::{AgentName, Role};
use crate::time::Timestamp;

/// One thing that happened to an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was added.
    Added {
        /// What was asked for.
        plan: Box<Plan>,
        /// How many of its dependencies are not done.
        open_dependencies: u32,
        /// Where it starts.
        then: Next,
    },
    /// What it waited for has come.
    Promoted {
        /// Its place in the queue.
        rank: Timestamp,
    },
    /// An agent took it.
    Claimed {
        /// Who has it.
        by: AgentName,
        /// The fence of the grant.
        fence: Fence,
        /// Until when.
        until: Timestamp,
    },
    /// Its holder keeps it longer.
    Renewed {
        /// Until when.
        until: Timestamp,
    },
    /// Its holder said how far it is.
    Progressed {
        /// How far.
        percent: Percent,
        /// A word on it.
        note: Option<String>,
    },
    /// Its holder left a result; the supervisor that runs it decides when it has ended.
    ResultKept {
        /// The result.
        result: Json,
    },
    /// Its holder says that it is done and there is no change: done.
    Reported {
        /// What came of it, when it was said.
        result: Option<Json>,
    },
    /// Its holder is done and there is a change: the landing queue has it.
    Submitted {
        /// The change.
        change: ChangeId,
        /// The fence under which the landing queue has it.
        fence: Fence,
        /// What came of it, when it was said.
        result: Option<Json>,
    },
    /// Its holder could not do it.
    Failed {
        /// Why.
        reason: String,
        /// Where the item goes.
        then: Next,
    },
    /// Its holder gave it back unharmed; the attempt does not count.
    Released {
        /// Why, when it was said.
        reason: Option<String>,
        /// Where the item goes.
        then: Next,
    },
    /// Its holder passed it on to another agent, which holds it now; the giver's attempt does not count, the
    /// receiver's does.
    HandedOff {
        /// Who has it.
        to: AgentName,
        /// The fence of the grant.
        fence: Fence,
        /// Until when.
        until: Timestamp,
    },
    /// Its holder passed it on to a role; the attempt does not count.
    Offered {
        /// Who may take it from now on.
        role: Role,
        /// Where the item goes.
        then: Next,
    },
    /// Its holder's time ran out.
    Lapsed {
        /// Where the item goes.
        then: Next,
    },
    /// It cannot go on; if somebody held it, the attempt does not count.
    Blocked {
        /// Why.
        reason: String,
    },
    /// What blocked it is gone.
    Unblocked {
        /// Where the item goes.
        then: Next,
    },
    /// It was called off.
    Cancelled {
        /// Why, when it was said.
        reason: Option<String>,
    },
    /// It was raised from the dead with all its attempts.
    Requeued {
        /// Where the item goes.
        then: Next,
    },
    /// Its change is in the branch.
    Landed {
        /// How we know.
        proof: Proof,
    },
    /// Its change cannot land.
    Rejected {
        /// Why.
        reason: String,
        /// Where the item goes.
        then: Next,
    },
    /// A change that was refused came back with an approval: the landing queue has it again.
    Resubmitted {
        /// The change.
        change: ChangeId,
        /// The fence under which the landing queue has it.
        fence: Fence,
    },
    /// Its landed change was taken back.
    Reverted {
        /// Why.
        reason: String,
        /// Where the item goes.
        then: Next,
    },
    /// One of its dependencies is done.
    DependencyDone,
    /// One of its dependencies is open again; an item that was ready waits.
    DependencyReopened,
}

/// Where an item goes when nobody has it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Free to claim, at this rank.
    Ready {
        /// Its place in the queue.
        rank: Timestamp,
    },
    /// Waits for a dependency or its time.
    Pending,
    /// Waits a while, because it failed.
    Later {
        /// Until when.
        until: Timestamp,
    },
    /// No attempt is left.
    Dead,
}

impl Event {
    /// The event as the log names it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Added { .. } => "work.added",
            Self::Promoted { .. } => "work.promoted",
            Self::Claimed { .. } => "work.claimed",
            Self::Renewed { .. } => "work.renewed",
            Self::Progressed { .. } => "work.progressed",
            Self::ResultKept { .. } => "work.result_kept",
            Self::Reported { .. } => "work.reported",
            Self::Submitted { .. } => "work.submitted",
            Self::Failed { .. } => "work.failed",
            Self::Released { .. } => "work.released",
            Self::HandedOff { .. } => "work.handed_off",
            Self::Offered { .. } => "work.offered",
            Self::Lapsed { .. } => "work.lapsed",
            Self::Blocked { .. } => "work.blocked",
            Self::Unblocked { .. } => "work.unblocked",
            Self::Cancelled { .. } => "work.cancelled",
            Self::Requeued { .. } => "work.requeued",
            Self::Landed { .. } => "work.landed",
            Self::Rejected { .. } => "work.rejected",
            Self::Resubmitted { .. } => "work.resubmitted",
            Self::Reverted { .. } => "work.reverted",
            Self::DependencyDone => "work.dependency_done",
            Self::DependencyReopened => "work.dependency_reopened",
        }
    }
}
