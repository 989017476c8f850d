//! Connections with patience that ends: a caller who sends half a request, or never reads the answer, loses its seat.

use std::future::Future as _;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener as Accepts};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// How many connections there are at most; the next one waits for a seat.
const SEATS: usize = 1_024;

/// Takes in connections, so many at once, and ends those that have been silent for too long.
pub struct Listener<L> {
    inner: L,
    seats: Arc<Semaphore>,
    silence: Duration,
}

impl<L> Listener<L> {
    /// Over `inner`, with connections that end when they send nothing for `silence`.
    pub fn new(inner: L, silence: Duration) -> Self {
        Self { inner, seats: Arc::new(Semaphore::new(SEATS)), silence }
    }
}

impl<L: Accepts> Accepts for Listener<L> {
    type Io = Connection<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let seat = Arc::clone(&self.seats).acquire_owned().await.expect("the seats are never closed");
        let (stream, from) = self.inner.accept().await;
        let (deadline, hold) = (Box::pin(sleep(self.silence)), Hold::default());
        (Connection { stream, deadline, silence: self.silence, hold, _seat: seat }, from)
    }

    fn local_addr(&self) -> Result<Self::Addr> {
        self.inner.local_addr()
    }
}

/// Lets a handler keep its connection silent for longer, while somebody waits for an answer.
#[derive(Clone, Debug, Default)]
pub struct Hold(Arc<Mutex<Option<Instant>>>);

impl Hold {
    /// The connection may be silent until then.
    pub fn until(&self, at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    fn ends(&self) -> Option<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<L: Accepts> Connected<IncomingStream<'_, Listener<L>>> for Hold {
    fn connect_info(stream: IncomingStream<'_, Listener<L>>) -> Self {
        stream.io().hold.clone()
    }
}

/// A connection that fails once nothing was sent on it for too long.
pub struct Connection<S> {
    stream: S,
    deadline: Pin<Box<Sleep>>,
    silence: Duration,
    hold: Hold,
    _seat: OwnedSemaphorePermit,
}

impl<S> Connection<S> {
    /// Fails when the deadline has passed; else has `cx` woken when it does.
    fn patience(&mut self, cx: &mut Context<'_>) -> Result<()> {
        while self.deadline.as_mut().poll(cx).is_ready() {
            match self.hold.ends() {
                Some(at) => {
                    let deadline = at + self.silence;
                    self.deadline.as_mut().reset(deadline);
                }
                None => return Err(Error::new(ErrorKind::TimedOut, "silent for too long")),
            }
        }
        Ok(())
    }

    fn sent(&mut self, written: Poll<Result<usize>>) -> Poll<Result<usize>> {
        let bytes = ready!(written)?;
        let deadline = Instant::now() + self.silence;
        self.deadline.as_mut().reset(deadline);
        Poll::Ready(Ok(bytes))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        self.patience(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.patience(cx)?;
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.sent(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.patience(cx)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.sent(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[test]
    fn half_a_request_is_not_waited_for_without_end() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        let tcp = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let at = tcp.local_addr().expect("it is bound");
        let listener = Listener::new(tcp, Duration::from_millis(50));
        runtime.spawn(async move { axum::serve(listener, axum::Router::new()).await });
        let mut caller = std::net::TcpStream::connect(at).expect("somebody listens");
        caller.write_all(b"GET / HTTP/1.1\r\nhost: local").expect("it is open");
        let mut said = Vec::new();
        // The end of the connection is the signal.
        let _ = caller.read_to_end(&mut said);
        assert!(said.is_empty(), "no answer to half a request");
    }
}
