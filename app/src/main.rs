#![allow(dead_code, unused_imports)]
//! The doors of Nexus and their wiring.

mod settings;

fn main() {}
