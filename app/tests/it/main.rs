//! The program, from outside.

mod bad_input;
mod contract;
mod features;
