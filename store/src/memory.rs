//! Notes, as they are kept.

use std::collections::BTreeSet;

use domain::id::{NoteId, SessionId, WorkId};
use domain::memory::{BadNote, Draft, Note};
use domain::text::{AgentName, Label, Project};

use crate::audit::{Fact, append};
use crate::session::{self, SessionError};
use crate::work::{self, Page, WorkError};
use crate::{Row, Scope, StoreError, Tx, Value, sql};

/// Why a note was not kept or found.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// There is no such note.
    #[error("there is no note {0}; `nexus memory list` shows those there are")]
    Unknown(NoteId),
    /// What was written cannot be kept.
    #[error(transparent)]
    Draft(#[from] BadNote),
    /// The item that it is about does not exist.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The session that it is from does not exist.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The store failed; asking again may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which notes; what is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Those of this agent.
    pub agent: Option<AgentName>,
    /// Those of this session.
    pub session: Option<SessionId>,
    /// Those about this item.
    pub item: Option<WorkId>,
}

/// Keeps a note, with an id from `number` on.
pub async fn add(tx: &mut Tx<'_>, scope: &Scope, draft: Draft, mut number: u64) -> Result<Note, MemoryError> {
    draft.check()?;
    if let Some(id) = &draft.item {
        work::find(tx, scope, id).await?.ok_or_else(|| WorkError::Unknown(id.clone()))?;
    }
    let whose = match (&draft.session, &draft.agent) {
        (Some(id), _) => Some(session::find(tx, &scope.project, id).await?),
        (None, Some(agent)) => session::open_of(tx, &scope.project, agent).await?,
        (None, None) => None,
    };
    let draft = match whose {
        Some(session) => {
            Draft { session: Some(session.id), agent: draft.agent.clone().or(Some(session.agent)), ..draft }
        }
        None => draft,
    };
    let note = loop {
        let note = draft.clone().kept(NoteId::numbered(number), scope.project.clone(), scope.now)?;
        if insert(tx, &note).await? {
            break note;
        }
        number += 1;
    };
    let data = serde_json::json!({
        "tags": note.tags.iter().map(Label::as_str).collect::<Vec<_>>(), "bytes": note.text.len(),
        "session": note.session.as_ref().map(SessionId::as_str), "item": note.item.as_ref().map(WorkId::as_str),
    });
    log(tx, scope, "memory.added", &note, &data).await?;
    Ok(note)
}

async fn insert(tx: &mut Tx<'_>, note: &Note) -> Result<bool, StoreError> {
    let tags: Vec<&str> = note.tags.iter().map(Label::as_str).collect();
    let tags = serde_json::to_string(&tags).expect("text can be written as JSON");
    let values = [
        (&note.project).into(),
        (&note.id).into(),
        (&note.text).into(),
        (&tags).into(),
        note.agent.as_ref().into(),
        note.session.as_ref().into(),
        note.item.as_ref().into(),
        note.at.into(),
    ];
    Ok(tx.execute(&sql::memory::INSERT, &values).await? == 1)
}

/// Forgets a note: its text is gone. Comes back with what it was.
pub async fn remove(tx: &mut Tx<'_>, scope: &Scope, id: &NoteId) -> Result<Note, MemoryError> {
    let note = find(tx, &scope.project, id).await?;
    tx.execute(&sql::memory::REMOVE, &[(&scope.project).into(), id.into()]).await?;
    log(tx, scope, "memory.removed", &note, &serde_json::json!({})).await?;
    Ok(note)
}

/// The note `id`.
pub async fn find(tx: &mut Tx<'_>, project: &Project, id: &NoteId) -> Result<Note, MemoryError> {
    let row = tx.query_opt(&sql::memory::FIND, &[project.into(), id.into()]).await?;
    Ok(read(&row.ok_or_else(|| MemoryError::Unknown(id.clone()))?, project)?)
}

/// Notes by id.
pub async fn list(tx: &mut Tx<'_>, project: &Project, which: &Which, page: &Page) -> Result<Vec<Note>, StoreError> {
    let [agent, session, item] = narrowed(which);
    let values = [project.into(), (&page.after).into(), agent, session, item, page.limit.into()];
    tx.query_all(&sql::memory::LIST, &values).await?.iter().map(|row| read(row, project)).collect()
}

/// The newest notes, up to `limit`, the newest first.
pub async fn latest(tx: &mut Tx<'_>, project: &Project, which: &Which, limit: u32) -> Result<Vec<Note>, StoreError> {
    let [agent, session, item] = narrowed(which);
    let values = [project.into(), agent, session, item, limit.into()];
    tx.query_all(&sql::memory::LATEST, &values).await?.iter().map(|row| read(row, project)).collect()
}

fn narrowed(which: &Which) -> [Value<'_>; 3] {
    [which.agent.as_ref().into(), which.session.as_ref().into(), which.item.as_ref().into()]
}

fn read(row: &Row, project: &Project) -> Result<Note, StoreError> {
    let broken = |e: &dyn std::fmt::Display| StoreError::Broken(format!("tags of a note: {e}"));
    let tags: Vec<String> = serde_json::from_str(row.text(2)?).map_err(|e| broken(&e))?;
    let tags: Result<BTreeSet<Label>, _> = tags.iter().map(|tag| tag.parse()).collect();
    Ok(Note {
        id: row.parsed(0)?,
        project: project.clone(),
        text: row.text(1)?.to_owned(),
        tags: tags.map_err(|e| broken(&e))?,
        agent: row.parsed_or_null(3)?,
        session: row.parsed_or_null(4)?,
        item: row.parsed_or_null(5)?,
        at: row.time(6)?,
    })
}

async fn log(
    tx: &mut Tx<'_>,
    scope: &Scope,
    name: &str,
    note: &Note,
    data: &serde_json::Value,
) -> Result<(), StoreError> {
    let (subject, data) = (note.id.as_str(), data.to_string());
    append(tx, scope, Fact { name, subject, agent: note.agent.as_ref(), fence: None, data: &data }).await
}
