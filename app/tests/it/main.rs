//! The program, from outside.

mod features;
