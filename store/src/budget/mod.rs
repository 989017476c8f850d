//! Budgets, as they are kept: accounts, earmarks, calls, credentials, passes.
//!
//! Accounts are locked from the root down, always in that order, so that two who spend never wait for each other.

mod account;
mod call;
mod credential;
mod earmark;
mod pass;

pub use account::{Kept, Limited, list, set};
pub use call::{By, Call, CallEnding, Costs, calls, costs, prune as prune_calls, record};
pub use credential::{credentials, find as credential, fine, reset, trip};
pub use earmark::{Asked, Earmark, Reserved, Used, earmarks, release, reserve, settle};
pub use pass::{Pass, add_pass, forget_pass, pass};
