//! The model gateway, as runs ask for it.

use std::net::SocketAddr;
use std::path::PathBuf;

use domain::budget::Metered;
use domain::id::WorkId;
use domain::text::{AgentName, Project};
use domain::work::Fence;

/// Who calls a model, and on whose account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The partition.
    pub project: Project,
    /// The `nexus run`, or whatever else starts agents.
    pub run: String,
    /// The item that is worked on; `None` for a trial or an analysis.
    pub item: Option<(WorkId, Fence)>,
    /// The agent.
    pub agent: AgentName,
    /// The trace that its calls belong to, 32 hex digits.
    pub trace_id: String,
}

/// Lets one run call models until it is given back.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass {
    /// What the agent uses as its API key. Good at this gateway only.
    pub token: String,
    /// Where the gateway listens on the loopback interface.
    pub address: SocketAddr,
    /// Its socket, for those who have no network.
    pub socket: PathBuf,
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pass").field("token", &"***").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Pass {
    /// The base address for one wire format: `anthropic`, `openai` (with `/v1` behind it), or `gemini`.
    pub fn base(&self, format: &str) -> String {
        format!("http://{}/model/{format}", self.address)
    }
}

/// Gives out passes, holds the real keys, and counts what is used.
pub trait Gateway: Send + Sync {
    /// Whether there is a key for what usually takes its key from one of these variables.
    fn serves(&self, variables: &[&str]) -> bool;
    /// Lets `caller` call models; fails with the reason.
    fn open(&self, caller: &Caller) -> Result<Pass, String>;
    /// What was used with `pass` so far.
    fn metered(&self, pass: &Pass) -> Metered;
    /// Ends `pass`: calls under way are cut off and counted. What was used with it.
    fn close(&self, pass: &Pass) -> Metered;
}
