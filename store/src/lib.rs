//! What Nexus keeps: SQL files, migrations, the commit loop. The only crate that knows SQL.
//!
//! ```text
//! caller ──closure over Tx──▶ Store ──▶ writer: begin · savepoint, run, release · … · commit ──▶ answers
//! reader ──closure over Tx──▶ Store ──▶ a connection of its own, one snapshot
//!                                       sqlite/ or postgres/
//! ```
//!
//! A verb is one `async fn verb(tx: &mut Tx<'_>, …)`, written once; a statement is one file under `sql/`.

pub mod activity;
pub mod agent;
pub mod answer;
pub mod assignment;
pub mod audit;
pub mod broken;
pub mod budget;
pub mod change;
pub mod escalation;
pub mod memory;
pub mod message;
pub mod seal;
pub mod session;
pub mod workspace;

mod changes;
pub mod clock;
pub mod copy;
pub mod duty;
mod error;
pub mod failpoint;
mod ids;
mod job;
mod postgres;
pub mod rig;
mod sql;
mod sqlite;
#[allow(clippy::module_inception)] // The store is what the crate is about.
mod store;
pub mod together;
mod tx;
mod value;
pub mod whole;
pub mod work;

pub use changes::Changes;
pub use error::StoreError;
pub use ids::Ids;
pub use postgres::{Url, trusted_by_machine};
pub use sqlite::{Patience, VERSION};
pub use store::{Mode, Store};
pub use tx::{Statement, Tx};
pub use value::{Row, Value};

/// In which project, when, and by which order of urgency a verb works.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The partition; no verb looks beyond it.
    pub project: domain::text::Project,
    /// The moment of the request.
    pub now: domain::time::Timestamp,
    /// What a priority is worth.
    pub head_start: domain::work::HeadStart,
}
