//! Cycles through the store, one task per caller.

use std::path::Path;
use std::sync::Arc;

use domain::agent::Filter;
use domain::time::{Timestamp, Ttl};
use domain::work::{Command, Draft, HeadStart, Held, Json};
use store::work::{self, WorkError};
use store::{Ids, Mode, Scope, Store, Tx};

use crate::{Side, same};

/// A store and its callers.
pub struct Ours {
    store: Store,
    callers: usize,
    ids: Arc<Ids>,
    runtime: tokio::runtime::Runtime,
}

impl Ours {
    /// A new store at `path`.
    pub fn new(path: &Path, mode: Mode, callers: usize) -> Self {
        let store = Store::create(path, mode).expect("a store can be made");
        let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime can be built");
        Self { store, callers, ids: Arc::default(), runtime }
    }
}

impl Side for Ours {
    fn run(&mut self, cycles: u32) {
        let caller = |n| {
            let (store, ids) = (self.store.clone(), self.ids.clone());
            self.runtime.spawn(async move {
                for _ in 0..cycles {
                    cycle(&store, &ids, n).await.expect("nothing is in the way");
                }
            })
        };
        let callers: Vec<_> = (0..self.callers).map(caller).collect();
        for caller in callers {
            self.runtime.block_on(caller).expect("no panic");
        }
    }
}

fn scope() -> Scope {
    Scope {
        project: domain::text::Project::default(),
        now: Timestamp::from_millis(same::NOW_MS),
        head_start: HeadStart::default(),
    }
}

async fn cycle(store: &Store, ids: &Ids, caller: usize) -> Result<(), WorkError> {
    let by: domain::text::AgentName = same::agent(caller).parse().expect("a name");
    let ttl = Ttl::from_millis(same::TTL_MS).expect("a time-to-live");
    let draft = Draft { title: same::TITLE.to_owned(), ..Draft::default() };
    let number = ids.next(same::NOW_MS.unsigned_abs() * 1_000_000);
    store.write(async move |tx: &mut Tx<'_>| work::add(tx, &scope(), draft, number, same::TRACE).await).await?;
    let claimer = by.clone();
    let claim = async move |tx: &mut Tx<'_>| work::claim_next(tx, &scope(), &Filter::default(), &claimer, ttl).await;
    let item = store.write(claim).await?.expect("there are as many items as callers");
    let held = Held { by, fence: item.fence };
    let report = Command::Report { held, change: None, result: Some(Json(same::RESULT.to_owned())) };
    store.write(async move |tx: &mut Tx<'_>| work::carry_out(tx, &scope(), &item.id, &report).await).await?;
    Ok(())
}
