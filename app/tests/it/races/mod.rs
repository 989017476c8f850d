//! Races between real processes of the program, judged by what the callers saw.

mod adapters;
mod claims;
mod copies;
mod holds;
mod keys;
mod landings;
mod runs;
