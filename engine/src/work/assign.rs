//! Keeping items for agents.

use domain::id::WorkId;
use domain::text::{AgentName, Role};
use domain::time::Ttl;
use serde::{Deserialize, Serialize};
use store::assignment as kept;
use store::work::WorkError;

use crate::problem::Problem;
use crate::{Engine, Key};

/// How long a receiver has an item that was taken from another, at first, in milliseconds.
const RECEIVER_TTL_MS: i64 = 10 * 60 * 1_000;

/// The JSON object of an assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct AssignedView {
    pub role: String,
    pub agent: String,
    pub until_ms: i64,
}

/// The JSON object of a move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MoveView {
    pub item: String,
    pub role: String,
    pub from: String,
    pub to: String,
}

impl From<kept::Assigned> for AssignedView {
    fn from(it: kept::Assigned) -> Self {
        Self { role: it.role.to_string(), agent: it.agent.to_string(), until_ms: it.until.millis() }
    }
}

impl Engine {
    /// Keeps `id` for one agent in each of `roles` (the item's own when none is named) for `kept_ms`: all, or none.
    pub async fn assign(
        &self,
        id: WorkId,
        mut roles: Vec<Role>,
        kept_ms: i64,
        key: Option<Key>,
    ) -> Result<Vec<AssignedView>, Problem> {
        let thresholds = self.presence;
        self.keyed(key, async move |tx, scope| {
            if roles.is_empty() {
                let found = store::work::find(tx, scope, &id).await?.ok_or_else(|| WorkError::Unknown(id.clone()))?;
                roles.extend(found.item.plan.role.clone());
            }
            if roles.is_empty() {
                return Err(Problem::malformed("the item is for no role; say which it needs with --role"));
            }
            roles.sort();
            roles.dedup();
            let until = scope.now.plus_millis(kept_ms);
            let assigned = kept::assign(tx, scope, &id, &roles, until, &thresholds).await?;
            Ok(assigned.into_iter().map(AssignedView::from).collect())
        })
        .await
    }

    /// Gives `id` to `to`: from hand to hand when somebody holds it (`None` comes back), else it is kept for `to`.
    pub async fn reassign(
        &self,
        id: WorkId,
        to: AgentName,
        kept_ms: i64,
        key: Option<Key>,
    ) -> Result<Option<AssignedView>, Problem> {
        let ttl = Ttl::from_millis(RECEIVER_TTL_MS).expect("ten minutes are a time-to-live");
        self.keyed(key, async move |tx, scope| {
            let until = scope.now.plus_millis(kept_ms);
            Ok(kept::reassign(tx, scope, &id, &to, until, ttl).await?.map(AssignedView::from))
        })
        .await
    }

    /// Moves what is kept for agents that are gone or have too much to those that fit; with `dry` only says so.
    pub async fn rebalance(&self, dry: bool, key: Option<Key>) -> Result<Vec<MoveView>, Problem> {
        let thresholds = self.presence;
        self.keyed(key, async move |tx, scope| {
            let moves = kept::even_out(tx, scope, &thresholds, dry).await?;
            let view = |it: domain::agent::assign::Move| MoveView {
                item: it.item.to_string(),
                role: it.role.to_string(),
                from: it.from.to_string(),
                to: it.to.to_string(),
            };
            Ok(moves.into_iter().map(view).collect())
        })
        .await
    }
}
