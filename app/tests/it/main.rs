//! Tests of the whole program: real processes, real repositories, real time.

mod bad_input;
mod contract;
mod crash;
mod features;
mod http;
mod races;
mod support;
