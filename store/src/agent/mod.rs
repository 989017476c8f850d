//! Agents, as they are kept.

mod roster;

use std::collections::BTreeSet;

use domain::agent::{Agent, Standing};
use domain::text::{AgentName, Capability, Project, Role, Team};

pub use roster::{Beat, Seen, ends, heartbeat, heartbeat_many, roster, seen, stand};

use crate::audit::{Fact, append};
use crate::{Row, Scope, StoreError, Tx, sql};

/// The agent called `name`, or `None`.
pub async fn find(tx: &mut Tx<'_>, project: &Project, name: &AgentName) -> Result<Option<Agent>, StoreError> {
    tx.peek_opt(&sql::agent::FIND, &[project.into(), name.into()]).await?.as_ref().map(read).transpose()
}

/// The same, locked until the transaction ends: whoever counts what it holds must be the only one.
pub async fn find_to_count(tx: &mut Tx<'_>, project: &Project, name: &AgentName) -> Result<Option<Agent>, StoreError> {
    tx.query_opt(&sql::agent::FIND, &[project.into(), name.into()]).await?.as_ref().map(read).transpose()
}

/// The agent called `name`; one that is new becomes known, with no limit.
pub async fn meet(tx: &mut Tx<'_>, scope: &Scope, name: &AgentName) -> Result<Agent, StoreError> {
    if let Some(agent) = find(tx, &scope.project, name).await? {
        return Ok(agent);
    }
    let agent = Agent::unregistered(name.clone(), scope.project.clone(), scope.now);
    if tx.execute(&sql::agent::MEET, &[(&scope.project).into(), name.into(), scope.now.into()]).await? == 1 {
        log(tx, scope, &agent).await?;
        return Ok(agent);
    }
    // Somebody else was faster.
    find(tx, &scope.project, name).await.map(|found| found.unwrap_or(agent))
}

/// The agent of that name; one that is new becomes known as `agent` says.
pub async fn meet_as(tx: &mut Tx<'_>, scope: &Scope, agent: &Agent) -> Result<Agent, StoreError> {
    if let Some(known) = find(tx, &scope.project, &agent.name).await? {
        return Ok(known);
    }
    // Whoever adds the row has it alone until the end of the transaction.
    if tx.execute(&sql::agent::MEET, &[(&scope.project).into(), (&agent.name).into(), scope.now.into()]).await? == 1 {
        register(tx, scope, agent).await?;
        return Ok(agent.clone());
    }
    find(tx, &scope.project, &agent.name).await.map(|found| found.unwrap_or_else(|| agent.clone()))
}

/// Makes `agent` known, or what is known of it this.
pub async fn register(tx: &mut Tx<'_>, scope: &Scope, agent: &Agent) -> Result<(), StoreError> {
    let capabilities: Vec<&str> = agent.capabilities.iter().map(Capability::as_str).collect();
    let capabilities = serde_json::to_string(&capabilities).expect("text can be written as JSON");
    let values = [
        (&agent.project).into(),
        (&agent.name).into(),
        agent.role.as_ref().into(),
        agent.team.as_ref().into(),
        (&capabilities).into(),
        agent.capacity.into(),
        agent.registered_at.into(),
        agent.standing.word().into(),
    ];
    tx.execute(&sql::agent::SAVE, &values).await?;
    log(tx, scope, agent).await
}

async fn log(tx: &mut Tx<'_>, scope: &Scope, agent: &Agent) -> Result<(), StoreError> {
    let data = serde_json::json!({
        "role": agent.role.as_ref().map(Role::as_str), "team": agent.team.as_ref().map(Team::as_str),
        "capacity": agent.capacity,
    });
    let name = agent.name.as_str();
    append(
        tx,
        scope,
        Fact { name: "agent.registered", subject: name, agent: None, fence: None, data: &data.to_string() },
    )
    .await
}

/// The names of up to `limit` agents that are registered, with this role and in this team where they are given.
pub async fn with(
    tx: &mut Tx<'_>,
    project: &Project,
    role: Option<&Role>,
    team: Option<&Team>,
    limit: u32,
) -> Result<Vec<AgentName>, StoreError> {
    let values = [project.into(), role.into(), team.into(), limit.into()];
    tx.query_all(&sql::agent::RECIPIENTS, &values).await?.iter().map(|row| row.parsed(0)).collect()
}

/// Up to `limit` agents after the name `after`, by name.
pub async fn list(tx: &mut Tx<'_>, project: &Project, after: &str, limit: u32) -> Result<Vec<Agent>, StoreError> {
    tx.query_all(&sql::agent::LIST, &[project.into(), after.into(), limit.into()]).await?.iter().map(read).collect()
}

pub(crate) fn read(row: &Row) -> Result<Agent, StoreError> {
    let capabilities: Vec<String> =
        serde_json::from_str(row.text(4)?).map_err(|e| StoreError::Broken(format!("capabilities: {e}")))?;
    let capabilities: Result<BTreeSet<Capability>, _> = capabilities.iter().map(|c| c.parse()).collect();
    Ok(Agent {
        project: row.parsed(0)?,
        name: row.parsed(1)?,
        role: row.parsed_or_null(2)?,
        team: row.parsed_or_null(3)?,
        capabilities: capabilities.map_err(|e| StoreError::Broken(format!("capabilities: {e}")))?,
        capacity: row.int_or_null(5)?.and_then(|n| u32::try_from(n).ok()),
        registered_at: row.time(6)?,
        standing: Standing::from_word(row.text(7)?)
            .ok_or_else(|| StoreError::Broken("an agent stands oddly".to_owned()))?,
    })
}
