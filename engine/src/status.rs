//! How things stand: in one object, and as a board for people.
//!
//! Everything comes from one snapshot and is bounded: a column has at most [`COLUMN`] items whatever the state holds,
//! and what happened is read from the last entries of the log. Only the counts look at every item, in an index.

mod board;
mod flow;

use std::collections::BTreeSet;

use serde::Serialize;
use store::audit;
use store::work::{self, Added, Page};
use store::{Scope, StoreError, Tx};

use crate::Engine;
use crate::problem::Problem;
use crate::work::WorkView;

pub use board::{Board, COLUMN, Card, Column, Refused, Told};
pub use flow::Flow;

/// How many log entries are looked at, from the last one back.
const LOG: u32 = 1_000;

/// How the project stands at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The project.
    pub project: String,
    /// When this was read, in Unix milliseconds.
    pub at_ms: i64,
    /// The version of the program.
    pub version: &'static str,
    /// Agents that are known, and those that hold something.
    pub agents: AgentCounts,
    /// Items by state.
    pub work: serde_json::Map<String, serde_json::Value>,
    /// What is held, by whom, until when; at most 100.
    pub held: Vec<Hold>,
    /// Who has which duty.
    pub duties: Vec<DutyView>,
    /// The number of the last log entry.
    pub last_seq: i64,
}

impl Status {
    /// How many items are in `state`.
    pub fn count(&self, state: &str) -> u64 {
        self.work.get(state).and_then(serde_json::Value::as_u64).unwrap_or(0)
    }
}

/// How many agents there are.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AgentCounts {
    /// That are known; at most 10,000 are counted.
    pub total: usize,
    /// That hold at least one item; the first 1,000 holds are looked at.
    pub active: usize,
}

/// One hold.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)] // The names say it.
pub struct Hold {
    pub id: String,
    pub title: String,
    pub holder: String,
    pub fence: i64,
    pub lease_until_ms: i64,
    pub progress_percent: Option<u8>,
}

/// One duty.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)] // The names say it.
pub struct DutyView {
    pub name: String,
    pub holder: String,
    pub until_ms: i64,
}

impl Engine {
    /// How the project stands.
    pub async fn status(&self) -> Result<Status, Problem> {
        let scope = self.scope();
        Ok(self.store.read(async |tx| status(tx, &scope).await).await?)
    }

    /// What the board shows.
    pub async fn board(&self) -> Result<Board, Problem> {
        let scope = self.scope();
        Ok(self.store.read(async |tx| board::board(tx, &scope).await).await?)
    }

    /// How fast work goes.
    pub async fn flow(&self) -> Result<Flow, Problem> {
        let scope = self.scope();
        Ok(self.store.read(async |tx| flow::flow(tx, &scope).await).await?)
    }

    /// Opens the file of the store anew and reads from it; comes back with the number of the last log entry. A
    /// connection that has been open for long would not notice that the file is gone.
    pub async fn check(&self) -> Result<i64, Problem> {
        self.store.changes()?;
        Ok(self.latest_events(1).await?.last().map_or(0, |event| event.seq))
    }
}

async fn status(tx: &mut Tx<'_>, scope: &Scope) -> Result<Status, StoreError> {
    let project = &scope.project;
    let counts = work::counts(tx, project).await?;
    let leased = views(&work::list(tx, project, Some("leased"), &first(1_000)).await?);
    let holders: BTreeSet<&String> = leased.iter().filter_map(|v| v.holder.as_ref()).collect();
    let duties = store::duty::list(tx, project).await?;
    Ok(Status {
        project: project.as_str().to_owned(),
        at_ms: scope.now.millis(),
        version: env!("CARGO_PKG_VERSION"),
        agents: AgentCounts { total: store::agent::list(tx, project, "", 10_000).await?.len(), active: holders.len() },
        work: counts.into_iter().map(|(state, n)| (state.to_owned(), n.into())).collect(),
        held: leased.iter().take(100).filter_map(hold).collect(),
        duties: duties
            .into_iter()
            .filter(|d| d.until > scope.now)
            .map(|d| DutyView { name: d.name, holder: d.holder, until_ms: d.until.millis() })
            .collect(),
        last_seq: audit::latest(tx, project, 1).await?.first().map_or(0, |entry| entry.seq),
    })
}

fn first(limit: u32) -> Page {
    Page { after: String::new(), limit }
}

fn views(found: &[Added]) -> Vec<WorkView> {
    found.iter().map(|added| WorkView::of(&added.item, &added.trace_id)).collect()
}

fn hold(item: &WorkView) -> Option<Hold> {
    Some(Hold {
        id: item.id.clone(),
        title: item.title.clone(),
        holder: item.holder.clone()?,
        fence: item.fence,
        lease_until_ms: item.lease_until_ms?,
        progress_percent: item.progress_percent,
    })
}
