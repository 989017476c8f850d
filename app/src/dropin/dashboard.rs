//! `dashboard`: how things stand, under the old headings. What is not known is said to be so.

use domain::flow::Sprint;
use domain::time::Timestamp;
use engine::agent::AgentView;
use engine::problem::Problem;
use engine::status::Status;
use engine::wait;
use engine::work::WorkView;
use serde_json::{Value, json};
use store::work::Page;

use super::place::Place;
use crate::backlog::rows::points;
use crate::cli::Answer;
use crate::terminal::one_line;

/// How many agents and items are listed.
const LISTED: u32 = 50;
/// How many finished items velocity is about.
const FINISHED: u32 = 1_000;
const NO_DATA: &str = "no data";

/// Agents, active work and velocity as they are.
pub fn dashboard(place: &Place) -> Result<Answer, Problem> {
    let engine = &place.engine;
    let first = |limit| Page { after: String::new(), limit };
    let status = wait(engine.status())?;
    let agents: Vec<AgentView> = wait(engine.roster(&first(1_000)))?
        .into_iter()
        .filter(|it| it.standing != "retired" && it.presence != "gone")
        .collect();
    let work = wait(engine.list(Some("leased"), &first(LISTED)))?;
    let done = wait(engine.latest("done", FINISHED))?;
    let velocity = (!done.is_empty()).then(|| done.iter().map(points).sum::<u64>());
    let now = engine.scope().now;
    let sprint = engine.planning.and_then(|planning| planning.sprint_at(now));
    let span = sprint.map(|it| {
        json!({
            "number": it.number, "in_pi": it.within_pi, "starts_ms": it.starts.millis(), "ends_ms": it.ends.millis(),
        })
    });
    let json = json!({
        "program_increment": sprint.map(|it| it.pi), "sprint": span, "goal": Value::Null, "events": Value::Null,
        "active_agents": agents.len(), "agents": agents, "active_work_items": status.count("leased"), "work": work,
        "completed": status.count("done"), "velocity_points": velocity, "velocity_of_items": done.len(),
    });
    let mut lines = heading(sprint, now);
    lines.extend(body(&status, &agents, &work, velocity, done.len()));
    Ok(Answer::new(&json, lines.join("\n")))
}

/// Which program increment and sprint it is, when the settings say when they begin.
fn heading(sprint: Option<Sprint>, now: Timestamp) -> Vec<String> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let day = |at: Timestamp| jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default().strftime("%Y-%m-%d");
    let (pi, span) = match sprint {
        Some(it) => {
            let left = (it.ends.millis() - now.millis() + DAY_MS - 1) / DAY_MS;
            let span = format!("{} ({} to {}), days left: {left}", it.number, day(it.starts), day(it.ends));
            (format!("{}, sprint {} of it", it.pi, it.within_pi), span)
        }
        None => (NO_DATA.to_owned(), NO_DATA.to_owned()),
    };
    vec![
        "🚀 SCRUM AT SCALE DASHBOARD".to_owned(),
        "===========================".to_owned(),
        String::new(),
        "🎯 CURRENT PROGRAM INCREMENT (PI)".to_owned(),
        format!("  PI: {pi}"),
        format!("  Sprint: {span}"),
        format!("  Goal: {NO_DATA}"),
        String::new(),
    ]
}

fn body(status: &Status, agents: &[AgentView], work: &[WorkView], velocity: Option<u64>, of: usize) -> Vec<String> {
    let mut lines = vec!["👥 AGENT TEAMS & STATUS".to_owned(), format!("  Active Agents: {}", agents.len())];
    for agent in agents.iter().take(LISTED as usize) {
        let team = agent.team.as_deref().unwrap_or("no team");
        lines.push(format!("  🤖 {} ({}): {}", one_line(&agent.name), one_line(team), agent.presence));
    }
    lines.extend([
        String::new(),
        "📋 ACTIVE WORK (CURRENT SPRINT)".to_owned(),
        format!("  Active Work Items: {}", status.count("leased")),
    ]);
    for item in work {
        let (holder, percent) = (item.holder.as_deref().unwrap_or("nobody"), item.progress_percent.unwrap_or(0));
        let (title, holder) = (one_line(&item.title), one_line(holder));
        lines.push(format!("  🔧 {}: {title} ({holder}, {}, {percent}%)", item.id, item.priority));
    }
    let velocity = velocity.map_or_else(
        || NO_DATA.to_owned(),
        |points| format!("{points} velocity points in the last {of} completed items"),
    );
    lines.extend([
        String::new(),
        "📈 VELOCITY & METRICS".to_owned(),
        format!("  Completed Work Items: {}", status.count("done")),
        format!("  Velocity: {velocity}"),
        String::new(),
        "📅 UPCOMING SCRUM AT SCALE EVENTS".to_owned(),
        format!("  {NO_DATA}"),
    ]);
    lines
}
