//! How a run of an agent ended, in our words and not in the agent's.
//!
//! ```text
//! facts:   our own cause · exit · last word · metered calls · servers · schema · change
//!             │
//! judge:      ▼  the first that speaks decides
//! outcome: Completed | Cancelled | LimitHit | Failed | NeverStarted
//! ```
//!
//! An agent's exit code and what it says of itself are hints. `Completed` only means that nothing speaks against
//! looking at what it made; whether that is any good, the checks of the item say. The table is in `docs/agents.md`.

mod facts;
mod hints;
mod judge;
mod outcome;
#[cfg(test)]
mod tests;

pub use facts::{Cause, End, Facts, Fault, Named, Terminal};
pub use judge::verdict;
pub use outcome::{By, Failure, Limit, Outcome};
