//! Ours, called in the same process.

use std::sync::Arc;

use domain::agent::Filter;
use domain::text::{AgentName, Project};
use domain::time::Ttl;
use domain::work::{Command, Draft, Fence, Held, Json};
use engine::{Engine, SystemClock};
use store::{Mode, Store};
use tokio::runtime::Runtime;

use crate::{PAYLOAD, Queue, all};

/// An engine over a new store.
pub struct Library {
    engine: Engine,
    _folder: tempfile::TempDir,
}

impl Library {
    /// With nothing in it.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let store = Store::create(&folder.path().join("nexus.db"), Mode::Loop).expect("a store can be made");
        Self { engine: Engine::new(store, Project::default(), Arc::new(SystemClock)), _folder: folder }
    }
}

impl Queue for Library {
    fn add(&mut self, runtime: &Runtime, each: u32) {
        all(runtime, |_| {
            let engine = self.engine.clone();
            async move {
                for _ in 0..each {
                    let payload = Some(Json(PAYLOAD.to_owned()));
                    let draft = Draft { title: "keep comments".to_owned(), payload, ..Draft::default() };
                    engine.add(draft, None, None).await.expect("it can be added");
                }
            }
        });
    }

    fn work_off(&mut self, runtime: &Runtime, each: u32) {
        all(runtime, |n| {
            let engine = self.engine.clone();
            async move {
                let by: AgentName = format!("agent-{n:04}").parse().expect("a name");
                let ttl = Ttl::from_millis(60_000).expect("a time-to-live");
                for _ in 0..each {
                    let item = engine.next(Filter::default(), by.clone(), ttl, None).await.expect("there are enough");
                    let held = Held { by: by.clone(), fence: Fence::new(item.fence) };
                    let report = Command::Report { held, change: None, result: None };
                    engine.act(item.id.parse().expect("an id"), report, None).await.expect("it is held");
                }
            }
        });
    }
}
