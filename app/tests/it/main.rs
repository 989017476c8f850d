//! Tests of the whole program: real processes, real repositories, real time.

mod backlogs;
mod bad_input;
mod contract;
mod crash;
#[path = "../../../store/tests/it/database.rs"]
mod database;
mod dropin;
mod features;
mod http;
mod races;
mod support;
