//! Where the ready items begin, so that a claim need not walk past all that were ready once.
//!
//! While anybody holds a snapshot open, PostgreSQL keeps every version that it may see, and the index of ready items
//! keeps an entry for each item that was claimed since: a queue that has given out a hundred thousand items begins behind
//! a hundred thousand dead entries. A process that has found the walk to be long remembers where the living began,
//! and walks from there for a while. What it makes ready itself before that place takes it back to the beginning; what
//! another node makes ready there is seen by the next long walk, which takes no more than a twentieth of the time
//! and comes at least every second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Statement;

/// A walk that takes this long is worth avoiding.
const LONG: Duration = Duration::from_millis(5);
/// For how many times as long as it took a long walk is not repeated.
const REST: u32 = 20;
/// For how long at most.
const REST_MAX: Duration = Duration::from_secs(1);
/// How many fronts are remembered.
const FRONTS_MAX: usize = 256;

/// A rank, and the id of an item of that rank.
pub type Place = (i64, String);
type Lane = (usize, String, Option<String>);

/// The fronts of all queues that a process claims from.
#[derive(Default)]
pub struct Fronts(Mutex<HashMap<Lane, Front>>);

struct Front {
    from: Place,
    until: Instant,
}

impl Fronts {
    fn lock(&self) -> MutexGuard<'_, HashMap<Lane, Front>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Behind which place to begin; `None`: before everything.
    pub fn of(&self, lane: &Walk<'_>) -> Option<Place> {
        let mut fronts = self.lock();
        let key = lane.key();
        let from = fronts.get(&key).filter(|front| Instant::now() < front.until).map(|front| front.from.clone());
        if from.is_none() {
            fronts.remove(&key);
        }
        from
    }

    /// A walk from the beginning took so long and came first to `first`.
    pub fn walked(&self, lane: &Walk<'_>, took: Duration, first: Option<Place>) {
        let Some((rank, mut id)) = first.filter(|_| took >= LONG) else { return };
        // Right before that item, so that it is found again if nobody takes it.
        id.pop();
        let mut fronts = self.lock();
        if fronts.len() >= FRONTS_MAX {
            fronts.clear();
        }
        let until = Instant::now() + (took * REST).min(REST_MAX);
        fronts.insert(lane.key(), Front { from: (rank, id), until });
    }

    /// A walk from the front came first to `first`: all before it is gone.
    pub fn moved(&self, lane: &Walk<'_>, first: Option<Place>) {
        if let (Some((rank, mut id)), Some(front)) = (first, self.lock().get_mut(&lane.key())) {
            id.pop();
            front.from = (rank, id);
        }
    }

    /// An item of `project` becomes ready at `place`.
    pub fn ready(&self, project: &str, place: &Place) {
        self.lock().retain(|(_, of, _), front| of != project || front.from < *place);
    }
}

/// A walk along an index of ready items.
pub struct Walk<'a> {
    /// The statement that walks.
    pub statement: &'static Statement,
    /// The project.
    pub project: &'a str,
    /// The role or team that it is for, where it is for one.
    pub value: Option<&'a str>,
}

impl Walk<'_> {
    fn key(&self) -> Lane {
        (std::ptr::from_ref(self.statement).addr(), self.project.to_owned(), self.value.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::work::{READY_ANY, READY_FOR_ROLE};

    const ANY: Walk<'static> = Walk { statement: &READY_ANY, project: "p", value: None };

    fn place(rank: i64, id: &str) -> Place {
        (rank, id.to_owned())
    }

    #[test]
    fn a_short_walk_is_walked_again_and_a_long_one_begins_right_before_what_it_found() {
        let fronts = Fronts::default();
        fronts.walked(&ANY, LONG / 2, Some(place(5, "work_17")));
        assert_eq!(fronts.of(&ANY), None);
        fronts.walked(&ANY, REST_MAX, Some(place(5, "work_17")));
        assert_eq!(fronts.of(&ANY), Some(place(5, "work_1")));
        assert_eq!(fronts.of(&Walk { statement: &READY_FOR_ROLE, project: "p", value: Some("QA") }), None);
        fronts.moved(&ANY, Some(place(6, "work_20")));
        assert_eq!(fronts.of(&ANY), Some(place(6, "work_2")));
    }

    #[test]
    fn what_becomes_ready_before_the_front_takes_it_back_to_the_beginning() {
        let fronts = Fronts::default();
        fronts.walked(&ANY, REST_MAX, Some(place(5, "work_17")));
        fronts.ready("p", &place(5, "work_18"));
        fronts.ready("other", &place(1, "work_01"));
        assert!(fronts.of(&ANY).is_some());
        fronts.ready("p", &place(4, "work_99"));
        assert_eq!(fronts.of(&ANY), None);
    }
}
