//! `nexus metrics`

use std::time::Duration;

use domain::text::Team;
use engine::metrics::{MetricsView, ShareView, SpansView};
use engine::problem::Problem;
use engine::wait;
use store::Mode;

use super::{Answer, Global, parse};
use crate::here::Here;
use crate::terminal::one_line;

/// Work out from the log how work goes
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Example:\n  nexus metrics flow --since 90d")]
pub enum Command {
    Flow(Flow),
}

/// How fast work flows: lead, cycle and wait times, work in progress, throughput, rework, velocity
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus metrics flow\n  nexus metrics flow --since 90d --team payments\n  \
    nexus metrics flow --since 2026-01-05 --json | jq .lead.p85_ms\n\n\
    What each figure means is in docs/metrics.md. Sprints begin when planning.start says so.")]
pub struct Flow {
    /// From when on: a span such as 30d, or a day such as 2026-01-05 in UTC
    #[arg(long, value_name = "DURATION|DATE", default_value = parse::SINCE, value_parser = parse::since)]
    since: parse::Since,
    /// Only items of this team
    #[arg(long, value_name = "NAME")]
    team: Option<Team>,
}

pub fn metrics(global: &Global, command: &Command) -> Result<Answer, Problem> {
    let Command::Flow(args) = command;
    let engine = Here::find(global)?.engine(Mode::Direct)?;
    let since = args.since.moment(engine.scope().now);
    let metrics = wait(engine.metrics(since, args.team.clone()))?;
    Ok(Answer::new(&metrics, told(&metrics)))
}

fn told(it: &MetricsView) -> String {
    let mut lines = vec![format!("{:<12}{:>8}{:>10}{:>10}{:>10}", "", "samples", "p50", "p85", "p95")];
    for (name, spans) in [
        ("lead", &it.lead),
        ("cycle", &it.cycle),
        ("wait", &it.wait),
        ("hand-off", &it.hand_off),
        ("WIP age", &it.wip.age),
    ] {
        lines.push(row(name, spans));
    }
    let rate =
        |rate: Option<f64>, unit: &str| rate.map_or_else(|| format!("no data {unit}"), |n| format!("{n:.1} {unit}"));
    let (day, week) = (rate(it.throughput.per_day, "a day"), rate(it.throughput.per_week, "a week"));
    lines.push(format!("{} done: {day}, {week}", it.throughput.samples));
    lines.push(share("came back", &it.rework, "items with an outcome"));
    lines.push(share("conflicted", &it.conflicts, "judged changes"));
    match &it.velocity {
        None => lines.push("velocity: no data; set planning.start to the first day of the first sprint".to_owned()),
        Some(rows) if rows.is_empty() => {
            lines.push("velocity: nothing was done in a sprint that is seen whole".to_owned());
        }
        Some(rows) => {
            for it in rows {
                let points = it.points.map_or_else(|| "no".to_owned(), |points| points.to_string());
                let team = it.team.as_deref().map_or_else(|| "no team".to_owned(), one_line);
                let over = if it.over { "" } else { ", not over yet" };
                lines.push(format!(
                    "PI {} sprint {} ({team}): {points} points in {} items, {} of them without points{over}",
                    it.pi, it.sprint_in_pi, it.samples, it.without_points
                ));
            }
        }
    }
    if it.archived_up_to_seq > 0 {
        lines.push(format!("events up to {} may be in an archive and are not counted", it.archived_up_to_seq));
    }
    lines.join("\n")
}

fn row(name: &str, spans: &SpansView) -> String {
    let cell = |ms: Option<i64>| ms.map_or_else(|| "no data".to_owned(), span);
    let (p50, p85, p95) = (cell(spans.p50_ms), cell(spans.p85_ms), cell(spans.p95_ms));
    format!("{name:<12}{:>8}{p50:>10}{p85:>10}{p95:>10}", spans.samples)
}

fn share(name: &str, share: &ShareView, of: &str) -> String {
    let rate = share.rate.map_or_else(|| "no data".to_owned(), |rate| format!("{:.0} %", rate * 100.0));
    format!("{name}: {rate} ({} of {} {of})", share.hits, share.samples)
}

/// A span with the two longest units that it fills.
fn span(ms: i64) -> String {
    let span = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    let s = span.as_secs();
    match s {
        0 => format!("{ms}ms"),
        1..60 => format!("{:.1}s", span.as_secs_f64()),
        60..3_600 => format!("{}m {}s", s / 60, s % 60),
        3_600..86_400 => format!("{}h {}m", s / 3_600, s / 60 % 60),
        _ => format!("{}d {}h", s / 86_400, s / 3_600 % 24),
    }
}
