//! Waiting for a future on a thread that has nothing else to do.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{Thread, current, park};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What `future` comes back with. The thread sleeps until then; it must not be one that drives other futures.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut out = None;
    drive(pin!(async { out = Some(future.await) }));
    out.expect("it was driven to its end")
}

/// The same for any future, so that it is there once and not for each kind of them.
fn drive(mut future: Pin<&mut dyn Future<Output = ()>>) {
    let waker = Waker::from(Arc::new(Unpark(current())));
    let mut context = Context::from_waker(&waker);
    while future.as_mut().poll(&mut context) == Poll::Pending {
        park();
    }
}
