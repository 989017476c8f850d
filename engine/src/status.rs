//! How things stand, in one object.

use serde::Serialize;
use store::work::{self, Page};

use crate::Engine;
use crate::problem::Problem;
use crate::work::WorkView;

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

/// How many agents there are.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AgentCounts {
    /// That are known; at most 10,000 are counted.
    pub total: usize,
    /// That hold at least one item.
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

/// What the board shows.
#[derive(Clone, Debug, Serialize)]
pub struct Board {
    /// The status on top.
    pub status: Status,
    /// Items by column; each column has at most 50.
    pub columns: Vec<(&'static str, Vec<WorkView>)>,
}

impl Engine {
    /// How the project stands.
    pub async fn status(&self) -> Result<Status, Problem> {
        let counts = self.store.read(async |tx| work::counts(tx, &self.project).await).await?;
        let leased = self.list(Some("leased"), &Page { after: String::new(), limit: 1_000 }).await?;
        let duties = self.store.read(async |tx| store::duty::list(tx, &self.project).await).await?;
        let total = self.agents(&Page { after: String::new(), limit: 10_000 }).await?.len();
        let holders: std::collections::BTreeSet<&String> = leased.iter().filter_map(|v| v.holder.as_ref()).collect();
        let now = self.scope().now;
        Ok(Status {
            project: self.project.as_str().to_owned(),
            at_ms: now.millis(),
            version: env!("CARGO_PKG_VERSION"),
            agents: AgentCounts { total, active: holders.len() },
            work: counts.into_iter().map(|(state, n)| (state.to_owned(), n.into())).collect(),
            held: leased.iter().take(100).filter_map(hold).collect(),
            duties: duties
                .into_iter()
                .filter(|d| d.until > now)
                .map(|d| DutyView { name: d.name, holder: d.holder, until_ms: d.until.millis() })
                .collect(),
            last_seq: self.latest_events(1).await?.last().map_or(0, |e| e.seq),
        })
    }

    /// What the board shows: the open columns in order of an item's life, then what ended last.
    pub async fn board(&self) -> Result<Board, Problem> {
        let page = Page { after: String::new(), limit: 50 };
        let mut columns = Vec::new();
        for state in ["ready", "leased", "submitted", "done", "pending", "blocked", "dead"] {
            columns.push((state, self.list(Some(state), &page).await?));
        }
        Ok(Board { status: self.status().await?, columns })
    }
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
