//! Looking at work.

use std::collections::BTreeMap;

use domain::id::WorkId;
use domain::text::Project;
use domain::time::Timestamp;
use domain::work::{State, WorkItem};

use super::record::item;
use super::verbs::Added;
use crate::{StoreError, Tx, sql};

/// Which part of a list: up to `limit` after the id `after` (from the start when empty).
#[derive(Clone, Debug)]
pub struct Page {
    /// The last id that was seen.
    pub after: String,
    /// How many.
    pub limit: u32,
}

/// How many items are in each state; every state is there, in the order of an item's life.
pub type Counts = Vec<(&'static str, u64)>;

/// Items by id, those in `state` only when it is given.
pub async fn list(
    tx: &mut Tx<'_>,
    project: &Project,
    state: Option<&str>,
    page: &Page,
) -> Result<Vec<Added>, StoreError> {
    let rows = match state {
        None => tx.query_all(&sql::work::LIST, &[project.into(), (&page.after).into(), page.limit.into()]).await?,
        Some(often @ ("leased" | "done")) => {
            let statement = if often == "done" { &sql::work::LIST_DONE } else { &sql::work::LIST_LEASED };
            tx.query_all(statement, &[project.into(), (&page.after).into(), page.limit.into()]).await?
        }
        Some(state) => {
            let values = [project.into(), state.into(), (&page.after).into(), page.limit.into()];
            tx.query_all(&sql::work::LIST_IN_STATE, &values).await?
        }
    };
    rows.iter().map(|row| item(row).map(|(item, trace_id)| Added { item, trace_id })).collect()
}

/// The item `id` as it stands, for somebody who only looks; `None` when there is none.
pub async fn peek(tx: &mut Tx<'_>, project: &Project, id: &WorkId) -> Result<Option<WorkItem>, StoreError> {
    let row = tx.peek_opt(&sql::work::FIND, &[project.into(), id.into()]).await?;
    row.as_ref().map(|row| item(row).map(|(item, _)| item)).transpose()
}

/// The titles of the newest items after the id `after`, up to `limit`, the newest first.
pub async fn newest(
    tx: &mut Tx<'_>,
    project: &Project,
    after: &str,
    limit: u32,
) -> Result<Vec<(WorkId, String)>, StoreError> {
    let rows = tx.query_all(&sql::work::NEWEST, &[project.into(), after.into(), limit.into()]).await?;
    rows.iter().map(|row| Ok((row.parsed(0)?, row.text(1)?.to_owned()))).collect()
}

/// The items that were added last among those in `state`, which is one that ends an item; up to `limit`, the last first.
pub async fn latest(tx: &mut Tx<'_>, project: &Project, state: &str, limit: u32) -> Result<Vec<Added>, StoreError> {
    let rows = match state {
        "done" => tx.query_all(&sql::work::LATEST_DONE, &[project.into(), limit.into()]).await?,
        _ => tx.query_all(&sql::work::LATEST_IN_STATE, &[project.into(), state.into(), limit.into()]).await?,
    };
    rows.iter().map(|row| item(row).map(|(item, trace_id)| Added { item, trace_id })).collect()
}

/// How many items there are in each state.
pub async fn counts(tx: &mut Tx<'_>, project: &Project) -> Result<Counts, StoreError> {
    let mut found = BTreeMap::new();
    for row in tx.query_all(&sql::work::COUNTS, &[project.into()]).await? {
        found.insert(row.text(0)?.to_owned(), u64::try_from(row.int(1)?).unwrap_or(0));
    }
    Ok(State::WORDS.iter().map(|word| (*word, found.get(*word).copied().unwrap_or(0))).collect())
}

/// When the next lease runs out or delayed item comes due, whichever is first; `None` when nothing will.
pub async fn next_due(tx: &mut Tx<'_>, project: &Project) -> Result<Option<Timestamp>, StoreError> {
    let Some(row) = tx.query_opt(&sql::work::NEXT_DUE, &[project.into()]).await? else { return Ok(None) };
    let (lease, due) = (row.int_or_null(0)?, row.int_or_null(1)?);
    Ok(lease.into_iter().chain(due).min().map(Timestamp::from_millis))
}
