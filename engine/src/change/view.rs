//! Changes and receipts as every door shows them.

use domain::change::{Change, Receipt, State};
use serde::{Deserialize, Serialize};

/// The JSON object of a change. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct ChangeView {
    pub id: String,
    pub item: String,
    pub state: String,
    pub author: String,
    pub author_role: Option<String>,
    pub target: String,
    pub base: String,
    pub commit: String,
    pub tree: String,
    pub write_set: Vec<String>,
    pub reason: Option<String>,
    pub approved_by: Option<String>,
    pub approved_as: Option<String>,
    pub landed_commit: Option<String>,
    pub verified: Option<bool>,
    pub reverts: Option<String>,
    pub reverted_by: Option<String>,
    pub submitted_at_ms: i64,
    pub changed_at_ms: i64,
}

impl From<&Change> for ChangeView {
    fn from(change: &Change) -> Self {
        let (reason, landed_commit, verified, reverted_by) = match &change.state {
            State::Refused(reason) | State::Rejected(reason) => (Some(reason.clone()), None, None, None),
            State::Landed { commit, verified } => (None, Some(commit.clone()), Some(*verified), None),
            State::Reverted { commit, by } => (None, Some(commit.clone()), None, Some(by.to_string())),
            State::Queued | State::Landing(_) | State::Withdrawn => (None, None, None, None),
        };
        Self {
            id: change.id.to_string(),
            item: change.item.to_string(),
            state: change.state.word().to_owned(),
            author: change.author.to_string(),
            author_role: change.author_role.as_ref().map(ToString::to_string),
            target: change.target.clone(),
            base: change.base.clone(),
            commit: change.commit.clone(),
            tree: change.tree.clone(),
            write_set: change.write_set.clone(),
            reason,
            approved_by: change.approval.as_ref().map(|a| a.by.to_string()),
            approved_as: change.approval.as_ref().map(|a| a.role.to_string()),
            landed_commit,
            verified,
            reverts: change.reverts.as_ref().map(ToString::to_string),
            reverted_by,
            submitted_at_ms: change.submitted_at.millis(),
            changed_at_ms: change.changed_at.millis(),
        }
    }
}

/// The JSON object of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct ReceiptView {
    pub id: String,
    pub check: String,
    pub tree: String,
    pub passed: bool,
    pub ending: String,
    pub command: Vec<String>,
    pub check_digest: String,
    pub output_digest: String,
    pub output_bytes: u64,
    pub output_path: String,
    pub tools: std::collections::BTreeMap<String, String>,
    pub duration_ms: i64,
    pub at_ms: i64,
}

impl From<&Receipt> for ReceiptView {
    fn from(receipt: &Receipt) -> Self {
        Self {
            id: receipt.id.to_string(),
            check: receipt.check.clone(),
            tree: receipt.tree.clone(),
            passed: receipt.passed(),
            ending: receipt.ending.to_string(),
            command: receipt.command.clone(),
            check_digest: receipt.check_digest.clone(),
            output_digest: receipt.output_digest.clone(),
            output_bytes: receipt.output_bytes,
            output_path: receipt.output_path.clone(),
            tools: receipt.tools.iter().cloned().collect(),
            duration_ms: receipt.duration_ms,
            at_ms: receipt.at.millis(),
        }
    }
}
