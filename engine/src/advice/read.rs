//! How things stand, as the rules of advice take it. Everything is bounded.

use domain::advice::{Snapshot, Worker};
use domain::agent::Record;
use domain::agent::presence::presence;
use domain::text::Team;
use domain::time::Timestamp;
use store::work::{self, Page};
use store::{Scope, StoreError, Tx, agent, assignment};

use crate::Engine;
use crate::problem::Problem;

/// How many items of each open state, and how many dead ones, are looked at.
const OPEN_MAX: u32 = 1_000;
/// How many of those that were done last.
const DONE_MAX: u32 = 200;
/// How many agents.
const AGENTS_MAX: u32 = 1_000;
/// Of how many agents the record is read, and from how many of the latest holds.
const RECORDS_MAX: usize = 200;
const ENDS_MAX: u32 = 100;

impl Engine {
    /// The project as it stands, that of `team` and of no team only when it is given.
    pub(super) async fn snapshot(&self, since: Timestamp, team: Option<&Team>) -> Result<Snapshot, Problem> {
        let (flow, _) = self.gathered(since, team.cloned()).await?;
        let scope = self.scope();
        let whole = self.store.read(async |tx| read(tx, &scope, self).await).await?;
        let whole = Snapshot { flow, ..whole };
        Ok(match team {
            Some(team) => whole.of_team(team),
            None => whole,
        })
    }
}

async fn read(tx: &mut Tx<'_>, scope: &Scope, engine: &Engine) -> Result<Snapshot, StoreError> {
    let (project, first) = (&scope.project, Page { after: String::new(), limit: OPEN_MAX });
    let mut items = Vec::new();
    for state in ["pending", "ready", "leased", "blocked", "submitted"] {
        items.extend(work::list(tx, project, Some(state), &first).await?);
    }
    items.extend(work::latest(tx, project, "dead", OPEN_MAX).await?);
    let finished = work::latest(tx, project, "done", DONE_MAX).await?;
    let mut agents = Vec::new();
    for (n, seen) in agent::roster(tx, project, "", AGENTS_MAX).await?.into_iter().enumerate() {
        let registered = seen.agent.standing.registered();
        if !registered && seen.holds.is_empty() {
            continue;
        }
        let ends =
            if n < RECORDS_MAX { agent::ends(tx, project, &seen.agent.name, ENDS_MAX).await? } else { Vec::new() };
        agents.push(Worker {
            presence: presence(&seen.signs, &engine.presence, scope.now).0,
            record: Record::of(&ends),
            agent: seen.agent,
        });
    }
    let kept = assignment::seats(tx, scope).await?.into_iter().map(|(seat, _)| seat).collect();
    Ok(Snapshot {
        now: scope.now,
        items: items.into_iter().map(|found| found.item).collect(),
        finished: finished.into_iter().map(|found| found.item).collect(),
        agents,
        kept,
        flow: domain::flow::Flow::default(),
    })
}
