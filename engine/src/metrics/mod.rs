//! Flow metrics: what the log says about how fast work goes. The rules are `domain::flow`, the words `docs/metrics.md`.
//!
//! Only the window is read: its first entry is found by halving, as entries are in the order of time, and what happened
//! before to an item that turns up in it is read from the index of that item.

mod facts;
mod view;

use domain::flow::{Flow, Gather};
use domain::id::WorkId;
use domain::text::Team;
use domain::time::Timestamp;
use store::audit::{self, Entry};
use store::work::{self, Page};
use store::{StoreError, Tx};

use crate::Engine;
use crate::problem::Problem;
use facts::fact;

pub use view::{MetricsView, ShareView, SpansView, Throughput, VelocityView, Wip};
pub(crate) use view::{count, mean};

/// How many entries are read in one go.
const PAGE: u32 = 1_000;
/// By how much clocks of nodes may disagree about the order of entries, in milliseconds.
const CLOCKS_MS: i64 = 10 * 60 * 1_000;

impl Engine {
    /// How fast work went since `since`, that of `team` only when it is given.
    pub async fn metrics(&self, since: Timestamp, team: Option<Team>) -> Result<MetricsView, Problem> {
        let scope = self.scope();
        let (flow, log_from) = self.gathered(since, team.clone()).await?;
        let archived_up_to_seq = self.archived()?.up_to_seq;
        Ok(MetricsView::of(&flow, &scope, since, log_from, team.as_ref(), archived_up_to_seq))
    }

    /// The same as rules take it, with when the log begins.
    pub(crate) async fn gathered(
        &self,
        since: Timestamp,
        team: Option<Team>,
    ) -> Result<(Flow, Option<Timestamp>), Problem> {
        let scope = self.scope();
        let first = self.store.read(async |tx| audit::after(tx, &scope.project, 0, 1).await).await?.pop();
        let log_from = first.map(|entry| entry.at);
        // Whatever happened before the log begins was not cut off by the window.
        let window = if log_from.is_some_and(|from| from >= since) { Timestamp::from_millis(i64::MIN) } else { since };
        let mut gather = Gather::new(window, team);
        let mut after = self.before(since.plus_millis(-CLOCKS_MS)).await?;
        loop {
            let page = self.store.read(async |tx| audit::after(tx, &scope.project, after, PAGE).await).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for entry in &page {
                self.take(&mut gather, entry).await?;
            }
        }
        for state in ["leased", "submitted"] {
            self.take_all_in(&mut gather, state).await?;
        }
        Ok((gather.flow(scope.now, self.planning.as_ref()), log_from))
    }

    /// The number of an entry before which everything happened before `at`, as far as the order of entries says.
    async fn before(&self, at: Timestamp) -> Result<i64, Problem> {
        let project = &self.project;
        Ok(self
            .store
            .read(async |tx| {
                let (mut low, mut high) = (0, audit::latest(tx, project, 1).await?.first().map_or(0, |last| last.seq));
                while low < high {
                    let middle = low + (high - low) / 2;
                    match audit::after(tx, project, middle, 1).await?.first() {
                        Some(entry) if entry.at < at => low = entry.seq,
                        _ => high = middle,
                    }
                }
                Ok::<_, StoreError>(low)
            })
            .await?)
    }

    /// Takes in what `entry` says, after what happened to its item before.
    async fn take(&self, gather: &mut Gather, entry: &Entry) -> Result<(), Problem> {
        let Some(fact) = fact(entry) else { return Ok(()) };
        if !gather.knows(&fact.item) && entry.name != "work.added" {
            self.take_story(gather, &fact.item, entry.seq).await?;
        }
        gather.take(&fact);
        Ok(())
    }

    /// Takes in what happened to an item before the entry numbered `until`.
    async fn take_story(&self, gather: &mut Gather, item: &WorkId, until: i64) -> Result<(), Problem> {
        let (project, mut after) = (&self.project, 0);
        loop {
            let read = self.store.read(async |tx| audit::of(tx, project, item.as_str(), after, PAGE).await);
            let page = read.await?;
            let before = page.iter().take_while(|entry| entry.seq < until);
            before.filter_map(fact).for_each(|fact| gather.take(&fact));
            match page.last() {
                Some(last) if last.seq < until => after = last.seq,
                _ => return Ok(()),
            }
        }
    }

    /// Takes in the items in `state` to which nothing happened in the window.
    async fn take_all_in(&self, gather: &mut Gather, state: &str) -> Result<(), Problem> {
        let mut page = Page { after: String::new(), limit: 500 };
        loop {
            let found = self.store.read(async |tx| list(tx, self, state, &page).await).await?;
            for item in found.iter().filter(|item| !gather.knows(item)).collect::<Vec<_>>() {
                self.take_story(gather, item, i64::MAX).await?;
            }
            match found.last() {
                Some(last) if found.len() == page.limit as usize => page.after = last.to_string(),
                _ => return Ok(()),
            }
        }
    }
}

async fn list(tx: &mut Tx<'_>, engine: &Engine, state: &str, page: &Page) -> Result<Vec<WorkId>, StoreError> {
    Ok(work::list(tx, &engine.project, Some(state), page).await?.into_iter().map(|found| found.item.id).collect())
}
