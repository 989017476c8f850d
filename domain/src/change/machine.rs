//! A change, its states, and what may happen to it.

use crate::id::{ChangeId, LandingId, WorkId, WorkspaceId};
use crate::text::{AgentName, Project, Role};
use crate::time::Timestamp;
use crate::work::Fence;

/// One change, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its id.
    pub id: ChangeId,
    /// The partition it belongs to.
    pub project: Project,
    /// The item it was made for.
    pub item: WorkId,
    /// The fence under which the landing queue holds that item.
    pub fence: Fence,
    /// Who made it.
    pub author: AgentName,
    /// What the author is for, when known.
    pub author_role: Option<Role>,
    /// The branch it is to land on.
    pub target: String,
    /// The commit it started from.
    pub base: String,
    /// The commit that holds it.
    pub commit: String,
    /// The tree of that commit.
    pub tree: String,
    /// The paths it changes, for people to read; bytes that are no UTF-8 show as U+FFFD.
    pub write_set: Vec<String>,
    /// Where it was made, when that was a workspace of ours.
    pub workspace: Option<WorkspaceId>,
    /// The change that this one takes back.
    pub reverts: Option<ChangeId>,
    /// Who let it touch protected paths.
    pub approval: Option<Approval>,
    /// Where it stands.
    pub state: State,
    /// When it was submitted; the queue's order.
    pub submitted_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Where a change stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for its checks and its turn.
    Queued,
    /// Touches what it may not without approval.
    Refused(String),
    /// A landing has it.
    Landing(LandingId),
    /// It is in the branch, as this commit; `verified` when checks passed on the tree that landed.
    Landed {
        /// The commit it is in the branch.
        commit: String,
        /// Whether checks passed on the tree that landed.
        verified: bool,
    },
    /// It cannot land; the text says why.
    Rejected(String),
    /// It was in the branch, as this commit, and was taken back by that change.
    Reverted {
        /// The commit it is in the branch.
        commit: String,
        /// The change that took it back.
        by: ChangeId,
    },
    /// Its item was called off.
    Withdrawn,
}

impl State {
    /// Every word of [`State::word`].
    pub const WORDS: [&'static str; 7] =
        ["queued", "refused", "landing", "landed", "rejected", "reverted", "withdrawn"];

    /// The state as one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Refused(_) => "refused",
            Self::Landing(_) => "landing",
            Self::Landed { .. } => "landed",
            Self::Rejected(_) => "rejected",
            Self::Reverted { .. } => "reverted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Somebody of another role let a change touch protected paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub by: AgentName,
    /// As what.
    pub role: Role,
}

/// What somebody wants of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The landing queue: it touches what it may not.
    Refuse {
        /// Why.
        reason: String,
    },
    /// Let it touch protected paths.
    Approve(Approval),
    /// The landing queue: it cannot land.
    Reject {
        /// Why.
        reason: String,
    },
    /// The landing queue: this landing has it.
    Begin {
        /// Which landing.
        landing: LandingId,
    },
    /// The landing queue: the landing did not happen.
    Undo,
    /// The landing queue: it is in the branch.
    Land {
        /// The commit it is in the branch.
        commit: String,
        /// Whether checks passed on the tree that landed.
        verified: bool,
    },
    /// The landing queue: that change took it back.
    Revert {
        /// The change that took it back.
        by: ChangeId,
    },
    /// Its item was called off.
    Withdraw,
}

/// Why the rules say no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody approves their own change.
    #[error("{by} made this change; somebody else has to approve it")]
    OwnChange {
        /// Who asked.
        by: AgentName,
    },
    /// The approver is of the author's role.
    #[error("{role} is the author's role too; an approval comes from another role")]
    SameRole {
        /// The role.
        role: Role,
    },
    /// The state has no such transition.
    #[error("it is {state}; this needs {needs}")]
    WrongState {
        /// Where it is.
        state: &'static str,
        /// Where it would have to be.
        needs: &'static str,
    },
}

impl Refusal {
    /// The stable word for this refusal.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OwnChange { .. } => "own_change",
            Self::SameRole { .. } => "same_role",
            Self::WrongState { .. } => "wrong_state",
        }
    }
}

/// `change` as it stands after `command`, or why the rules refuse.
pub fn decide(change: &Change, command: Command, now: Timestamp) -> Result<Change, Refusal> {
    let mut after = Change { changed_at: now, ..change.clone() };
    after.state = match (&change.state, command) {
        (State::Queued, Command::Refuse { reason }) => State::Refused(reason),
        (State::Queued | State::Refused(_), Command::Approve(approval)) => {
            impartial(change, &approval)?;
            after.approval = Some(approval);
            State::Queued
        }
        (State::Queued, Command::Reject { reason }) => State::Rejected(reason),
        (State::Queued, Command::Begin { landing }) => State::Landing(landing),
        (State::Landing(_), Command::Undo) => State::Queued,
        (State::Landing(_), Command::Land { commit, verified }) => State::Landed { commit, verified },
        (State::Landed { commit, .. }, Command::Revert { by }) => State::Reverted { commit: commit.clone(), by },
        (State::Queued | State::Refused(_), Command::Withdraw) => State::Withdrawn,
        (state, command) => return Err(Refusal::WrongState { state: state.word(), needs: needs(&command) }),
    };
    Ok(after)
}

fn impartial(change: &Change, approval: &Approval) -> Result<(), Refusal> {
    if approval.by == change.author {
        return Err(Refusal::OwnChange { by: approval.by.clone() });
    }
    if change.author_role.as_ref() == Some(&approval.role) {
        return Err(Refusal::SameRole { role: approval.role.clone() });
    }
    Ok(())
}

const fn needs(command: &Command) -> &'static str {
    match command {
        Command::Refuse { .. } | Command::Reject { .. } | Command::Begin { .. } => "queued",
        Command::Approve(_) | Command::Withdraw => "queued or refused",
        Command::Undo | Command::Land { .. } => "landing",
        Command::Revert { .. } => "landed",
    }
}
