//! A command on its way to a writer: what it does, and who waits for its answer.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::sync::oneshot;

use crate::{StoreError, Tx};

/// A future of a writer's own thread.
pub type Running<'a> = Pin<Box<dyn Future<Output = bool> + 'a>>;

/// A command of whatever type.
pub trait Job: Send {
    /// Runs in the open transaction. Comes back with whether its effects are to be kept. May be run again when the
    /// transaction came to nothing.
    fn run<'a>(&'a mut self, tx: Tx<'a>) -> Running<'a>;
    /// Tells the caller, after the commit or its failure.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Command<F, T, E> {
    body: F,
    outcome: Option<Result<T, E>>,
    tell: oneshot::Sender<Result<T, E>>,
}

/// `body` as a job, and where its answer comes.
pub fn job<F, T, E>(body: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, E>>)
where
    F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (tell, told) = oneshot::channel();
    (Box::new(Command { body, outcome: None, tell }), told)
}

impl<F, T, E> Job for Command<F, T, E>
where
    F: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run<'a>(&'a mut self, mut tx: Tx<'a>) -> Running<'a> {
        let body = self.body.clone();
        Box::pin(async move {
            // A panic in a verb must not end the writer: its caller learns that the store stopped, the others go on.
            self.outcome = caught(body(&mut tx)).await;
            matches!(self.outcome, Some(Ok(_)))
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = match (self.outcome, committed) {
            (Some(Ok(_)) | None, Err(error)) => Err(error.into()),
            (Some(outcome), _) => outcome,
            (None, Ok(())) => Err(StoreError::Stopped.into()),
        };
        // A caller who has gone away does not want its answer.
        let _ = self.tell.send(outcome);
    }
}

/// What `future` comes back with; `None` when it panics.
pub async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}
