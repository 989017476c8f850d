//! Sees every event and every answer, and says when a promise was broken.
//!
//! It knows nothing of `decide` and `apply`: what may follow what is written down here a second time, from the
//! invariants of the design (I1 to I7, I12, I13).

use std::collections::{BTreeMap, BTreeSet};

use domain::id::WorkId;
use domain::text::Role;
use domain::time::Timestamp;
use domain::work::{Command, Event, Next, Receiver, State, WorkItem};
use engine::problem::Kind;
use engine::work::WorkView;
use store::audit::Entry;
use store::work::event_of;

use super::ask::{Answer, Ask, Call};

/// Which promise was broken, and how.
pub type Verdict = Result<(), String>;

/// An item as its events tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub state: &'static str,
    pub holder: Option<String>,
    pub until: i64,
    pub fence: i64,
    pub used: u32,
    pub max: u32,
    pub rank: Timestamp,
    pub role: Option<Role>,
    pub needs: BTreeSet<WorkId>,
}

/// A grant: to whom, and which item it overtook that should have gone first.
struct Grant {
    by: String,
    overtook: Option<WorkId>,
}

/// What the judge has seen.
#[derive(Default)]
pub struct Judge {
    pub items: BTreeMap<WorkId, Known>,
    ready: BTreeSet<(Timestamp, WorkId)>,
    grants: BTreeMap<(WorkId, i64), Grant>,
    /// How often each effect under a hold is in the log and was not yet claimed by an answer.
    effects: BTreeMap<(WorkId, &'static str, String, i64), u32>,
    titles: BTreeMap<String, u32>,
    answers: BTreeMap<String, Answer>,
    seen: i64,
}

fn broken(rule: &str, what: impl std::fmt::Display) -> Verdict {
    Err(format!("{rule}: {what}"))
}

impl Judge {
    /// The number of the last event that it has seen.
    pub fn seen(&self) -> i64 {
        self.seen
    }

    /// One more event. `role_of` tells which items an agent asks for.
    pub fn event(&mut self, entry: &Entry, role_of: &dyn Fn(&str) -> Option<Role>) -> Verdict {
        self.seen = entry.seq;
        let Some(event) = event_of(entry).map_err(|e| format!("I6: {e}"))? else { return Ok(()) };
        let id: WorkId = entry.subject.parse().map_err(|_| format!("I6: an event about {:?}", entry.subject))?;
        if let Event::Added { plan, then, .. } = &event {
            let new = Known {
                state: "pending",
                holder: None,
                until: 0,
                fence: 0,
                used: 0,
                max: plan.attempts_max(),
                rank: entry.at,
                role: plan.role.clone(),
                needs: plan.depends_on.clone(),
            };
            *self.titles.entry(plan.title.clone()).or_default() += 1;
            if self.items.insert(id.clone(), new).is_some() {
                return broken("I6", format!("{id} was added twice"));
            }
            return self.goes(&id, *then, entry);
        }
        let Some(before) = self.items.get(&id).cloned() else { return broken("I6", format!("{id} was never added")) };
        let may_be = match (before.state, &event) {
            (_, Event::DependencyDone | Event::DependencyReopened) => true,
            ("done", event) => matches!(event, Event::Reverted { .. }),
            ("dead", event) => matches!(event, Event::Requeued { .. } | Event::Resubmitted { .. }),
            (state, _) => state != "cancelled",
        };
        if !may_be {
            return broken("I13", format!("{id} was {} and had {}", before.state, entry.name));
        }
        self.holders_only(&id, &before, &event, entry)?;
        self.follows(&id, &before, event, entry, role_of)
    }

    /// An effect of a holder is in the log under the hold that was current.
    fn holders_only(&mut self, id: &WorkId, before: &Known, event: &Event, entry: &Entry) -> Verdict {
        let word = match event {
            Event::Renewed { .. } => "renew",
            Event::Progressed { .. } => "progress",
            Event::ResultKept { .. } => "keep",
            Event::Reported { .. } => "report",
            Event::Submitted { .. } => "submit",
            Event::Failed { .. } => "fail",
            Event::Released { .. } => "release",
            Event::HandedOff { .. } => "hand off",
            Event::Offered { .. } => "offer",
            Event::Lapsed { .. } => "lapse",
            Event::Blocked { .. } if before.holder.is_some() => "block",
            _ => return Ok(()),
        };
        if before.holder.is_none() || before.holder != entry.agent || Some(before.fence) != entry.fence {
            return broken(
                "I2",
                format!("{} of {id} under {:?} {:?}, held: {before:?}", entry.name, entry.agent, entry.fence),
            );
        }
        let who = before.holder.clone().unwrap_or_default();
        *self.effects.entry((id.clone(), word, who, before.fence)).or_default() += 1;
        Ok(())
    }

