//! The outside of Nexus, as the engine asks for it: coding agents, the git repository, the programs that agents and
//! checks are, providers of models, and webhooks.

pub mod agent;
pub mod git;
pub mod process;
pub mod sandbox;
pub mod upstream;
pub mod webhook;
