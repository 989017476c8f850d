//! Assignments: items that are kept for an agent until a moment. They give nobody a hold.

use std::collections::BTreeMap;

use domain::agent::assign::{Desk, Move, Need, Seat, choose, rebalance};
use domain::agent::presence::{Thresholds, presence};
use domain::agent::{Agent, Filter};
use domain::id::WorkId;
use domain::text::{AgentName, Role};
use domain::time::{Timestamp, Ttl};
use domain::work::{Bundle, Held, Receiver, Refusal, State, WorkItem};

use crate::audit::{Fact, append};
use crate::work::{self, WorkError};
use crate::{Scope, StoreError, Tx, agent, sql};

/// How many agents and assignments one request looks at.
const LOOK_MAX: u32 = 10_000;
/// How many of its own items a claimer looks at before it looks at everybody's.
const OWN_MAX: u32 = 10;

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// In which role.
    pub role: Role,
    /// Whose it is.
    pub agent: AgentName,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// Whether anything is kept for anybody; claims ask this first, and mostly hear no.
pub async fn any(tx: &mut Tx<'_>, scope: &Scope) -> Result<bool, StoreError> {
    Ok(tx.query_opt(&sql::assignment::ANY, &[(&scope.project).into(), scope.now.into()]).await?.is_some())
}

