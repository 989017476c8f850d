//! Seals, as they are kept: one row per block of the log, numbered from 1, never changed.
//!
//! Sealing up to the highest number that a snapshot shows is safe, because no lower number comes later. SQLite has
//! one writer, and numbers are given within its transaction. On PostgreSQL they are given under the lock on the log,
//! which is held until the commit is seen by everybody (`postgres/session.rs`). A number whose
//! transaction came to nothing stays a gap.

use domain::text::Project;
use domain::time::Timestamp;

use crate::{Row, StoreError, Tx, sql};

/// One seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Its place in the chain, from 1.
    pub number: i64,
    /// The number of the last entry that it seals.
    pub up_to_seq: i64,
    /// How many entries it seals.
    pub count: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The hash of the seal before it.
    pub previous: String,
    /// The number and the digest of each entry. Empty in what [`last`], [`head`] and [`heads`] come back with.
    pub events: String,
    /// Its hash.
    pub hash: String,
}

/// Keeps a seal. `false`: there is one of that number.
pub async fn insert(tx: &mut Tx<'_>, project: &Project, seal: &Seal) -> Result<bool, StoreError> {
    let values = [
        project.into(),
        seal.number.into(),
        seal.up_to_seq.into(),
        seal.count.into(),
        seal.at.into(),
        (&seal.previous).into(),
        (&seal.events).into(),
        (&seal.hash).into(),
    ];
    Ok(tx.execute(&sql::seal::INSERT, &values).await? == 1)
}

/// The last seal, without its events; `None` before the first.
pub async fn last(tx: &mut Tx<'_>, project: &Project) -> Result<Option<Seal>, StoreError> {
    tx.query_opt(&sql::seal::LAST, &[project.into()]).await?.as_ref().map(read).transpose()
}

/// The seal `number`, without its events.
pub async fn head(tx: &mut Tx<'_>, project: &Project, number: i64) -> Result<Option<Seal>, StoreError> {
    tx.query_opt(&sql::seal::HEAD, &[project.into(), number.into()]).await?.as_ref().map(read).transpose()
}

/// Up to `limit` seals after `number`, in order, without their events.
pub async fn heads(tx: &mut Tx<'_>, project: &Project, number: i64, limit: u32) -> Result<Vec<Seal>, StoreError> {
    tx.query_all(&sql::seal::HEADS, &[project.into(), number.into(), limit.into()]).await?.iter().map(read).collect()
}

/// Up to `limit` seals after `number`, in order.
pub async fn after(tx: &mut Tx<'_>, project: &Project, number: i64, limit: u32) -> Result<Vec<Seal>, StoreError> {
    tx.query_all(&sql::seal::AFTER, &[project.into(), number.into(), limit.into()]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Seal, StoreError> {
    Ok(Seal {
        number: row.int(0)?,
        up_to_seq: row.int(1)?,
        count: row.int(2)?,
        at: row.time(3)?,
        previous: row.text(4)?.to_owned(),
        events: row.text(5)?.to_owned(),
        hash: row.text(6)?.to_owned(),
    })
}
