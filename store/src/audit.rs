//! The log: one row per thing that happened, written in the transaction in which it happened.

use domain::text::{AgentName, Project};
use domain::time::Timestamp;
use domain::work::Fence;

use crate::{Row, Scope, StoreError, Tx, sql};

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number; higher ones came later.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened, such as `work.claimed`.
    pub name: String,
    /// To which item, change, workspace or agent.
    pub subject: String,
    /// Which agent did it, if one did.
    pub agent: Option<String>,
    /// The fence of the hold it was done under, or that a claim gave.
    pub fence: Option<i64>,
    /// The rest, as a JSON object.
    pub data: String,
}

/// Something to be logged.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    /// What happened, such as `work.claimed`.
    pub name: &'a str,
    /// To what.
    pub subject: &'a str,
    /// By whom.
    pub agent: Option<&'a AgentName>,
    /// Under which fence.
    pub fence: Option<Fence>,
    /// The rest, as a JSON object.
    pub data: &'a str,
}

/// Adds `fact` to the log. The transaction that does so may not see it yet.
pub async fn append(tx: &mut Tx<'_>, scope: &Scope, fact: Fact<'_>) -> Result<(), StoreError> {
    let Fact { name, subject, agent, fence, data } = fact;
    let values = [
        (&scope.project).into(),
        scope.now.into(),
        name.into(),
        subject.into(),
        agent.into(),
        fence.into(),
        data.into(),
    ];
    tx.append(&sql::audit::APPEND, &values).await
}

/// Up to `limit` entries after number `seq`, oldest first.
pub async fn after(tx: &mut Tx<'_>, project: &Project, seq: i64, limit: u32) -> Result<Vec<Entry>, StoreError> {
    entries(tx.query_all(&sql::audit::AFTER, &[project.into(), seq.into(), limit.into()]).await?)
}

/// Up to `limit` entries on `subject` after number `seq`, oldest first.
pub async fn of(
    tx: &mut Tx<'_>,
    project: &Project,
    subject: &str,
    seq: i64,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    entries(tx.query_all(&sql::audit::OF, &[project.into(), subject.into(), seq.into(), limit.into()]).await?)
}

/// The last `limit` entries, newest first.
pub async fn latest(tx: &mut Tx<'_>, project: &Project, limit: u32) -> Result<Vec<Entry>, StoreError> {
    entries(tx.query_all(&sql::audit::LATEST, &[project.into(), limit.into()]).await?)
}

/// Removes the entries numbered `first` to `last` of the project. For what is in an archive and sealed, and for nothing
/// else. Comes back with how many there were.
pub async fn remove(tx: &mut Tx<'_>, project: &Project, first: i64, last: i64) -> Result<u64, StoreError> {
    tx.execute(&sql::audit::REMOVE, &[project.into(), first.into(), last.into()]).await
}

fn entries(rows: Vec<Row>) -> Result<Vec<Entry>, StoreError> {
    let entry = |row: Row| {
        Ok(Entry {
            seq: row.int(0)?,
            at: row.time(1)?,
            name: row.text(2)?.to_owned(),
            subject: row.text(3)?.to_owned(),
            agent: row.text_or_null(4)?.map(str::to_owned),
            fence: row.int_or_null(5)?,
            data: row.text(6)?.to_owned(),
        })
    };
    rows.into_iter().map(entry).collect()
}
