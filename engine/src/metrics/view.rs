//! Flow metrics as JSON. Null is "no data"; beside each figure stands how many samples it is from.

use domain::flow::{Flow, Share, Spans, Velocity};
use domain::text::Team;
use domain::time::Timestamp;
use serde::Serialize;
use store::Scope;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Flow metrics.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)] // The names say it; `docs/metrics.md` has the whole table.
pub struct MetricsView {
    pub project: String,
    pub team: Option<String>,
    pub since_ms: i64,
    pub from_ms: Option<i64>,
    pub at_ms: i64,
    pub archived_up_to_seq: i64,
    pub lead: SpansView,
    pub cycle: SpansView,
    pub wait: SpansView,
    pub hand_off: SpansView,
    pub wip: Wip,
    pub throughput: Throughput,
    pub rework: ShareView,
    pub conflicts: ShareView,
    pub velocity: Option<Vec<VelocityView>>,
}

/// Spans of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)] // The names say it.
pub struct SpansView {
    pub samples: usize,
    pub mean_ms: Option<f64>,
    pub p50_ms: Option<i64>,
    pub p85_ms: Option<i64>,
    pub p95_ms: Option<i64>,
}

/// Work in progress.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)] // The names say it.
pub struct Wip {
    pub items: usize,
    pub age: SpansView,
}

/// How much is done in what time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)] // The names say it.
pub struct Throughput {
    pub samples: usize,
    pub days: Option<f64>,
    pub per_day: Option<f64>,
    pub per_week: Option<f64>,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)] // The names say it.
pub struct ShareView {
    pub samples: usize,
    pub hits: usize,
    pub rate: Option<f64>,
}

/// What a team finished in a sprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // The names say it.
pub struct VelocityView {
    pub pi: i64,
    pub sprint_in_pi: i64,
    pub sprint: i64,
    pub starts_ms: i64,
    pub ends_ms: i64,
    pub over: bool,
    pub team: Option<String>,
    pub samples: usize,
    pub without_points: usize,
    pub points: Option<u64>,
}

impl MetricsView {
    /// The view of `flow`, which was gathered from `since` on, or from where the log begins.
    pub(super) fn of(
        flow: &Flow,
        scope: &Scope,
        since: Timestamp,
        log_from: Option<Timestamp>,
        team: Option<&Team>,
        archived_up_to_seq: i64,
    ) -> Self {
        let now = scope.now;
        let from = log_from.map(|from| from.max(since));
        let velocity = |velocity: &Velocity| VelocityView::of(velocity, now);
        Self {
            project: scope.project.as_str().to_owned(),
            team: team.map(ToString::to_string),
            since_ms: since.millis(),
            from_ms: from.map(Timestamp::millis),
            at_ms: now.millis(),
            archived_up_to_seq,
            lead: flow.lead.into(),
            cycle: flow.cycle.into(),
            wait: flow.wait.into(),
            hand_off: flow.hand_off.into(),
            wip: Wip { items: flow.wip_age.samples, age: flow.wip_age.into() },
            throughput: Throughput::of(flow.done, from.map(|from| now.millis().saturating_sub(from.millis()))),
            rework: flow.rework.into(),
            conflicts: flow.conflicts.into(),
            velocity: flow.velocity.as_ref().map(|all| all.iter().map(velocity).collect()),
        }
    }
}

impl From<Spans> for SpansView {
    fn from(spans: Spans) -> Self {
        Self {
            samples: spans.samples,
            mean_ms: mean(&spans),
            p50_ms: spans.p50_ms,
            p85_ms: spans.p85_ms,
            p95_ms: spans.p95_ms,
        }
    }
}

/// The average of `spans`; `None` when there is none.
pub fn mean(spans: &Spans) -> Option<f64> {
    (spans.samples > 0).then(|| real(spans.sum_ms) / count(spans.samples))
}

impl From<Share> for ShareView {
    fn from(share: Share) -> Self {
        let rate = (share.samples > 0).then(|| count(share.hits) / count(share.samples));
        Self { samples: share.samples, hits: share.hits, rate }
    }
}

impl Throughput {
    /// `done` items in `span_ms`. A rate needs at least its own unit of time: an hour says nothing about a week.
    fn of(done: usize, span_ms: Option<i64>) -> Self {
        let per = |unit_ms: i64| {
            let span_ms = span_ms.filter(|span_ms| *span_ms >= unit_ms)?;
            Some(count(done) * real(unit_ms) / real(span_ms))
        };
        let days = span_ms.map(|span_ms| real(span_ms) / real(DAY_MS));
        Self { samples: done, days, per_day: per(DAY_MS), per_week: per(7 * DAY_MS) }
    }
}

impl VelocityView {
    fn of(velocity: &Velocity, now: Timestamp) -> Self {
        Self {
            pi: velocity.sprint.pi,
            sprint_in_pi: velocity.sprint.within_pi,
            sprint: velocity.sprint.number,
            starts_ms: velocity.sprint.starts.millis(),
            ends_ms: velocity.sprint.ends.millis(),
            over: velocity.sprint.ends <= now,
            team: velocity.team.as_ref().map(ToString::to_string),
            samples: velocity.items,
            without_points: velocity.unsized_items,
            points: velocity.points,
        }
    }
}

#[allow(clippy::cast_precision_loss)] // Spans and counts are far below what a double holds exactly.
fn real(n: i64) -> f64 {
    n as f64
}

/// A count as a number to divide by.
pub fn count(n: usize) -> f64 {
    real(i64::try_from(n).unwrap_or(i64::MAX))
}
