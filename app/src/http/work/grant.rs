//! Giving out items to callers who may have gone before they hear of it: what such a one was given is taken back.

use domain::time::Ttl;
use engine::problem::Problem;
use engine::work::WorkView;
use engine::{Engine, Key};
use tokio::sync::oneshot;

use crate::ask::{Ask, Came};

/// What a caller is told.
pub type Given = Result<WorkView, Problem>;

/// One grant on its way.
#[derive(Clone)]
pub struct Grant {
    engine: Engine,
    key: Option<Key>,
    asked_ms: i64,
}

impl Grant {
    /// Of what `engine` keeps, under `key`, asked for now.
    pub fn new(engine: &Engine, key: Option<Key>) -> Self {
        Self { engine: engine.clone(), key, asked_ms: engine.scope().now.millis() }
    }

    /// Takes back what was given to a caller who has gone, unless it is the answer to an earlier request of this key:
    /// then somebody else has heard of it.
    pub async fn take_back(self, given: Given) {
        if let Ok(item) = given
            && item.changed_at_ms >= self.asked_ms
        {
            let _ = self.engine.take_back(&item, self.key).await;
        }
    }
}

/// Hears what is given; when it goes before that, what was given is taken back.
pub struct Told {
    told: oneshot::Receiver<Given>,
    grant: Grant,
}

impl Told {
    /// The two ends.
    pub fn pair(grant: Grant) -> (oneshot::Sender<Given>, Self) {
        let (tell, told) = oneshot::channel();
        (tell, Self { told, grant })
    }

    /// What is given; `None` when nobody is left to give anything.
    pub async fn heard(&mut self) -> Option<Given> {
        (&mut self.told).await.ok()
    }

    /// What was given up to now; nothing is from now on.
    pub fn last(&mut self) -> Option<Given> {
        self.told.close();
        self.told.try_recv().ok()
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(given) = self.last() {
            tokio::spawn(self.grant.clone().take_back(given));
        }
    }
}

/// Tells `given`; takes it back when nobody hears it.
pub async fn hand_over(tell: oneshot::Sender<Given>, given: Given, grant: Grant) {
    if let Err(given) = tell.send(given) {
        grant.take_back(given).await;
    }
}

/// Carries out `ask`, a claim, whether or not its caller stays to hear of it.
pub async fn grant(engine: &Engine, usual: Ttl, ask: &Ask, key: Option<&str>) -> Given {
    let grant = Grant::new(engine, ask.key(key)?);
    let (tell, mut told) = Told::pair(grant.clone());
    let (engine, ask, key) = (engine.clone(), ask.clone(), key.map(str::to_owned));
    tokio::spawn(async move {
        let given = ask.carry_out(&engine, usual, None, key.as_deref()).await.map(|came| match came {
            Came::Done(item) => *item,
            Came::LooksInto { .. } => unreachable!("only a report looks into a worktree"),
        });
        hand_over(tell, given, grant).await;
    });
    told.heard().await.unwrap_or_else(|| Err(store::StoreError::Stopped.into()))
}
