//! Verbs over the file itself.

use std::thread::sleep;
use std::time::{Duration, Instant};

use domain::id::WorkId;
use domain::time::Ttl;
use domain::work::Held;
use engine::problem::{Kind, Problem};
use engine::wait;
use engine::work::WorkView;

use super::Reach;
use crate::ask::{Ask, Came};
use crate::worktree;

/// How long somebody who waits lets pass between two looks at whether anybody has committed.
const LOOK: Duration = Duration::from_millis(50);
/// How long at most before asking again: what comes due by the clock alone is no commit.
const BEAT: Duration = Duration::from_secs(1);

impl Reach {
    /// Asks the file, with what follows for worktrees; until there is something, or it is `until`.
    pub(super) fn over_file(&self, ask: &Ask, key: Option<&str>, until: Option<Instant>) -> Result<WorkView, Problem> {
        let once = || self.once(ask, key);
        let Some(until) = until else { return once() };
        let mut changes = self.engine()?.store.changes()?;
        loop {
            let asked = Instant::now();
            match once() {
                Err(problem) if problem.kind == Kind::Nothing && Instant::now() < until => {}
                answered => return answered,
            }
            // Without a commit in between the answer is the same.
            let again = until.min(asked + BEAT);
            while Instant::now() < again && !changes.any()? {
                sleep(LOOK.min(again.saturating_duration_since(Instant::now())));
            }
        }
    }

    fn once(&self, ask: &Ask, key: Option<&str>) -> Result<WorkView, Problem> {
        let usual: Ttl = self.here.settings().lease_ttl;
        match wait(ask.clone().carry_out(self.engine()?, usual, trace_of_caller(), key))? {
            Came::LooksInto { id, held, result } => self.site()?.submit(&id, &held, result, ask.key(key)?),
            Came::Done(item) => {
                if let Some((id, held)) = ask.gives_up() {
                    self.put_away(id, held)?;
                }
                Ok(*item)
            }
        }
    }

    /// A workspace that was opened for a hold which its owner has ended is kept aside.
    pub fn put_away(&self, id: &WorkId, held: &Held) -> Result<(), Problem> {
        match worktree::of_grant(self.engine()?, id, held.fence)? {
            Some(there) => self.site()?.put_away(&there, true).map(drop),
            None => Ok(()),
        }
    }
}

/// The trace id of `TRACEPARENT`, so that an item added by an agent belongs to that agent's trace.
pub(super) fn trace_of_caller() -> Option<String> {
    let parent = std::env::var("TRACEPARENT").ok()?;
    let id = parent.split('-').nth(1)?;
    let hex = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) && id.bytes().any(|b| b != b'0');
    hex.then(|| id.to_ascii_lowercase())
}