    fn follows(
        &mut self,
        id: &WorkId,
        before: &Known,
        event: Event,
        entry: &Entry,
        role_of: &dyn Fn(&str) -> Option<Role>,
    ) -> Verdict {
        let now = entry.at;
        match event {
            Event::Claimed { by, fence, until } => {
                if before.state != "ready" {
                    return broken("I1", format!("{id} was granted to {by} while it was {before:?}"));
                }
                if before.used >= before.max {
                    return broken("I4", format!("{id} was granted with its attempts spent: {before:?}"));
                }
                let role = role_of(by.as_str());
                let fits = |item: &Known| role.is_none() || item.role.is_none() || role == item.role;
                let first = self.ready.iter().find(|(_, other)| fits(&self.items[other]));
                let overtook = first.filter(|(_, other)| other != id).map(|(_, other)| other.clone());
                self.held(id, by.as_str(), fence.number(), until, before.used + 1, overtook)
            }
            Event::HandedOff { to, fence, until } => {
                self.held(id, to.as_str(), fence.number(), until, before.used, None)
            }
            Event::Renewed { until } => {
                if until.millis() < before.until {
                    return broken("I1", format!("the lease of {id} was shortened"));
                }
                self.change(id, |item| item.until = until.millis());
                Ok(())
            }
            Event::Reported { .. } | Event::Landed { .. } => {
                self.rests(id, "done");
                Ok(())
            }
            Event::Submitted { fence, .. } | Event::Resubmitted { fence, .. } => {
                if fence.number() <= before.fence {
                    return broken("I1", format!("the queue got {id} under fence {fence:?} after {}", before.fence));
                }
                self.change(id, |item| item.fence = fence.number());
                self.rests(id, "submitted");
                Ok(())
            }
            Event::Lapsed { .. } if now.millis() < before.until => {
                broken("I1", format!("the lease of {id} lapsed at {now:?}, before {}", before.until))
            }
            Event::Failed { then, .. } | Event::Lapsed { then } | Event::Rejected { then, .. } => {
                if (then == Next::Dead) != (before.used >= before.max) {
                    return broken(
                        "I4",
                        format!("{id} goes on to {then:?} after attempt {} of {}", before.used, before.max),
                    );
                }
                self.goes(id, then, entry)
            }
            Event::Released { then, .. } => {
                self.change(id, |item| item.used = item.used.saturating_sub(1));
                self.goes(id, then, entry)
            }
            Event::Offered { role, then } => {
                self.change(id, |item| {
                    item.used = item.used.saturating_sub(1);
                    item.role = Some(role);
                });
                self.goes(id, then, entry)
            }
            Event::Blocked { .. } => {
                if before.holder.is_some() {
                    self.change(id, |item| item.used = item.used.saturating_sub(1));
                }
                self.rests(id, "blocked");
                Ok(())
            }
            Event::Cancelled { .. } => {
                self.rests(id, "cancelled");
                Ok(())
            }
            Event::Promoted { rank } => self.goes(id, Next::Ready { rank }, entry),
            Event::Unblocked { then } => self.goes(id, then, entry),
            Event::Requeued { then } | Event::Reverted { then, .. } => {
                self.change(id, |item| item.used = 0);
                self.goes(id, then, entry)
            }
            Event::DependencyReopened if before.state == "ready" => {
                self.rests(id, "pending");
                Ok(())
            }
            Event::Progressed { .. } | Event::ResultKept { .. } | Event::DependencyDone | Event::DependencyReopened => {
                Ok(())
            }
            Event::Added { .. } => unreachable!("it began the item"),
        }
    }

    fn change(&mut self, id: &WorkId, what: impl FnOnce(&mut Known)) {
        what(self.items.get_mut(id).expect("it was looked up"));
    }

    fn held(
        &mut self,
        id: &WorkId,
        by: &str,
        fence: i64,
        until: Timestamp,
        used: u32,
        overtook: Option<WorkId>,
    ) -> Verdict {
        if fence <= self.items[id].fence {
            return broken("I1", format!("{id} got fence {fence} after {}", self.items[id].fence));
        }
        self.rests(id, "leased");
        self.change(id, |item| {
            (item.holder, item.fence, item.until, item.used) = (Some(by.to_owned()), fence, until.millis(), used);
        });
        self.grants.insert((id.clone(), fence), Grant { by: by.to_owned(), overtook });
        Ok(())
    }

    fn rests(&mut self, id: &WorkId, state: &'static str) {
        let item = self.items.get_mut(id).expect("it was looked up");
        self.ready.remove(&(item.rank, id.clone()));
        (item.state, item.holder, item.until) = (state, None, 0);
    }

