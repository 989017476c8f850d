//! A folder of Backlog.md: one markdown file a task, with front matter.
//!
//! Of YAML, the front matter is read as that tool writes it: a key and a text on a line, lists in brackets or one
//! entry a line, folded texts. What stands there otherwise is named and leaves the task out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::work::Draft;
use engine::problem::Problem;
use engine::work::{Incoming, Standing};
use serde_json::json;

use super::reading::Reading;
use super::unreadable;

const KNOWN: &[&str] = &[
    "id",
    "title",
    "status",
    "assignee",
    "reporter",
    "created_date",
    "updated_date",
    "labels",
    "dependencies",
    "priority",
    "ordinal",
];
/// The largest task, in bytes.
const TASK_BYTES_MAX: u64 = 2_000_000;

/// Reads every task below `path`. A line is the number of the file, by name.
pub fn read(path: &Path, reading: &mut Reading<'_>) -> Result<(), Problem> {
    let folders = ["backlog/tasks", "backlog/completed", "tasks", "completed"];
    let mut inside: Vec<PathBuf> = folders.iter().map(|it| path.join(it)).filter(|it| it.is_dir()).collect();
    if inside.is_empty() {
        inside.push(path.to_path_buf());
    }
    let mut files = Vec::new();
    for folder in &inside {
        for entry in std::fs::read_dir(folder).map_err(|e| unreadable(folder, &e))? {
            files.push(entry.map_err(|e| unreadable(folder, &e))?.path());
        }
    }
    files.retain(|file| file.extension().is_some_and(|it| it == "md"));
    files.sort();
    for (at, file) in files.iter().enumerate() {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let text = crate::cli::parse::file(file, TASK_BYTES_MAX);
        let row = text.map_err(|it| it.message).and_then(|text| task_of(at + 1, &text, reading));
        reading.row(at + 1, row.map_err(|why| format!("{name}: {why}")))?;
    }
    Ok(())
}

fn task_of(line: usize, text: &str, reading: &mut Reading<'_>) -> Result<Incoming, String> {
    let (front, body) = parts(text).ok_or("it has no front matter between two lines of ---")?;
    let fields = front_matter(front)?;
    let one = |name: &str| fields.get(name).map_or("", |it| it.first().map_or("", String::as_str));
    let all = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let key = Some(one("id")).filter(|id| !id.is_empty()).ok_or("it has no id")?.to_owned();
    for name in fields.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
        reading.odd(format!("the field {name:?}"));
    }
    let standing = match one("status").to_lowercase().as_str() {
        "to do" | "todo" | "draft" | "" => Standing::Open,
        "done" => Standing::Done(json!({ "result": "done" })),
        "blocked" => Standing::Blocked("it is blocked in Backlog.md".to_owned()),
        other => {
            reading.odd(format!("the status {other:?}: the item is open here, and nobody has it"));
            Standing::Open
        }
    };
    let body: Vec<&str> = body.lines().filter(|line| !line.trim_start().starts_with("<!--")).collect();
    let draft = Draft {
        title: one("title").to_owned(),
        description: body.join("\n").trim().to_owned(),
        priority: reading.priority(Some(one("priority"))),
        labels: reading.labels(all("labels").iter().map(String::as_str)),
        acceptance: section(&body, "Acceptance Criteria"),
        ..Draft::default()
    };
    let needs = all("dependencies");
    Ok(Incoming { line, identity: key.clone(), key, written: text.to_owned(), draft, needs, standing, trace_id: None })
}

/// What stands between the two lines of dashes, and what comes after.
fn parts(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches('\u{feff}');
    let rest = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// The lines of the section called `name`, down to the next one.
fn section(body: &[&str], name: &str) -> String {
    let inside = body.iter().skip_while(|line| line.trim_start_matches('#').trim() != name || !line.starts_with('#'));
    inside.skip(1).take_while(|line| !line.starts_with("## ")).copied().collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn front_matter(front: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut open: Option<(String, bool)> = None;
    for (at, line) in front.lines().enumerate() {
        let odd = || format!("line {} of its front matter is not understood", at + 2);
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if let Some((key, folded)) = &open {
            if let Some(entry) = trimmed.strip_prefix("- ").filter(|_| !folded) {
                fields.entry(key.clone()).or_default().push(scalar(entry).ok_or_else(odd)?);
                continue;
            }
            if line.starts_with(' ') && *folded {
                let text = fields.entry(key.clone()).or_insert_with(|| vec![String::new()]);
                let before = std::mem::take(&mut text[0]);
                text[0] = if before.is_empty() { trimmed.to_owned() } else { format!("{before} {trimmed}") };
                continue;
            }
        }
        if line.starts_with(' ') {
            return Err(odd());
        }
        let (key, value) = line.split_once(':').ok_or_else(odd)?;
        let (key, value) = (key.trim().to_owned(), value.trim());
        open = Some((key.clone(), matches!(value, ">" | ">-" | "|" | "|-")));
        let values = match value {
            "" | ">" | ">-" | "|" | "|-" => continue,
            list if list.starts_with('[') => {
                let inside = list.strip_prefix('[').and_then(|it| it.strip_suffix(']')).ok_or_else(odd)?;
                let entries = inside.split(',').map(str::trim).filter(|it| !it.is_empty());
                entries.map(|it| scalar(it).ok_or_else(odd)).collect::<Result<_, _>>()?
            }
            one => vec![scalar(one).ok_or_else(odd)?],
        };
        fields.insert(key, values);
    }
    Ok(fields)
}

/// A plain or quoted text; `None` for what needs more of YAML.
fn scalar(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(inside) = text.strip_prefix('\'') {
        return Some(inside.strip_suffix('\'')?.replace("''", "'"));
    }
    if text.starts_with('"') {
        return serde_json::from_str(text).ok();
    }
    let plain = !text.starts_with(['&', '*', '!', '{', '|', '>', '%', '`']);
    plain.then(|| text.split(" #").next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_read_as_the_tool_writes_it() {
        let front = "id: task-1\ntitle: >-\n  A long\n  title\nlabels: [a, 'b c']\ndependencies:\n  - task-2\n  - \"task-3\"\nassignee: []\n";
        let fields = front_matter(front).expect("it is");
        assert_eq!(fields["title"], ["A long title"]);
        assert_eq!(fields["labels"], ["a", "b c"]);
        assert_eq!(fields["dependencies"], ["task-2", "task-3"]);
        assert!(fields["assignee"].is_empty());
        for odd in ["id: &a b", "no key", "  id: x", "labels: [a"] {
            assert!(front_matter(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_section_ends_with_the_next() {
        let body = ["## Description", "d", "## Acceptance Criteria", "- [ ] one", "", "## Notes", "n"];
        assert_eq!(section(&body, "Acceptance Criteria"), "- [ ] one");
        assert_eq!(section(&body, "Plan"), "");
        assert_eq!(parts("---\nid: x\n---\nbody"), Some(("id: x\n", "body")));
        assert_eq!(parts("---\nid: x\n"), None);
    }
}
