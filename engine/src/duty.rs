//! Duties of this process: what only one process does at a time.

use std::sync::OnceLock;

use crate::problem::Problem;
use crate::site::Site;
use crate::{Engine, alive, random_hex, wait};

/// How long a duty is taken for, in milliseconds; kept for as long again at every beat.
const TTL_MS: i64 = 15_000;

/// The name of this process as a holder of duties.
fn holder() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| alive::name().unwrap_or_else(|| format!("{}-{}", std::process::id(), random_hex::<4>())))
}

impl Engine {
    /// Takes the duty `name` for this process, or finds that another has it. The number is the grant's.
    ///
    /// A holder that is known to have died is not waited for.
    pub(crate) fn take_duty(&self, name: &str) -> Result<Option<i64>, Problem> {
        if let Some(fence) = self.ask_for_duty(name)? {
            return Ok(Some(fence));
        }
        let project = self.project.clone();
        let all = wait(self.store.read(async |tx| store::duty::list(tx, &project).await))?;
        let dead = |it: &store::duty::Duty| it.name == name && it.holder.split('/').next().is_some_and(alive::died);
        match all.into_iter().find(dead) {
            Some(duty) => {
                self.give_duty_back(duty.name, duty.holder, duty.fence)?;
                self.ask_for_duty(name)
            }
            None => Ok(None),
        }
    }

    fn ask_for_duty(&self, name: &str) -> Result<Option<i64>, Problem> {
        let (scope, name) = (self.scope(), name.to_owned());
        let holder = duty_holder();
        Ok(wait(self.store.write(async move |tx| store::duty::take(tx, &scope, &name, &holder, TTL_MS).await))?)
    }

    /// Keeps the duty a while longer. `false`: it is lost, stop.
    pub(crate) fn keep_duty(&self, name: &str, fence: i64) -> bool {
        matches!(self.ask_for_duty(name), Ok(Some(now)) if now == fence)
    }

    /// Gives the duty back for good.
    pub(crate) fn end_duty(&self, name: &str, fence: i64) -> Result<(), Problem> {
        self.give_duty_back(name.to_owned(), duty_holder(), fence)
    }

    fn give_duty_back(&self, name: String, holder: String, fence: i64) -> Result<(), Problem> {
        let scope = self.scope();
        Ok(wait(self.store.write(async move |tx| store::duty::give_back(tx, &scope, &name, &holder, fence).await))?)
    }

    /// Whether some process that may be alive has a duty whose name begins with one of `words`.
    pub(crate) fn anybody_at(&self, words: &[&str]) -> Result<bool, Problem> {
        let now = self.scope().now;
        let all = wait(self.store.read(async |tx| store::duty::list(tx, &self.project).await))?;
        Ok(all.into_iter().any(|duty| {
            let current = duty.until > now && !duty.holder.split('/').next().is_some_and(alive::died);
            current && words.iter().any(|word| duty.name.starts_with(word))
        }))
    }
}

/// The same for what runs on one machine with one repository.
impl Site {
    pub(crate) fn take_duty(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.engine.take_duty(name)
    }

    pub(crate) fn keep_duty(&self, name: &str, fence: i64) -> bool {
        self.engine.keep_duty(name, fence)
    }

    pub(crate) fn end_duty(&self, name: &str, fence: i64) -> Result<(), Problem> {
        self.engine.end_duty(name, fence)
    }

    pub(crate) fn anybody_at(&self, words: &[&str]) -> Result<bool, Problem> {
        self.engine.anybody_at(words)
    }
}

/// Threads of one process hold duties apart from each other.
fn duty_holder() -> String {
    format!("{}/{:?}", holder(), std::thread::current().id())
}
