//! How fast work goes, from the end of the log.

use std::collections::BTreeSet;

use domain::flow::{Fact, Gather, What};
use domain::id::WorkId;
use domain::time::Timestamp;
use domain::work::State;
use serde::Serialize;
use store::audit::{self, Entry};
use store::{Scope, StoreError, Tx, work};

use super::LOG;
use crate::metrics::{count, mean};

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
    let mut gather = Gather::new(Timestamp::from_millis(i64::MIN), None);
    for id in finished(&recent).take(FINISHED) {
        let item = work::find(tx, scope, &id).await?.map(|added| added.item);
        if let Some(item) = item.filter(|item| matches!(item.state, State::Done(_))) {
            let added = What::Added { team: None, points: None, ready: false };
            gather.take(&Fact { at: item.added_at, item: item.id.clone(), what: added });
            gather.take(&Fact { at: item.changed_at, item: item.id, what: What::Done { landed: false } });
        }
    }
    Ok(Flow {
        operations_per_hour: Some(count(operations) * count_ms(HOUR_MS) / count_ms(span_ms)),
        completion_ms_mean: mean(&gather.flow(scope.now, None).lead),
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

fn count_ms(ms: i64) -> f64 {
    count(usize::try_from(ms).unwrap_or(0))
}
