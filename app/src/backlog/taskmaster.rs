//! `tasks.json` of task-master: tasks and their subtasks, perhaps below tags.

use std::path::Path;

use domain::work::Draft;
use engine::problem::Problem;
use engine::work::{Incoming, Standing};
use serde_json::{Map, Value, json};

use super::document;
use super::reading::{Reading, as_word, paragraphs, text, word};

const KNOWN: &[&str] =
    &["id", "title", "description", "details", "testStrategy", "status", "priority", "dependencies", "subtasks"];

/// Reads every task, each followed by its subtasks. A line is the number of the task in that order.
pub fn read(path: &Path, reading: &mut Reading<'_>) -> Result<(), Problem> {
    let whole = document(path)?;
    let nothing = || Problem::malformed(format!("{}: there is no list \"tasks\" in it", path.display()));
    let tagged: Vec<(String, &Vec<Value>)> = if let Value::Array(tasks) = &whole["tasks"] {
        vec![(String::new(), tasks)]
    } else {
        let tags = whole.as_object().ok_or_else(nothing)?;
        tags.iter().filter_map(|(tag, under)| Some((format!("{tag}:"), under["tasks"].as_array()?))).collect()
    };
    if tagged.is_empty() {
        return Err(nothing());
    }
    let mut line = 0;
    for (tag, tasks) in tagged {
        for task in tasks {
            line += 1;
            let Some((fields, id)) = task.as_object().and_then(|task| Some((task, word(task, "id")?))) else {
                reading.row(line, Err("it has no id".to_owned()))?;
                continue;
            };
            let needs = needs(fields).map(|need| format!("{tag}{need}")).collect::<Vec<_>>();
            let key = format!("{tag}{id}");
            let empty = Vec::new();
            let parts = fields.get("subtasks").and_then(Value::as_array).unwrap_or(&empty);
            let mut below = Vec::new();
            let task_line = line;
            let mut rows = Vec::new();
            for part in parts {
                line += 1;
                let Some((part, id)) = part.as_object().and_then(|part| Some((part, word(part, "id")?))) else {
                    rows.push((line, Err("it has no id".to_owned())));
                    continue;
                };
                let part_key = format!("{key}.{id}");
                // Within a task, a plain number is another of its parts. None begins before its task may.
                let own = self::needs(part)
                    .map(|need| if need.contains('.') { format!("{tag}{need}") } else { format!("{key}.{need}") });
                let all = own.chain(needs.iter().cloned()).collect();
                below.push(part_key.clone());
                rows.push((line, Ok(task_of(line, part_key, part, all, reading))));
            }
            // A task is done when its parts are.
            let all = needs.iter().cloned().chain(below).collect();
            let row = task_of(task_line, key, fields, all, reading);
            reading.row(task_line, Ok(row))?;
            for (line, row) in rows {
                reading.row(line, row)?;
            }
        }
    }
    Ok(())
}

fn needs(task: &Map<String, Value>) -> impl Iterator<Item = String> + use<'_> {
    task.get("dependencies").and_then(Value::as_array).into_iter().flatten().filter_map(as_word)
}

fn task_of(
    line: usize,
    key: String,
    task: &Map<String, Value>,
    needs: Vec<String>,
    reading: &mut Reading<'_>,
) -> Incoming {
    reading.odd_fields(task, KNOWN);
    let standing = match text(task, "status") {
        "pending" | "" => Standing::Open,
        "done" | "completed" => Standing::Done(json!({ "result": "done" })),
        "cancelled" => Standing::Cancelled,
        "blocked" => Standing::Blocked("it is blocked in task-master".to_owned()),
        other => {
            reading.odd(format!("the status {other:?}: the item is open here, and nobody has it"));
            Standing::Open
        }
    };
    let draft = Draft {
        title: text(task, "title").to_owned(),
        description: paragraphs(&[("", text(task, "description")), ("Details", text(task, "details"))]),
        priority: reading.priority(word(task, "priority").as_deref()),
        acceptance: text(task, "testStrategy").to_owned(),
        ..Draft::default()
    };
    let written = Value::Object(task.clone()).to_string();
    Incoming { line, identity: key.clone(), key, written, draft, needs, standing, trace_id: None }
}