    fn goes(&mut self, id: &WorkId, then: Next, entry: &Entry) -> Verdict {
        match then {
            Next::Ready { rank } => {
                if rank > entry.at {
                    return broken("I12", format!("{id} waits behind what is yet to come: {rank:?} at {:?}", entry.at));
                }
                self.rests(id, "ready");
                self.change(id, |item| item.rank = rank);
                self.ready.insert((rank, id.clone()));
                Ok(())
            }
            Next::Pending | Next::Later { .. } => {
                self.rests(id, "pending");
                Ok(())
            }
            Next::Dead => {
                self.rests(id, "dead");
                Ok(())
            }
        }
    }

    /// The row of an item is what its events tell.
    pub fn row(&self, item: &WorkItem) -> Verdict {
        let known = &self.items[&item.id];
        let (holder, until) = match &item.state {
            State::Leased(lease) => (Some(lease.holder.to_string()), lease.until.millis()),
            _ => (None, 0),
        };
        let row = Known {
            state: item.state.word(),
            holder,
            until,
            fence: item.fence.number(),
            used: item.attempts.used,
            max: item.attempts.max,
            rank: if item.state == State::Ready { item.rank } else { known.rank },
            role: item.plan.role.clone(),
            needs: known.needs.clone(),
        };
        let spent = if row.used > row.max { broken("I4", format!("{} of {}", row.used, row.max)) } else { Ok(()) };
        if row == *known {
            spent
        } else {
            broken("I6", format!("{}: the row says {row:?}, the log {known:?}", item.id))
        }
    }

    /// What a caller heard.
    pub fn answer(&mut self, call: &Call, answer: &Answer) -> Verdict {
        if answer.as_ref().is_err_and(|problem| problem.kind == Kind::Failed) {
            return Ok(());
        }
        if let Some(key) = &call.key {
            match self.answers.get(key) {
                Some(first) if first == answer => return Ok(()),
                Some(first) => return broken("I5", format!("{call:?} heard {first:?}, then {answer:?}")),
                None => _ = self.answers.insert(key.clone(), answer.clone()),
            }
        }
        let Ok(Some(view)) = answer else { return Ok(()) };
        let id: WorkId = view.id.parse().map_err(|_| "an item without an id".to_owned())?;
        if !self.items.contains_key(&id) {
            return broken("I7", format!("{call:?} was told of {id}, which is not there"));
        }
        self.told(call, &id, view)
    }

    fn told(&mut self, call: &Call, id: &WorkId, view: &WorkView) -> Verdict {
        match &call.ask {
            Ask::Add(draft) if call.key.is_some() && self.titles.get(&draft.title) != Some(&1) => {
                broken("I5", format!("{:?} is there {:?} times", draft.title, self.titles.get(&draft.title)))
            }
            Ask::Next { by, .. } | Ask::Claim { by, .. } => match self.grants.get(&(id.clone(), view.fence)) {
                Some(grant) if grant.by == by.as_str() => match (&call.ask, &grant.overtook) {
                    (Ask::Next { .. }, Some(first)) => broken("I12", format!("{id} went to {by} before {first}")),
                    _ => Ok(()),
                },
                Some(grant) => broken("I1", format!("{id} went to {} and to {by} under {}", grant.by, view.fence)),
                None => broken("I7", format!("{by} was told that it has {id}; no grant was kept")),
            },
            Ask::HandOff { held, to, .. } => {
                let word = if matches!(to, Receiver::Agent { .. }) { "hand off" } else { "offer" };
                self.used(call, id, word, held.by.as_str(), held.fence.number())
            }
            Ask::Act { command, .. } => {
                let (word, held) = match command {
                    Command::Renew { held, .. } => ("renew", held),
                    Command::Progress { held, .. } => ("progress", held),
                    Command::KeepResult { held, .. } => ("keep", held),
                    Command::Report { held, change: None, .. } => ("report", held),
                    Command::Report { held, .. } => ("submit", held),
                    Command::Fail { held, .. } => ("fail", held),
                    Command::Release { held, .. } => ("release", held),
                    Command::Block { held: Some(held), .. } => ("block", held),
                    Command::Cancel { .. } if self.items[id].state != "cancelled" => {
                        return broken("I13", format!("{id} was cancelled and is {:?}", self.items[id]));
                    }
                    _ => return Ok(()),
                };
                self.used(call, id, word, held.by.as_str(), held.fence.number())
            }
            Ask::Add(_) | Ask::Tend => Ok(()),
        }
    }

    /// The effect that an answer speaks of is in the log, once for each answer.
    fn used(&mut self, call: &Call, id: &WorkId, word: &'static str, by: &str, fence: i64) -> Verdict {
        match self.effects.get_mut(&(id.clone(), word, by.to_owned(), fence)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Ok(())
            }
            _ => broken("I2, I7", format!("{call:?} was answered; the log has no such effect")),
        }
    }
}
