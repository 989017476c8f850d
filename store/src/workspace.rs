//! Workspaces, as they are kept, with the ports and names that are leased with them.

use domain::id::{WorkId, WorkspaceId};
use domain::text::Project;
use domain::work::Fence;
use domain::workspace::{Command, Environment, Refusal, State, Workspace, decide};

use crate::audit::{Fact, append};
use crate::work::Page;
use crate::{Row, Scope, StoreError, Tx, sql};

/// Why a workspace could not be changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// There is no such workspace.
    #[error("there is no workspace {0}")]
    Unknown(WorkspaceId),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed; asking again may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps a new, open workspace. `false` means that its id is taken.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope, workspace: &Workspace) -> Result<bool, StoreError> {
    let values = [
        (&workspace.project).into(),
        (&workspace.id).into(),
        (&workspace.item).into(),
        workspace.fence.into(),
        (&workspace.node).into(),
        (&workspace.path).into(),
        (&workspace.branch).into(),
        (&workspace.base).into(),
        (&workspace.target).into(),
        i64::from(workspace.supervised).into(),
        workspace.environment.cache.as_ref().into(),
        scope.now.into(),
    ];
    if tx.execute(&sql::workspace::INSERT, &values).await? == 0 {
        return Ok(false);
    }
    log(tx, scope, workspace, "workspace.opened").await?;
    Ok(true)
}

/// Leases `value` (a port, a database name) on a node. `false` means that somebody has it.
pub async fn lease_value(tx: &mut Tx<'_>, workspace: &Workspace, kind: &str, value: &str) -> Result<bool, StoreError> {
    let values =
        [(&workspace.node).into(), kind.into(), value.into(), (&workspace.project).into(), (&workspace.id).into()];
    Ok(tx.execute(&sql::workspace::LEASE_VALUE, &values).await? == 1)
}

/// Does to workspace `id` what `command` says, as the rules allow; what was leased with it is freed when it is no
/// longer open.
pub async fn carry_out(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &WorkspaceId,
    command: Command,
) -> Result<Workspace, WorkspaceError> {
    let before = find(tx, &scope.project, id).await?.ok_or_else(|| WorkspaceError::Unknown(id.clone()))?;
    let name = match &command {
        Command::Snapshot { .. } => "workspace.snapshot",
        Command::SetAside { .. } => "workspace.set_aside",
        Command::Remove => "workspace.removed",
        Command::Restore { .. } => "workspace.restored",
    };
    let after = decide(&before, command, scope.now)?;
    save(tx, &before, &after).await?;
    if after.state != State::Open {
        free(tx, scope, id).await?;
    }
    log(tx, scope, &after, name).await?;
    Ok(after)
}

/// Frees the ports and names leased with workspace `id`.
pub async fn free(tx: &mut Tx<'_>, scope: &Scope, id: &WorkspaceId) -> Result<(), StoreError> {
    tx.execute(&sql::workspace::FREE_VALUES, &[(&scope.project).into(), id.into()]).await?;
    Ok(())
}

async fn save(tx: &mut Tx<'_>, before: &Workspace, after: &Workspace) -> Result<(), StoreError> {
    let values = [
        (&after.project).into(),
        (&after.id).into(),
        before.state.word().into(),
        after.state.word().into(),
        (&after.path).into(),
        after.snapshot.as_ref().into(),
        after.environment.cache.as_ref().into(),
        i64::from(after.supervised).into(),
        after.changed_at.into(),
    ];
    match tx.execute(&sql::workspace::SAVE, &values).await? {
        1 => Ok(()),
        _ => Err(StoreError::Busy { waited_ms: 0 }),
    }
}

async fn log(tx: &mut Tx<'_>, scope: &Scope, workspace: &Workspace, name: &str) -> Result<(), StoreError> {
    let data = serde_json::json!({
        "item": workspace.item.as_str(), "path": workspace.path, "branch": workspace.branch,
        "snapshot": workspace.snapshot, "state": workspace.state.word(),
    });
    let subject = workspace.id.as_str();
    let fact = Fact { name, subject, agent: None, fence: Some(workspace.fence), data: &data.to_string() };
    append(tx, scope, fact).await
}

/// Workspace `id`, or `None`.
pub async fn find(tx: &mut Tx<'_>, project: &Project, id: &WorkspaceId) -> Result<Option<Workspace>, StoreError> {
    let row = tx.query_opt(&sql::workspace::FIND, &[project.into(), id.into()]).await?;
    whole(tx, project, row).await
}

/// The workspace opened under this grant of `item`, or `None`.
pub async fn of_grant(
    tx: &mut Tx<'_>,
    project: &Project,
    item: &WorkId,
    fence: Fence,
) -> Result<Option<Workspace>, StoreError> {
    let row = tx.query_opt(&sql::workspace::OF_GRANT, &[project.into(), item.into(), fence.into()]).await?;
    whole(tx, project, row).await
}

/// Workspaces by id, those in `state` only when it is given.
pub async fn list(
    tx: &mut Tx<'_>,
    project: &Project,
    state: Option<State>,
    page: &Page,
) -> Result<Vec<Workspace>, StoreError> {
    let (after, limit) = ((&page.after).into(), page.limit.into());
    let rows = match state {
        None => tx.query_all(&sql::workspace::LIST, &[project.into(), after, limit]).await?,
        Some(state) => {
            let values = [project.into(), state.word().into(), after, limit];
            tx.query_all(&sql::workspace::LIST_IN_STATE, &values).await?
        }
    };
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.extend(whole(tx, project, Some(row)).await?);
    }
    Ok(all)
}

async fn whole(tx: &mut Tx<'_>, project: &Project, row: Option<Row>) -> Result<Option<Workspace>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let mut workspace = read(&row)?;
    for value in tx.query_all(&sql::workspace::VALUES_OF, &[project.into(), (&workspace.id).into()]).await? {
        match value.text(0)? {
            "port" => workspace.environment.ports.push(value.parsed(1)?),
            _ => workspace.environment.databases.push(value.text(1)?.to_owned()),
        }
    }
    Ok(Some(workspace))
}

fn read(row: &Row) -> Result<Workspace, StoreError> {
    let state = row.text(9)?;
    Ok(Workspace {
        project: row.parsed(0)?,
        id: row.parsed(1)?,
        item: row.parsed(2)?,
        fence: Fence::new(row.int(3)?),
        node: row.text(4)?.to_owned(),
        path: row.text(5)?.to_owned(),
        branch: row.text(6)?.to_owned(),
        base: row.text(7)?.to_owned(),
        target: row.text(8)?.to_owned(),
        state: State::from_word(state).ok_or_else(|| StoreError::Broken(format!("a workspace is {state:?}")))?,
        supervised: row.int(10)? != 0,
        snapshot: row.text_or_null(11)?.map(str::to_owned),
        environment: Environment { cache: row.text_or_null(12)?.map(str::to_owned), ..Environment::default() },
        opened_at: row.time(13)?,
        changed_at: row.time(14)?,
    })
}
