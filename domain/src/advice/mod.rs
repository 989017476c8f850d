//! Advice: what the facts of a project say should be done next, by rules and without a model.
//!
//! ```text
//! Snapshot ──┬─ priorities    which type of work first
//!            ├─ health        how well it goes, and what is wrong
//!            ├─ assignments   who should have what
//!            ├─ teams         who is missing where
//!            ├─ recommend     what an agent should do now
//!            └─ bottlenecks   what holds the rest up
//!                    └──▶ Action    what can be done about it, through the verbs that there are
//! ```
//!
//! Every figure is worked out from the snapshot by a formula that `docs/advice.md` states. Where there is no data it is
//! `None`, never a constant. How sure a figure is comes from the number of samples alone ([`confidence`]).

mod action;
mod assignments;
mod bottlenecks;
mod figures;
mod health;
mod priorities;
mod recommend;
mod snapshot;
mod teams;
#[cfg(test)]
mod tests;
mod text;

pub use action::{Action, actions, dead_kinds};
pub use assignments::{Assignments, Change, assignments};
pub use bottlenecks::{Bottleneck, Kind, Severity, bottlenecks};
pub use figures::{Gaps, confidence, fairness, gaps};
pub use health::{Alert, Health, Standing, health};
pub use priorities::{Group, priorities};
pub use recommend::{Recommendation, What, recommend};
pub use snapshot::{Snapshot, Worker};
pub use teams::{Suggestion, Team, suggestions, teams};
pub use text::{Finding, findings};
