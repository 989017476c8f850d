//! Budgets: what agents may spend, and what they have spent.
//!
//! ```text
//! _org ─▶ project ─▶ run ─▶ item ─▶ attempt        one account each; what is spent counts in all of them
//!
//! reserve ──▶ earmark ──▶ settle     what was really used takes its place
//!    │                └──▶ release   nothing was used
//!    └ refused: which account, which measure, how much is spent
//! ```
//!
//! An item's account counts over all runs, so that starting another run gives it nothing new.

mod account;
mod amounts;
mod balance;
mod breaker;
mod progress;
#[cfg(test)]
mod tests;
mod usage;

pub use account::{Account, BadAccount, Kind, Spender};
pub use amounts::{Amounts, Limits, Measure};
pub use balance::{Balance, Refusal, Want, abandoned};
pub use breaker::{Breaker, Gate, Reply, Trouble, classify};
pub use progress::{Try, stuck};
pub use usage::{Metered, Usage};
