//! Backlogs of other tools, in and out.

mod formats;
mod out;
mod rows;
