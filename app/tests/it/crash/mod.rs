//! Kills, pauses and deletions at the worst moment.

mod agents;
mod failpoints;
mod interrupts;
mod kills;
mod nodes;
mod outages;
mod stories;
