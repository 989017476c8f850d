//! An answer on its way: each piece goes on as it came, the meter looks at it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::count::{Count, End};

/// The body of an answer.
pub struct Relay {
    inner: Incoming,
    ended: Pin<Box<dyn Future<Output = ()> + Send>>,
    count: Count,
    /// Why it broke off; said once all before it is on its way.
    broken: Option<std::io::Error>,
}

impl Relay {
    /// Passes `inner` on, and counts it.
    pub fn new(inner: Incoming, count: Count) -> Self {
        Self { inner, ended: Box::pin(count.pass_ended()), count, broken: None }
    }
}

impl Body for Relay {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Some(Err(error)));
        }
        if self.ended.as_mut().poll(cx).is_ready() {
            self.count.finish(End::Cut);
            return Poll::Ready(Some(Err(std::io::Error::other("the pass has ended"))));
        }
        match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
            None => {
                self.count.finish(End::Whole);
                Poll::Ready(None)
            }
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.count.saw(data);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                self.count.finish(End::Cut);
                self.broken = Some(std::io::Error::other(error));
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        // Only when that has been counted: whoever believes it does not ask again.
        self.count.is_finished() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // With a known length nobody asks for the end that comes behind the last byte.
        let end = if self.inner.is_end_stream() { End::Whole } else { End::Cut };
        self.count.finish(end);
    }
}
