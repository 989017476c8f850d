//! Calls of models: who called what, and how much it used.

use domain::budget::Usage;
use domain::id::{CallId, WorkId};
use domain::text::{AgentName, Project};
use domain::time::Timestamp;
use domain::work::Fence;

use crate::{Row, Scope, StoreError, Tx, Value, sql};

const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// One call of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct Call {
    pub id: CallId,
    pub at: Timestamp,
    pub run: Option<String>,
    pub item: Option<(WorkId, Fence)>,
    pub agent: AgentName,
    pub trace_id: String,
    pub format: String,
    pub model: String,
    /// The HTTP status; `None` when there was no answer.
    pub status: Option<u16>,
    pub ending: CallEnding,
    pub request_bytes: u64,
    pub request_sha256: String,
    pub response_bytes: u64,
    pub response_sha256: String,
    pub usage: Usage,
    /// Whether the usage is a guess from the number of bytes, because nobody said it.
    pub estimated: bool,
    pub first_byte_ms: Option<u64>,
    pub duration_ms: u64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEnding {
    /// With a whole answer.
    Answered,
    /// With an error.
    Failed,
    /// In the middle of the answer, by whichever side.
    Cut,
    /// Before it began: a budget, or a credential in trouble.
    Refused,
}

impl CallEnding {
    const ALL: [Self; 4] = [Self::Answered, Self::Failed, Self::Cut, Self::Refused];

    /// The ending as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Cut => "cut",
            Self::Refused => "refused",
        }
    }
}

/// By what costs are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum By {
    Item,
    Agent,
    Model,
    Run,
    /// The day, in UTC, as the number of days since 1970-01-01.
    Day,
}

/// What all calls of one item, agent, model, run or day used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Costs {
    /// Of which; empty for calls that were for none.
    pub of: String,
    pub calls: u64,
    pub answered: u64,
    /// The money is that of calls whose price is known.
    pub usage: Usage,
    pub unpriced: u64,
    pub estimated: u64,
    pub duration_ms: u64,
}

/// Keeps the record of a call.
pub async fn record(tx: &mut Tx<'_>, scope: &Scope, call: &Call) -> Result<(), StoreError> {
    let usage = &call.usage;
    let values: [Value<'_>; 25] = [
        (&scope.project).into(),
        (&call.id).into(),
        call.at.into(),
        call.at.millis().div_euclid(DAY_MS).into(),
        call.run.as_deref().into(),
        call.item.as_ref().map(|(id, _)| id).into(),
        call.item.as_ref().map(|(_, fence)| *fence).into(),
        (&call.agent).into(),
        call.trace_id.as_str().into(),
        call.format.as_str().into(),
        call.model.as_str().into(),
        call.status.map(i64::from).into(),
        call.ending.word().into(),
        call.request_bytes.into(),
        call.request_sha256.as_str().into(),
        call.response_bytes.into(),
        call.response_sha256.as_str().into(),
        usage.input_tokens.into(),
        usage.output_tokens.into(),
        usage.cache_read_tokens.into(),
        usage.cache_write_tokens.into(),
        usage.usd_micros.into(),
        call.estimated.into(),
        call.first_byte_ms.into(),
        call.duration_ms.into(),
    ];
    tx.execute(&sql::budget::INSERT_CALL, &values).await.map(drop)
}

/// Forgets calls before `before_ms`, looking at the `limit` oldest; comes back with how many.
pub async fn prune(tx: &mut Tx<'_>, scope: &Scope, before_ms: i64, limit: u32) -> Result<u64, StoreError> {
    tx.execute(&sql::budget::PRUNE_CALLS, &[(&scope.project).into(), before_ms.into(), limit.into()]).await
}

/// The last `limit` calls since then, newest first.
pub async fn calls(tx: &mut Tx<'_>, project: &Project, since: Timestamp, limit: u32) -> Result<Vec<Call>, StoreError> {
    let values = [project.into(), since.into(), limit.into()];
    tx.query_all(&sql::budget::CALLS, &values).await?.iter().map(read).collect()
}

/// What was used since then, added up, by name of what it is added up by.
pub async fn costs(
    tx: &mut Tx<'_>,
    project: &Project,
    by: By,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<Costs>, StoreError> {
    let statement = match by {
        By::Item => &sql::budget::COSTS_BY_ITEM,
        By::Agent => &sql::budget::COSTS_BY_AGENT,
        By::Model => &sql::budget::COSTS_BY_MODEL,
        By::Run => &sql::budget::COSTS_BY_RUN,
        By::Day => &sql::budget::COSTS_BY_DAY,
    };
    let read = |row: &Row| {
        let (calls, unpriced) = (row.count(1)?, row.count(8)?);
        Ok(Costs {
            of: row.text(0)?.to_owned(),
            calls,
            answered: row.count(2)?,
            usage: Usage {
                input_tokens: row.count(3)?,
                output_tokens: row.count(4)?,
                cache_read_tokens: row.count(5)?,
                cache_write_tokens: row.count(6)?,
                // Nothing is known of the money when nothing is known of any call's.
                usd_micros: if unpriced == calls { None } else { Some(row.count(7)?) },
            },
            unpriced,
            estimated: row.count(9)?,
            duration_ms: row.count(10)?,
        })
    };
    let values = [project.into(), since.into(), limit.into()];
    tx.query_all(statement, &values).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Call, StoreError> {
    let item: Option<WorkId> = row.parsed_or_null(4)?;
    let ending = row.text(11)?;
    Ok(Call {
        id: row.parsed(0)?,
        at: row.time(1)?,
        run: row.text_or_null(3)?.map(str::to_owned),
        item: item.zip(row.int_or_null(5)?.map(Fence::new)),
        agent: row.parsed(6)?,
        trace_id: row.text(7)?.to_owned(),
        format: row.text(8)?.to_owned(),
        model: row.text(9)?.to_owned(),
        status: row.int_or_null(10)?.and_then(|status| u16::try_from(status).ok()),
        ending: CallEnding::ALL
            .into_iter()
            .find(|it| it.word() == ending)
            .ok_or_else(|| StoreError::Broken(format!("a call that ended {ending:?}")))?,
        request_bytes: row.count(12)?,
        request_sha256: row.text(13)?.to_owned(),
        response_bytes: row.count(14)?,
        response_sha256: row.text(15)?.to_owned(),
        usage: Usage {
            input_tokens: row.count(16)?,
            output_tokens: row.count(17)?,
            cache_read_tokens: row.count(18)?,
            cache_write_tokens: row.count(19)?,
            usd_micros: row.count_or_null(20)?,
        },
        estimated: row.int(21)? == 1,
        first_byte_ms: row.count_or_null(22)?,
        duration_ms: row.count(23)?,
    })
}
