//! Callers who wait for work, in a line: after each commit, whoever has waited longest and fits is served first.
//!
//! However many wait, one task watches the store, and none while nobody waits. A caller who goes leaves the line.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::text::Project;
use domain::time::Ttl;
use engine::Engine;
use engine::problem::{Kind, Problem};
use engine::work::WorkView;
use store::work::Page;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, sleep_until};

use super::grant::{Given, Grant, Told, hand_over};
use crate::ask::{Ask, Came};
use crate::http::live::Live;

/// How many callers can wait at once; the rest of the connections is for those who do not.
const SEATS: usize = 768;
/// How often the store is asked, while anybody waits, whether another process has committed.
const LOOK: Duration = Duration::from_millis(20);
/// How long at most before the line is served again: what comes due by the clock alone is no commit.
const BEAT: Duration = Duration::from_millis(500);

/// The line.
#[derive(Clone)]
pub struct Waiting(Arc<Shared>);

struct Shared {
    engine: Engine,
    live: Live,
    line: Mutex<Line>,
    /// Rung when somebody comes, and after each commit of this server.
    bell: Notify,
}

#[derive(Default)]
struct Line {
    last: u64,
    waiters: BTreeMap<u64, Waiter>,
}

struct Waiter {
    engine: Engine,
    usual: Ttl,
    ask: Ask,
    key: Option<String>,
    grant: Grant,
    /// Taken out while the waiter is being served.
    tell: Option<oneshot::Sender<Given>>,
}

/// A place in the line; given up when this goes.
struct Place<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.shared.line().waiters.remove(&self.number);
    }
}

impl Shared {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// An empty line, and the task that serves it until the server ends.
    pub fn keep(engine: Engine, live: Live) -> Self {
        let shared = Shared { engine, live, line: Mutex::default(), bell: Notify::new() };
        let waiting = Self(Arc::new(shared));
        let keeper = waiting.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = keeper.serve_all() => {}
                () = keeper.0.live.closed() => {}
            }
        });
        waiting
    }

    /// Something may have become possible.
    pub fn ring(&self) {
        self.0.bell.notify_one();
    }

    /// What `ask` comes to when it is this caller's turn, or that there is nothing when it is `until`.
    pub async fn wait(
        &self,
        engine: &Engine,
        usual: Ttl,
        ask: &Ask,
        key: Option<String>,
        until: Instant,
    ) -> Result<WorkView, Problem> {
        let grant = Grant::new(engine, ask.key(key.as_deref())?);
        let (tell, mut told) = Told::pair(grant.clone());
        let waiter = Waiter { engine: engine.clone(), usual, ask: ask.clone(), key, grant, tell: Some(tell) };
        let _place = self.stand(waiter)?;
        self.ring();
        let nothing = || Problem::new(Kind::Nothing, "nothing_available", "no ready item fits");
        let stopping = || Problem::new(Kind::Failed, "server_stopping", "the server is ending; ask again");
        tokio::select! {
            given = told.heard() => given.unwrap_or_else(|| Err(stopping())),
            () = sleep_until(until) => told.last().unwrap_or_else(|| Err(nothing())),
            () = self.0.live.closed() => told.last().unwrap_or_else(|| Err(stopping())),
        }
    }

    fn stand(&self, waiter: Waiter) -> Result<Place<'_>, Problem> {
        let mut line = self.0.line();
        if line.waiters.len() >= SEATS {
            let message = format!("{SEATS} callers wait for work here, which is the most; ask again later");
            return Err(Problem::new(Kind::Failed, "too_many_waiting", message));
        }
        line.last += 1;
        let number = line.last;
        line.waiters.insert(number, waiter);
        Ok(Place { shared: &self.0, number })
    }

    async fn serve_all(&self) {
        loop {
            self.0.bell.notified().await;
            if self.0.line().waiters.is_empty() {
                continue;
            }
            // A watch that cannot be opened costs time, not work: the line is served at every beat.
            let mut changes = self.0.engine.store.changes().ok();
            while !self.0.line().waiters.is_empty() {
                let began = Instant::now();
                self.serve_line().await;
                // A long line does not take all of the time.
                sleep(began.elapsed().min(BEAT)).await;
                while began.elapsed() < BEAT && !changes.as_mut().is_some_and(|it| it.any().unwrap_or(true)) {
                    tokio::select! {
                        () = self.0.bell.notified() => break,
                        () = sleep(LOOK) => {}
                    }
                }
            }
        }
    }

    /// Serves everybody in the line once.
    async fn serve_line(&self) {
        let numbers: Vec<u64> = self.0.line().waiters.keys().copied().collect();
        let mut empty: Vec<Project> = Vec::new();
        for number in numbers {
            let Some((waiter, tell)) = self.call(number) else { continue };
            if empty.contains(&waiter.engine.project) {
                self.put_back(number, tell);
                continue;
            }
            let asked = waiter.ask.carry_out(&waiter.engine, waiter.usual, None, waiter.key.as_deref()).await;
            match asked {
                Err(nothing) if nothing.kind == Kind::Nothing => {
                    self.put_back(number, tell);
                    let page = Page { after: String::new(), limit: 1 };
                    if waiter.engine.list(Some("ready"), &page).await.is_ok_and(|ready| ready.is_empty()) {
                        empty.push(waiter.engine.project);
                    }
                }
                given => {
                    let given = given.map(|came| match came {
                        Came::Done(item) => *item,
                        Came::LooksInto { .. } => unreachable!("only a report looks into a worktree"),
                    });
                    hand_over(tell, given, waiter.grant).await;
                }
            }
        }
    }

    /// The waiter `number`, when it is still there.
    fn call(&self, number: u64) -> Option<(Waiter, oneshot::Sender<Given>)> {
        let mut line = self.0.line();
        let waiter = line.waiters.get_mut(&number)?;
        let tell = waiter.tell.take().filter(|tell| !tell.is_closed())?;
        let (engine, ask, key, grant) =
            (waiter.engine.clone(), waiter.ask.clone(), waiter.key.clone(), waiter.grant.clone());
        Some((Waiter { engine, usual: waiter.usual, ask, key, grant, tell: None }, tell))
    }

    fn put_back(&self, number: u64, tell: oneshot::Sender<Given>) {
        if let Some(waiter) = self.0.line().waiters.get_mut(&number) {
            waiter.tell = Some(tell);
        }
    }
}
