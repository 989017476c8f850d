//! Work, as it is kept: each verb loads, asks the rules, saves, and logs, in the caller's transaction.
//!
//! The rules are `domain::work`; nothing here repeats them. What SQL decides is which rows to look at: the next
//! ready item, the leases that ran out, the items that came due, who waits for whom.

mod handoff;
mod list;
mod many;
mod plan;
mod record;
mod verbs;

pub use handoff::{hand_off, last_handoff};
pub use list::{Counts, Page, counts, latest, list, next_due};
pub use many::{Act, Next, carry_out_many, claim_next_many};
pub use record::{event_of, replay};
pub use verbs::{Added, add, carry_out, claim, claim_next, find, tend};

use domain::id::WorkId;
use domain::text::{AgentName, Role};
use domain::work::{BadDraft, Refusal};

use crate::StoreError;

/// Why work could not be done as asked.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// There is no such item.
    #[error("there is no item {0}")]
    Unknown(WorkId),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What was asked for cannot be an item.
    #[error(transparent)]
    Draft(#[from] BadDraft),
    /// It is to depend on an item that does not exist.
    #[error("it depends on {0}, which does not exist")]
    UnknownDependency(WorkId),
    /// There is no such agent, or it has retired.
    #[error("there is no agent {0}")]
    UnknownAgent(AgentName),
    /// Nobody has the role that is needed.
    #[error("nobody has the role {}", .0.iter().map(Role::as_str).collect::<Vec<_>>().join(", nor "))]
    NoAgentForRole(Vec<Role>),
    /// The store failed; asking again may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}
