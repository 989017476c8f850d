//! Tests of the whole program: real processes, real repositories, real time.

mod crash;
mod http;
mod races;
mod support;
