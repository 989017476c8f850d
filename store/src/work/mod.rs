//! Work, as it is kept: each verb loads, asks the rules, saves, and logs, in the caller's transaction.
//!
//! The rules are `domain::work`; nothing here repeats them. What SQL decides is which rows to look at: the next
//! ready item, the leases that ran out, the items that came due, who waits for whom.

mod ahead;
mod bulk;
mod decided;
mod gate;
mod gated;
mod handoff;
mod lane;
mod list;
pub mod lock;
mod many;
mod plan;
mod record;
mod reservation;
mod unique;
mod verbs;

pub use bulk::{BadItem, New, add_many};
pub use gate::{all as gates, change as change_gate, in_flight};
pub use handoff::{hand_off, last_handoff};
pub use lane::first;
pub use list::{Counts, Page, counts, latest, list, newest, next_due, peek};
pub use many::{Act, Next, carry_out_many, claim_next_many};
pub use record::{event_of, replay};
pub use reservation::{Writes, conflicts, in_flight as reserved};
pub use verbs::{
    Added, add, carry_out, claim, claim_next, claim_next_writing, claim_writing, dependents, find, held_by, tend,
};

use domain::id::WorkId;
use domain::text::{AgentName, Name, Role};
use domain::work::{BadDraft, BadGate, Refusal};

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
    /// What was asked of a gate makes no sense.
    #[error(transparent)]
    Gate(#[from] BadGate),
    /// An open item has the name that only one may have.
    #[error("{id} is open and has the unique name {:?}", name.as_str())]
    NotUnique {
        /// Which name.
        name: Name,
        /// The item that has it.
        id: WorkId,
    },
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
