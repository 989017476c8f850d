//! How fast work goes, from the end of the log.

use std::collections::BTreeSet;

use domain::id::WorkId;
use domain::work::State;
use serde::Serialize;
use store::audit::{self, Entry};
use store::{Scope, StoreError, Tx, work};

use super::LOG;

/// The span that rates are about.
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// How many finished items are looked at.
const FINISHED: usize = 100;

/// How fast work goes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Flow {
    /// Log entries about work in the last hour. When the last 1,000 entries span less than that, it is their rate.
    /// `None`: nothing was ever logged.
    pub operations_per_hour: Option<f64>,
    /// How long the items that were finished in that time took from being added to being done, on average. `None`:
    /// none was.
    pub completion_ms_mean: Option<f64>,
}

/// How fast work goes, as far as this transaction sees.
pub(super) async fn flow(tx: &mut Tx<'_>, scope: &Scope) -> Result<Flow, StoreError> {
    let log = audit::latest(tx, &scope.project, LOG).await?;
    let Some(oldest) = log.last().map(|entry| entry.at.millis()) else {
        return Ok(Flow { operations_per_hour: None, completion_ms_mean: None });
    };
    let age_ms = scope.now.millis() - oldest;
    let cut_short = log.len() == LOG as usize && age_ms < HOUR_MS;
    let span_ms = if cut_short { age_ms.max(1) } else { HOUR_MS };
    let recent: Vec<Entry> = log.into_iter().filter(|e| e.at.millis() >= scope.now.millis() - span_ms).collect();
    let operations = recent.iter().filter(|entry| entry.name.starts_with("work.")).count();
    let mut took_ms = Vec::new();
    for id in finished(&recent).take(FINISHED) {
        let item = work::find(tx, scope, &id).await?.map(|added| added.item);
        took_ms.extend(
            item.filter(|item| matches!(item.state, State::Done(_)))
                .map(|item| item.changed_at.millis() - item.added_at.millis()),
        );
    }
    Ok(Flow {
        operations_per_hour: Some(count(operations) * real(HOUR_MS) / real(span_ms)),
        completion_ms_mean: (!took_ms.is_empty()).then(|| real(took_ms.iter().sum()) / count(took_ms.len())),
    })
}

/// The items that were finished according to `log`, each once, in its order.
pub(super) fn finished(log: &[Entry]) -> impl Iterator<Item = WorkId> {
    let mut seen = BTreeSet::new();
    log.iter()
        .filter(|entry| matches!(entry.name.as_str(), "work.landed" | "work.reported"))
        .filter(move |entry| seen.insert(entry.subject.as_str()))
        .filter_map(|entry| entry.subject.parse().ok())
}

#[allow(clippy::cast_precision_loss)] // Spans and counts are far below what a double holds exactly.
fn real(n: i64) -> f64 {
    n as f64
}

fn count(n: usize) -> f64 {
    real(i64::try_from(n).unwrap_or(i64::MAX))
}
