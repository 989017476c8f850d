//! Sessions, as they are kept.

mod facts;
mod record;

use domain::agent::Agent;
use domain::agent::presence::Thresholds;
use domain::id::{SessionId, WorkId};
use domain::role::{Decision, Wanted, decide};
use domain::session::{Draft, Ended, Over, Report, Session};
use domain::text::{AgentName, Project, Role};
use domain::time::Timestamp;
use domain::work::{Json, Refusal};

pub use facts::facts;

use crate::audit::{Fact, append};
use crate::work::{Page, WorkError};
use crate::{Scope, StoreError, Tx, Value, agent, sql};

/// How many of the latest holds are looked at for what a session worked on.
const WORKED_MAX: u32 = 200;

/// Why a session did not begin or end.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is no such session.
    #[error("there is no session {0}; `nexus agent sessions` shows those there are")]
    Unknown(SessionId),
    /// The agent has no open one.
    #[error("{0} has no open session; `nexus agent sessions --agent {0}` shows those it had")]
    NoneOpen(AgentName),
    /// The agent has one already.
    #[error(
        "{agent} has an open session, {id}, as {role}; `nexus agent end {id}` ends it, or start under another name"
    )]
    Open {
        /// Who.
        agent: AgentName,
        /// Which.
        id: SessionId,
        /// In which role.
        role: Role,
    },
    /// It has ended.
    #[error(transparent)]
    Over(#[from] Over),
    /// Nobody has the role, and nothing asks for it.
    #[error(
        "there is no role {role}: nobody has it and no open item asks for it. {} are always there; \
         `nexus agent register NAME --role ROLE` makes another one known",
        Role::USUAL.join(", ")
    )]
    UnknownRole {
        /// The role.
        role: Role,
        /// Those that there are beside the usual ones.
        known: Vec<Role>,
    },
    /// The agent takes nothing new.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something about the agent is not as it should be.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The store failed; asking again may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which session is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    Id(SessionId),
    /// The open one of this agent.
    OpenOf(AgentName),
}

/// Begins a session, with an id from `number` on: decides the role, and gives it to the agent, who becomes known.
///
/// Of two that begin for one agent at the same time, one does; the other is told which session there is.
pub async fn start(
    tx: &mut Tx<'_>,
    scope: &Scope,
    draft: Draft,
    from: Option<SessionId>,
    thresholds: &Thresholds,
    number: u64,
) -> Result<Session, SessionError> {
    let known = whose(tx, scope, draft.agent.clone(), number).await?;
    known.take_work()?;
    free(tx, scope, &known.name).await?;
    tx.query_opt(&sql::session::TURN, &[(&scope.project).into()]).await?;
    let last = tx.query_opt(&sql::session::LAST, &[(&scope.project).into()]).await?;
    let last = last.map(|row| row.parsed::<Role>(0)).transpose()?;
    let facts = facts(tx, scope, thresholds, last).await?;
    let decision = decide(&draft.role, &facts).ok_or_else(|| unknown_role(&draft.role, facts.known.clone()))?;
    if known.role.as_ref() != Some(&decision.role) {
        let agent = Agent { role: Some(decision.role.clone()), ..known.clone() };
        agent::register(tx, scope, &agent).await?;
    }
    agent::heartbeat(tx, scope, &known.name, None).await?;
    let facts = record::facts(&facts);
    let session = insert(tx, scope, known.name, (decision, facts), &draft, from, number).await?;
    let data = serde_json::json!({
        "role": session.role.as_str(), "stage": session.stage, "reason": session.reason,
        "objectives": session.objectives.len(), "from": session.from.as_ref().map(SessionId::as_str),
    });
    log(tx, scope, "session.started", &session, &data).await?;
    Ok(session)
}

/// The agent that begins; one without a name gets a new one.
async fn whose(tx: &mut Tx<'_>, scope: &Scope, name: Option<AgentName>, mut number: u64) -> Result<Agent, StoreError> {
    if let Some(name) = name {
        let known = agent::find_to_count(tx, &scope.project, &name).await?;
        return Ok(known.unwrap_or_else(|| Agent::unregistered(name, scope.project.clone(), scope.now)));
    }
    loop {
        let name: AgentName = format!("agent_{number}").parse().expect("digits make a name");
        if agent::find(tx, &scope.project, &name).await?.is_none() {
            return Ok(Agent::unregistered(name, scope.project.clone(), scope.now));
        }
        number += 1;
    }
}

async fn free(tx: &mut Tx<'_>, scope: &Scope, name: &AgentName) -> Result<(), SessionError> {
    match open_of(tx, &scope.project, name).await? {
        None => Ok(()),
        Some(Session { agent, id, role, .. }) => Err(SessionError::Open { agent, id, role }),
    }
}

fn unknown_role(wanted: &Wanted, known: std::collections::BTreeSet<Role>) -> SessionError {
    match wanted {
        Wanted::Named(role) => SessionError::UnknownRole { role: role.clone(), known: known.into_iter().collect() },
        Wanted::Auto => unreachable!("there is always a role that is needed"),
    }
}

async fn insert(
    tx: &mut Tx<'_>,
    scope: &Scope,
    agent: AgentName,
    (decision, facts): (Decision, Json),
    draft: &Draft,
    from: Option<SessionId>,
    mut number: u64,
) -> Result<Session, SessionError> {
    loop {
        let session = Session {
            id: SessionId::numbered(number),
            project: scope.project.clone(),
            agent: agent.clone(),
            role: decision.role.clone(),
            stage: decision.stage.word().to_owned(),
            reason: decision.reason.clone(),
            facts: facts.clone(),
            objectives: draft.objectives.clone(),
            from: from.clone(),
            began_at: scope.now,
            ended: None,
        };
        if tx.execute(&sql::session::INSERT, &record::row(&session, &record::lines(&session.objectives))).await? == 1 {
            return Ok(session);
        }
        // Either somebody was faster, or the number was taken.
        free(tx, scope, &agent).await?;
        number += 1;
    }
}

