//! Locks by name: what doors ask for.

use domain::text::{AgentName, Name};
use domain::time::Ttl;
use domain::work::{Held, Lock};
use serde::{Deserialize, Serialize};
use store::work::{Page, lock};

use crate::problem::Problem;
use crate::{Engine, Key};

/// The JSON object of a lock. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct LockView {
    pub name: String,
    pub holder: Option<String>,
    pub fence: i64,
    pub lease_until_ms: Option<i64>,
}

impl LockView {
    fn of(lock: &Lock) -> Self {
        Self {
            name: lock.name.to_string(),
            holder: lock.holder.as_ref().map(ToString::to_string),
            fence: lock.fence.number(),
            lease_until_ms: lock.holder.as_ref().map(|_| lock.until.millis()),
        }
    }
}

impl Engine {
    /// Takes the lock `name` for `by`. Refused with `held` when another has it.
    pub async fn acquire_lock(
        &self,
        name: Name,
        by: AgentName,
        ttl: Ttl,
        key: Option<Key>,
    ) -> Result<LockView, Problem> {
        let body = async move |tx: &mut store::Tx<'_>, scope: &store::Scope| {
            Ok(LockView::of(&lock::acquire(tx, scope, &name, &by, ttl).await?))
        };
        self.keyed(key, body).await
    }

    /// Keeps the lock `name` for longer.
    pub async fn renew_lock(&self, name: Name, held: Held, ttl: Ttl, key: Option<Key>) -> Result<LockView, Problem> {
        let body = async move |tx: &mut store::Tx<'_>, scope: &store::Scope| {
            Ok(LockView::of(&lock::renew(tx, scope, &name, &held, ttl).await?))
        };
        self.keyed(key, body).await
    }

    /// Gives the lock `name` back.
    pub async fn release_lock(&self, name: Name, held: Held, key: Option<Key>) -> Result<LockView, Problem> {
        let body = async move |tx: &mut store::Tx<'_>, scope: &store::Scope| {
            Ok(LockView::of(&lock::release(tx, scope, &name, &held).await?))
        };
        self.keyed(key, body).await
    }

    /// Locks that somebody holds, by name.
    pub async fn locks(&self, page: &Page) -> Result<Vec<LockView>, Problem> {
        let all = self.store.read(async |tx| lock::list(tx, &self.project, page).await).await?;
        Ok(all.iter().map(LockView::of).collect())
    }
}
