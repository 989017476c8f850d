//! Requests of one kind that come at the same time, done together.
//!
//! ```text
//! caller ─┐
//! caller ─┼─▶ waiting ──one job──▶ run(all that wait) ──commit──▶ each its answer
//! caller ─┘
//! ```
//!
//! Whoever finds nobody waiting sends the job; by the time it runs, others have joined. Where running all at once
//! fails, each is run by itself, so that one bad request spoils no other.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::job::{Job, Running};
use crate::{Store, StoreError, Tx};

/// A kind of request, and how many of them are done at once.
pub trait Kind: Send + Sync + 'static {
    /// What is asked.
    type Request: Clone + Send + Sync + 'static;
    /// What comes back.
    type Answer: Send + 'static;
    /// Why it does not.
    type Error: From<StoreError> + Send + 'static;

    /// How long a request may wait for others to be done with.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }

    /// Does each of `requests`; the answers are in their order. A request that is refused leaves nothing behind. An
    /// error is about all of them, and leaves nothing of any.
    fn run(
        &self,
        tx: &mut Tx<'_>,
        requests: &[Self::Request],
    ) -> impl Future<Output = Result<Vec<Result<Self::Answer, Self::Error>>, Self::Error>>;
}

/// Where requests of one kind wait for each other. Cheap to clone.
pub struct Together<K: Kind>(Arc<Shared<K>>);

struct Shared<K: Kind> {
    kind: K,
    waiting: Mutex<Vec<Waiting<K>>>,
}

struct Waiting<K: Kind> {
    request: K::Request,
    tell: oneshot::Sender<Result<K::Answer, K::Error>>,
}

impl<K: Kind> Clone for Together<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Kind> Together<K> {
    /// For requests of this kind.
    pub fn new(kind: K) -> Self {
        Self(Arc::new(Shared { kind, waiting: Mutex::default() }))
    }

    /// Has `request` done in a transaction of `store`, with others that wait at that time. What comes back is told
    /// after the commit is on the disk.
    pub async fn ask(&self, store: &Store, request: K::Request) -> Result<K::Answer, K::Error> {
        let (tell, told) = oneshot::channel();
        let first = {
            let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(Waiting { request, tell });
            waiting.len() == 1
        };
        if first {
            let all = Box::new(All { shared: Arc::clone(&self.0), taken: Vec::new(), outcomes: Vec::new() });
            let patience = self.0.kind.patience();
            if patience.is_zero() { store.send(all) } else { store.send_late(all, patience) }?;
        }
        told.await.map_err(|_| StoreError::Stopped)?
    }
}

/// The job that does all that wait when it runs.
struct All<K: Kind> {
    shared: Arc<Shared<K>>,
    taken: Vec<Waiting<K>>,
    outcomes: Vec<Result<K::Answer, K::Error>>,
}

impl<K: Kind> Job for All<K> {
    fn run<'a>(&'a mut self, mut tx: Tx<'a>) -> Running<'a> {
        if self.taken.is_empty() {
            self.taken = std::mem::take(&mut *self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let requests: Vec<K::Request> = self.taken.iter().map(|it| it.request.clone()).collect();
        let kind = &self.shared.kind;
        let outcomes = &mut self.outcomes;
        Box::pin(async move {
            let mut fine = true;
            outcomes.clear();
            let done = crate::job::caught(async {
                if let [only] = &requests[..] {
                    let alone = kind.run(&mut tx, std::slice::from_ref(only)).await;
                    fine = alone.is_ok();
                    return alone.unwrap_or_else(|error| vec![Err(error)]);
                }
                match tx.attempt(async |tx| kind.run(tx, &requests).await).await {
                    Ok(Ok(all)) => all,
                    Err(error) => alike(&requests, &error),
                    Ok(Err(_)) => one_by_one(kind, &mut tx, &requests).await,
                }
            });
            *outcomes = done.await.unwrap_or_default();
            fine && outcomes.len() == requests.len()
        })
    }

    fn answer(mut self: Box<Self>, committed: Result<(), StoreError>) {
        if self.taken.is_empty() {
            // No transaction could be begun. Whoever waits for this job waits for no other.
            self.taken = std::mem::take(&mut *self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let all_ran = self.outcomes.len() == self.taken.len();
        let committed = committed.and(if all_ran { Ok(()) } else { Err(StoreError::Stopped) });
        let mut outcomes = self.outcomes.into_iter();
        for waiting in self.taken {
            let outcome = match (outcomes.next(), &committed) {
                (Some(Err(refused)), _) => Err(refused),
                (Some(Ok(answer)), Ok(())) => Ok(answer),
                (_, Err(error)) => Err(error.clone().into()),
                (None, Ok(())) => Err(StoreError::Stopped.into()),
            };
            // A caller who has gone away does not want its answer.
            let _ = waiting.tell.send(outcome);
        }
    }
}

async fn one_by_one<K: Kind>(kind: &K, tx: &mut Tx<'_>, requests: &[K::Request]) -> Vec<Result<K::Answer, K::Error>> {
    let mut outcomes = Vec::with_capacity(requests.len());
    for request in requests {
        let one = tx.attempt(async |tx| kind.run(tx, std::slice::from_ref(request)).await).await;
        outcomes.push(match one {
            Ok(Ok(mut only)) => only.pop().unwrap_or_else(|| Err(StoreError::Stopped.into())),
            Ok(Err(error)) => Err(error),
            Err(error) => Err(error.into()),
        });
    }
    outcomes
}

fn alike<R, T, E: From<StoreError>>(requests: &[R], error: &StoreError) -> Vec<Result<T, E>> {
    requests.iter().map(|_| Err(error.clone().into())).collect()
}
