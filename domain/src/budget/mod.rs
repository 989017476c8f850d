//! Budgets: what agents may spend, and what they have spent.

mod usage;

pub use usage::{Metered, Usage};
