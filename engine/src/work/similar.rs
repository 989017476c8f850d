//! Items that are alike: a new one is held against the newest ones, and what is found is said, never refused.

use domain::work::{ALIKE, Draft, Words};
use serde::{Deserialize, Serialize};
use store::work as kept;
use store::{Scope, StoreError, Tx};

use super::WorkView;
use crate::problem::Problem;
use crate::{Engine, Key, random_hex};

/// How many items a new one is held against: the newest.
const WINDOW: u32 = 200;
/// How many are named at most.
const NAMED_MAX: usize = 5;

/// An item that is like a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct Similar {
    pub id: String,
    pub title: String,
    pub percent: u8,
}

impl Engine {
    /// Adds work, and says which of the newest items are like it.
    pub async fn add_flagged(
        &self,
        draft: Draft,
        trace_id: Option<String>,
        key: Option<Key>,
    ) -> Result<WorkView, Problem> {
        let engine = self.clone();
        self.keyed(key, async move |tx, scope| {
            let similar = like(tx, scope, &draft.title).await?;
            let trace_id = trace_id.unwrap_or_else(random_hex::<16>);
            let item = kept::add(tx, scope, engine.with_defaults(draft), engine.number(), &trace_id).await?;
            Ok(WorkView { similar, ..WorkView::of(&item, &trace_id) })
        })
        .await
    }
}

async fn like(tx: &mut Tx<'_>, scope: &Scope, title: &str) -> Result<Vec<Similar>, StoreError> {
    let words = Words::of(title);
    let mut all = Vec::new();
    for (id, title) in kept::newest(tx, &scope.project, WINDOW).await? {
        let percent = words.likeness(&Words::of(&title));
        if percent >= ALIKE {
            all.push(Similar { id: id.to_string(), title, percent });
        }
    }
    all.sort_by(|a, b| b.percent.cmp(&a.percent).then_with(|| b.id.cmp(&a.id)));
    all.truncate(NAMED_MAX);
    Ok(all)
}
