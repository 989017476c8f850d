//! A backlog of any origin in: what is good is kept, what is not is named, and nothing is brought in twice.
//!
//! Rows may come in any order. A row waits for those that it needs, and goes in with others in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Draft, Held, Json};
use serde_json::{Value, json};
use store::work as kept;
use store::{Scope, Tx};

use super::WorkView;
use crate::keyed::{known, once};
use crate::problem::Problem;
use crate::{Engine, Key, random_hex, sha256_hex, wait};

/// How many rows go in together.
const BATCH: usize = 500;

/// A row as far as it is understood.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Where it stands in its source, from 1.
    pub line: usize,
    /// What it is called there.
    pub key: String,
    /// What tells it from all others of its source, now and when the source is read again.
    pub identity: String,
    /// The row as it was written; one that reads differently is another row.
    pub written: String,
    /// What it asks for.
    pub draft: Draft,
    /// Keys of other rows, or ids of items.
    pub needs: Vec<String>,
    /// How it stands there.
    pub standing: Standing,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
}

/// How a row stands where it comes from.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It is to be done.
    Open,
    /// It cannot go on, for this reason.
    Blocked(String),
    /// It is called off.
    Cancelled,
    /// It is done, with this result.
    Done(Value),
}

/// A row that was not brought in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Skipped {
    /// Where it stands.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Brought {
    /// How many rows are items now that were none before.
    pub added: usize,
    /// How many had been brought in before.
    pub known: usize,
    /// How many were not brought in.
    pub skipped: usize,
    /// The first of them, up to [`Bring::SHOWN`].
    pub why: Vec<Skipped>,
}

/// Brings rows in, one after the other.
pub struct Bring<'e> {
    engine: &'e Engine,
    source: String,
    /// Whether whole items are kept as answers, as `work import` without a format reads them again.
    whole: bool,
    items: BTreeMap<String, WorkId>,
    /// Keys of rows that go in with this batch.
    placed: BTreeSet<String>,
    batch: Vec<Incoming>,
    waiting: BTreeMap<String, (Incoming, usize)>,
    waited_for: BTreeMap<String, Vec<String>>,
    lost: BTreeSet<String>,
    brought: Brought,
}

impl<'e> Bring<'e> {
    /// How many rows that were skipped are named.
    pub const SHOWN: usize = 10_000;

    /// Nothing yet, from `source`. `whole`: the rows are those of `work import`.
    pub fn new(engine: &'e Engine, source: &str, whole: bool) -> Self {
        Self {
            engine,
            source: sha256_hex(source.as_bytes()),
            whole,
            items: BTreeMap::new(),
            placed: BTreeSet::new(),
            batch: Vec::new(),
            waiting: BTreeMap::new(),
            waited_for: BTreeMap::new(),
            lost: BTreeSet::new(),
            brought: Brought::default(),
        }
    }

    /// A row that makes no sense.
    pub fn skip(&mut self, line: usize, reason: impl Into<String>) {
        self.brought.skipped += 1;
        if self.brought.why.len() < Self::SHOWN {
            self.brought.why.push(Skipped { line, reason: reason.into() });
        }
    }

    /// The next row. Fails only when the store does.
    pub fn take(&mut self, row: Incoming) -> Result<(), Problem> {
        let key = &row.key;
        if self.items.contains_key(key) || self.placed.contains(key) || self.waiting.contains_key(key) {
            self.skip(row.line, format!("{key:?} stands on an earlier line too"));
            return Ok(());
        }
        let missing: BTreeSet<String> = row.needs.iter().filter(|need| !self.there(need)).cloned().collect();
        if missing.is_empty() {
            return self.place(row);
        }
        for need in &missing {
            self.waited_for.entry(need.clone()).or_default().push(row.key.clone());
        }
        self.waiting.insert(row.key.clone(), (row, missing.len()));
        Ok(())
    }

    /// What came of it, when there are no more rows.
    pub fn finish(mut self) -> Result<Brought, Problem> {
        self.flush()?;
        // What is no row's key after all may be the id of an item that is there already.
        loop {
            let all = self.waiting.iter().filter(|(_, (row, _))| self.waits_for_items(row));
            let keys: Vec<String> = all.map(|(key, _)| key.clone()).collect();
            for key in &keys {
                if let Some((row, _)) = self.waiting.remove(key) {
                    self.place(row)?;
                }
            }
            if keys.is_empty() {
                break;
            }
        }
        self.flush()?;
        let waiting = std::mem::take(&mut self.waiting);
        for (row, _) in waiting.values() {
            let need = row.needs.iter().find(|need| !self.items.contains_key(*need)).cloned().unwrap_or_default();
            let reason = if waiting.contains_key(&need) {
                format!("it depends on {need:?}, and that on others in a circle, or on one that is not there")
            } else {
                self.without(&need)
            };
            self.skip(row.line, reason);
        }
        self.brought.why.sort_by_key(|skipped| skipped.line);
        Ok(self.brought)
    }

    fn there(&self, need: &str) -> bool {
        self.items.contains_key(need) || self.placed.contains(need)
    }

    fn waits_for_items(&self, row: &Incoming) -> bool {
        let item = |need: &str| {
            need.parse::<WorkId>().is_ok() && !self.waiting.contains_key(need) && !self.lost.contains(need)
        };
        row.needs.iter().all(|need| self.there(need) || item(need))
    }

    fn without(&self, need: &str) -> String {
        if self.lost.contains(need) {
            format!("it depends on {need:?}, which was not imported")
        } else {
            format!("it depends on {need:?}, which is neither a key in this backlog nor the id of an item")
        }
    }

