//! Items that are alike: a new one is held against the newest ones, and what is found is said, never refused.
//!
//! It is held against what was there before it was asked for, outside of its transaction: of two that are added at the
//! same moment neither hears of the other, and nobody waits for a comparison.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::WorkId;
use domain::text::Project;
use domain::time::Timestamp;
use domain::work::{ALIKE, Draft, Words};
use serde::{Deserialize, Serialize};
use store::work as kept;
use store::{Scope, StoreError};

use super::{What, WorkView};
use crate::problem::Problem;
use crate::{Engine, Key, random_hex};

/// How many items a new one is held against: the newest.
const WINDOW: u32 = 200;
/// How many are named at most.
const NAMED_MAX: usize = 5;
/// How long what was read is only added to, in milliseconds: an item of another process can come late.
const FRESH_MS: i64 = 5_000;
/// Of how many projects the newest items are remembered.
const PROJECTS_MAX: usize = 64;

/// An item that is like a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct Similar {
    pub id: String,
    pub title: String,
    pub percent: u8,
}

/// The newest items of each project, as they were last read. Cheap to clone.
#[derive(Clone, Default)]
pub struct Newest(Arc<Mutex<BTreeMap<Project, Window>>>);

/// Those of one project, the newest first.
#[derive(Clone)]
struct Window {
    read_at: Timestamp,
    items: VecDeque<Arc<(WorkId, String, Words)>>,
}

impl Newest {
    /// What was read of `project` lately.
    fn known(&self, scope: &Scope) -> Option<Window> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |it: &&Window| (0..FRESH_MS).contains(&(scope.now.millis() - it.read_at.millis()));
        all.get(&scope.project).filter(fresh).cloned()
    }

    fn remember(&self, project: &Project, window: Window) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= PROJECTS_MAX {
            all.clear();
        }
        all.insert(project.clone(), window);
    }
}

impl Engine {
    /// Adds work, and says which of the newest items are like it.
    pub async fn add_flagged(
        &self,
        draft: Draft,
        trace_id: Option<String>,
        key: Option<Key>,
    ) -> Result<WorkView, Problem> {
        let similar = self.like(&draft.title).await?;
        let trace_id = trace_id.unwrap_or_else(random_hex::<16>);
        let add = What::Add { draft: Box::new(self.with_defaults(draft)), number: self.number(), trace_id, similar };
        self.ask_together(key, add).await
    }

    async fn like(&self, title: &str) -> Result<Vec<Similar>, StoreError> {
        let words = Words::of(title);
        let mut all = Vec::new();
        for item in self.newest().await?.items {
            let (id, title, its) = &*item;
            let percent = words.likeness(its);
            if percent >= ALIKE {
                all.push(Similar { id: id.to_string(), title: title.clone(), percent });
            }
        }
        all.sort_by(|a, b| b.percent.cmp(&a.percent).then_with(|| b.id.cmp(&a.id)));
        all.truncate(NAMED_MAX);
        Ok(all)
    }

    /// The newest items; of those that are known, only what came since is read.
    async fn newest(&self) -> Result<Window, StoreError> {
        let scope = self.scope();
        let known = self.newest.known(&scope);
        let mut window = known.unwrap_or_else(|| Window { read_at: scope.now, items: VecDeque::new() });
        let after = window.items.front().map_or_else(String::new, |newest| newest.0.to_string());
        let came = async |tx: &mut store::Tx<'_>| kept::newest(tx, &scope.project, &after, WINDOW).await;
        let came = self.store.read(came).await?;
        if !came.is_empty() {
            for (id, title) in came.into_iter().rev() {
                let words = Words::of(&title);
                window.items.push_front(Arc::new((id, title, words)));
            }
            window.items.truncate(WINDOW as usize);
            self.newest.remember(&scope.project, window.clone());
        }
        Ok(window)
    }
}
