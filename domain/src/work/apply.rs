//! An item after an event.

use super::draft::Plan;
use super::event::{Event, Next};
use super::item::{Attempts, Fence, HeadStart, Lease, Progress, State, WorkItem};
use crate::id::WorkId;
use crate::text::Project;
use crate::time::Timestamp;

impl WorkItem {
    /// The event that adds work as planned, with `open_dependencies` not yet done.
    pub fn add(plan: Plan, open_dependencies: u32, head_start: HeadStart, now: Timestamp) -> Event {
        let waits = open_dependencies > 0 || plan.not_before.is_some_and(|at| at > now);
        let then = if waits { Next::Pending } else { Next::Ready { rank: head_start.rank(plan.priority, now) } };
        Event::Added { plan: Box::new(plan), open_dependencies, then }
    }

    /// The item that an [`Event::Added`] begins, or `None` for any other event.
    pub fn added(id: WorkId, project: Project, event: &Event, at: Timestamp) -> Option<Self> {
        let Event::Added { plan, open_dependencies, then } = event else { return None };
        let mut item = Self {
            id,
            project,
            attempts: Attempts { used: 0, max: plan.attempts_max() },
            plan: (**plan).clone(),
            state: State::Pending,
            fence: Fence::default(),
            open_dependencies: *open_dependencies,
            rank: at,
            not_before: plan.not_before,
            progress: None,
            result: None,
            feedback: None,
            added_at: at,
            changed_at: at,
        };
        item.go(*then, "");
        Some(item)
    }

    fn go(&mut self, next: Next, why: &str) {
        self.state = match next {
            Next::Ready { rank } => {
                self.rank = rank;
                State::Ready
            }
            Next::Pending => State::Pending,
            Next::Later { until } => {
                self.not_before = Some(until);
                State::Pending
            }
            Next::Dead => State::Dead(why.to_owned()),
        };
    }

    fn give_attempt_back(&mut self) {
        self.attempts.used = self.attempts.used.saturating_sub(1);
    }

    fn end_attempt(&mut self, why: String, then: Next) {
        self.progress = None;
        self.go(then, &why);
        self.feedback = Some(why);
    }
}

/// `item` as it stands after `event` at `at`. An [`Event::Added`] changes nothing: it begins an item.
#[must_use]
pub fn apply(item: &WorkItem, event: &Event, at: Timestamp) -> WorkItem {
    let mut item = WorkItem { changed_at: at, ..item.clone() };
    match event {
        Event::Added { .. } => {}
        Event::Promoted { rank } => item.go(Next::Ready { rank: *rank }, ""),
        Event::Claimed { by, fence, until } => {
            item.state = State::Leased(Lease { holder: by.clone(), until: *until });
            item.fence = *fence;
            item.attempts.used += 1;
            item.progress = None;
            item.result = None;
        }
        Event::Renewed { until } => {
            if let State::Leased(lease) = &mut item.state {
                lease.until = *until;
            }
        }
        Event::Progressed { percent, note } => {
            item.progress = Some(Progress { percent: *percent, note: note.clone() });
        }
        Event::ResultKept { result } => item.result = Some(result.clone()),
        Event::Reported { result } => {
            item.result = result.clone().or(item.result);
            item.state = State::Done(super::Proof::Reported);
        }
        Event::Submitted { change, fence, result } => {
            item.result = result.clone().or(item.result);
            item.state = State::Submitted(change.clone());
            item.fence = *fence;
        }
        Event::Failed { reason, then } => item.end_attempt(format!("failed: {reason}"), *then),
        Event::Released { reason, then } => {
            item.give_attempt_back();
            item.progress = None;
            item.go(*then, "");
            if let Some(reason) = reason {
                item.feedback = Some(format!("released: {reason}"));
            }
        }
        Event::HandedOff { to, fence, until } => {
            item.state = State::Leased(Lease { holder: to.clone(), until: *until });
            item.fence = *fence;
            item.result = None;
        }
        Event::Offered { role, then } => {
            item.give_attempt_back();
            item.progress = None;
            item.plan.ask_for(role.clone());
            item.go(*then, "");
        }
        Event::Lapsed { then } => {
            let holder = match &item.state {
                State::Leased(lease) => lease.holder.to_string(),
                _ => String::new(),
            };
            item.end_attempt(format!("the lease of {holder} ran out"), *then);
        }
        Event::Blocked { reason } => {
            if matches!(item.state, State::Leased(_)) {
                item.give_attempt_back();
            }
            item.progress = None;
            item.state = State::Blocked(reason.clone());
        }
        Event::Unblocked { then } => item.go(*then, ""),
        Event::Cancelled { reason } => {
            item.progress = None;
            item.state = State::Cancelled;
            item.feedback = reason.clone().or(item.feedback);
        }
        Event::Requeued { then } => {
            item.attempts.used = 0;
            item.go(*then, "");
        }
        Event::Landed { proof } => {
            item.progress = None;
            item.state = State::Done(proof.clone());
        }
        Event::Rejected { reason, then } => item.end_attempt(reason.clone(), *then),
        Event::Resubmitted { change, fence } => {
            item.state = State::Submitted(change.clone());
            item.fence = *fence;
        }
        Event::Reverted { reason, then } => {
            item.attempts.used = 0;
            item.result = None;
            item.end_attempt(format!("reverted: {reason}"), *then);
        }
        Event::DependencyDone => item.open_dependencies = item.open_dependencies.saturating_sub(1),
        Event::DependencyReopened => {
            item.open_dependencies += 1;
            if item.state == State::Ready {
                item.state = State::Pending;
            }
        }
    }
    item
}
