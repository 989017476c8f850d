//! Agents: who is there and what each is doing; and agents as processes, started in their workspace, watched, and
//! ended in one of a few ways.

mod attend;
mod beats;
mod brief;
mod ending;
mod gateway;
mod roster;

pub use attend::{Attended, attend};
pub(crate) use beats::Beats;
pub use brief::prompt;
pub use ending::{Ending, Stop};
pub use gateway::{Caller, Gateway, Pass};
pub use roster::{AgentView, RecordView};
