//! A backlog in: JSON lines, whose items may depend on each other by key.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::WorkId;
use domain::work::{Draft, cycle};
use serde::{Deserialize, Serialize};
use store::answer::{self, Known};
use store::work as kept;
use store::{Scope, Tx};

use super::view::{WorkView, draft_from_json};
use crate::problem::Problem;
use crate::{Engine, Key, random_hex, sha256_hex};

/// What became of one line of a backlog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The line's key.
    pub key: String,
    /// The item it is now.
    pub item: WorkView,
}

/// How many lines are added in one go.
const AT_ONCE: usize = 1_000;

#[derive(Clone)]
struct Line {
    number: usize,
    key: String,
    /// Tells this line from all others of its source, now and when the source is read again.
    identity: String,
    draft: Draft,
    needs: Vec<String>,
    written: String,
}

/// Adds every line of `backlog`, all or none. `source` says where it comes from: a line whose key came from there
/// before is not added again, so that importing a file twice adds nothing. A line without a key is known by its text.
pub async fn import(engine: &Engine, source: &str, backlog: &str) -> Result<Vec<Imported>, Problem> {
    let lines = in_order(read(backlog)?)?;
    let engine = engine.clone();
    let source = sha256_hex(source.as_bytes());
    let scope = engine.scope();
    let store = engine.store.clone();
    store
        .write(async move |tx| {
            let mut known: BTreeMap<String, WorkId> = BTreeMap::new();
            let mut all = Vec::with_capacity(lines.len());
            for some in lines.chunks(AT_ONCE) {
                all.extend(add_some(tx, &scope, &engine, &source, some, &mut known).await?);
            }
            Ok(all)
        })
        .await
}

/// Adds those of `lines` that did not come from `source` before. `known` says which item each key stands for.
async fn add_some(
    tx: &mut Tx<'_>,
    scope: &Scope,
    engine: &Engine,
    source: &str,
    lines: &[Line],
    known: &mut BTreeMap<String, WorkId>,
) -> Result<Vec<Imported>, Problem> {
    let key = |line: &Line| Key::new(&format!("import {source} {}", line.identity), &line.written);
    let keys = lines.iter().map(key).collect::<Result<Vec<Key>, Problem>>()?;
    let asked: Vec<_> = keys.iter().map(|key| (&scope.project, key.text())).collect();
    let mut before = answer::find_many(tx, &asked).await?;
    let mut views: Vec<Option<WorkView>> = Vec::with_capacity(lines.len());
    let (mut new, mut places) = (Vec::new(), Vec::new());
    for (line, key) in lines.iter().zip(&keys) {
        let mut draft = engine.with_defaults(line.draft.clone());
        for needed in &line.needs {
            let id = known.get(needed).cloned().or_else(|| needed.parse().ok());
            draft.depends_on.insert(id.ok_or_else(|| at(line.number, &nowhere(needed)))?);
        }
        let kept = before.remove(&(scope.project.clone(), key.text().to_owned()));
        let view: Option<WorkView> = match kept.map(|kept| kept.for_request(key.digest())) {
            None => None,
            Some(Known::Answered(kept)) => Some(key.repeated(&kept)?),
            Some(Known::New | Known::OtherRequest) => {
                let reused = key.reused();
                return Err(Problem { message: located(line.number, &reworded(&line.key)), ..reused });
            }
        };
        let id = if let Some(view) = &view {
            view.id.parse().expect("the id of an item is an id")
        } else {
            let number = engine.number();
            places.push(views.len());
            new.push(kept::New { draft, number, trace_id: random_hex::<16>() });
            WorkId::numbered(number)
        };
        known.insert(line.key.clone(), id);
        views.push(view);
    }
    let added = kept::add_many(tx, scope, new).await.map_err(|bad| {
        let problem = Problem::from(bad.error);
        Problem { message: located(lines[places[bad.at]].number, &problem.message), ..problem }
    })?;
    let mut answers = Vec::with_capacity(added.len());
    for (place, added) in places.iter().zip(added) {
        let view = WorkView::of(&added.item, &added.trace_id);
        let told: Result<&WorkView, &Problem> = Ok(&view);
        answers.push((*place, serde_json::to_string(&told).expect("an answer can be written as JSON")));
        views[*place] = Some(view);
    }
    let rows: Vec<_> =
        answers.iter().map(|(at, text)| (scope, keys[*at].text(), keys[*at].digest(), text.as_str())).collect();
    answer::keep_many(tx, &rows).await?;
    let imported = |(line, view): (&Line, Option<WorkView>)| Imported {
        key: line.key.clone(),
        item: view.expect("each line has its item"),
    };
    Ok(lines.iter().zip(views).map(imported).collect())
}

fn read(backlog: &str) -> Result<Vec<Line>, Problem> {
    let mut lines = Vec::new();
    let mut keys = BTreeSet::new();
    let mut keyless: BTreeMap<String, u32> = BTreeMap::new();
    // Editors of other systems begin a file with a mark that is no part of the text.
    let backlog = backlog.strip_prefix('\u{feff}').unwrap_or(backlog);
    for (at, text) in backlog.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let number = at + 1;
        let (draft, needs, key) =
            draft_from_json(text).map_err(|p| Problem { message: located(number, &in_line(&p.message)), ..p })?;
        let identity = key.clone().unwrap_or_else(|| {
            let digest = sha256_hex(text.trim().as_bytes());
            let before = keyless.entry(digest.clone()).or_default();
            *before += 1;
            format!("text {digest} {before}")
        });
        let key = key.unwrap_or_else(|| format!("line {number}"));
        if !keys.insert(key.clone()) {
            return Err(self::at(number, &format!("the key {key:?} stands on an earlier line too")));
        }
        lines.push(Line { number, key, identity, draft, needs, written: text.to_owned() });
    }
    Ok(lines)
}

/// The lines so that each comes after those it needs.
fn in_order(lines: Vec<Line>) -> Result<Vec<Line>, Problem> {
    let keys: BTreeSet<&str> = lines.iter().map(|line| line.key.as_str()).collect();
    let needs: BTreeMap<String, BTreeSet<String>> = lines
        .iter()
        .map(|line| (line.key.clone(), line.needs.iter().filter(|n| keys.contains(n.as_str())).cloned().collect()))
        .collect();
    if let Some(cycle) = cycle(&needs) {
        let round = cycle.iter().chain(cycle.first()).cloned().collect::<Vec<_>>().join(" → ");
        return Err(Problem::malformed(format!("items depend on each other in a circle: {round}")));
    }
    let mut done = BTreeSet::new();
    let mut ordered = Vec::with_capacity(lines.len());
    let mut waiting = lines;
    while !waiting.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|line| needs[&line.key].iter().all(|needed| done.contains(needed)));
        done.extend(ready.iter().map(|line| line.key.clone()));
        ordered.extend(ready);
        waiting = rest;
    }
    Ok(ordered)
}

fn nowhere(needed: &str) -> String {
    format!("it depends on {needed:?}, which is neither a key in this backlog nor the id of an item")
}

fn reworded(key: &str) -> String {
    format!("{key:?} was imported from here before and reads differently now; give what is new a new key")
}

/// Each line is a document of its own, so its number within itself says nothing.
fn in_line(message: &str) -> String {
    message.replace(" at line 1 column ", " at column ")
}

fn at(line: usize, what: &str) -> Problem {
    Problem::malformed(located(line, what))
}

fn located(line: usize, what: &str) -> String {
    format!("line {line}: {what}")
}
