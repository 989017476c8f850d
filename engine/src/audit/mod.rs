//! The log, as every door shows it, and its seals.
//!
//! ```text
//! entries ─▶ seal: a block, its digests, the hash before it ─▶ head, also in refs/nexus/audit, a file, a webhook
//!                    │                                              │
//!                    ├─▶ verify: store or file, and heads ◀─────────┘
//!                    └─▶ export, archive: files that are verified with no store
//! ```

mod archive;
mod file;
mod heads;
mod line;
mod seal;
#[cfg(test)]
mod tests;
mod verify;
mod webhook;

pub use archive::Archive;
pub use file::{Totals, verify_file, write_file};
pub use heads::{Head, Heads, REF, parse as parse_heads};
pub use seal::Sealed;
pub use verify::{Archived, Compared, Finding, Verified};
pub use webhook::{Failed, Told, Webhook};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::audit::{self, Entry};

use crate::Engine;
use crate::problem::Problem;

/// The JSON object of one log entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/events.md` has the whole table.
pub struct EventView {
    pub seq: i64,
    pub at_ms: i64,
    pub name: String,
    pub subject: String,
    pub agent: Option<String>,
    pub fence: Option<i64>,
    pub data: Value,
}

impl From<Entry> for EventView {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            at_ms: entry.at.millis(),
            name: entry.name,
            subject: entry.subject,
            agent: entry.agent,
            fence: entry.fence,
            data: serde_json::from_str(&entry.data).unwrap_or(Value::Null),
        }
    }
}

impl Engine {
    /// Up to `limit` entries after number `seq`, oldest first; those on `subject` only when it is given.
    pub async fn events(&self, subject: Option<&str>, seq: i64, limit: u32) -> Result<Vec<EventView>, Problem> {
        let read = self.store.read(async |tx| match subject {
            Some(subject) => audit::of(tx, &self.project, subject, seq, limit).await,
            None => audit::after(tx, &self.project, seq, limit).await,
        });
        Ok(read.await?.into_iter().map(EventView::from).collect())
    }

    /// The last `limit` entries, oldest first.
    pub async fn latest_events(&self, limit: u32) -> Result<Vec<EventView>, Problem> {
        let mut found = self.store.read(async |tx| audit::latest(tx, &self.project, limit).await).await?;
        found.reverse();
        Ok(found.into_iter().map(EventView::from).collect())
    }
}
