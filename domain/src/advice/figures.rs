//! Figures that several answers are made of.

use super::Snapshot;

/// How many samples make a figure as sure as not.
const HALF_SURE: usize = 10;

/// How sure something is that so many samples say: n / (n + 10). `None` without any.
pub fn confidence(samples: usize) -> Option<f64> {
    if samples == 0 { None } else { share(samples, samples.saturating_add(HALF_SURE)) }
}

/// `part` of `whole`; `None` when there is no whole.
pub(super) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| real(part) / real(whole))
}

/// The mean of those that are known; `None` when none is.
pub(super) fn mean(figures: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = figures.iter().copied().flatten().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / real(known.len()))
}

/// How evenly `loads` are spread, by Jain's index: 1 when all are alike, 1/n when one has everything. `None` when there
/// is no load.
pub fn fairness(loads: &[usize]) -> Option<f64> {
    let sum: f64 = loads.iter().copied().map(real).sum();
    let squares: f64 = loads.iter().map(|load| real(*load) * real(*load)).sum();
    (squares > 0.0).then(|| sum * sum / (real(loads.len()) * squares))
}

#[allow(clippy::cast_precision_loss)] // Counts are far below what a double holds exactly.
pub(super) const fn real(n: usize) -> f64 {
    n as f64
}

/// Which kinds of facts a snapshot has none of.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaps {
    /// Their names.
    pub missing: Vec<&'static str>,
    /// The part of all kinds of which there is any, from 0 to 1.
    pub quality: f64,
}

/// What `snapshot` says nothing about.
pub fn gaps(snapshot: &Snapshot) -> Gaps {
    let Snapshot { items, finished, agents, flow, .. } = snapshot;
    let kinds = [
        ("items", items.len() + finished.len()),
        ("agents", agents.len()),
        ("records", agents.iter().filter(|it| it.record.success_rate.is_some()).count()),
        ("lead", flow.lead.samples),
        ("cycle", flow.cycle.samples),
        ("wait", flow.wait.samples),
        ("rework", flow.rework.samples),
        ("conflicts", flow.conflicts.samples),
    ];
    let missing: Vec<_> = kinds.iter().filter(|(_, samples)| *samples == 0).map(|(name, _)| *name).collect();
    let quality = 1.0 - real(missing.len()) / real(kinds.len());
    Gaps { missing, quality }
}
