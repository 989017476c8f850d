//! What is being written, as it is kept.

use std::collections::BTreeSet;

use domain::id::WorkId;
use domain::text::AgentName;
use domain::work::{Conflict, Reservation, State, WorkItem, WriteSet, conflicts as judged};

use crate::{Row, Scope, StoreError, Tx, sql};

/// What a holder is going to write, beyond what the item says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Patterns for the paths.
    pub globs: BTreeSet<String>,
    /// Whether nothing that writes the same may be in flight beside it.
    pub exclusive: bool,
}

impl Writes {
    /// What `item` says, and what its holder adds.
    pub(super) fn of(item: &WorkItem, more: Option<&Self>) -> Self {
        let mut all = Self { globs: item.plan.writes.clone(), exclusive: item.plan.exclusive };
        if let Some(more) = more {
            all.globs.extend(more.globs.iter().cloned());
            all.exclusive |= more.exclusive;
        }
        all
    }
}

/// Everything that is being written.
pub async fn in_flight(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<Reservation>, StoreError> {
    let rows = tx.query_all(&sql::reservation::IN_FLIGHT, &[(&scope.project).into()]).await?;
    rows.iter().map(read).collect()
}

/// The same, for this transaction alone until it ends. What nobody is writing any more is forgotten.
pub(super) async fn alone(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<Reservation>, StoreError> {
    let project = [(&scope.project).into()];
    tx.execute(&sql::reservation::MEET, &project).await?;
    tx.query_opt(&sql::reservation::ALONE, &project).await?;
    tx.execute(&sql::reservation::PRUNE, &project).await?;
    in_flight(tx, scope).await
}

/// Keeps what the holder of `item` is writing; comes back with it.
pub(super) async fn keep(
    tx: &mut Tx<'_>,
    scope: &Scope,
    item: &WorkItem,
    writes: &Writes,
) -> Result<Option<Reservation>, StoreError> {
    let State::Leased(lease) = &item.state else { return Ok(None) };
    if writes.globs.is_empty() {
        return Ok(None);
    }
    let globs = serde_json::to_string(&writes.globs).expect("texts can be written as JSON");
    let values = [
        (&scope.project).into(),
        (&item.id).into(),
        item.fence.into(),
        (&lease.holder).into(),
        (&globs).into(),
        i64::from(writes.exclusive).into(),
    ];
    tx.execute(&sql::reservation::SAVE, &values).await?;
    reservation(item.id.clone(), lease.holder.clone(), &writes.globs, writes.exclusive).map(Some)
}

/// Who else is writing what the holder of `id` is writing.
pub async fn conflicts(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId) -> Result<Vec<Conflict>, StoreError> {
    let all = in_flight(tx, scope).await?;
    let mine = all.iter().find(|it| it.id == *id);
    Ok(mine.map_or_else(Vec::new, |mine| judged(id, &mine.writes, &all)))
}

fn reservation(
    id: WorkId,
    holder: AgentName,
    globs: &BTreeSet<String>,
    exclusive: bool,
) -> Result<Reservation, StoreError> {
    let writes = WriteSet::new(globs).map_err(|bad| StoreError::Broken(format!("a reservation: {bad}")))?;
    Ok(Reservation { id, holder, writes, exclusive })
}

fn read(row: &Row) -> Result<Reservation, StoreError> {
    let globs: BTreeSet<String> =
        serde_json::from_str(row.text(2)?).map_err(|e| StoreError::Broken(format!("a reservation: {e}")))?;
    reservation(row.parsed(0)?, row.parsed(1)?, &globs, row.int(3)? == 1)
}
