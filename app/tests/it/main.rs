//! The program, from outside.

mod contract;
mod features;
