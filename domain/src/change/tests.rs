//! Changes, their policy and its patterns.

mod globs;
mod machine;
mod overlap;
mod policy;
