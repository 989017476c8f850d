//! What was spent on what.

use std::time::Duration;

use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::budget::{self as kept, By, Call, Costs};

use crate::Engine;
use crate::problem::Problem;

/// How many of the oldest calls are looked at when old ones are forgotten.
const FORGET_AT_ONCE: u32 = 10_000;

/// One call of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct CallView {
    pub id: String,
    pub at_ms: i64,
    pub run: Option<String>,
    pub item: Option<String>,
    pub fence: Option<i64>,
    pub agent: String,
    pub trace_id: String,
    pub format: String,
    pub model: String,
    pub status: Option<u16>,
    pub ending: String,
    pub request_bytes: u64,
    pub request_sha256: String,
    pub response_bytes: u64,
    pub response_sha256: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    pub usd_micros: Option<u64>,
    pub estimated: bool,
    pub first_byte_ms: Option<u64>,
    pub duration_ms: u64,
}

/// What all calls of one item, agent, model, run or day used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CostsView {
    pub of: Option<String>,
    pub calls: u64,
    pub answered: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    /// `null` is no data.
    pub usd_micros: Option<u64>,
    pub unpriced_calls: u64,
    pub estimated_calls: u64,
    pub duration_ms: u64,
}

impl Engine {
    /// The last `limit` calls since then, newest first.
    pub async fn model_calls(&self, since: Timestamp, limit: u32) -> Result<Vec<CallView>, Problem> {
        let all = self.store.read(async |tx| kept::calls(tx, &self.project, since, limit).await).await?;
        Ok(all.into_iter().map(CallView::of).collect())
    }

    /// Forgets calls of models from longer ago than `kept_for`; comes back with how many.
    pub async fn forget_calls(&self, kept_for: Duration) -> Result<u64, Problem> {
        let scope = self.scope();
        let before = scope.now.millis() - i64::try_from(kept_for.as_millis()).unwrap_or(i64::MAX);
        let forget = self.store.write(async move |tx| kept::prune_calls(tx, &scope, before, FORGET_AT_ONCE).await);
        Ok(forget.await?)
    }

    /// What was used since then, added up. Days are those of UTC.
    pub async fn costs(&self, by: By, since: Timestamp, limit: u32) -> Result<Vec<CostsView>, Problem> {
        let all = self.store.read(async |tx| kept::costs(tx, &self.project, by, since, limit).await).await?;
        let mut all: Vec<_> = all.into_iter().map(CostsView::of).collect();
        if by == By::Day {
            all.iter_mut().for_each(|it| it.of = it.of.as_deref().and_then(date));
        }
        Ok(all)
    }
}

/// The day with this number of days since 1970-01-01, such as `2026-01-05` (civil from days, proleptic Gregorian).
fn date(days: &str) -> Option<String> {
    let z = days.parse::<i64>().ok()? + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) =
        (day_of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

impl CallView {
    fn of(it: Call) -> Self {
        Self {
            id: it.id.to_string(),
            at_ms: it.at.millis(),
            run: it.run,
            item: it.item.as_ref().map(|(id, _)| id.to_string()),
            fence: it.item.as_ref().map(|(_, fence)| fence.number()),
            agent: it.agent.to_string(),
            trace_id: it.trace_id,
            format: it.format,
            model: it.model,
            status: it.status,
            ending: it.ending.word().to_owned(),
            request_bytes: it.request_bytes,
            request_sha256: it.request_sha256,
            response_bytes: it.response_bytes,
            response_sha256: it.response_sha256,
            input_tokens: it.usage.input_tokens,
            output_tokens: it.usage.output_tokens,
            cache_read_tokens: it.usage.cache_read_tokens,
            cache_write_tokens: it.usage.cache_write_tokens,
            usd_micros: it.usage.usd_micros,
            estimated: it.estimated,
            first_byte_ms: it.first_byte_ms,
            duration_ms: it.duration_ms,
        }
    }
}

impl CostsView {
    fn of(it: Costs) -> Self {
        Self {
            of: Some(it.of).filter(|of| !of.is_empty()),
            calls: it.calls,
            answered: it.answered,
            input_tokens: it.usage.input_tokens,
            output_tokens: it.usage.output_tokens,
            cache_read_tokens: it.usage.cache_read_tokens,
            cache_write_tokens: it.usage.cache_write_tokens,
            usd_micros: it.usage.usd_micros,
            unpriced_calls: it.unpriced,
            estimated_calls: it.estimated,
            duration_ms: it.duration_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_have_their_dates() {
        for (days, text) in
            [("0", "1970-01-01"), ("59", "1970-03-01"), ("11016", "2000-02-29"), ("20454", "2026-01-01")]
        {
            assert_eq!(date(days).as_deref(), Some(text));
        }
    }
}
