//! Agents: who is there and what each is doing; and agents as processes, started in their workspace, heard, held to
//! their limits, and ended in one of the ways of [`domain::agent::verdict`].

mod activity;
mod attend;
mod beats;
mod brief;
mod gateway;
mod ladder;
mod limits;
mod roster;
mod runtime;
mod sandbox;
mod supervise;
mod template;

pub use activity::{ActivityView, QuestionView, TOLD_MAX};
pub use attend::{Attended, attend};
pub(crate) use beats::Beats;
pub use brief::{Brief, INSTRUCTIONS_BYTES_MAX, Place, TOLD_OF_EACH, brief};
pub(crate) use gateway::GATEWAY_KEYS;
pub use gateway::{Caller, Gateway, Pass, pass_for};
pub use ladder::Ladder;
pub use limits::Limits;
pub use roster::{AgentView, RecordView};
pub use runtime::{Answer, Conversation, McpServer, Move, Plan, Protocol, RunSpec, Runtime, Tools};
pub use sandbox::{Probe, Room, Sandbox, SandboxKind, View};
pub use supervise::{Host, Job, RunResult, prepare, supervise};
pub use template::Template;
