//! `claude-dashboard`: what the analyses say that were left in files.

use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Map, Value};

use super::analyse::FILES;
use super::place::Place;
use crate::cli::{Answer, advise};

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
