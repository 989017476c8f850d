//! Who is there: presence and record of agents, and how they stand.

use domain::agent::presence::{Thresholds, presence};
use domain::agent::{Agent, Duty, Record};
use domain::text::{AgentName, Capability};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::agent::{self as kept, Seen};
use store::work::{Page, WorkError};

use super::beats::Request;
use crate::problem::Problem;
use crate::{Engine, Key};

/// How many of an agent's latest holds its record is made of.
const ENDS_MAX: u32 = 1_000;

/// The JSON object of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct AgentView {
    pub name: String,
    pub role: Option<String>,
    pub team: Option<String>,
    pub capabilities: Vec<String>,
    pub capacity: Option<u32>,
    pub registered_at_ms: i64,
    pub standing: String,
    pub presence: String,
    pub reason: String,
    pub seen_at_ms: i64,
    pub waiting_for: Option<String>,
    pub held: Vec<String>,
}

/// The JSON object of an agent's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RecordView {
    pub completed: u64,
    pub failed: u64,
    pub success_rate: Option<f64>,
    pub mean_time_to_report_ms: Option<i64>,
}

impl AgentView {
    /// An agent as it seems to be at `now`, where `thresholds` say how long is long.
    pub(super) fn of(Seen { agent, signs, holds }: Seen, thresholds: &Thresholds, now: Timestamp) -> Self {
        let (presence, reason) = presence(&signs, thresholds, now);
        Self {
            name: agent.name.to_string(),
            role: agent.role.as_ref().map(ToString::to_string),
            team: agent.team.as_ref().map(ToString::to_string),
            capabilities: agent.capabilities.iter().map(Capability::to_string).collect(),
            capacity: agent.capacity,
            registered_at_ms: agent.registered_at.millis(),
            standing: agent.standing.word().to_owned(),
            presence: presence.word().to_owned(),
            reason,
            seen_at_ms: signs.seen_at.millis(),
            waiting_for: signs.waiting_for,
            held: holds.iter().map(|hold| hold.item.to_string()).collect(),
        }
    }
}

impl Engine {
    /// Agents by name, each with what it seems to be doing.
    pub async fn roster(&self, page: &Page) -> Result<Vec<AgentView>, Problem> {
        let now = self.scope().now;
        let read = self.store.read(async |tx| kept::roster(tx, &self.project, &page.after, page.limit).await);
        Ok(read.await?.into_iter().map(|seen| self.agent_view(seen, now)).collect())
    }

    /// The agent called `name` and its record.
    pub async fn agent(&self, name: &AgentName) -> Result<(AgentView, RecordView), Problem> {
        let now = self.scope().now;
        let read = async |tx: &mut store::Tx<'_>| {
            let seen = kept::seen(tx, &self.project, name).await?;
            let seen = seen.ok_or_else(|| WorkError::UnknownAgent(name.clone()))?;
            Ok::<_, Problem>((seen, kept::ends(tx, &self.project, name, ENDS_MAX).await?))
        };
        let (seen, ends) = self.store.read(read).await?;
        let Record { completed, failed, success_rate, mean_time_to_report_ms } = Record::of(&ends);
        let record = RecordView { completed, failed, success_rate, mean_time_to_report_ms };
        Ok((self.agent_view(seen, now), record))
    }

    fn agent_view(&self, seen: Seen, now: Timestamp) -> AgentView {
        AgentView::of(seen, &self.presence, now)
    }

    /// Makes `agent` known, or what is known of it this; it takes work from then on.
    pub async fn register(&self, agent: Agent, key: Option<Key>) -> Result<AgentView, Problem> {
        let engine = self.clone();
        self.keyed(key, async move |tx, scope| {
            kept::register(tx, scope, &agent).await?;
            engine.look_again(tx, scope, &agent.name).await
        })
        .await
    }

    /// Notes that `name` is alive, and what it waits to hear from a person.
    pub async fn heartbeat(
        &self,
        name: AgentName,
        waiting_for: Option<String>,
        key: Option<Key>,
    ) -> Result<AgentView, Problem> {
        if key.is_none() {
            let (scope, beat) = (self.scope(), kept::Beat { name, waiting_for });
            return self.beats.ask(&self.store, Request { scope, beat, presence: self.presence }).await;
        }
        let engine = self.clone();
        self.keyed(key, async move |tx, scope| {
            kept::heartbeat(tx, scope, &name, waiting_for.as_deref()).await?;
            engine.look_again(tx, scope, &name).await
        })
        .await
    }

    /// Makes `name` drain, resume or retire.
    pub async fn stand(&self, name: AgentName, duty: Duty, key: Option<Key>) -> Result<AgentView, Problem> {
        let engine = self.clone();
        self.keyed(key, async move |tx, scope| {
            kept::stand(tx, scope, &name, duty).await?;
            engine.look_again(tx, scope, &name).await
        })
        .await
    }

    async fn look_again(
        &self,
        tx: &mut store::Tx<'_>,
        scope: &store::Scope,
        name: &AgentName,
    ) -> Result<AgentView, Problem> {
        let seen = kept::seen(tx, &scope.project, name).await?;
        let seen = seen.ok_or_else(|| WorkError::UnknownAgent(name.clone()))?;
        Ok(self.agent_view(seen, scope.now))
    }
}
