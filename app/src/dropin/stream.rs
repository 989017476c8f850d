//! `claude-stream`: how things stand, again and again for a while.

use std::time::{Duration, Instant};

use engine::advice::{Opinion, Question};
use engine::problem::Problem;
use engine::wait;
use serde_json::{Value, json};

use super::analyse::since;
use super::asked::Asked;
use super::place::Place;
use crate::cli::{Answer, advise, answer, parse};
use crate::terminal::one_line;

/// How long between two looks.
const BETWEEN: Duration = Duration::from_secs(3);
/// The longest stream, in seconds.
const SECONDS_MAX: u32 = 86_400;

/// Says at once how things stand, and then every few seconds until so many seconds are over.
pub fn stream(place: &Place, asked: &Asked) -> Result<Answer, Problem> {
    asked.at_most(2, "stream [FOCUS] [SECONDS]")?;
    let focus: String = asked.or(0, "system").chars().take(100).collect();
    let seconds = asked.number(1, "the seconds", 30, 0, SECONDS_MAX)?;
    let (began, whole) = (Instant::now(), Duration::from_secs(seconds.into()));
    loop {
        let item = look(place, &focus)?;
        let said = if asked.json { answer::line(&item) } else { lines(&item) };
        let left = whole.saturating_sub(began.elapsed());
        if !answer::print(&said) || left.is_zero() {
            return Ok(Answer::silent());
        }
        std::thread::sleep(BETWEEN.min(left));
        if left <= BETWEEN {
            return Ok(Answer::silent());
        }
    }
}

fn look(place: &Place, focus: &str) -> Result<Value, Problem> {
    let ask = |question| wait(place.engine.advise(&question, since(place), None)).map(|it| it.answer);
    let (health, first) = (ask(Question::Health)?, ask(Question::Priorities)?);
    let alerts = advise::list(&health, "alerts").iter();
    let urgent = alerts.filter(|it| matches!(it["severity"].as_str(), Some("critical" | "high")));
    let groups = advise::list(&first, "recommendations");
    let next = groups.iter().find(|it| it["work_type"] == focus).or_else(|| groups.first());
    let status = match health["system_health"].as_str() {
        Some("healthy") => "optimal",
        Some("degraded") => "warning",
        Some("critical") => "critical",
        _ => "unknown",
    };
    Ok(json!({
        "timestamp": parse::moment_text(place.engine.scope().now),
        "focus_area": focus,
        "urgent_actions": urgent.map(|it| it["message"].clone()).collect::<Vec<_>>(),
        "system_status": status,
        "next_recommendation": next.map(|it| it["recommended_action"].clone()),
        "engine": "rules",
        "llm": Opinion::NotAsked.view(),
    }))
}

fn lines(item: &Value) -> String {
    let text = |name| advise::text(item, name);
    let mut lines = vec![format!("⚡ [{}] Status: {}", text("timestamp"), text("system_status"))];
    let urgent = advise::list(item, "urgent_actions").iter().filter_map(Value::as_str);
    lines.extend(urgent.map(|it| format!("🚨 Urgent: {}", one_line(it))));
    let next = item["next_recommendation"].as_str().map_or_else(|| "no data".to_owned(), one_line);
    lines.push(format!("💡 Next: {next}"));
    lines.join("\n")
}
