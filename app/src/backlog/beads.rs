//! JSON lines of beads: one issue a line.

use std::path::Path;

use domain::work::Draft;
use engine::problem::Problem;
use engine::work::{Incoming, Standing};
use serde_json::{Map, Value, json};

use super::lines;
use super::reading::{Reading, paragraphs, text, texts, word};

const KNOWN: &[&str] = &[
    "id",
    "title",
    "description",
    "design",
    "notes",
    "acceptance_criteria",
    "status",
    "priority",
    "issue_type",
    "labels",
    "dependencies",
    "created_at",
    "updated_at",
    "closed_at",
    "close_reason",
];

/// Reads every line of the file.
pub fn read(path: &Path, reading: &mut Reading<'_>) -> Result<(), Problem> {
    lines::each(path, |line, text| {
        let row = text.and_then(|text| {
            let issue: Map<String, Value> = serde_json::from_str(text).map_err(|e| format!("this is no issue: {e}"))?;
            issue_of(line, text, &issue, reading)
        });
        reading.row(line, row)
    })
}

fn issue_of(
    line: usize,
    written: &str,
    issue: &Map<String, Value>,
    reading: &mut Reading<'_>,
) -> Result<Incoming, String> {
    let key = word(issue, "id").ok_or("it has no id")?;
    reading.odd_fields(issue, KNOWN);
    let closed =
        || json!({ "result": "closed", "reason": text(issue, "close_reason"), "closed_at": text(issue, "closed_at") });
    let standing = match text(issue, "status") {
        "open" | "" => Standing::Open,
        "closed" => Standing::Done(closed()),
        "blocked" => Standing::Blocked("it is blocked in beads".to_owned()),
        "tombstone" => return Err("it was deleted in beads".to_owned()),
        other => {
            reading.odd(format!("the status {other:?}: the item is open here, and nobody has it"));
            Standing::Open
        }
    };
    let mut needs = Vec::new();
    for dependency in issue.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
        match (dependency["type"].as_str().unwrap_or("blocks"), dependency["depends_on_id"].as_str()) {
            ("blocks", Some(other)) => needs.push(other.to_owned()),
            (kind, _) => reading.odd(format!("the dependency type {kind:?}")),
        }
    }
    let draft = Draft {
        title: text(issue, "title").to_owned(),
        description: paragraphs(&[
            ("", text(issue, "description")),
            ("Design", text(issue, "design")),
            ("Notes", text(issue, "notes")),
        ]),
        kind: text(issue, "issue_type").to_owned(),
        priority: reading.priority(word(issue, "priority").as_deref()),
        labels: reading.labels(texts(issue, "labels")),
        acceptance: text(issue, "acceptance_criteria").to_owned(),
        ..Draft::default()
    };
    Ok(Incoming {
        line,
        identity: key.clone(),
        key,
        written: written.to_owned(),
        draft,
        needs,
        standing,
        trace_id: None,
    })
}
