//! What a role is decided from, read at one moment. Everything is bounded.

use std::collections::BTreeMap;

use domain::agent::presence::{Presence, Thresholds, presence};
use domain::role::Facts;
use domain::text::{AgentName, Role};

use crate::work::{self, Page};
use crate::{Scope, StoreError, Tx, agent, sql};

/// How many items of each state, agents and open sessions are looked at.
const LOOK_MAX: u32 = 1_000;

/// How the project stands; `last` is the role that was given last. A session whose agent is gone does not count.
pub async fn facts(
    tx: &mut Tx<'_>,
    scope: &Scope,
    thresholds: &Thresholds,
    last: Option<Role>,
) -> Result<Facts, StoreError> {
    let (project, first) = (&scope.project, Page { after: String::new(), limit: LOOK_MAX });
    let mut items = Vec::new();
    for state in ["pending", "ready", "leased", "blocked", "submitted"] {
        items.extend(work::list(tx, project, Some(state), &first).await?);
    }
    for state in ["dead", "done"] {
        items.extend(work::latest(tx, project, state, LOOK_MAX).await?);
    }
    let gates = work::gates(tx, project).await?;
    let in_flight = work::in_flight(tx, scope, &gates).await?;
    let items: Vec<_> = items.into_iter().map(|found| found.item).collect();
    let mut facts = Facts { last, ..Facts::of(&items, &gates, &in_flight, scope.now) };
    let mut there = BTreeMap::new();
    for seen in agent::roster(tx, project, "", LOOK_MAX).await? {
        if seen.agent.standing.registered() {
            facts.known.extend(seen.agent.role);
        }
        there.insert(seen.agent.name, presence(&seen.signs, thresholds, scope.now).0);
    }
    for row in tx.query_all(&sql::session::OPEN, &[project.into(), LOOK_MAX.into()]).await? {
        if there.get(&row.parsed::<AgentName>(0)?) != Some(&Presence::Gone) {
            *facts.sessions.entry(row.parsed(1)?).or_default() += 1;
        }
    }
    Ok(facts)
}
