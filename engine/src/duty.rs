//! Duties of this process: what only one process does at a time.

use std::sync::OnceLock;

use crate::problem::Problem;
use crate::site::Site;
use crate::{random_hex, wait};

/// How long a duty is taken for, in milliseconds; kept for as long again at every beat.
const TTL_MS: i64 = 15_000;

/// The name of this process as a holder of duties.
fn holder() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("{}-{}", std::process::id(), random_hex::<4>()))
}

impl Site {
    /// Takes the duty `name` for this process, or finds that another has it. The number is the grant's.
    pub(crate) fn take_duty(&self, name: &str) -> Result<Option<i64>, Problem> {
        let (scope, name) = (self.engine.scope(), name.to_owned());
        let holder = self.duty_holder();
        Ok(wait(self.engine.store.write(async move |tx| store::duty::take(tx, &scope, &name, &holder, TTL_MS).await))?)
    }

    /// Keeps the duty a while longer. `false`: it is lost, stop.
    pub(crate) fn keep_duty(&self, name: &str, fence: i64) -> bool {
        matches!(self.take_duty(name), Ok(Some(now)) if now == fence)
    }

    /// Gives the duty back for good.
    pub(crate) fn end_duty(&self, name: &str, fence: i64) -> Result<(), Problem> {
        let (scope, name) = (self.engine.scope(), name.to_owned());
        let holder = self.duty_holder();
        Ok(wait(
            self.engine.store.write(async move |tx| store::duty::give_back(tx, &scope, &name, &holder, fence).await),
        )?)
    }

    /// Threads of one process hold duties apart from each other.
    fn duty_holder(&self) -> String {
        format!("{}-{:?}", holder(), std::thread::current().id())
    }
}