/// The first ready item that is kept for `by` and fits.
pub async fn first_for(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    by: &AgentName,
) -> Result<Option<WorkItem>, StoreError> {
    let values = [(&scope.project).into(), by.into(), scope.now.into(), OWN_MAX.into()];
    for row in tx.query_all(&sql::assignment::READY_OF, &values).await? {
        let found = work::find(tx, scope, &row.parsed(0)?).await?.map(|found| found.item);
        if let Some(item) = found.filter(|item| item.state == State::Ready && filter.fits(&item.plan)) {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

/// Whether `item` is kept for somebody else than `by`, in the role that the item is for.
pub async fn for_another(tx: &mut Tx<'_>, scope: &Scope, item: &WorkItem, by: &AgentName) -> Result<bool, StoreError> {
    let Some(role) = &item.plan.role else { return Ok(false) };
    Ok(current(tx, scope, &item.id, role).await?.is_some_and(|kept| kept.agent != *by))
}

async fn current(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId, role: &Role) -> Result<Option<Assigned>, StoreError> {
    let values = [(&scope.project).into(), id.into(), role.into(), scope.now.into()];
    let row = tx.query_opt(&sql::assignment::FOR_ROLE, &values).await?;
    row.map(|row| Ok(Assigned { role: role.clone(), agent: row.parsed(0)?, until: row.time(1)? })).transpose()
}

/// Keeps `id` for one agent in each of `roles` until `until`: all of them, or none and which roles nobody fills.
/// An agent that has it already, and fits, has it still.
pub async fn assign(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &WorkId,
    roles: &[Role],
    until: Timestamp,
    thresholds: &Thresholds,
) -> Result<Vec<Assigned>, WorkError> {
    let item = open(tx, scope, id).await?;
    tx.execute(&sql::assignment::PRUNE, &[(&scope.project).into(), scope.now.into()]).await?;
    let (desks, _) = desks(tx, scope, thresholds).await?;
    let (mut chosen, mut nobody) = (Vec::new(), Vec::new());
    for role in roles {
        let need = need_of(&item, role.clone());
        let before = current(tx, scope, id, role).await?.map(|kept| kept.agent);
        // What it has already does not count against it.
        let still = |desk: &&Desk| Desk { load: desk.load.saturating_sub(1), ..(*desk).clone() }.fits(&need);
        let before = before.and_then(|name| desks.iter().find(|desk| desk.agent.name == name)).filter(still);
        match before.or_else(|| choose(&desks, &need)) {
            Some(desk) => chosen.push(Assigned { role: role.clone(), agent: desk.agent.name.clone(), until }),
            None => nobody.push(role.clone()),
        }
    }
    if !nobody.is_empty() {
        return Err(WorkError::NoAgentForRole(nobody));
    }
    for assigned in &chosen {
        keep(tx, scope, id, assigned).await?;
    }
    Ok(chosen)
}

/// Gives `id` to `to`: an item that is held goes from hand to hand, for `ttl`; any other is kept for it until `until`.
pub async fn reassign(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &WorkId,
    to: &AgentName,
    until: Timestamp,
    ttl: Ttl,
) -> Result<Option<Assigned>, WorkError> {
    let item = open(tx, scope, id).await?;
    if let State::Leased(lease) = &item.state {
        let held = Held { by: lease.holder.clone(), fence: item.fence };
        let receiver = Receiver::Agent { name: to.clone(), ttl };
        let bundle = Bundle { note: format!("reassigned from {}", held.by), ..Bundle::default() };
        work::hand_off(tx, scope, id, &held, &receiver, bundle, false).await?;
        return Ok(None);
    }
    let agent = agent::find_to_count(tx, &scope.project, to).await?;
    let agent = agent.ok_or_else(|| WorkError::UnknownAgent(to.clone()))?;
    agent.take_work()?;
    // An agent without a role stands in for whoever the item is for.
    let role = agent.role.or_else(|| item.plan.role.clone()).ok_or(Refusal::WrongState {
        state: "for no role, as the agent is",
        needs: "an agent or an item with a role",
    })?;
    let assigned = Assigned { role, agent: to.clone(), until };
    keep(tx, scope, id, &assigned).await?;
    Ok(Some(assigned))
}

/// The moves that even out what is kept for agents, done unless `dry`.
pub async fn even_out(
    tx: &mut Tx<'_>,
    scope: &Scope,
    thresholds: &Thresholds,
    dry: bool,
) -> Result<Vec<Move>, WorkError> {
    let (desks, seats) = desks(tx, scope, thresholds).await?;
    let until: BTreeMap<(WorkId, Role), Timestamp> =
        seats.iter().map(|(seat, until)| ((seat.need.item.clone(), seat.need.role.clone()), *until)).collect();
    let seats: Vec<Seat> = seats.into_iter().map(|(seat, _)| seat).collect();
    let moves = rebalance(desks, &seats);
    if !dry {
        for made in &moves {
            let until = until[&(made.item.clone(), made.role.clone())];
            let assigned = Assigned { role: made.role.clone(), agent: made.to.clone(), until };
            keep(tx, scope, &made.item, &assigned).await?;
        }
    }
    Ok(moves)
}

async fn open(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId) -> Result<WorkItem, WorkError> {
    let item = work::find(tx, scope, id).await?.ok_or_else(|| WorkError::Unknown(id.clone()))?.item;
    if item.state.finished() {
        return Err(Refusal::Finished { state: item.state.word() }.into());
    }
    Ok(item)
}

fn need_of(item: &WorkItem, role: Role) -> Need {
    Need { item: item.id.clone(), role, team: item.plan.team.clone(), capabilities: item.plan.capabilities.clone() }
}

/// Every agent with what it does and has, and every assignment that waits, with its end.
async fn desks(
    tx: &mut Tx<'_>,
    scope: &Scope,
    thresholds: &Thresholds,
) -> Result<(Vec<Desk>, Vec<(Seat, Timestamp)>), WorkError> {
    let seats = seats(tx, scope).await?;
    let mut kept: BTreeMap<&AgentName, u32> = BTreeMap::new();
    for (seat, _) in &seats {
        *kept.entry(&seat.agent).or_default() += 1;
    }
    let desk = |seen: agent::Seen| {
        let agent: Agent = seen.agent;
        let load = seen.signs.held + kept.get(&agent.name).copied().unwrap_or(0);
        Desk { presence: presence(&seen.signs, thresholds, scope.now).0, load, agent }
    };
    let desks = agent::roster(tx, &scope.project, "", LOOK_MAX).await?.into_iter().map(desk).collect();
    Ok((desks, seats))
}

/// Every assignment that waits, with its end.
pub async fn seats(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<(Seat, Timestamp)>, StoreError> {
    let values = [(&scope.project).into(), scope.now.into(), LOOK_MAX.into()];
    let mut seats = Vec::new();
    for row in tx.query_all(&sql::assignment::OPEN, &values).await? {
        let id: WorkId = row.parsed(0)?;
        if let Some(found) = work::find(tx, scope, &id).await? {
            seats.push((Seat { need: need_of(&found.item, row.parsed(1)?), agent: row.parsed(2)? }, row.time(3)?));
        }
    }
    Ok(seats)
}

async fn keep(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId, assigned: &Assigned) -> Result<(), StoreError> {
    let Assigned { role, agent, until } = assigned;
    let values = [(&scope.project).into(), id.into(), role.into(), agent.into(), scope.now.into(), (*until).into()];
    tx.execute(&sql::assignment::SAVE, &values).await?;
    let data = serde_json::json!({ "role": role.as_str(), "to": agent.as_str(), "until_ms": until.millis() });
    let data = data.to_string();
    append(tx, scope, Fact { name: "work.assigned", subject: id.as_str(), agent: None, fence: None, data: &data }).await
}