    /// Puts `row` into the batch, and after it all that waited for it alone.
    fn place(&mut self, row: Incoming) -> Result<(), Problem> {
        let mut ready = vec![row];
        while let Some(row) = ready.pop() {
            for waiting in self.waited_for.remove(&row.key).unwrap_or_default() {
                let Some((_, missing)) = self.waiting.get_mut(&waiting) else { continue };
                *missing -= 1;
                if *missing == 0 {
                    ready.extend(self.waiting.remove(&waiting).map(|(row, _)| row));
                }
            }
            self.placed.insert(row.key.clone());
            self.batch.push(row);
            if self.batch.len() >= BATCH {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Problem> {
        let batch = std::mem::take(&mut self.batch);
        self.placed.clear();
        let mut found = BTreeMap::new();
        for need in batch.iter().flat_map(|row| &row.needs) {
            let id = self.items.get(need).cloned();
            found.extend(id.map(|id| (need.clone(), id)));
        }
        let rows: Vec<(usize, String)> = batch.iter().map(|row| (row.line, row.key.clone())).collect();
        let came = wait(self.engine.bring(self.source.clone(), self.whole, batch, found))?;
        for ((line, key), came) in rows.into_iter().zip(came) {
            match came {
                Ok((id, added)) => {
                    self.brought.added += usize::from(added);
                    self.brought.known += usize::from(!added);
                    self.items.insert(key, id);
                }
                Err(need) => {
                    let reason = match need {
                        Why::Missing(need) => self.without(&need),
                        Why::Problem(problem) => problem.message,
                    };
                    self.skip(line, reason);
                    self.lost.insert(key);
                }
            }
        }
        Ok(())
    }
}

enum Why {
    Missing(String),
    Problem(Problem),
}

impl Engine {
    /// Brings `rows` in, in one transaction; a row that cannot be has no effect. Comes back with the item of each and
    /// whether it is new.
    async fn bring(
        &self,
        source: String,
        whole: bool,
        rows: Vec<Incoming>,
        found: BTreeMap<String, WorkId>,
    ) -> Result<Vec<Result<(WorkId, bool), Why>>, Problem> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let engine = self.clone();
        let scope = self.scope();
        self.store
            .write(async move |tx| {
                let mut found = found;
                let mut all = Vec::with_capacity(rows.len());
                for row in rows {
                    let key = row.key.clone();
                    let came = bring_one(tx, &scope, &engine, &source, whole, row, &found).await?;
                    if let Ok((id, _)) = &came {
                        found.insert(key, id.clone());
                    }
                    all.push(came);
                }
                Ok::<_, Problem>(all)
            })
            .await
    }
}

async fn bring_one(
    tx: &mut Tx<'_>,
    scope: &Scope,
    engine: &Engine,
    source: &str,
    whole: bool,
    row: Incoming,
    found: &BTreeMap<String, WorkId>,
) -> Result<Result<(WorkId, bool), Why>, Problem> {
    let mut draft = engine.with_defaults(row.draft);
    // What is done waits for nothing.
    if !matches!(row.standing, Standing::Done(_)) {
        for need in &row.needs {
            let Some(id) = found.get(need).cloned().or_else(|| need.parse().ok()) else {
                return Ok(Err(Why::Missing(need.clone())));
            };
            draft.depends_on.insert(id);
        }
    }
    let key = match Key::new(&format!("import {source} {}", row.identity), &row.written) {
        Ok(key) => key,
        Err(problem) => return Ok(Err(Why::Problem(problem))),
    };
    let before = known::<Value>(tx, scope, &key).await?.is_some();
    let (number, standing, trace_id) = (engine.number(), row.standing, row.trace_id);
    let answered = once(tx, scope, Some(&key), async |tx| {
        let trace_id = trace_id.unwrap_or_else(random_hex::<16>);
        let item = kept::add(tx, scope, draft, number, &trace_id).await?;
        stand(tx, scope, &item.id, standing).await?;
        let view = || serde_json::to_value(WorkView::of(&item, &trace_id)).expect("an item can be written as JSON");
        Ok(if whole { view() } else { json!({ "id": item.id.as_str() }) })
    })
    .await?;
    Ok(match answered {
        Ok(answer) => {
            let id = answer["id"].as_str().and_then(|id| id.parse().ok());
            Ok((id.expect("the answer to an import has the id of the item"), !before))
        }
        Err(problem) if problem.code == "key_reused" => {
            let message = format!("{:?} was imported from here before and reads differently now", row.key);
            Err(Why::Problem(Problem { message, ..problem }))
        }
        // What was refused may be put right where it was refused for; it is asked anew the next time.
        Err(problem) => {
            store::answer::forget(tx, scope, key.text()).await?;
            Err(Why::Problem(problem))
        }
    })
}

/// Brings a new item to where its row stands.
async fn stand(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId, standing: Standing) -> Result<(), Problem> {
    let command = match standing {
        Standing::Open => return Ok(()),
        Standing::Blocked(reason) => Command::Block { held: None, reason },
        Standing::Cancelled => Command::Cancel { reason: Some("it was called off where it comes from".to_owned()) },
        Standing::Done(result) => {
            let by: AgentName = "import".parse().expect("a word is a name");
            let ttl = Ttl::from_millis(Ttl::MIN_MS).expect("the least is enough");
            let item = kept::claim(tx, scope, id, &by, ttl).await?;
            let held = Held { by, fence: item.fence };
            Command::Report { held, change: None, result: Some(Json(result.to_string())) }
        }
    };
    kept::carry_out(tx, scope, id, &command).await?;
    Ok(())
}
