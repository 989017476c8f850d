//! PostgreSQL: the same verbs, the same SQL, many nodes.
//!
//! ```text
//! jobs ──▶ one of a few writers ──▶ begin · savepoint, job, release · … · log rows · commit ──▶ answers
//!                                    │ rows that a job is to change are locked as they are read
//!                                    └ the log is written last, under one lock: its order is the order of commits
//! ```
//!
//! A round that comes to nothing (a deadlock, a lost connection) is run again, command by command. Where the
//! connection is lost between the commit and its answer, the database is asked whether that transaction happened.

mod ahead;
mod courier;
mod error;
mod front;
mod link;
mod listen;
mod migrate;
mod outage;
mod pool;
mod queue;
mod round;
mod session;
mod tls;
mod trust;
mod url;

pub use courier::Courier;
pub use front::{Place, Walk};
pub use listen::Watch;
pub use pool::Postgres;
pub use session::Session;
pub use trust::trusted_by_machine;
pub use url::Url;
