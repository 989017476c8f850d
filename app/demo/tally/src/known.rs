//! The words that everybody knows.

pub const KNOWN: &[&str] = &["base"];
