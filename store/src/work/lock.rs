//! Locks by name, as they are kept.

use domain::text::{AgentName, Name, Project};
use domain::time::Ttl;
use domain::work::{Fence, Held, Lock};

use super::WorkError;
use super::list::Page;
use crate::audit::{Fact, append};
use crate::{Row, Scope, StoreError, Tx, sql};

/// Takes the lock `name` for `by`. Refused with `held` while another holds it.
pub async fn acquire(tx: &mut Tx<'_>, scope: &Scope, name: &Name, by: &AgentName, ttl: Ttl) -> Result<Lock, WorkError> {
    let mut before = find(tx, scope, name).await?;
    if before.is_none() {
        let first = Lock::new(name.clone()).acquire(by, ttl, scope.now)?;
        if tx.execute(&sql::lock::INSERT, &values(scope, &first)).await? == 1 {
            log(tx, scope, "lock.acquired", &first, by).await?;
            return Ok(first);
        }
        // Somebody else was faster.
        before = find(tx, scope, name).await?;
    }
    let before = before.ok_or_else(|| StoreError::Conflict(name.to_string()))?;
    let after = before.acquire(by, ttl, scope.now)?;
    save(tx, scope, "lock.acquired", (&before, &after), by).await
}

/// Keeps a lock for longer. Refused with `lease_lost` under any fence but the current one.
pub async fn renew(tx: &mut Tx<'_>, scope: &Scope, name: &Name, held: &Held, ttl: Ttl) -> Result<Lock, WorkError> {
    let before = find(tx, scope, name).await?.unwrap_or_else(|| Lock::new(name.clone()));
    let after = before.renew(held, ttl, scope.now)?;
    save(tx, scope, "lock.renewed", (&before, &after), &held.by).await
}

/// Gives a lock back. Refused with `lease_lost` under any fence but the current one.
pub async fn release(tx: &mut Tx<'_>, scope: &Scope, name: &Name, held: &Held) -> Result<Lock, WorkError> {
    let before = find(tx, scope, name).await?.unwrap_or_else(|| Lock::new(name.clone()));
    let after = before.release(held)?;
    save(tx, scope, "lock.released", (&before, &after), &held.by).await
}

/// Locks that somebody holds, or held when their time ran out, by name.
pub async fn list(tx: &mut Tx<'_>, project: &Project, page: &Page) -> Result<Vec<Lock>, StoreError> {
    let values = [project.into(), (&page.after).into(), page.limit.into()];
    tx.query_all(&sql::lock::LIST, &values).await?.iter().map(read).collect()
}

async fn find(tx: &mut Tx<'_>, scope: &Scope, name: &Name) -> Result<Option<Lock>, StoreError> {
    tx.query_opt(&sql::lock::FIND, &[(&scope.project).into(), name.into()]).await?.as_ref().map(read).transpose()
}

fn values<'a>(scope: &'a Scope, lock: &'a Lock) -> [crate::Value<'a>; 5] {
    [(&scope.project).into(), (&lock.name).into(), lock.holder.as_ref().into(), lock.fence.into(), lock.until.into()]
}

async fn save(
    tx: &mut Tx<'_>,
    scope: &Scope,
    event: &str,
    (before, after): (&Lock, &Lock),
    by: &AgentName,
) -> Result<Lock, WorkError> {
    let mut values = values(scope, after).to_vec();
    values.push(before.fence.into());
    if tx.execute(&sql::lock::SAVE, &values).await? != 1 {
        // Cannot happen: there is one writer, or the row is locked.
        return Err(StoreError::Conflict(after.name.to_string()).into());
    }
    log(tx, scope, event, after, by).await?;
    Ok(after.clone())
}

async fn log(tx: &mut Tx<'_>, scope: &Scope, name: &str, lock: &Lock, by: &AgentName) -> Result<(), StoreError> {
    let data = serde_json::json!({ "until_ms": lock.holder.as_ref().map(|_| lock.until.millis()) }).to_string();
    let subject = lock.name.as_str();
    append(tx, scope, Fact { name, subject, agent: Some(by), fence: Some(lock.fence), data: &data }).await
}

fn read(row: &Row) -> Result<Lock, StoreError> {
    Ok(Lock {
        name: row.parsed(0)?,
        holder: row.parsed_or_null(1)?,
        fence: Fence::new(row.int(2)?),
        until: row.time(3)?,
    })
}
