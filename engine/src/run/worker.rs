//! One worker: claims an item, lets an agent work on it, and reports.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use domain::agent::verdict::{By, Outcome};
use domain::budget::Kind as Level;
use domain::id::WorkId;
use domain::text::AgentName;
use domain::work::{Command, Fence, Held};
use domain::workspace::Workspace;
use store::activity::Noted;
use store::change as kept;

use super::attempt::Attempt;
use super::{Bell, Drain, News, RunOptions};
use crate::budget::{Dispatch, Dispatched, Estimate};
use crate::problem::{Kind, Problem};
use crate::site::Site;
use crate::wait;
use crate::work::WorkView;

/// How long a worker lets pass between two looks for work when nobody rings.
const LOOK: Duration = Duration::from_millis(300);
/// How often in a row the remote may not answer, each time for longer, before a worker gives up.
const UNREACHED_MAX: u32 = 6;
/// How long a worker waits when others have set aside what is left of a budget.
const BUSY: Duration = Duration::from_secs(3);
/// How often a worker without work says that it is there.
const BEAT: Duration = Duration::from_secs(30);

pub(super) struct Worker<'a> {
    pub site: &'a Site,
    pub options: &'a RunOptions,
    pub drain: &'a Arc<Drain>,
    pub bell: &'a Arc<Bell>,
    pub notes: Sender<Vec<Noted>>,
    pub n: usize,
}

