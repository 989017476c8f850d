//! The outside of Nexus, as the engine asks for it: coding agents, the git repository, the programs that agents and
//! checks are, and webhooks.

pub mod agent;
pub mod git;
pub mod process;
pub mod upstream;
pub mod webhook;
