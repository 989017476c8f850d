//! SQLite: one file, one writer, readers with snapshots of their own.

mod copied;
mod file;
mod migrate;
mod writer;

pub use file::{File, Patience, Watch, open, open_in_memory, open_to_look};
pub use migrate::{STEPS, VERSION};
pub use writer::{Sqlite, round_by_hand};

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What a verb comes back with on SQLite, where nothing has to be waited for.
pub fn ready<T>(verb: impl Future<Output = T>) -> T {
    match pin!(verb).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(out) => out,
        Poll::Pending => panic!("on SQLite every verb is ready at once"),
    }
}
