//! Changes, receipts and landings, as they are kept.

mod landing;
mod receipt;
mod record;

use domain::change::{Change, Command, Refusal, State, decide};
use domain::id::{ChangeId, WorkId};
use domain::text::Project;
use domain::work::Fence;

use crate::audit::{Fact, append};
use crate::work::Page;
use crate::{Scope, StoreError, Tx, sql};
use record::{landed_columns, read};

pub use landing::{begin_landing, begun_landings, end_landing, targets};
pub use receipt::{insert_receipt, receipts_of};

/// Why a change could not be changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such change.
    #[error("there is no change {0}")]
    Unknown(ChangeId),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed; asking again may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps a new, queued change. Its id is `change.id`, or the next one that is free.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope, mut change: Change) -> Result<Change, StoreError> {
    let write_set = serde_json::to_string(&change.write_set).expect("text can be written as JSON");
    loop {
        let values = [
            (&change.project).into(),
            (&change.id).into(),
            (&change.item).into(),
            change.fence.into(),
            (&change.author).into(),
            change.author_role.as_ref().into(),
            (&change.target).into(),
            (&change.base).into(),
            (&change.commit).into(),
            (&change.tree).into(),
            (&write_set).into(),
            change.workspace.as_ref().into(),
            change.reverts.as_ref().into(),
            scope.now.into(),
        ];
        if tx.execute(&sql::change::INSERT, &values).await? == 1 {
            break;
        }
        change.id = ChangeId::numbered(change.id.number() + 1);
    }
    log(tx, scope, &change, "change.queued").await?;
    Ok(change)
}

/// Does to change `id` what `command` says, as the rules allow.
pub async fn carry_out(tx: &mut Tx<'_>, scope: &Scope, id: &ChangeId, command: Command) -> Result<Change, ChangeError> {
    let before = find(tx, &scope.project, id).await?.ok_or_else(|| ChangeError::Unknown(id.clone()))?;
    let name = match &command {
        Command::Refuse { .. } => "change.refused",
        Command::Approve(_) => "change.approved",
        Command::Reject { .. } => "change.rejected",
        Command::Begin { .. } => "change.landing",
        Command::Undo => "change.landing_undone",
        Command::Land { .. } => "change.landed",
        Command::Revert { .. } => "change.reverted",
        Command::Withdraw => "change.withdrawn",
    };
    let after = decide(&before, command, scope.now)?;
    save(tx, &before, &after).await?;
    log(tx, scope, &after, name).await?;
    Ok(after)
}

/// Notes that the landing queue holds the change's item under a new fence.
pub async fn refence(tx: &mut Tx<'_>, scope: &Scope, change: &Change, fence: Fence) -> Result<Change, StoreError> {
    let after = Change { fence, changed_at: scope.now, ..change.clone() };
    save(tx, change, &after).await?;
    Ok(after)
}

async fn save(tx: &mut Tx<'_>, before: &Change, after: &Change) -> Result<(), StoreError> {
    let [reason, landing, commit, verified, by] = landed_columns(&after.state);
    let approval = after.approval.as_ref();
    let values = [
        (&after.project).into(),
        (&after.id).into(),
        before.state.word().into(),
        after.fence.into(),
        approval.map(|a| &a.by).into(),
        approval.map(|a| &a.role).into(),
        after.state.word().into(),
        reason,
        landing,
        commit,
        verified,
        by,
        after.changed_at.into(),
    ];
    match tx.execute(&sql::change::SAVE, &values).await? {
        1 => Ok(()),
        _ => Err(StoreError::Busy { waited_ms: 0 }),
    }
}

async fn log(tx: &mut Tx<'_>, scope: &Scope, change: &Change, name: &str) -> Result<(), StoreError> {
    let data = serde_json::json!({
        "item": change.item.as_str(), "state": change.state.word(), "commit": change.commit, "tree": change.tree,
        "target": change.target, "reason": reason(change), "landed_commit": landed_commit(change),
        "approved_by": change.approval.as_ref().map(|a| a.by.as_str()), "files": change.write_set.len(),
    });
    let subject = change.id.as_str();
    append(tx, scope, Fact { name, subject, agent: Some(&change.author), fence: None, data: &data.to_string() }).await
}

fn reason(change: &Change) -> Option<&str> {
    match &change.state {
        State::Refused(reason) | State::Rejected(reason) => Some(reason),
        _ => None,
    }
}

fn landed_commit(change: &Change) -> Option<&str> {
    match &change.state {
        State::Landed { commit, .. } | State::Reverted { commit, .. } => Some(commit),
        _ => None,
    }
}

/// Change `id`, or `None`.
pub async fn find(tx: &mut Tx<'_>, project: &Project, id: &ChangeId) -> Result<Option<Change>, StoreError> {
    tx.query_opt(&sql::change::FIND, &[project.into(), id.into()]).await?.as_ref().map(read).transpose()
}

/// Up to `limit` queued changes for the branch `target`, in the order they came.
pub async fn queue(tx: &mut Tx<'_>, project: &Project, target: &str, limit: u32) -> Result<Vec<Change>, StoreError> {
    let values = [project.into(), target.into(), limit.into()];
    tx.query_all(&sql::change::QUEUE, &values).await?.iter().map(read).collect()
}

/// Changes by id, those in the state called `state` only when it is given.
pub async fn list(
    tx: &mut Tx<'_>,
    project: &Project,
    state: Option<&str>,
    page: &Page,
) -> Result<Vec<Change>, StoreError> {
    let (after, limit) = ((&page.after).into(), page.limit.into());
    let rows = match state {
        None => tx.query_all(&sql::change::LIST, &[project.into(), after, limit]).await?,
        Some(state) => tx.query_all(&sql::change::LIST_IN_STATE, &[project.into(), state.into(), after, limit]).await?,
    };
    rows.iter().map(read).collect()
}

/// Every change made for `item`, oldest first.
pub async fn of_item(tx: &mut Tx<'_>, project: &Project, item: &WorkId) -> Result<Vec<Change>, StoreError> {
    tx.query_all(&sql::change::OF_ITEM, &[project.into(), item.into()]).await?.iter().map(read).collect()
}
