//! How well work goes, and what is wrong.
//!
//! Four components, each the mean of what is known of it, from 0 to 1:
//!
//! | component | from |
//! |---|---|
//! | agent performance | agents that get on, of those that hold something · completed, of all that agents ended |
//! | work distribution | how evenly agents that are there have work (Jain's index) |
//! | coordination | items that did not come back · changes that did not conflict · items that are not dead, blocked or stuck |
//! | resource utilization | agents that have something, of those that are there |
//!
//! The score is 100 times the mean of the first three that are known: agents that have nothing to do are no illness.

use super::Snapshot;
use super::bottlenecks::{Severity, bottlenecks};
use super::figures::{fairness, mean, share};
use crate::agent::presence::Presence;
use crate::flow::Share;

/// How well work goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// From 0 to 100.
    pub score: Option<f64>,
    /// What the score means.
    pub standing: Standing,
    /// Whether agents get on, from 0 to 1.
    pub agent_performance: Option<f64>,
    /// Whether work is spread evenly.
    pub work_distribution: Option<f64>,
    /// Whether what is done stays done, and nothing lies.
    pub coordination: Option<f64>,
    /// How many agents have something to do.
    pub resource_utilization: Option<f64>,
    /// How many samples the components are from.
    pub samples: usize,
    /// What is wrong, the worst first.
    pub alerts: Vec<Alert>,
}

/// What a score means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// From 80 on.
    Healthy,
    /// From 50 on.
    Degraded,
    /// Below.
    Critical,
    /// There is no data.
    Unknown,
}

impl Standing {
    /// What `score` means.
    pub fn of(score: Option<f64>) -> Self {
        match score {
            None => Self::Unknown,
            Some(score) if score >= 80.0 => Self::Healthy,
            Some(score) if score >= 50.0 => Self::Degraded,
            Some(_) => Self::Critical,
        }
    }

    /// The standing as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub text: String,
}

/// How well work goes in `snapshot`.
pub fn health(snapshot: &Snapshot) -> Health {
    let holders: Vec<_> = snapshot.agents.iter().filter(|it| has_any(snapshot, it)).collect();
    let getting_on = holders.iter().filter(|it| it.presence == Presence::Working).count();
    let (completed, failed) = snapshot
        .agents
        .iter()
        .fold((0, 0), |(completed, failed), it| (completed + it.record.completed, failed + it.record.failed));
    let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let loads: Vec<usize> = snapshot.available().map(|it| snapshot.load(&it.agent.name)).collect();
    let bad = snapshot.dead().count() + snapshot.blocked().count() + snapshot.stuck().len();
    let all = snapshot.items.len() + snapshot.finished.len();
    let good = |it: Share| share(it.samples - it.hits.min(it.samples), it.samples);
    let agent_performance =
        mean(&[share(getting_on, holders.len()), share(whole(completed), whole(completed + failed))]);
    let work_distribution = fairness(&loads);
    let coordination =
        mean(&[good(snapshot.flow.rework), good(snapshot.flow.conflicts), share(all - bad.min(all), all)]);
    let busy = loads.iter().filter(|load| **load > 0).count();
    let score = mean(&[agent_performance, work_distribution, coordination]).map(|mean| mean * 100.0);
    let samples = holders.len() + whole(completed + failed) + all;
    Health {
        score,
        standing: Standing::of(score),
        agent_performance,
        work_distribution,
        coordination,
        resource_utilization: share(busy, loads.len()),
        samples,
        alerts: alerts(snapshot),
    }
}

fn has_any(snapshot: &Snapshot, worker: &super::Worker) -> bool {
    snapshot.items.iter().any(|item| super::snapshot::holder(item) == Some(&worker.agent.name))
}

fn alerts(snapshot: &Snapshot) -> Vec<Alert> {
    let held_up = bottlenecks(snapshot).into_iter().filter(|it| it.severity > Severity::Low);
    let mut alerts: Vec<Alert> = held_up.map(|it| Alert { severity: it.severity, text: it.description }).collect();
    let waiting = snapshot.agents.iter().filter(|it| it.presence == Presence::BlockedOnHuman);
    alerts.extend(
        waiting.map(|it| Alert { severity: Severity::Medium, text: format!("{} waits for a person", it.agent.name) }),
    );
    if snapshot.available().next().is_none() && snapshot.open().next().is_some() {
        alerts.push(Alert { severity: Severity::Critical, text: "there is work, and no agent is there".to_owned() });
    }
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
    alerts
}
