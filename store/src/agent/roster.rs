//! Who is there, what each holds, and how each stands.

use std::collections::BTreeMap;

use domain::agent::presence::Signs;
use domain::agent::{Agent, Duty, End, How};
use domain::text::{AgentName, Project};
use domain::time::Timestamp;
use domain::work::{Command, Fence, Held};

use super::{find_to_count, read};
use crate::audit::{Fact, append};
use crate::work::{self, WorkError};
use crate::{Row, Scope, StoreError, Tx, Value, sql};

/// An agent with the signs it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The agent.
    pub agent: Agent,
    /// What is known of it now.
    pub signs: Signs,
    /// What it holds, first the lease that ends first.
    pub holds: Vec<Hold>,
}

/// One item that an agent holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which.
    pub item: domain::id::WorkId,
    /// Under which fence.
    pub fence: Fence,
    until: Timestamp,
    changed_at: Timestamp,
    progressed_at: Option<Timestamp>,
}

/// Up to `limit` agents after the name `after`, by name.
pub async fn roster(tx: &mut Tx<'_>, project: &Project, after: &str, limit: u32) -> Result<Vec<Seen>, StoreError> {
    let rows = tx.query_all(&sql::agent::SIGNS, &[project.into(), after.into(), limit.into()]).await?;
    look(tx, project, &rows).await
}

/// The agent called `name`, or `None`.
pub async fn seen(tx: &mut Tx<'_>, project: &Project, name: &AgentName) -> Result<Option<Seen>, StoreError> {
    let rows = tx.query_all(&sql::agent::SIGNS_OF, &[project.into(), name.into()]).await?;
    Ok(look(tx, project, &rows).await?.pop())
}

async fn look(tx: &mut Tx<'_>, project: &Project, rows: &[Row]) -> Result<Vec<Seen>, StoreError> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let mut held = held(tx, project, first.text(1)?, last.text(1)?).await?;
    rows.iter().map(|row| whole(row, &mut held)).collect()
}

/// What the agents from `first` to `last` hold.
async fn held(tx: &mut Tx<'_>, project: &Project, first: &str, last: &str) -> Result<Holds, StoreError> {
    holds(&tx.query_all(&sql::agent::HELD, &[project.into(), first.into(), last.into()]).await?)
}

/// What the agents of a project hold, each first the lease that ends first.
type Holds = BTreeMap<String, Vec<Hold>>;

fn holds(rows: &[Row]) -> Result<Holds, StoreError> {
    let mut held = Holds::new();
    for row in rows {
        held.entry(row.text(0)?.to_owned()).or_default().push(Hold {
            item: row.parsed(1)?,
            fence: Fence::new(row.int(2)?),
            until: row.time(3)?,
            changed_at: row.time(4)?,
            progressed_at: row.int_or_null(5)?.map(Timestamp::from_millis),
        });
    }
    Ok(held)
}

fn whole(row: &Row, held: &mut Holds) -> Result<Seen, StoreError> {
    let agent = read(row)?;
    let holds = held.remove(agent.name.as_str()).unwrap_or_default();
    // Whatever changes an item that is held is its holder's doing, but for news of a dependency.
    let renewed = holds.iter().map(|hold| hold.changed_at.millis()).max();
    let beat = [row.int_or_null(8)?, row.int_or_null(10)?, renewed];
    let seen_ms = beat.into_iter().flatten().fold(agent.registered_at.millis(), i64::max);
    let signs = Signs {
        standing: agent.standing,
        seen_at: Timestamp::from_millis(seen_ms),
        held: u32::try_from(holds.len()).unwrap_or(u32::MAX),
        lease_until: holds.iter().map(|hold| hold.until).min(),
        progressed_at: holds.iter().filter_map(|hold| hold.progressed_at).max(),
        waiting_for: row.text_or_null(9)?.map(str::to_owned),
    };
    Ok(Seen { agent, signs, holds })
}

/// How the latest `limit` holds of `name` ended, newest first.
pub async fn ends(tx: &mut Tx<'_>, project: &Project, name: &AgentName, limit: u32) -> Result<Vec<End>, StoreError> {
    let end = |row: &Row| {
        let how = match row.text(0)? {
            "work.reported" | "work.submitted" => How::Reported,
            "work.failed" | "work.lapsed" => How::Failed,
            _ => How::Passed,
        };
        let began_at = row.int_or_null(2)?.map(Timestamp::from_millis);
        Ok(End { how, began_at, ended_at: row.time(1)? })
    };
    tx.query_all(&sql::agent::ENDS, &[project.into(), name.into(), limit.into()]).await?.iter().map(end).collect()
}

