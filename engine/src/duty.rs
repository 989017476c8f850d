//! Duties of this process: what only one process does at a time.

use std::path::Path;
use std::sync::OnceLock;

use store::duty;

use crate::problem::Problem;
use crate::site::Site;
use crate::{random_hex, wait};

/// How long a duty is taken for, in milliseconds; kept for as long again at every beat. A process of this machine that
/// has died is not waited for.
const TTL_MS: i64 = 60_000;

impl Site {
    /// Takes the duty `name` for this thread, or finds that another has it. The number is the grant's.
    pub(crate) fn take_duty(&self, name: &str) -> Result<Option<i64>, Problem> {
        match self.try_duty(name)? {
            Some(fence) => Ok(Some(fence)),
            None if self.free_dead_holder(name)? => self.try_duty(name),
            None => Ok(None),
        }
    }

    fn try_duty(&self, name: &str) -> Result<Option<i64>, Problem> {
        let (scope, name, holder) = (self.engine.scope(), name.to_owned(), self.duty_holder());
        Ok(wait(self.engine.store.write(async move |tx| duty::take(tx, &scope, &name, &holder, TTL_MS).await))?)
    }

    /// Keeps the duty a while longer. `false`: it is lost, stop.
    pub(crate) fn keep_duty(&self, name: &str, fence: i64) -> bool {
        matches!(self.try_duty(name), Ok(Some(now)) if now == fence)
    }

    /// Gives the duty back.
    pub(crate) fn end_duty(&self, name: &str, fence: i64) -> Result<(), Problem> {
        let (scope, name, holder) = (self.engine.scope(), name.to_owned(), self.duty_holder());
        let give_back = async move |tx: &mut store::Tx<'_>| duty::give_back(tx, &scope, &name, &holder, fence).await;
        Ok(wait(self.engine.store.write(give_back))?)
    }

    /// Does `body` under the duty `name`, or comes back with `None` when another process is at it.
    pub(crate) fn under_duty<T>(
        &self,
        name: &str,
        body: impl FnOnce() -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        let Some(fence) = self.take_duty(name)? else { return Ok(None) };
        let done = body();
        self.end_duty(name, fence)?;
        done.map(Some)
    }

    /// Gives the duty back for a holder on this machine that is no more. `false`: its holder lives, or may.
    fn free_dead_holder(&self, name: &str) -> Result<bool, Problem> {
        let project = &self.engine.project;
        let all = wait(self.engine.store.read(async |tx| duty::list(tx, project).await))?;
        let Some(held) = all.into_iter().find(|duty| duty.name == name) else { return Ok(true) };
        let mut parts = held.holder.splitn(3, ' ');
        let (node, pid) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if node != self.node || pid.is_empty() || Path::new("/proc").join(pid).exists() {
            return Ok(false);
        }
        let scope = self.engine.scope();
        let free =
            async move |tx: &mut store::Tx<'_>| duty::give_back(tx, &scope, &held.name, &held.holder, held.fence).await;
        wait(self.engine.store.write(free))?;
        Ok(true)
    }

    /// The name of this thread as a holder: machine, process, and what tells it from others that had the number.
    fn duty_holder(&self) -> String {
        static MARK: OnceLock<String> = OnceLock::new();
        let mark = MARK.get_or_init(random_hex::<4>);
        format!("{} {} {mark} {:?}", self.node, std::process::id(), std::thread::current().id())
    }
}
