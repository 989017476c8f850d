//! Workspaces: a git worktree leased with an item, and what becomes of it.
//!
//! ```text
//! open ──snapshot──▶ open ──set aside──▶ quarantined ──remove──▶ removed
//!                      └───────────remove─────────────────────────▲
//!                          quarantined, removed ──restore──▶ open
//! ```
//!
//! Nothing is removed or set aside that has no snapshot of what it holds now (I9).

use crate::id::{WorkId, WorkspaceId};
use crate::text::Project;
use crate::time::Timestamp;
use crate::work::Fence;

/// One workspace, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The partition it belongs to.
    pub project: Project,
    /// Whose work it is for.
    pub item: WorkId,
    /// The grant it was opened under.
    pub fence: Fence,
    /// The machine it is on; only that machine may look into it.
    pub node: String,
    /// The folder, absolute.
    pub path: String,
    /// Its branch.
    pub branch: String,
    /// The commit it started from.
    pub base: String,
    /// The branch it means to land on.
    pub target: String,
    /// Where it stands.
    pub state: State,
    /// Whether a supervisor runs its agent and will report for it.
    pub supervised: bool,
    /// The latest snapshot of it, as a ref.
    pub snapshot: Option<String>,
    /// What else is leased with it.
    pub environment: Environment,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Where a workspace stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The folder is there for its holder.
    Open,
    /// The folder is kept aside, for somebody to look.
    Quarantined,
    /// The folder is gone; its snapshot is there.
    Removed,
}

impl State {
    /// The state as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Quarantined => "quarantined",
            Self::Removed => "removed",
        }
    }

    /// The state called `word`, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Quarantined, Self::Removed].into_iter().find(|s| s.word() == word)
    }
}

/// What a workspace leases beside its folder; given back with the item's lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// TCP ports that were free when they were leased.
    pub ports: Vec<u16>,
    /// Names for databases.
    pub databases: Vec<String>,
    /// A directory for caches, absolute.
    pub cache: Option<String>,
}

/// What somebody wants of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// What it holds now is kept under this ref.
    Snapshot {
        /// The ref.
        at: String,
    },
    /// Its folder was moved here, out of the way.
    SetAside {
        /// Where the folder is now.
        path: String,
    },
    /// Its folder is gone.
    Remove,
    /// Its folder is back, here.
    Restore {
        /// Where the folder is now.
        path: String,
    },
}

/// Why the rules say no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is nothing that would give its content back.
    #[error("it has no snapshot yet; what was written in it would be lost")]
    NoSnapshot,
    /// The state has no such transition.
    #[error("it is {state}; this needs {needs}")]
    WrongState {
        /// Where it is.
        state: &'static str,
        /// Where it would have to be.
        needs: &'static str,
    },
}

/// `workspace` as it stands after `command`, or why the rules refuse.
pub fn decide(workspace: &Workspace, command: Command, now: Timestamp) -> Result<Workspace, Refusal> {
    let mut after = Workspace { changed_at: now, ..workspace.clone() };
    match (workspace.state, command) {
        (State::Open | State::Quarantined, Command::Snapshot { at }) => after.snapshot = Some(at),
        (State::Open | State::Quarantined, Command::SetAside { .. } | Command::Remove)
            if workspace.snapshot.is_none() =>
        {
            return Err(Refusal::NoSnapshot);
        }
        (State::Open, Command::SetAside { path }) => {
            after.state = State::Quarantined;
            after.path = path;
            after.environment = Environment::default();
        }
        (State::Open | State::Quarantined, Command::Remove) => {
            after.state = State::Removed;
            after.environment = Environment::default();
        }
        (State::Quarantined | State::Removed, Command::Restore { path }) => {
            after.state = State::Open;
            after.path = path;
        }
        (state, Command::Snapshot { .. } | Command::Remove) => return Err(wrong(state, "open or quarantined")),
        (state, Command::SetAside { .. }) => return Err(wrong(state, "open")),
        (state, Command::Restore { .. }) => return Err(wrong(state, "quarantined or removed")),
    }
    Ok(after)
}

const fn wrong(state: State, needs: &'static str) -> Refusal {
    Refusal::WrongState { state: state.word(), needs }
}

#[cfg(test)]
mod tests;
