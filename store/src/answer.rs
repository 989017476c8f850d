//! Answers to requests that carried a key: the same request gets the same answer and has one effect.

use std::collections::BTreeMap;

use domain::text::Project;

use crate::broken::Rule;
use crate::{Row, Scope, StoreError, Tx, Value, sql};

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

/// An answer that was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    request_digest: String,
    answer: String,
}

impl Kept {
    /// What that means for a request of this digest.
    pub fn for_request(self, digest: &str) -> Known {
        if self.request_digest == digest { Known::Answered(self.answer) } else { Known::OtherRequest }
    }
}

fn kept(row: &Row) -> Result<Kept, StoreError> {
    Ok(Kept { request_digest: row.text(0)?.to_owned(), answer: row.text(1)?.to_owned() })
}

/// What is known of `key`, when it comes with a request of this digest.
pub async fn find(tx: &mut Tx<'_>, scope: &Scope, key: &str, request_digest: &str) -> Result<Known, StoreError> {
    match tx.query_opt(&sql::answer::FIND, &[(&scope.project).into(), key.into()]).await? {
        Some(row) => Ok(kept(&row)?.for_request(request_digest)),
        None => Ok(Known::New),
    }
}

/// The answers that were kept to any of `keys`.
pub async fn find_many(
    tx: &mut Tx<'_>,
    keys: &[(&Project, &str)],
) -> Result<BTreeMap<(Project, String), Kept>, StoreError> {
    let rows: Vec<Vec<Value<'_>>> = keys.iter().map(|(project, key)| vec![(*project).into(), (*key).into()]).collect();
    let found = tx.query_each(&sql::answer::FIND, &rows).await?;
    found.iter().map(|row| Ok(((row.parsed(2)?, row.text(3)?.to_owned()), kept(row)?))).collect()
}

/// Keeps many answers: to the key, for a request of the digest, the text.
pub async fn keep_many(tx: &mut Tx<'_>, answers: &[(&Scope, &str, &str, &str)]) -> Result<(), StoreError> {
    if Rule::Keys.broken() {
        return Ok(());
    }
    let rows: Vec<Vec<Value<'_>>> = answers
        .iter()
        .map(|(scope, key, digest, answer)| {
            vec![(&scope.project).into(), (*key).into(), (*digest).into(), (*answer).into(), scope.now.into()]
        })
        .collect();
    tx.execute_all(&sql::answer::KEEP, &rows).await?;
    Ok(())
}

/// Keeps the answer to `key`.
pub async fn keep(
    tx: &mut Tx<'_>,
    scope: &Scope,
    key: &str,
    request_digest: &str,
    answer: &str,
) -> Result<(), StoreError> {
    if Rule::Keys.broken() {
        return Ok(());
    }
    let values = [(&scope.project).into(), key.into(), request_digest.into(), answer.into(), scope.now.into()];
    tx.execute(&sql::answer::KEEP, &values).await?;
    Ok(())
}

/// Forgets the answer to `key`, if there is one.
pub async fn forget(tx: &mut Tx<'_>, scope: &Scope, key: &str) -> Result<(), StoreError> {
    tx.execute(&sql::answer::FORGET, &[(&scope.project).into(), key.into()]).await?;
    Ok(())
}

/// Forgets up to `limit` answers older than `before_ms`; comes back with how many.
pub async fn prune(tx: &mut Tx<'_>, scope: &Scope, before_ms: i64, limit: u32) -> Result<u64, StoreError> {
    tx.execute(&sql::answer::PRUNE, &[(&scope.project).into(), before_ms.into(), limit.into()]).await
}
