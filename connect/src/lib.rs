//! The outside of Nexus, as the engine asks for it: the git repository and the programs that agents and checks are.

pub mod git;
pub mod process;
