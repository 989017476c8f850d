//! Escalation: who hears of what nobody has answered, and when.
//!
//! ```text
//! waits ──its time is over──▶ a role hears of it ──as long again──▶ a person hears of it
//!            └─ nobody has that role ──────────────────────────────────▲
//! ```
//!
//! What waits is a message that was to be acknowledged, or an item that failed too often, is dead, or sits blocked.

use crate::text::Role;
use crate::time::Timestamp;
use crate::work::{State, WorkItem};

/// How far something was escalated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not at all.
    #[default]
    None,
    /// A role has heard of it.
    Role,
    /// A person has heard of it; there is nobody beyond.
    Human,
}

impl Level {
    /// The level as a number, for the store: 0, 1 or 2.
    pub const fn number(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Role => 1,
            Self::Human => 2,
        }
    }

    /// The level with this number, or `None`.
    pub const fn from_number(n: i64) -> Option<Self> {
        match n {
            0 => Some(Self::None),
            1 => Some(Self::Role),
            2 => Some(Self::Human),
            _ => None,
        }
    }

    /// The level as one word; `None` when nothing was escalated.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Role => Some("role"),
            Self::Human => Some("human"),
        }
    }
}

/// When things escalate, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// How often an item may fail before somebody hears of it; at least 2.
    pub failures: u32,
    /// How long an item may sit blocked, in milliseconds.
    pub blocked_ms: i64,
    /// How long a role has to deal with an item before a person hears of it, in milliseconds.
    pub role_ms: i64,
    /// The role that hears of what names none.
    pub role: Role,
}

impl Default for Thresholds {
    fn default() -> Self {
        const MINUTE_MS: i64 = 60 * 1_000;
        Self {
            failures: 2,
            blocked_ms: 120 * MINUTE_MS,
            role_ms: 30 * MINUTE_MS,
            role: "PM".parse().expect("PM is a role"),
        }
    }
}

/// Whom the next step tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Whoever has this role.
    Role(Role),
    /// A person.
    Human,
}

impl Target {
    /// The level that is reached when this target has been told.
    pub const fn level(&self) -> Level {
        match self {
            Self::Role(_) => Level::Role,
            Self::Human => Level::Human,
        }
    }
}

/// Whom to tell of something at `level` whose time is over; `None` when everybody has heard of it.
///
/// `roles` are the roles to try, best first, each with whether anybody has it. A role that nobody has is passed over.
pub fn next<'a>(level: Level, roles: impl IntoIterator<Item = (&'a Role, bool)>) -> Option<Target> {
    match level {
        Level::None => {
            let filled = roles.into_iter().find(|(_, filled)| *filled);
            Some(filled.map_or(Target::Human, |(role, _)| Target::Role(role.clone())))
        }
        Level::Role => Some(Target::Human),
        Level::Human => None,
    }
}

/// Why an item wants to be heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It failed as often as the thresholds allow, and may be tried again.
    Failures,
    /// Its attempts are spent.
    Dead,
    /// It has been blocked for too long.
    Blocked,
}

impl Cause {
    /// The cause as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Dead => "dead",
            Self::Blocked => "blocked",
        }
    }
}

/// Why `item` wants to be heard of at `now`, or `None` when it does not.
///
/// An attempt that a holder gave back does not count, so what is used up while nobody holds the item has failed.
pub fn cause(item: &WorkItem, thresholds: &Thresholds, now: Timestamp) -> Option<Cause> {
    match &item.state {
        State::Dead(_) => Some(Cause::Dead),
        State::Blocked(_) if item.changed_at.plus_millis(thresholds.blocked_ms) <= now => Some(Cause::Blocked),
        State::Ready | State::Pending if item.attempts.used >= thresholds.failures => Some(Cause::Failures),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::WorkId;
    use crate::text::Project;
    use crate::work::{Attempts, Draft, Event, HeadStart, Plan};

    fn role(name: &str) -> Role {
        name.parse().expect("a role")
    }

    fn item(state: State, used: u32) -> WorkItem {
        let plan = Plan::try_from(Draft { title: "t".into(), ..Draft::default() }).expect("a plan");
        let at = Timestamp::from_millis(0);
        let added: Event = WorkItem::add(plan, 0, HeadStart::default(), at);
        let item = WorkItem::added(WorkId::numbered(1), Project::default(), &added, at).expect("it is added");
        WorkItem { state, attempts: Attempts { used, max: 3 }, ..item }
    }

    #[test]
    fn first_a_role_that_somebody_has_then_a_person_then_nobody() {
        let (a, b) = (role("a"), role("b"));
        assert_eq!(next(Level::None, [(&a, true), (&b, true)]), Some(Target::Role(a.clone())));
        assert_eq!(next(Level::None, [(&a, false), (&b, true)]), Some(Target::Role(b)));
        assert_eq!(next(Level::None, [(&a, false)]), Some(Target::Human));
        assert_eq!(next(Level::Role, [(&a, true)]), Some(Target::Human));
        assert_eq!(next(Level::Human, [(&a, true)]), None);
    }

    #[test]
    fn an_item_is_heard_of_when_it_failed_twice_when_it_is_dead_and_when_it_sits_blocked() {
        let at = |ms| Timestamp::from_millis(ms);
        let cause = |item: &WorkItem, now| cause(item, &Thresholds::default(), now);
        assert_eq!(cause(&item(State::Ready, 1), at(0)), None);
        assert_eq!(cause(&item(State::Ready, 2), at(0)), Some(Cause::Failures));
        assert_eq!(cause(&item(State::Dead("why".into()), 3), at(0)), Some(Cause::Dead));
        let blocked = item(State::Blocked("why".into()), 0);
        assert_eq!(cause(&blocked, at(7_199_999)), None);
        assert_eq!(cause(&blocked, at(7_200_000)), Some(Cause::Blocked));
    }

    #[test]
    fn levels_keep_their_numbers() {
        for level in [Level::None, Level::Role, Level::Human] {
            assert_eq!(Level::from_number(level.number()), Some(level));
        }
        assert_eq!(Level::from_number(3), None);
    }
}
