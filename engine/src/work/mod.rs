//! Work: what doors and supervisors ask for, each as one transaction.

mod assign;
mod bring;
mod explain;
mod gate;
mod graph;
mod handoff;
mod import;
mod lock;
mod many;
mod similar;
mod taken;
mod together;
mod view;

use domain::agent::Filter;
use domain::change::{Command as ChangeCommand, State as ChangeState};
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::{Timestamp, Ttl};
use domain::work::{Command, Draft, Fence, Held, Json, WorkItem};
use store::work::{self as kept, Page, Writes};
use store::{Scope, Tx, change, workspace};

pub use assign::{AssignedView, MoveView};
pub use bring::{Bring, Brought, Incoming, Skipped, Standing};
pub(crate) use explain::takeable;
pub use explain::{Explained, NextUp, Reason};
pub use gate::GateView;
pub use graph::{Edge, GRAPH_MAX, Graph, Node};
pub use handoff::HandoffView;
pub use import::{Imported, import};
pub use lock::LockView;
pub use many::{Report, Reported};
pub(crate) use similar::Newest;
pub use similar::Similar;
pub use taken::Taken;
pub(crate) use together::Verbs;
use together::{Request, What};
pub use view::{ConflictView, WorkView, draft_from_json};

use crate::history::Asked;
use crate::keyed::{known, once};
use crate::problem::{Kind, Problem};
use crate::{Engine, Key, random_hex};

/// The most rows that one page of a list has.
pub const PAGE_MAX: u32 = 1_000;

impl Engine {
    /// Adds work.
    pub async fn add(&self, draft: Draft, trace_id: Option<String>, key: Option<Key>) -> Result<WorkView, Problem> {
        let draft = Box::new(self.with_defaults(draft));
        let trace_id = trace_id.unwrap_or_else(random_hex::<16>);
        self.ask_together(key, What::Add { draft, number: self.number(), trace_id, similar: Vec::new() }).await
    }

    pub(crate) fn with_defaults(&self, mut draft: Draft) -> Draft {
        draft.attempts_max = draft.attempts_max.or(Some(self.attempts_max));
        draft.retry = draft.retry.or(self.retry);
        draft
    }

    /// Takes `id` for `by`. Refused with `held` when another has it.
    pub async fn claim(&self, id: WorkId, by: AgentName, ttl: Ttl, key: Option<Key>) -> Result<WorkView, Problem> {
        self.claim_writing(id, by, ttl, None, key).await
    }

    /// The same, for a holder who says what it is going to write beyond what the item says. Who else is writing the
    /// same is in the answer's `conflicts`.
    pub async fn claim_writing(
        &self,
        id: WorkId,
        by: AgentName,
        ttl: Ttl,
        writes: Option<Writes>,
        key: Option<Key>,
    ) -> Result<WorkView, Problem> {
        let asked = self.asked(|| Some(Asked::claim(Some(id.as_str()), by.as_str())));
        let taken = self.keyed(key, async move |tx, scope| {
            let item = kept::claim_writing(tx, scope, &id, &by, ttl, writes.as_ref()).await?;
            let view = seen(tx, scope, &item).await?;
            if view.writes.is_empty() && writes.is_none() {
                return Ok(view);
            }
            Ok(view.beside(&kept::conflicts(tx, scope, &id).await?))
        });
        let taken = self.told(asked, taken.await);
        self.tended(taken).await
    }

    /// Takes the ready item of lowest rank that fits. Kind [`Kind::Nothing`] when nothing does.
    pub async fn next(&self, filter: Filter, by: AgentName, ttl: Ttl, key: Option<Key>) -> Result<WorkView, Problem> {
        self.take_next(key, What::Next { filter, by, ttl, waits: false }).await
    }

    /// The same for somebody who asks again when there is nothing: that is then no answer to the key.
    pub async fn next_awaited(
        &self,
        filter: Filter,
        by: AgentName,
        ttl: Ttl,
        key: Option<Key>,
    ) -> Result<WorkView, Problem> {
        self.take_next(key, What::Next { filter, by, ttl, waits: true }).await
    }

