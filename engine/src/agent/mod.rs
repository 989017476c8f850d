//! Agents as processes: started in their workspace, watched, and ended in one of a few ways.

mod attend;
mod brief;
mod ending;

pub use attend::{Attended, attend};
pub use brief::prompt;
pub use ending::{Ending, Stop};
