//! Takes facts in, one after the other, and gives figures out.
//!
//! The facts of one item come in their order; those of different items may come in any. So whoever looks at a window of
//! a long log may give what happened to an item before, when the item turns up.

use std::collections::BTreeMap;

use super::{Fact, Flow, Planning, Share, Spans, Velocity, What};
use crate::id::WorkId;
use crate::text::Team;
use crate::time::Timestamp;

/// What is known so far.
#[derive(Clone, Debug)]
pub struct Gather {
    since: Timestamp,
    team: Option<Team>,
    items: BTreeMap<WorkId, Item>,
    waits: Vec<i64>,
    hand_offs: Vec<i64>,
    conflicts: Share,
}

/// Where an item stands.
#[derive(Clone, Debug, Default)]
struct Item {
    team: Option<Team>,
    points: Option<u32>,
    added: Option<Timestamp>,
    ready: Option<Timestamp>,
    begun: Option<Timestamp>,
    handed_off: Option<Timestamp>,
    held: bool,
    done: Option<Timestamp>,
    outcome: bool,
    came_back: bool,
}

impl Gather {
    /// For what happens at `since` or later, to items of `team` only when it is given.
    pub fn new(since: Timestamp, team: Option<Team>) -> Self {
        let (waits, hand_offs) = (Vec::new(), Vec::new());
        Self { since, team, items: BTreeMap::new(), waits, hand_offs, conflicts: Share::default() }
    }

    /// Whether something is known of `item`.
    pub fn knows(&self, item: &WorkId) -> bool {
        self.items.contains_key(item)
    }

    /// Takes in what happened next to its item.
    pub fn take(&mut self, fact: &Fact) {
        let Fact { at, item, what } = fact;
        let counts = *at >= self.since;
        let item = self.items.entry(item.clone()).or_default();
        if let What::Added { team, points, .. } = what {
            (item.team, item.points, item.added) = (team.clone(), *points, Some(*at));
        }
        let counts = counts && (self.team.is_none() || item.team == self.team);
        let ready = |ready: bool| ready.then_some(*at);
        match what {
            What::Added { ready: now, .. } => item.ready = ready(*now),
            What::Ready(now) => item.ready = if *now { item.ready.or(Some(*at)) } else { None },
            What::Claimed => {
                let (ready, handed_off) = (item.ready.take(), item.handed_off.take());
                if counts {
                    self.waits.extend(ready.map(|from| span(from, *at)));
                    self.hand_offs.extend(handed_off.map(|from| span(from, *at)));
                }
                item.begun = item.begun.or(Some(*at));
                item.held = true;
            }
            What::Freed(now) => (item.held, item.ready) = (false, ready(*now)),
            What::HandedOff(now) => (item.held, item.ready, item.handed_off) = (false, ready(*now), Some(*at)),
            What::Submitted => item.held = true,
            What::Rejected { conflict, ready: now } => {
                (item.held, item.ready) = (false, ready(*now));
                if counts {
                    (item.outcome, item.came_back) = (true, true);
                    self.conflicts.samples += 1;
                    self.conflicts.hits += usize::from(*conflict);
                }
            }
            What::Done { landed } => {
                (item.held, item.ready, item.done) = (false, None, Some(*at));
                if counts {
                    item.outcome = true;
                    self.conflicts.samples += usize::from(*landed);
                }
            }
            What::Reverted(now) => {
                (item.held, item.ready, item.done, item.begun) = (false, ready(*now), None, None);
                if counts {
                    (item.outcome, item.came_back) = (true, true);
                }
            }
            What::Dropped => (item.held, item.ready, item.handed_off) = (false, None, None),
        }
    }

    /// The figures as they are at `now`. Sprints that began before the window are left out: part of them is not seen.
    pub fn flow(self, now: Timestamp, planning: Option<&Planning>) -> Flow {
        let of_team = |item: &&Item| self.team.is_none() || item.team == self.team;
        let items: Vec<&Item> = self.items.values().filter(of_team).collect();
        let done: Vec<(&Item, Timestamp)> =
            items.iter().filter_map(|item| Some((*item, item.done?))).filter(|(_, at)| *at >= self.since).collect();
        let from = |begin: fn(&Item) -> Option<Timestamp>| {
            Spans::of(done.iter().filter_map(|(item, at)| Some(span(begin(item)?, *at))).collect())
        };
        let held = items.iter().filter(|item| item.held);
        Flow {
            lead: from(|item| item.added),
            cycle: from(|item| item.begun),
            wait: Spans::of(self.waits),
            hand_off: Spans::of(self.hand_offs),
            wip_age: Spans::of(held.filter_map(|item| Some(span(item.begun?, now))).collect()),
            done: done.len(),
            rework: Share {
                samples: items.iter().filter(|item| item.outcome).count(),
                hits: items.iter().filter(|item| item.came_back).count(),
            },
            conflicts: self.conflicts,
            velocity: planning.map(|planning| velocity(&done, planning, self.since)),
        }
    }
}

fn velocity(done: &[(&Item, Timestamp)], planning: &Planning, since: Timestamp) -> Vec<Velocity> {
    let mut sums: BTreeMap<(super::Sprint, Option<&Team>), Velocity> = BTreeMap::new();
    for (item, at) in done {
        let Some(sprint) = planning.sprint_at(*at).filter(|sprint| sprint.starts >= since) else { continue };
        let none = || Velocity { sprint, team: item.team.clone(), items: 0, unsized_items: 0, points: None };
        let sum = sums.entry((sprint, item.team.as_ref())).or_insert_with(none);
        sum.items += 1;
        match item.points {
            Some(points) => sum.points = Some(sum.points.unwrap_or(0) + u64::from(points)),
            None => sum.unsized_items += 1,
        }
    }
    sums.into_values().collect()
}

/// From one moment to another; clocks that were turned back make no negative span.
fn span(from: Timestamp, to: Timestamp) -> i64 {
    to.millis().saturating_sub(from.millis()).max(0)
}