impl Worker<'_> {
    /// Works until nothing is left or the run drains.
    pub fn work(&self) -> Result<(), Problem> {
        let name: AgentName =
            format!("{}-{}", self.options.name, self.n).parse().map_err(|e| Problem::malformed(format!("{e}")))?;
        let (mut heard, mut unreached) = (0, 0);
        let mut blocked_since: Option<Instant> = None;
        let mut seen_settled = false;
        let mut beaten: Option<Instant> = None;
        while !self.drain.draining() && !self.bell.lander_gone() {
            let next = self.site.engine.next(self.options.filter.clone(), name.clone(), self.options.ttl, None);
            match wait(next) {
                Ok(item) => {
                    (blocked_since, seen_settled) = (None, false);
                    match self.handle(&name, &item) {
                        Err(problem) if problem.code == "remote_unreachable" && unreached < UNREACHED_MAX => {
                            unreached += 1;
                            heard = self.bell.wait(heard, LOOK * 2_u32.pow(unreached));
                        }
                        // What others have set aside may come back.
                        Err(problem) if problem.code == "budget_busy" => heard = self.rest(heard),
                        handled => {
                            handled?;
                            unreached = 0;
                        }
                    }
                    self.bell.ring();
                }
                Err(problem) if problem.kind == Kind::Nothing || problem.code == "capacity" => {
                    if !self.site.unsettled(&self.options.filter)? {
                        if seen_settled {
                            break;
                        }
                        // Something may have become ready between our two looks; then it is there to be claimed.
                        seen_settled = true;
                        continue;
                    }
                    seen_settled = false;
                    if beaten.is_none_or(|at| at.elapsed() > BEAT) {
                        // Nobody but whoever looks at the list of agents misses it.
                        wait(self.site.engine.heartbeat(name.clone(), None, None)).ok();
                        beaten = Some(Instant::now());
                    }
                    // Only files of the operator's are in the way: that can last for ever.
                    let since = self.bell.in_the_way().then(|| *blocked_since.get_or_insert_with(Instant::now));
                    if since.is_none() {
                        blocked_since = None;
                    } else if since.is_some_and(|s| s.elapsed() > self.options.landing_wait) {
                        break;
                    }
                    heard = self.bell.wait(heard, LOOK);
                }
                // Somebody wants this agent to end.
                Err(problem) if matches!(problem.code.as_str(), "draining" | "retired") => break,
                Err(problem) => return Err(problem),
            }
        }
        self.bell.ring();
        Ok(())
    }

    /// One grant, from claim to report.
    fn handle(&self, name: &AgentName, item: &WorkView) -> Result<(), Problem> {
        let held = Held { by: name.clone(), fence: Fence::new(item.fence) };
        let id: WorkId = item.id.parse().expect("the id of an item is an id");
        let Some(dispatched) = self.dispatch(&id, &held)? else { return Ok(()) };
        let handled = self.handle_paid(&held, &id, item);
        let counts = matches!(&handled, Ok(true));
        // What could not be settled now is settled when its time is over.
        wait(self.site.engine.budget_settle(&dispatched, counts)).ok();
        handled.map(drop)
    }

    /// Waits for a while whoever rings, unless for the end. Comes back with the latest ring.
    fn rest(&self, heard: u64) -> u64 {
        let (began, mut heard) = (Instant::now(), heard);
        while began.elapsed() < BUSY && !self.drain.draining() && !self.bell.lander_gone() {
            heard = self.bell.wait(heard, BUSY.saturating_sub(began.elapsed()));
        }
        heard
    }

    /// Sets aside what the agent may use. `None`: the item's own budget is spent, and a person has to look at it.
    fn dispatch(&self, id: &WorkId, held: &Held) -> Result<Option<Dispatched>, Problem> {
        let estimate = Estimate { wall: self.site.habits.agent_timeout, tokens: 1 };
        let engine = &self.site.engine;
        let asked = engine.budget_dispatch(&self.options.name, Some((id.clone(), held.fence)), estimate);
        let give_back = |reason: String| {
            let released = Command::Release { held: held.clone(), reason: Some(reason) };
            wait(engine.act(id.clone(), released, None)).map(drop)
        };
        let (account, for_good, reason) = match wait(asked) {
            Ok(Dispatch::Go(dispatched)) => return Ok(Some(dispatched)),
            Ok(Dispatch::No { account, for_good, reason }) => (account, for_good, reason),
            Err(problem) => {
                give_back(problem.message.clone()).ok();
                return Err(problem);
            }
        };
        if for_good && matches!(account.kind(), Level::Item | Level::Attempt) {
            let blocked = Command::Block { held: Some(held.clone()), reason };
            wait(engine.act(id.clone(), blocked, None))?;
            return Ok(None);
        }
        give_back(reason.clone())?;
        let code = if for_good { "budget_spent" } else { "budget_busy" };
        Err(Problem::refused(code, reason))
    }

    /// One grant that is paid for. `false`: it was given back, and is no attempt.
    fn handle_paid(&self, held: &Held, id: &WorkId, item: &WorkView) -> Result<bool, Problem> {
        let workspace = match self.site.open_workspace(id, held, &self.options.target, true) {
            Ok(workspace) => workspace,
            Err(problem) if problem.kind == Kind::LeaseLost => return Ok(false),
            Err(problem) => {
                let reason = format!("no workspace: {}", problem.message);
                let released = Command::Release { held: held.clone(), reason: Some(reason) };
                wait(self.site.engine.act(id.clone(), released, None)).ok();
                return Err(problem);
            }
        };
        let attempt = self.attempt(held, item, &workspace)?;
        let state = self.conclude(held, item, &workspace, &attempt)?;
        self.options.tell(&News::Ended {
            agent: held.by.to_string(),
            item: item.id.clone(),
            title: item.title.clone(),
            ending: attempt.outcome.to_string(),
            outcome: attempt.outcome.word().to_owned(),
            state,
        });
        match &attempt.outcome {
            // The next item would meet the same: better to say so than to spend the backlog on it.
            Outcome::NeverStarted(why) => Err(Problem::new(Kind::Failed, "never_started", why.clone())),
            outcome if outcome.blocks_all() => Err(Problem::new(Kind::Failed, "agent_unusable", attempt.why())),
            Outcome::Cancelled { .. } => Ok(false),
            _ => Ok(true),
        }
    }

    /// Reports, fails or releases, as the agent ended. Comes back with the item's state.
    fn conclude(
        &self,
        held: &Held,
        item: &WorkView,
        workspace: &Workspace,
        attempt: &Attempt,
    ) -> Result<String, Problem> {
        let id: WorkId = item.id.parse().expect("the id of an item is an id");
        let held = held.clone();
        let release = |reason: String| {
            let release = Command::Release { held: held.clone(), reason: Some(reason) };
            wait(self.site.engine.act(id.clone(), release, None))
        };
        let lost_lease = attempt.outcome == Outcome::Cancelled { by: By::LostLease };
        let done = match &attempt.outcome {
            Outcome::Completed => self.site.submit(&id, &held, attempt.result.clone(), None),
            _ if lost_lease => Ok(item.clone()),
            Outcome::Cancelled { by: By::Operator } => release("the run was stopped".to_owned()),
            // Not the item's fault: it keeps its attempt.
            outcome if outcome.blocks_all() => release(attempt.why()),
            _ => {
                let fail = Command::Fail { held: held.clone(), reason: attempt.why() };
                wait(self.site.engine.act(id.clone(), fail, None))
            }
        };
        let mut unpublished = None;
        let mut lost = matches!(&done, Err(problem) if problem.kind == Kind::LeaseLost);
        if let Err(problem) = done
            && !lost
        {
            // What the agent made cannot be taken as it is; the item is free again and says why. That others cannot
            // have it is no fault of the agent's.
            let reason = problem.message.clone();
            let no_fault = matches!(problem.code.as_str(), "remote_unreachable" | "push_refused");
            let command =
                if no_fault { Command::Release { held, reason: Some(reason) } } else { Command::Fail { held, reason } };
            match wait(self.site.engine.act(id.clone(), command, None)) {
                Err(problem) if problem.kind == Kind::LeaseLost => lost = true,
                given_back => drop(given_back?),
            }
            unpublished = no_fault.then_some(problem);
        }
        let there = self.site.workspace(&workspace.id)?;
        if there.state == domain::workspace::State::Open {
            self.site.put_away(&there, true)?;
        }
        if let Some(problem) = unpublished {
            return Err(problem);
        }
        if attempt.outcome == Outcome::Completed && !lost {
            self.verify(&id)?;
        }
        let now = wait(self.site.engine.show(&id))?;
        Ok(if lost || lost_lease { "lost".to_owned() } else { now.state })
    }

    /// Checks what was submitted for `id` on its own tree, beside the lander, so that workers share that time.
    fn verify(&self, id: &WorkId) -> Result<(), Problem> {
        let project = &self.site.engine.project;
        let made = wait(self.site.engine.store.read(async |tx| kept::of_item(tx, project, id).await))?;
        let queued = made.into_iter().rfind(|change| change.state == domain::change::State::Queued);
        match queued.map(|change| self.site.judge(&change, &mut || !self.drain.stopping())) {
            None | Some(Ok(_)) => Ok(()),
            // The lander may have taken it up between our look and our verdict.
            Some(Err(problem)) if problem.code == "wrong_state" => Ok(()),
            Some(Err(problem)) => Err(problem),
        }
    }
}
