//! Audit: the log of what happened, and the judge of histories.
//!
//! Callers write down what they asked for, when, and the answer they saw; the product writes its event log. [`judge`]
//! reads either, or both side by side, and says whether they can come from a queue that gives each item to one agent
//! at a time. It believes nobody: a lie in the answers shows in the calls, a lie in the log shows against the calls.
//!
//! From the calls alone: no fence is granted twice; a grant asked for after another was answered has the higher fence;
//! nothing succeeds under a fence that was known to be old; nothing succeeds under a grant that nobody got. From the
//! log alone: its numbers rise; an item has one holder at a time, each hold ends before the next begins, and what
//! holders do falls into their hold. From both: whatever was acknowledged is in the log, once for each acknowledgement.
//!
//! A call is an interval, and two that overlap may have happened in either order; a caller that was killed before its
//! answer may have had its effect or not. The judge reports only what no order and no outcome can explain, so that a
//! correct queue is never accused. The format and the rules with examples: `docs/history-format.md`.

//!
//! The log is sealed into a chain; [`compare`] says what happened to entries after they were sealed
//! (`docs/audit-format.md`).

mod chain;
mod history;
mod ranges;

pub use chain::{Fault, Mark, compare};
pub use history::{Call, Judgement, Logged, Op, Rule, Saw, Violation, judge};
pub use ranges::{NoRanges, Ranges};
