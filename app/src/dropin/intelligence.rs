//! `claude-dashboard`: what the analyses say that were left in files; and `claude-intelligence-stream`.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use engine::advice::Opinion;
use engine::problem::Problem;
use serde_json::{Map, Value, json};

use super::analyse::FILES;
use super::asked::Asked;
use super::derived;
use super::place::Place;
use crate::cli::{Answer, advise, answer, parse};
use crate::terminal::one_line;

/// How long between two looks, unless somebody says, at least and at most.
const USUAL: Duration = Duration::from_secs(30);
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_hours(24);

/// A summary of the files, with when each was made. A file that is not there is called `no data`.
pub fn dashboard(place: &Place) -> Answer {
    let (folder, mut json) = (place.folder(), Map::new());
    let mut lines = vec!["🧠 INTELLIGENCE DASHBOARD".to_owned(), "=========================".to_owned()];
    for name in FILES {
        let saved = read(&folder.join(name));
        lines.push(match &saved {
            Ok(Some(saved)) => format!("{name} ({}): {}", advise::text(saved, "analysis_timestamp"), gist(saved)),
            Ok(None) => format!("{name}: no data"),
            Err(why) => format!("⚠️ {name} cannot be read: {why}"),
        });
        json.insert(name.to_owned(), saved.ok().flatten().unwrap_or(Value::Null));
    }
    Answer::new(&json, lines.join("\n"))
}

fn read(path: &Path) -> Result<Option<Value>, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map(Some).map_err(|e| e.to_string()),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e.to_string()),
    }
}

/// What an answer says, in a line.
fn gist(it: &Value) -> String {
    match it["question"].as_str() {
        Some("priorities") => match advise::list(it, "recommendations").first() {
            Some(first) => {
                format!("{} first: {}", advise::text(first, "work_type"), advise::text(first, "recommended_action"))
            }
            None => "no open work".to_owned(),
        },
        Some("health") => {
            let score =
                it["health_score"].as_f64().map_or_else(|| "no data".to_owned(), |score| format!("{score:.0} of 100"));
            format!("{}, {score}, {} alerts", advise::text(it, "system_health"), advise::list(it, "alerts").len())
        }
        Some("assignments") => {
            let changes = advise::list(it, "assignment_changes").len();
            format!("{changes} changes, gain {}", advise::part(&it["efficiency_gain"]))
        }
        Some("teams") => {
            let (teams, wanted) = (advise::list(it, "teams").len(), advise::list(it, "suggested_teams").len());
            format!("{teams} teams, {wanted} in want of agents")
        }
        _ => "not from here".to_owned(),
    }
}

/// Says what to do about work and teams, at once and then every so often, until so many seconds are over or nobody listens
/// any more.
pub fn stream(place: &Place, asked: &Asked) -> Result<Answer, Problem> {
    let (by_place, options) = asked.options(&["--interval", "--focus", "--output-format", "--seconds"], &[])?;
    if let Some(extra) = by_place.first() {
        return Err(Problem::malformed(format!("{:?} is one argument too many", one_line(extra))));
    }
    let wrong = |name: &str, wanted: &str| Problem::malformed(format!("{name} can be {wanted}"));
    let between = options.get("--interval").map_or(Ok(USUAL), |text| parse::span(text));
    let between = between.ok().filter(|it| (LEAST..=MOST).contains(it));
    let between = between.ok_or_else(|| wrong("--interval", "a span from 1s to 1d"))?;
    let whole = options.get("--seconds").map(|text| text.parse().ok().filter(|it| *it <= MOST.as_secs()));
    let whole = match whole {
        None => None,
        Some(Some(seconds)) => Some(Duration::from_secs(seconds)),
        Some(None) => return Err(wrong("--seconds", "a whole number up to 86400")),
    };
    let json = match options.get("--output-format") {
        None => asked.json,
        Some(&"json") => true,
        Some(&"text") => false,
        Some(_) => return Err(wrong("--output-format", "json or text")),
    };
    let focus: Vec<String> =
        options.get("--focus").into_iter().flat_map(|all| all.split(',')).map(|it| it.trim().to_owned()).collect();
    let began = Instant::now();
    loop {
        let found = derived::recommendations(place)?;
        let at = parse::moment_text(place.engine.scope().now);
        let said = if json {
            answer::line(&json!({
                "timestamp": at, "focus_areas": focus, "recommendations": found, "engine": "rules",
                "llm": Opinion::NotAsked.view(),
            }))
        } else {
            let line = |it: &Value| {
                let team = it["team"].as_str().map(|team| format!(" ({})", one_line(team))).unwrap_or_default();
                format!("💡 {}: {}{team}", advise::text(it, "priority"), advise::text(it, "action"))
            };
            let all: Vec<String> = found.iter().map(line).collect();
            let what = if all.is_empty() { "💡 nothing to do".to_owned() } else { all.join("\n") };
            format!("⚡ [{at}]\n{what}")
        };
        let left = whole.map(|whole| whole.saturating_sub(began.elapsed()));
        if !answer::print(&said) || left.is_some_and(|left| left <= between) {
            return Ok(Answer::silent());
        }
        std::thread::sleep(between);
    }
}
