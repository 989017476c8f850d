//! Work: claimed by one agent at a time, held under a lease, finished once.
//!
//! ```text
//! pending ──▶ ready ──claim──▶ leased ──report──▶ submitted ──landed──▶ done
//!               ▲                │ │ └─hand-off─▶ leased, by another
//!               │                │ │                  │
//!               ├─release, lapse─┘ └─block─▶ blocked  │
//!               └───────────── rejected ──────────────┘   spent ─▶ dead
//! ```
//!
//! [`decide`] says what a command does to an item, [`apply`] does it; replaying the events of an item from
//! [`WorkItem::added`] gives the item as it stands. The whole table is `docs/states/work.md`.

mod apply;
mod critical;
mod decide;
mod draft;
mod event;
mod explain;
mod gate;
mod graph;
mod handoff;
mod item;
mod lock;
mod retry;
mod similar;
#[cfg(test)]
mod tests;
mod writes;

pub use apply::apply;
pub use critical::critical_path;
pub use decide::{Command, Held, Receiver, Refusal, check_hold, decide};
pub use draft::{BadDraft, Draft, Json, Limits, Needs, Plan};
pub use event::{Event, Next};
pub use explain::{Claimer, Hindrance, Needed, Seen, hindrances};
pub use gate::{BadGate, Closed, Gate, GateCommand, Gates, InFlight, Part, Rate};
pub use graph::cycle;
pub use handoff::{Bundle, Handoff};
pub use item::{Attempts, Fence, HeadStart, Lease, Percent, Priority, Progress, Proof, State, WorkItem};
pub use lock::Lock;
pub use retry::Retry;
pub use similar::{ALIKE, Words};
pub use writes::{BadWrites, Conflict, Reservation, WriteSet, beside, conflicts};