/// Ends a session with what came of it. What it leaves is kept by [`keep_handoff`], in the same transaction.
pub async fn end(tx: &mut Tx<'_>, scope: &Scope, which: &Which, report: Report) -> Result<Session, SessionError> {
    let session = match which {
        Which::Id(id) => find(tx, &scope.project, id).await?,
        Which::OpenOf(agent) => {
            let open = open_of(tx, &scope.project, agent).await?;
            open.ok_or_else(|| SessionError::NoneOpen(agent.clone()))?
        }
    };
    let session = session.end(report, scope.now)?;
    let Some(Ended { at, report }) = &session.ended else { unreachable!("it has just ended") };
    let all = [&report.achievements, &report.challenges, &report.learnings, &report.next_steps].map(record::lines);
    let [achievements, challenges, learnings, next_steps] = &all;
    let values = [
        (&scope.project).into(),
        (&session.id).into(),
        (*at).into(),
        achievements.into(),
        challenges.into(),
        learnings.into(),
        next_steps.into(),
    ];
    tx.execute(&sql::session::END, &values).await?;
    let data = serde_json::json!({
        "role": session.role.as_str(), "achievements": report.achievements.len(),
        "challenges": report.challenges.len(), "learnings": report.learnings.len(),
        "next_steps": report.next_steps.len(),
    });
    log(tx, scope, "session.ended", &session, &data).await?;
    Ok(session)
}

/// Keeps `document` as what `id` left.
pub async fn keep_handoff(tx: &mut Tx<'_>, scope: &Scope, id: &SessionId, document: &str) -> Result<(), StoreError> {
    tx.execute(&sql::session::KEEP_HANDOFF, &[(&scope.project).into(), id.into(), document.into()]).await.map(drop)
}

/// What `id` left; `None` while it is open.
pub async fn handoff(tx: &mut Tx<'_>, project: &Project, id: &SessionId) -> Result<Option<Json>, StoreError> {
    document(tx.query_opt(&sql::session::HANDOFF, &[project.into(), id.into()]).await?)
}

/// What the session left that began last of those in `role` or by `agent`, and has ended; of all, when there is none.
pub async fn last_handoff(
    tx: &mut Tx<'_>,
    project: &Project,
    role: &Role,
    agent: &AgentName,
) -> Result<Option<Json>, StoreError> {
    let near = tx.query_opt(&sql::session::LAST_HANDOFF, &[project.into(), role.into(), agent.into()]).await?;
    if near.is_some() {
        return document(near);
    }
    document(tx.query_opt(&sql::session::LAST_HANDOFF, &[project.into(), Value::Null, agent.into()]).await?)
}

fn document(row: Option<crate::Row>) -> Result<Option<Json>, StoreError> {
    let text = row.map(|row| row.text_or_null(0).map(|text| text.map(str::to_owned))).transpose()?;
    Ok(text.flatten().map(Json))
}

/// The session `id`.
pub async fn find(tx: &mut Tx<'_>, project: &Project, id: &SessionId) -> Result<Session, SessionError> {
    let row = tx.query_opt(&sql::session::FIND, &[project.into(), id.into()]).await?;
    Ok(record::read(&row.ok_or_else(|| SessionError::Unknown(id.clone()))?, project)?)
}

/// The open session of `agent`, or `None`.
pub async fn open_of(tx: &mut Tx<'_>, project: &Project, agent: &AgentName) -> Result<Option<Session>, StoreError> {
    let row = tx.query_opt(&sql::session::OPEN_OF, &[project.into(), agent.into()]).await?;
    row.map(|row| record::read(&row, project)).transpose()
}

/// Sessions by id, those of `agent` only when it is given, and those that are open only when `open` says so.
pub async fn list(
    tx: &mut Tx<'_>,
    project: &Project,
    agent: Option<&AgentName>,
    open: bool,
    page: &Page,
) -> Result<Vec<Session>, StoreError> {
    let values = [project.into(), (&page.after).into(), agent.into(), i64::from(open).into(), page.limit.into()];
    tx.query_all(&sql::session::LIST, &values).await?.iter().map(|row| record::read(row, project)).collect()
}

/// Of which items a hold of `agent` has ended since `since`, the latest first; among its latest holds.
pub async fn worked(
    tx: &mut Tx<'_>,
    project: &Project,
    agent: &AgentName,
    since: Timestamp,
) -> Result<Vec<WorkId>, StoreError> {
    let mut all: Vec<WorkId> = Vec::new();
    for row in tx.query_all(&sql::session::WORKED, &[project.into(), agent.into(), WORKED_MAX.into()]).await? {
        let id = row.parsed(0)?;
        if row.time(1)? >= since && !all.contains(&id) {
            all.push(id);
        }
    }
    Ok(all)
}

async fn log(
    tx: &mut Tx<'_>,
    scope: &Scope,
    name: &str,
    session: &Session,
    data: &serde_json::Value,
) -> Result<(), StoreError> {
    let (subject, data) = (session.id.as_str(), data.to_string());
    append(tx, scope, Fact { name, subject, agent: Some(&session.agent), fence: None, data: &data }).await
}
