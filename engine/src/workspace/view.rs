//! A workspace as every door shows it.

use domain::workspace::Workspace;
use serde::{Deserialize, Serialize};

/// The JSON object of a workspace. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct WorkspaceView {
    pub id: String,
    pub item: String,
    pub fence: i64,
    pub state: String,
    pub path: String,
    pub branch: String,
    pub base: String,
    pub target: String,
    pub node: String,
    pub supervised: bool,
    pub snapshot: Option<String>,
    pub ports: Vec<u16>,
    pub databases: Vec<String>,
    pub cache: Option<String>,
    pub opened_at_ms: i64,
    pub changed_at_ms: i64,
}

impl From<&Workspace> for WorkspaceView {
    fn from(workspace: &Workspace) -> Self {
        Self {
            id: workspace.id.to_string(),
            item: workspace.item.to_string(),
            fence: workspace.fence.number(),
            state: workspace.state.word().to_owned(),
            path: workspace.path.clone(),
            branch: workspace.branch.clone(),
            base: workspace.base.clone(),
            target: workspace.target.clone(),
            node: workspace.node.clone(),
            supervised: workspace.supervised,
            snapshot: workspace.snapshot.clone(),
            ports: workspace.environment.ports.clone(),
            databases: workspace.environment.databases.clone(),
            cache: workspace.environment.cache.clone(),
            opened_at_ms: workspace.opened_at.millis(),
            changed_at_ms: workspace.changed_at.millis(),
        }
    }
}
