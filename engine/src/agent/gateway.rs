//! The model gateway, as runs ask for it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use domain::budget::Metered;
use domain::id::WorkId;
use domain::text::{AgentName, Project};
use domain::work::Fence;

use super::runtime::Runtime;

/// The variables that a gateway takes keys from.
pub(crate) const GATEWAY_KEYS: [&str; 3] = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"];

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

/// The pass with which an agent of this kind calls models for `caller`; `None`: it uses what it finds, as the gateway has no
/// key for it. Fails with the reason when it is kept in a sandbox, where it finds nothing.
pub fn pass_for(
    gateway: Option<&Arc<dyn Gateway>>,
    runtime: &dyn Runtime,
    kept_in: bool,
    caller: &Caller,
) -> Result<Option<Pass>, String> {
    let keys = runtime.keys();
    if let Some(gateway) = gateway.filter(|it| keys.is_empty() || it.serves(keys)) {
        return gateway.open(caller).map(Some);
    }
    if kept_in && runtime.calls_models() {
        let known: Vec<&str> = keys.iter().filter(|key| GATEWAY_KEYS.contains(key)).copied().collect();
        return Err(format!(
            "an agent in a sandbox reaches models through the gateway alone, which has no key for it; set {}, or let it \
             use its own login with --sandbox none",
            known.join(" or ")
        ));
    }
    Ok(None)
}
