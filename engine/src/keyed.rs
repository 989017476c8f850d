//! Requests that carry a key: one effect, one answer, however often they come (I5).

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use store::{Scope, Tx, answer};

use crate::problem::Problem;
use crate::{Engine, sha256_hex};

/// An idempotency key, with what was asked for under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    key: String,
    request_digest: String,
}

impl Key {
    /// The longest key, in bytes.
    pub const BYTES_MAX: usize = 500;

    pub(crate) fn text(&self) -> &str {
        &self.key
    }

    pub(crate) fn digest(&self) -> &str {
        &self.request_digest
    }

    /// The problem of a key that was used for another request.
    pub(crate) fn reused(&self) -> Problem {
        let key = &self.key;
        Problem::refused(
            "key_reused",
            format!("the key {key:?} was used for another request; use a new key for a new request"),
        )
    }

    /// The answer that was `kept` for it.
    pub(crate) fn repeated<T: DeserializeOwned>(&self, kept: &str) -> Result<T, Problem> {
        serde_json::from_str(kept)
            .unwrap_or_else(|e| Err(store::StoreError::Broken(format!("the answer to key {:?}: {e}", self.key)).into()))
    }

    /// The key, for the request that `request` spells out in full.
    pub fn new(key: &str, request: &str) -> Result<Self, Problem> {
        domain::text::filled("the key", key, Self::BYTES_MAX).map_err(|bad| Problem::malformed(bad.to_string()))?;
        Ok(Self { key: key.to_owned(), request_digest: sha256_hex(request.as_bytes()) })
    }
}

/// Does `body` once for `key` and repeats its answer from then on, refusals included. A failure of the store is no
/// answer and is not kept.
///
/// A refusal leaves nothing behind but itself.
pub async fn once<T>(
    tx: &mut Tx<'_>,
    scope: &Scope,
    key: Option<&Key>,
    body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, Problem>,
) -> Result<Result<T, Problem>, Problem>
where
    T: Serialize + DeserializeOwned,
{
    let Some(key) = key else { return body(tx).await.map(Ok) };
    if let Some(answered) = known(tx, scope, key).await? {
        return Ok(answered);
    }
    let answered = match tx.attempt(body).await? {
        Err(failed) if failed.kind == crate::problem::Kind::Failed => return Err(failed),
        answered => answered,
    };
    let kept = serde_json::to_string(&answered).expect("an answer can be written as JSON");
    answer::keep(tx, scope, &key.key, &key.request_digest, &kept).await?;
    Ok(answered)
}

/// The answer that was given to `key`; `None` when it is new.
pub async fn known<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    scope: &Scope,
    key: &Key,
) -> Result<Option<Result<T, Problem>>, Problem> {
    Ok(match answer::find(tx, scope, key.text(), key.digest()).await? {
        answer::Known::New => None,
        answer::Known::OtherRequest => Some(Err(key.reused())),
        answer::Known::Answered(kept) => Some(key.repeated(&kept)),
    })
}

impl Engine {
    /// Forgets answers that are older than `kept`, some thousands at a time. Those to imports stay: a backlog is
    /// imported again whenever its owner likes.
    pub async fn forget_answers(&self, kept: Duration) -> Result<u64, Problem> {
        const AT_ONCE: u32 = 5_000;
        let scope = self.scope();
        let before_ms = scope.now.millis().saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
        Ok(self.store.write(async move |tx| answer::prune(tx, &scope, before_ms, AT_ONCE).await).await?)
    }
}
