//! The rules of Nexus: who may hold a work item, when a change may land, what a history must look like.
//!
//! Pure functions over plain data. Nothing here does IO, reads a clock, waits, or knows a wire format; whatever
//! depends on time takes `now`. Each capability is a module, each state machine one `decide` and one `apply`.

pub mod advice;
pub mod agent;
pub mod audit;
pub mod budget;
pub mod change;
pub mod escalation;
pub mod flow;
pub mod id;
pub mod memory;
pub mod message;
pub mod role;
pub mod session;
pub mod text;
pub mod time;
pub mod work;
pub mod workspace;
