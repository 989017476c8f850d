//! Work that somebody adds for itself.

use domain::agent::Agent;
use domain::time::Ttl;
use domain::work::Draft;
use serde::{Deserialize, Serialize};
use store::{agent, work as kept};

use super::{WorkView, seen};
use crate::problem::Problem;
use crate::{Engine, Key, random_hex};

/// An item that was added and taken, and how its holder is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The item.
    pub item: WorkView,
    /// The team of its holder, if it has one.
    pub team: Option<String>,
    /// How many items its holder may have at once; `None` without a limit.
    pub capacity: Option<u32>,
}

impl Engine {
    /// Adds work and takes it for `by` in the same transaction, so that nobody can be faster. An agent that is not
    /// known yet becomes known as `by` says; what is known of another stays.
    pub async fn add_taken(
        &self,
        draft: Draft,
        by: Agent,
        ttl: Ttl,
        trace_id: Option<String>,
        key: Option<Key>,
    ) -> Result<Taken, Problem> {
        let engine = self.clone();
        self.keyed(key, async move |tx, scope| {
            let holder = agent::meet_as(tx, scope, &by).await?;
            let trace_id = trace_id.unwrap_or_else(random_hex::<16>);
            let item = kept::add(tx, scope, engine.with_defaults(draft), engine.number(), &trace_id).await?;
            let item = kept::claim(tx, scope, &item.id, &holder.name, ttl).await?;
            let team = holder.team.as_ref().map(ToString::to_string);
            Ok(Taken { item: seen(tx, scope, &item).await?, team, capacity: holder.capacity })
        })
        .await
    }
}
