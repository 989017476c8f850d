//! Changes: what an agent made of an item, checked and landed, or sent back with the reason.
//!
//! ```text
//!             ┌──refuse──▶ refused ──approve──┐
//!          queued ◀───────────────────────────┘
//!           ▲  │ └──reject──▶ rejected         queued, refused ──withdraw──▶ withdrawn
//!        undo  begin
//!           │  ▼
//!         landing ──land──▶ landed ──revert──▶ reverted
//! ```
//!
//! `refused` waits for another role's approval; `rejected` is final: the item goes back to be done again. Which
//! paths need approval is [`Policy`]; what ran on which tree is a [`Receipt`].

mod glob;
mod machine;
mod overlap;
mod policy;
mod receipt;
#[cfg(test)]
mod tests;

pub use glob::{BadGlob, Glob};
pub use machine::{Approval, Change, Command, Refusal, State, decide};
pub use overlap::Flat;
pub use policy::{ChangeLimits, Check, Policy, Size, Trespass};
pub use receipt::{CheckEnding, Landing, LandingState, Receipt};
