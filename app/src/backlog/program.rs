//! `backlog.yaml` of the older coordination tool: epics with their features, and the stories of the sprint by team.
//!
//! ```text
//! epic ──needs──▶ its features          a story is an item of its team; what is planned around them is no work
//! ```

use std::collections::BTreeSet;
use std::path::Path;

use domain::work::Draft;
use engine::problem::Problem;
use engine::work::{Incoming, Standing, WorkView};
use serde_json::{Map, Value, json};

use super::reading::{Reading, number, text, word};

/// The name of the file in the folder that agents share.
pub const FILE: &str = "backlog.yaml";
/// The largest file that is read, in bytes.
const BYTES_MAX: u64 = 10_000_000;
const KNOWN: &[&str] = &[
    "id",
    "title",
    "description",
    "priority",
    "story_points",
    "points",
    "business_value",
    "status",
    "features",
    "team",
    "program_increment",
];

/// A row on its way: what it is, whose it is, and what must be done first.
struct Row<'a> {
    kind: &'static str,
    fields: &'a Map<String, Value>,
    team: Option<&'a str>,
    needs: Vec<String>,
}

/// Reads the file at `path`, but for what is in `known` already. A line is the number of the epic, feature or story in it, counted
/// from `before` + 1.
pub fn read(path: &Path, before: usize, known: &BTreeSet<String>, reading: &mut Reading<'_>) -> Result<(), Problem> {
    let text = crate::cli::parse::file(path, BYTES_MAX)?;
    let whole: Value = serde_saphyr::from_str(&text)
        .map_err(|e| Problem::malformed(format!("{}: this is no YAML: {e}", path.display())))?;
    if whole["program_backlog"].is_null() && whole["current_sprint"].is_null() {
        return Err(Problem::malformed(format!(
            "{}: there is neither a program_backlog nor a sprint in it",
            path.display()
        )));
    }
    let mut line = before;
    for row in rows(&whole, reading) {
        line += 1;
        let made = match row {
            Some(row) if word(row.fields, "id").is_some_and(|id| known.contains(&id)) => continue,
            Some(row) => item_of(line, &row, reading),
            None => Err("it is no object".to_owned()),
        };
        reading.row(line, made)?;
    }
    Ok(())
}

/// Features before the epics that need them, then the stories; `None` for what is none. What else there is gets a word.
fn rows<'a>(whole: &'a Value, reading: &mut Reading<'_>) -> Vec<Option<Row<'a>>> {
    let mut rows = Vec::new();
    let list = |value: &'a Value| value.as_array().into_iter().flatten();
    for epic in list(&whole["program_backlog"]["epics"]) {
        let mut needs = Vec::new();
        for feature in list(&epic["features"]) {
            let row = feature.as_object();
            needs.extend(row.and_then(|fields| word(fields, "id")));
            rows.push(row.map(|fields| Row { kind: "feature", fields, team: None, needs: Vec::new() }));
        }
        rows.push(epic.as_object().map(|fields| Row { kind: "epic", fields, team: None, needs }));
    }
    for (team, commitment) in whole["current_sprint"]["team_commitments"].as_object().into_iter().flatten() {
        for story in list(&commitment["stories"]) {
            rows.push(story.as_object().map(|fields| Row {
                kind: "story",
                fields,
                team: Some(team),
                needs: Vec::new(),
            }));
        }
    }
    for what in ["teams", "velocity_tracking", "upcoming_events"] {
        if !whole[what].is_null() {
            reading.odd(format!("{what:?}: it is computed here"));
        }
    }
    if !whole["program_backlog"]["current_pi"]["objectives"].is_null() {
        reading.odd("\"objectives\" of the program increment: they are no work");
    }
    rows
}

fn item_of(line: usize, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<Incoming, String> {
    let key = word(row.fields, "id").ok_or("it has no id")?;
    reading.odd_fields(row.fields, KNOWN);
    let standing = match text(row.fields, "status") {
        "done" | "completed" | "accepted" => Standing::Done(json!({ "result": "done" })),
        "cancelled" | "rejected" => Standing::Cancelled,
        "" | "planned" | "todo" | "ready" | "backlog" | "pending" | "in_progress" => Standing::Open,
        other => {
            reading.odd(format!("the status {other:?}: the item is open here, and nobody has it"));
            Standing::Open
        }
    };
    let team = row.team.unwrap_or_else(|| text(row.fields, "team"));
    let team = Some(team).filter(|team| !team.is_empty()).map(|team| team.parse().map_err(|e| format!("{e}")));
    let draft = Draft {
        title: text(row.fields, "title").to_owned(),
        description: text(row.fields, "description").to_owned(),
        kind: row.kind.to_owned(),
        priority: reading.priority(word(row.fields, "priority").as_deref()),
        team: team.transpose()?,
        points: number(row.fields, "story_points").or_else(|| number(row.fields, "points")),
        business_value: number(row.fields, "business_value"),
        ..Draft::default()
    };
    Ok(Incoming {
        line,
        identity: format!("{FILE}:{key}"),
        key,
        written: Value::Object(row.fields.clone()).to_string(),
        draft,
        needs: row.needs.clone(),
        standing,
        trace_id: None,
    })
}

/// Whether an item is one of those that the file is about.
pub fn tells_of(item: &WorkView) -> bool {
    ["epic", "feature", "story"].contains(&item.kind.as_str())
}

/// `items` as that file: epics with the features that they need, all else as stories by team.
pub fn write(items: &[WorkView]) -> String {
    let feature = |id: &String| items.iter().find(|it| it.id == *id && it.kind == "feature");
    let mut taken = BTreeSet::new();
    let mut epics = Vec::new();
    for epic in items.iter().filter(|it| it.kind == "epic") {
        let features: Vec<&WorkView> = epic.depends_on.iter().filter_map(feature).collect();
        taken.extend(features.iter().map(|it| it.id.as_str()));
        taken.insert(&epic.id);
        let mut written = row(epic, "story_points");
        written["features"] = features.iter().map(|it| row(it, "story_points")).collect();
        epics.push(written);
    }
    let mut teams: Map<String, Value> = Map::new();
    for story in items.iter().filter(|it| !taken.contains(it.id.as_str())) {
        let team = story.team.clone().unwrap_or_else(|| "no team".to_owned());
        let commitment = teams.entry(team).or_insert_with(|| json!({ "committed_points": 0, "stories": [] }));
        let points = commitment["committed_points"].as_u64().unwrap_or(0) + u64::from(story.points.unwrap_or(0));
        commitment["committed_points"] = points.into();
        commitment["stories"].as_array_mut().expect("a list").push(row(story, "points"));
    }
    let whole = json!({ "program_backlog": { "epics": epics }, "current_sprint": { "team_commitments": teams } });
    serde_saphyr::to_string(&whole).expect("JSON can be written as YAML")
}

fn row(item: &WorkView, points: &str) -> Value {
    let mut row = json!({ "id": item.id, "title": item.title, "priority": item.priority, "status": status(item) });
    row[points] = item.points.into();
    if let Some(team) = &item.team {
        row["team"] = team.as_str().into();
    }
    row
}

fn status(item: &WorkView) -> &'static str {
    match item.state.as_str() {
        "done" => "completed",
        "leased" | "submitted" => "in_progress",
        "cancelled" => "cancelled",
        "blocked" => "blocked",
        "dead" => "failed",
        _ => "planned",
    }
}
