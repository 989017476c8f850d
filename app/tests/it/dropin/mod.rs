//! The program under the name of the older tool.

mod analyses;
mod helper;
mod holds;
mod links;
mod mirrors;
mod races;
mod surroundings;
mod words;
