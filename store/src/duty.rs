//! Duties: what only one process does at a time, under a lease with a fence of its own.

use domain::text::Project;
use domain::time::Timestamp;

use crate::{Scope, StoreError, Tx, sql};

/// Who has a duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Its name, such as `land main`.
    pub name: String,
    /// The process that has it.
    pub holder: String,
    /// The number of this grant.
    pub fence: i64,
    /// Until when.
    pub until: Timestamp,
}

/// Takes or keeps the duty `name` for `holder` until `ttl_ms` from now. `None` means that another has it.
///
/// The fence that comes back rises whenever the duty changes hands.
pub async fn take(
    tx: &mut Tx<'_>,
    scope: &Scope,
    name: &str,
    holder: &str,
    ttl_ms: i64,
) -> Result<Option<i64>, StoreError> {
    let found = tx.query_opt(&sql::duty::FIND, &[(&scope.project).into(), name.into()]).await?;
    let fence = match found {
        None => 1,
        Some(row) if row.text(0)? == holder && row.time(2)? > scope.now => row.int(1)?,
        Some(row) if row.time(2)? <= scope.now => row.int(1)? + 1,
        Some(_) => return Ok(None),
    };
    let until = scope.now.plus_millis(ttl_ms);
    let values = [(&scope.project).into(), name.into(), holder.into(), fence.into(), until.into()];
    let saved = tx.execute(&sql::duty::SAVE, &values).await?;
    Ok((saved == 1).then_some(fence))
}

/// Whether `holder` has the duty `name` under `fence` and its time is not over.
pub async fn holds(tx: &mut Tx<'_>, scope: &Scope, name: &str, holder: &str, fence: i64) -> Result<bool, StoreError> {
    let found = tx.query_opt(&sql::duty::FIND, &[(&scope.project).into(), name.into()]).await?;
    Ok(match found {
        Some(row) => row.text(0)? == holder && row.int(1)? == fence && row.time(2)? > scope.now,
        None => false,
    })
}

/// Gives the duty back, so that the next process need not wait for the time to run out.
pub async fn give_back(tx: &mut Tx<'_>, scope: &Scope, name: &str, holder: &str, fence: i64) -> Result<(), StoreError> {
    if holds(tx, scope, name, holder, fence).await? {
        let values = [(&scope.project).into(), name.into(), holder.into(), fence.into(), scope.now.into()];
        tx.execute(&sql::duty::SAVE, &values).await?;
    }
    Ok(())
}

/// Every duty that was ever taken, by name.
pub async fn list(tx: &mut Tx<'_>, project: &Project) -> Result<Vec<Duty>, StoreError> {
    let duty = |row: crate::Row| {
        Ok(Duty {
            name: row.text(0)?.to_owned(),
            holder: row.text(1)?.to_owned(),
            fence: row.int(2)?,
            until: row.time(3)?,
        })
    };
    tx.query_all(&sql::duty::LIST, &[project.into()]).await?.into_iter().map(duty).collect()
}