    /// The same for somebody who is going to write more than the item says: an item that nobody else is writing at goes
    /// before others, and what is exclusive waits. `waits`: as [`Engine::next_awaited`].
    pub async fn next_writing(
        &self,
        filter: Filter,
        by: AgentName,
        ttl: Ttl,
        (writes, waits): (Writes, bool),
        key: Option<Key>,
    ) -> Result<WorkView, Problem> {
        let asked = self.asked(|| Some(Asked::claim(None, by.as_str())));
        let again = key.clone().filter(|_| waits);
        let taken = self.keyed(key, async move |tx, scope| {
            let item = kept::claim_next_writing(tx, scope, &filter, &by, ttl, &writes).await?;
            let nothing = || Problem::new(Kind::Nothing, "nothing_available", "no ready item fits");
            let item = item.ok_or_else(nothing)?;
            Ok(seen(tx, scope, &item).await?.beside(&kept::conflicts(tx, scope, &item.id).await?))
        });
        let taken = self.told(asked, taken.await);
        if let (Some(key), Err(Problem { kind: Kind::Nothing, .. })) = (again, &taken) {
            let scope = self.scope();
            self.store.write(async move |tx| store::answer::forget(tx, &scope, key.text()).await).await?;
        }
        self.tended(taken).await
    }

    async fn take_next(&self, key: Option<Key>, next: What) -> Result<WorkView, Problem> {
        let asked = self.asked(|| match &next {
            What::Next { by, .. } => Some(Asked::claim(None, by.as_str())),
            What::Add { .. } | What::Act { .. } => None,
        });
        let taken = self.ask_together(key, next);
        let taken = self.told(asked, taken.await);
        self.tended(taken).await
    }

    /// A claim tends to what is due in its own transaction; one that is refused leaves nothing behind, so what is
    /// due (an item whose last attempt ran out, say) is tended to by itself.
    async fn tended(&self, taken: Result<WorkView, Problem>) -> Result<WorkView, Problem> {
        if taken.as_ref().is_err_and(|problem| problem.kind != Kind::Failed) {
            self.tend().await?;
        }
        taken
    }

    /// Takes back a grant whose caller has gone and never heard of it, and forgets the answer that was kept for it
    /// under `key`, so that a caller who asks once more is granted anew. Nothing happens when the hold is over.
    pub async fn take_back(&self, item: &WorkView, key: Option<Key>) -> Result<(), Problem> {
        let (Ok(id), Some(Ok(by))) = (item.id.parse::<WorkId>(), item.holder.as_deref().map(str::parse)) else {
            return Ok(());
        };
        let held = Held { by, fence: Fence::new(item.fence) };
        let reason = Some("whoever asked had gone before the answer".to_owned());
        let scope = self.scope();
        let command = Command::Release { held, reason };
        self.store
            .write(async move |tx| {
                kept::carry_out(tx, &scope, &id, &command).await?;
                if let Some(key) = &key {
                    store::answer::forget(tx, &scope, key.text()).await?;
                }
                Ok(())
            })
            .await
    }

    /// Does to `id` what `command` says. Cancelling withdraws what waits to land for the item.
    pub async fn act(&self, id: WorkId, command: Command, key: Option<Key>) -> Result<WorkView, Problem> {
        let asked = self.asked(|| Asked::effect(id.as_str(), &command));
        if What::fits(&command) {
            return self.told(asked, self.ask_together(key, What::Act { id, command }).await);
        }
        let done = self.keyed(key, async move |tx, scope| {
            let item = kept::carry_out(tx, scope, &id, &command).await?;
            if matches!(command, Command::Cancel { .. }) {
                withdraw(tx, scope, &item).await?;
            }
            seen(tx, scope, &item).await
        });
        self.told(asked, done.await)
    }

    async fn ask_together(&self, key: Option<Key>, what: What) -> Result<WorkView, Problem> {
        self.together.ask(&self.store, Request { scope: self.scope(), key, what }).await
    }

    /// A report of a holder with no workspace to look into: done when it has none, and inside a run only the result
    /// is kept, for the supervisor reports. `None`: there is a workspace, and whoever can look into it must report.
    pub async fn report(
        &self,
        id: WorkId,
        held: Held,
        result: Option<Json>,
        key: Option<Key>,
    ) -> Result<Option<WorkView>, Problem> {
        let scope = self.scope();
        let there = self.store.read(async |tx| workspace::of_grant(tx, &scope.project, &id, held.fence).await).await?;
        let there = there.filter(|w| w.state == domain::workspace::State::Open);
        if there.as_ref().is_some_and(|w| !w.supervised) {
            return Ok(None);
        }
        let command = match (there, result) {
            (Some(_), result) => Command::KeepResult { held, result: result.unwrap_or(Json("null".to_owned())) },
            (None, result) => Command::Report { held, change: None, result },
        };
        self.act(id, command, key).await.map(Some)
    }

