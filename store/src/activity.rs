//! What agents do while they work, and what they ask, as it is kept.

use domain::agent::activity::{Line, kind};
use domain::agent::permission::{Answered, Permission};
use domain::id::{PermissionId, WorkId};
use domain::text::Project;
use domain::time::Timestamp;
use domain::work::Fence;

use crate::audit::{Fact, append};
use crate::escalation::notify;
use crate::{Row, Scope, StoreError, Tx, Value, sql};

/// The event, and what a person is told of, when somebody asks.
const ASKED: &str = "permission.asked";

/// A line of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The item.
    pub item: WorkId,
    /// The attempt.
    pub fence: Fence,
    /// Its number in the attempt.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub line: Line,
}

/// Keeps lines; one that is there already stays as it is.
pub async fn keep(tx: &mut Tx<'_>, project: &Project, lines: &[Noted]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value<'_>>> = lines
        .iter()
        .map(|it| {
            let place = [project.into(), (&it.item).into(), it.fence.number().into(), it.seq.into()];
            let said = [it.at.into(), it.line.kind.into(), (&it.line.text).into()];
            place.into_iter().chain(said).collect()
        })
        .collect();
    tx.execute_all(&sql::activity::INSERT, &rows).await?;
    Ok(())
}

/// Forgets the lines of an attempt before the number `first`.
pub async fn trim(
    tx: &mut Tx<'_>,
    project: &Project,
    item: &WorkId,
    fence: Fence,
    first: i64,
) -> Result<(), StoreError> {
    let values = [project.into(), item.into(), fence.number().into(), first.into()];
    tx.execute(&sql::activity::TRIM, &values).await?;
    Ok(())
}

/// The last `limit` lines of an item, oldest first.
pub async fn last(tx: &mut Tx<'_>, project: &Project, item: &WorkId, limit: u32) -> Result<Vec<Noted>, StoreError> {
    let rows = tx.query_all(&sql::activity::LAST, &[project.into(), item.into(), limit.into()]).await?;
    rows.iter()
        .rev()
        .map(|row| {
            let word = row.text(3)?;
            let kind = kind(word).ok_or_else(|| StoreError::Broken(format!("a line of the kind {word:?}")))?;
            Ok(Noted {
                item: item.clone(),
                fence: Fence::new(row.int(0)?),
                seq: row.int(1)?,
                at: row.time(2)?,
                line: Line { kind, text: row.text(4)?.to_owned() },
            })
        })
        .collect()
}

/// Forgets lines and questions older than `before_ms`, looking at the `limit` oldest of each; comes back with how many.
pub async fn prune(tx: &mut Tx<'_>, scope: &Scope, before_ms: i64, limit: u32) -> Result<u64, StoreError> {
    let values = [(&scope.project).into(), before_ms.into(), limit.into()];
    let lines = tx.execute(&sql::activity::PRUNE, &values).await?;
    Ok(lines + tx.execute(&sql::activity::PRUNE_QUESTIONS, &values).await?)
}

/// Keeps a question, and what a person is told of it.
pub async fn ask(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &Permission,
    number: &(dyn Fn() -> u64 + Send + Sync),
) -> Result<(), StoreError> {
    let values = [
        (&scope.project).into(),
        (&asked.id).into(),
        (&asked.item).into(),
        asked.fence.number().into(),
        (&asked.agent).into(),
        (&asked.tool).into(),
        (&asked.input).into(),
        asked.asked_at.into(),
        asked.until.into(),
    ];
    tx.execute(&sql::activity::ASK, &values).await?;
    let data =
        serde_json::json!({ "question": asked.id.to_string(), "tool": asked.tool, "until_ms": asked.until.millis() });
    log(tx, scope, asked, ASKED, &data).await?;
    notify(tx, scope, ASKED, &asked.item.to_string(), data, number).await
}

/// The question called `id`, or `None`.
pub async fn find(tx: &mut Tx<'_>, project: &Project, id: &PermissionId) -> Result<Option<Permission>, StoreError> {
    tx.query_opt(&sql::activity::FIND_QUESTION, &[project.into(), id.into()]).await?.as_ref().map(read).transpose()
}

/// The same without a lock.
pub async fn look(tx: &mut Tx<'_>, project: &Project, id: &PermissionId) -> Result<Option<Permission>, StoreError> {
    tx.peek_opt(&sql::activity::FIND_QUESTION, &[project.into(), id.into()]).await?.as_ref().map(read).transpose()
}

/// Keeps the answer of a question that was found in this transaction and had none.
pub async fn answer(tx: &mut Tx<'_>, scope: &Scope, asked: &Permission) -> Result<(), StoreError> {
    let Some(answer) = &asked.answer else { return Ok(()) };
    let values = [
        (&scope.project).into(),
        (&asked.id).into(),
        i64::from(answer.allow).into(),
        (&answer.by).into(),
        answer.at.into(),
    ];
    tx.execute(&sql::activity::ANSWER, &values).await?;
    let data = serde_json::json!({
        "question": asked.id.to_string(), "tool": asked.tool, "allow": answer.allow, "by": answer.by,
    });
    log(tx, scope, asked, "permission.answered", &data).await
}

/// Up to `limit` questions that wait for an answer, first those that wait no longer soon.
pub async fn open(tx: &mut Tx<'_>, scope: &Scope, limit: u32) -> Result<Vec<Permission>, StoreError> {
    let values = [(&scope.project).into(), scope.now.into(), limit.into()];
    tx.query_all(&sql::activity::OPEN_QUESTIONS, &values).await?.iter().map(read).collect()
}

async fn log(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &Permission,
    name: &str,
    data: &serde_json::Value,
) -> Result<(), StoreError> {
    let (subject, agent) = (asked.item.to_string(), &asked.agent);
    let data = data.to_string();
    append(tx, scope, Fact { name, subject: &subject, agent: Some(agent), fence: Some(asked.fence), data: &data }).await
}

fn read(row: &Row) -> Result<Permission, StoreError> {
    let answer = match row.int_or_null(8)? {
        Some(allow) => Some(Answered { allow: allow == 1, by: row.text(9)?.to_owned(), at: row.time(10)? }),
        None => None,
    };
    Ok(Permission {
        id: row.parsed(0)?,
        item: row.parsed(1)?,
        fence: Fence::new(row.int(2)?),
        agent: row.parsed(3)?,
        tool: row.text(4)?.to_owned(),
        input: row.text(5)?.to_owned(),
        asked_at: row.time(6)?,
        until: row.time(7)?,
        answer,
    })
}