/// Notes that `name` is alive, and what it waits to hear from a person. It is no event: it changes nothing that
/// anybody decided.
pub async fn heartbeat(
    tx: &mut Tx<'_>,
    scope: &Scope,
    name: &AgentName,
    waiting_for: Option<&str>,
) -> Result<(), WorkError> {
    let values = [(&scope.project).into(), name.into(), scope.now.into(), waiting_for.into()];
    if tx.execute(&sql::agent::BEAT, &values).await? == 0 {
        return Err(not_beating(tx, scope, name).await?);
    }
    Ok(())
}

/// One heartbeat of many.
#[derive(Clone, Debug)]
pub struct Beat {
    /// Who is alive.
    pub name: AgentName,
    /// What it waits to hear from a person.
    pub waiting_for: Option<String>,
}

/// Does each of `beats` as [`heartbeat`] would, of two by the same agent the later one; how each agent is seen then.
pub async fn heartbeat_many(
    tx: &mut Tx<'_>,
    scope: &Scope,
    beats: &[Beat],
) -> Result<Vec<Result<Seen, WorkError>>, StoreError> {
    let project = &scope.project;
    let latest: BTreeMap<&AgentName, Option<&str>> =
        beats.iter().map(|beat| (&beat.name, beat.waiting_for.as_deref())).collect();
    let mut rows: Vec<Vec<Value<'_>>> = Vec::with_capacity(latest.len());
    for (name, waiting_for) in &latest {
        rows.push(vec![project.into(), (*name).into(), scope.now.into(), (*waiting_for).into()]);
    }
    tx.execute_all(&sql::agent::BEAT, &rows).await?;
    let spans: Vec<_> = latest.keys().map(|name| vec![project.into(), (*name).into(), (*name).into()]).collect();
    let mut held = holds(&tx.query_each(&sql::agent::HELD, &spans).await?)?;
    let names: Vec<_> = latest.keys().map(|name| vec![project.into(), (*name).into()]).collect();
    let seen = tx.query_each(&sql::agent::SIGNS_OF, &names).await?;
    let seen: Vec<Seen> = seen.iter().map(|row| whole(row, &mut held)).collect::<Result<_, _>>()?;
    let seen: BTreeMap<&AgentName, &Seen> = seen.iter().map(|it| (&it.agent.name, it)).collect();
    let mut answers = Vec::with_capacity(beats.len());
    for Beat { name, .. } in beats {
        answers.push(match seen.get(name) {
            Some(seen) if seen.agent.standing.registered() => Ok((*seen).clone()),
            _ => Err(not_beating(tx, scope, name).await?),
        });
    }
    Ok(answers)
}

/// Why an agent has no heartbeat.
async fn not_beating(tx: &mut Tx<'_>, scope: &Scope, name: &AgentName) -> Result<WorkError, StoreError> {
    Ok(match super::find(tx, &scope.project, name).await? {
        None => WorkError::UnknownAgent(name.clone()),
        Some(agent) => domain::work::Refusal::Retired { agent: agent.name }.into(),
    })
}

/// Makes `name` stand as `duty` says. What one that retires holds goes back to the others in the same transaction.
pub async fn stand(tx: &mut Tx<'_>, scope: &Scope, name: &AgentName, duty: Duty) -> Result<Agent, WorkError> {
    let agent = known(tx, scope, name).await?;
    let retired = |_| domain::work::Refusal::Retired { agent: name.clone() };
    let standing = agent.standing.after(duty).map_err(retired)?;
    if standing == agent.standing {
        return Ok(agent);
    }
    tx.execute(&sql::agent::STAND, &[(&scope.project).into(), name.into(), standing.word().into()]).await?;
    let mut released = Vec::new();
    if duty == Duty::Retire {
        tx.execute(&sql::agent::FORGET, &[(&scope.project).into(), name.into()]).await?;
        tx.execute(&sql::assignment::FORGET_AGENT, &[(&scope.project).into(), name.into()]).await?;
        for hold in held(tx, &scope.project, name.as_str(), name.as_str()).await?.into_values().flatten() {
            let held = Held { by: name.clone(), fence: hold.fence };
            let reason = Some(format!("{name} was retired"));
            work::carry_out(tx, scope, &hold.item, &Command::Release { held, reason }).await?;
            released.push(hold.item.to_string());
        }
    }
    let (event, data) = match duty {
        Duty::Drain => ("agent.drained", serde_json::json!({})),
        Duty::Resume => ("agent.resumed", serde_json::json!({})),
        Duty::Retire => ("agent.retired", serde_json::json!({ "released": released })),
    };
    let data = data.to_string();
    append(tx, scope, Fact { name: event, subject: name.as_str(), agent: None, fence: None, data: &data }).await?;
    Ok(Agent { standing, ..agent })
}

async fn known(tx: &mut Tx<'_>, scope: &Scope, name: &AgentName) -> Result<Agent, WorkError> {
    find_to_count(tx, &scope.project, name).await?.ok_or_else(|| WorkError::UnknownAgent(name.clone()))
}
