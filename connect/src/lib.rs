//! Agents, git: the outside.
