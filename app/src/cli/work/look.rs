//! Looking at work.

use clap::Args;
use domain::id::WorkId;
use domain::work::State;
use engine::problem::Problem;
use engine::work::{PAGE_MAX, WorkView};
use store::work::Page;

use crate::cli::Answer;
use crate::reach::{Reach, now_ms};
use crate::terminal::{harmless, one_line, painted, table, when};

/// List work, oldest first
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus work list --state ready\n  nexus work list --json --limit 100 --after work_1795211860474123456"
)]
pub struct List {
    /// Only items in this state
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(State::WORDS))]
    state: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = PAGE_MAX, value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_MAX)))]
    limit: u32,
    /// Only items after this id
    #[arg(long, value_name = "ID")]
    after: Option<WorkId>,
}

pub fn list(reach: &Reach, args: &List, json: bool) -> Result<Answer, Problem> {
    let after = args.after.as_ref().map_or_else(String::new, WorkId::to_string);
    let items = reach.list(args.state.as_deref(), &Page { after, limit: args.limit })?;
    if json {
        return Ok(Answer::new(&items, ""));
    }
    if items.is_empty() {
        return Ok(Answer::new(&items, "no items; add one with `nexus work add TITLE`"));
    }
    let now = now_ms();
    let held = |item: &WorkView| match (&item.holder, item.lease_until_ms) {
        (Some(holder), Some(until)) => format!("{holder}, {}", when(until, now)),
        _ => item.reason.clone().or_else(|| item.proof.clone()).unwrap_or_default(),
    };
    let row = |item: &WorkView| {
        vec![item.id.clone(), item.state.clone(), item.priority.clone(), item.title.clone(), held(item)]
    };
    let mut text = table(&["id", "state", "priority", "title", "held by, until"], items.iter().map(row));
    if items.len() == args.limit as usize {
        text.push_str(&format!("\n… more with --after {}", items.last().expect("it is not empty").id));
    }
    Ok(Answer::new(&items, text))
}

/// Show one item
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work show work_1795211860474123456 --json")]
pub struct Show {
    /// Which
    id: WorkId,
}

pub fn show(reach: &Reach, args: &Show) -> Result<Answer, Problem> {
    let item = reach.show(&args.id)?;
    let now = now_ms();
    let mut lines = vec![
        format!("{} {}", item.id, painted(&item.state, &item.state)),
        harmless(&item.title),
        format!(
            "priority {} · type {} · attempts {} of {}",
            item.priority,
            one_line(&item.kind),
            item.attempts_used,
            item.attempts_max
        ),
        format!("added {} · changed {}", when(item.added_at_ms, now), when(item.changed_at_ms, now)),
    ];
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            lines.push(format!("{name}: {}", harmless(&value)));
        }
    };
    if let (Some(holder), Some(until)) = (&item.holder, item.lease_until_ms) {
        add("held by", Some(format!("{holder} under fence {}, ends {}", item.fence, when(until, now))));
    }
    add("progress", item.progress_percent.map(|p| format!("{p} % {}", item.progress_note.clone().unwrap_or_default())));
    add("role", item.role.clone());
    add("team", item.team.clone());
    add("labels", Some(item.labels.join(", ")));
    add("capabilities", Some(item.capabilities.join(", ")));
    add("depends on", Some(item.depends_on.join(", ")));
    add("open dependencies", (item.open_dependencies > 0).then(|| item.open_dependencies.to_string()));
    add("not before", item.not_before_ms.filter(|at| *at > now).map(|at| when(at, now)));
    add("writes", Some(item.writes.join(", ") + if item.exclusive { " (exclusive)" } else { "" }));
    add("reason", item.reason.clone());
    add("proof", item.proof.clone());
    add("change", item.change.clone());
    add("trace", Some(item.trace_id.clone()));
    add("description", Some(item.description.clone()));
    add("acceptance", Some(item.acceptance.clone()));
    add("result", item.result.as_ref().map(ToString::to_string));
    add("from the last attempt", item.feedback.clone());
    lines.extend(item.handoff.as_ref().map(|handoff| super::handoff::lines(handoff, now)));
    Ok(Answer::new(&item, lines.join("\n")))
}
