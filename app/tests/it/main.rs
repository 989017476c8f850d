//! Tests of the whole program: real processes, real repositories, real time.

mod agents;
mod asked;
mod audit;
mod backlogs;
mod bad_input;
mod contract;
mod crash;
#[path = "../../../store/tests/it/database.rs"]
mod database;
mod dropin;
mod features;
mod http;
mod metrics;
mod model;
mod nodes;
mod opinions;
mod races;
mod real;
mod sandbox;
mod sessions;
mod support;
