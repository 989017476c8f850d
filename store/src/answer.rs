//! Answers to requests that carried a key: the same request gets the same answer and has one effect.

use crate::{Scope, StoreError, Tx, sql};

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: do it, and keep the answer.
    New,
    /// It was done; this was the answer.
    Answered(String),
    /// The key was used for another request.
    OtherRequest,
}

/// What is known of `key`, when it comes with a request of this digest.
pub async fn find(tx: &mut Tx<'_>, scope: &Scope, key: &str, request_digest: &str) -> Result<Known, StoreError> {
    let Some(row) = tx.query_opt(&sql::answer::FIND, &[(&scope.project).into(), key.into()]).await? else {
        return Ok(Known::New);
    };
    if row.text(0)? == request_digest { Ok(Known::Answered(row.text(1)?.to_owned())) } else { Ok(Known::OtherRequest) }
}

/// Keeps the answer to `key`.
pub async fn keep(
    tx: &mut Tx<'_>,
    scope: &Scope,
    key: &str,
    request_digest: &str,
    answer: &str,
) -> Result<(), StoreError> {
    let values = [(&scope.project).into(), key.into(), request_digest.into(), answer.into(), scope.now.into()];
    tx.execute(&sql::answer::KEEP, &values).await?;
    Ok(())
}

/// Forgets up to `limit` answers older than `before_ms`; comes back with how many.
pub async fn prune(tx: &mut Tx<'_>, scope: &Scope, before_ms: i64, limit: u32) -> Result<u64, StoreError> {
    tx.execute(&sql::answer::PRUNE, &[(&scope.project).into(), before_ms.into(), limit.into()]).await
}
