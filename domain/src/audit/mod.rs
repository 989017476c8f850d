//! Audit: the log of what happened, and the judge of histories.

mod history;

pub use history::*;
