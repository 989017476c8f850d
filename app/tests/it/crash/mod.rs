//! Kills, pauses and deletions at the worst moment.
