//! Git and programs, tried for real: repositories in folders of their own, processes that try to get away.

mod agents;
mod branches;
mod fixture;
mod merges;
mod opening;
mod programs;
mod remotes;
mod snapshots;
mod webhooks;
mod worktrees;