    /// The item `id`, with what its last holder left for the next.
    pub async fn show(&self, id: &WorkId) -> Result<WorkView, Problem> {
        let scope = self.scope();
        let item = self.store.read(async |tx| look(tx, &scope, id).await).await?;
        Ok(WorkView { handoff: self.handoff(id).await?.map(Box::new), ..item })
    }

    /// Items by id, those in `state` only when it is given.
    pub async fn list(&self, state: Option<&str>, page: &Page) -> Result<Vec<WorkView>, Problem> {
        let found = self.store.read(async |tx| kept::list(tx, &self.project, state, page).await).await?;
        Ok(found.iter().map(|added| WorkView::of(&added.item, &added.trace_id)).collect())
    }

    /// The items that were added last among those in `state`, which is one that ends an item; up to `limit`, the last
    /// first.
    pub async fn latest(&self, state: &str, limit: u32) -> Result<Vec<WorkView>, Problem> {
        let found = self.store.read(async |tx| kept::latest(tx, &self.project, state, limit).await).await?;
        Ok(found.iter().map(|added| WorkView::of(&added.item, &added.trace_id)).collect())
    }

    /// Lapses what has run out and promotes what came due; comes back with how many.
    pub async fn tend(&self) -> Result<u32, Problem> {
        let scope = self.scope();
        if self.next_due().await?.is_none_or(|due| due > scope.now) {
            return Ok(0);
        }
        Ok(self.store.write(async move |tx| kept::tend(tx, &scope).await).await?)
    }

    /// When the next lease ends or the next delayed item comes due; `None` when there is neither.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Problem> {
        Ok(self.store.read(async |tx| kept::next_due(tx, &self.project).await).await?)
    }

    /// The call that is about to be made, when calls are recorded, with the time.
    pub(crate) fn asked(&self, call: impl FnOnce() -> Option<Asked>) -> Option<(Asked, i64)> {
        self.history.as_ref().and_then(|_| call()).map(|asked| (asked, self.scope().now.millis()))
    }

    /// `saw`, recorded as the answer to the call.
    pub(crate) fn told(
        &self,
        asked: Option<(Asked, i64)>,
        saw: Result<WorkView, Problem>,
    ) -> Result<WorkView, Problem> {
        if let (Some(history), Some((asked, asked_ms))) = (&self.history, asked) {
            history.answered(asked, asked_ms, self.scope().now.millis(), &saw);
        }
        saw
    }

    /// The answer that was given to `key`, if there was one.
    pub(crate) async fn answered<T: serde::de::DeserializeOwned>(
        &self,
        key: Option<&Key>,
    ) -> Result<Option<Result<T, Problem>>, Problem> {
        let Some(key) = key else { return Ok(None) };
        let scope = self.scope();
        self.store.read(async |tx| known(tx, &scope, key).await).await
    }

    pub(crate) async fn keyed<T, F>(&self, key: Option<Key>, body: F) -> Result<T, Problem>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        F: AsyncFnOnce(&mut Tx<'_>, &Scope) -> Result<T, Problem> + Clone + Send + 'static,
    {
        let scope = self.scope();
        self.store
            .write(async move |tx| once(tx, &scope, key.as_ref(), async |tx| body(tx, &scope).await).await)
            .await?
    }
}

/// The item with its trace, as it stands in this transaction.
async fn look(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId) -> Result<WorkView, Problem> {
    match kept::find(tx, scope, id).await? {
        Some(added) => Ok(WorkView::of(&added.item, &added.trace_id)),
        None => Err(kept::WorkError::Unknown(id.clone()).into()),
    }
}

pub(crate) async fn seen(tx: &mut Tx<'_>, scope: &Scope, item: &WorkItem) -> Result<WorkView, Problem> {
    look(tx, scope, &item.id).await
}

async fn withdraw(tx: &mut Tx<'_>, scope: &Scope, item: &WorkItem) -> Result<(), Problem> {
    for made in change::of_item(tx, &scope.project, &item.id).await? {
        if matches!(made.state, ChangeState::Queued | ChangeState::Refused(_)) {
            change::carry_out(tx, scope, &made.id, ChangeCommand::Withdraw).await?;
        }
    }
    Ok(())
}
