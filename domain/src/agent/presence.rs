//! Presence: what an agent seems to be doing, computed from the signs it gives and never stored.
//!
//! | it holds work | and | it is |
//! |---|---|---|
//! | yes | no sign of life, and its lease is over or about to be | zombie |
//! | yes | it waits for an answer from a person | blocked on human |
//! | yes | no progress for long | stalled |
//! | yes | otherwise | working |
//! | no | it is retired, or gave no sign of life for very long | gone |
//! | no | it waits for an answer from a person | blocked on human |
//! | no | otherwise | idle |
//!
//! The first line that fits counts, so an agent is in one state at a time.

use super::Standing;
use crate::time::Timestamp;

/// What an agent seems to be doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// It holds work and gets on with it.
    Working,
    /// It is there and holds nothing.
    Idle,
    /// It holds work and is alive, and has not got on for long.
    Stalled,
    /// It holds work and gives no sign of life, and its lease is over or about to be.
    Zombie,
    /// It waits for an answer from a person.
    BlockedOnHuman,
    /// Nobody knows where it is, or it has retired.
    Gone,
}

impl Presence {
    /// The presence as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Idle => "idle",
            Self::Stalled => "stalled",
            Self::Zombie => "zombie",
            Self::BlockedOnHuman => "blocked_on_human",
            Self::Gone => "gone",
        }
    }

    /// Whether it can be given something to do.
    pub const fn present(self) -> bool {
        matches!(self, Self::Working | Self::Idle)
    }
}

/// What is known of an agent at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signs {
    /// Whether it takes work.
    pub standing: Standing,
    /// Its last sign of life: a heartbeat, a renewal, a report, or that it was registered.
    pub seen_at: Timestamp,
    /// How many items it holds.
    pub held: u32,
    /// When the first of its leases ends.
    pub lease_until: Option<Timestamp>,
    /// When it last got on with any of them.
    pub progressed_at: Option<Timestamp>,
    /// What it waits to hear from a person.
    pub waiting_for: Option<String>,
}

/// How long is long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Silence for longer than this is no sign of life, in milliseconds. A lease that ends within this is about to.
    pub alive_ms: i64,
    /// Holding work for longer than this without getting on is stalling, in milliseconds.
    pub stalled_ms: i64,
    /// Holding nothing and silent for longer than this is being gone, in milliseconds.
    pub gone_ms: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { alive_ms: 120_000, stalled_ms: 900_000, gone_ms: 600_000 }
    }
}

/// What the agent seems to be doing at `now`, and why it seems so.
pub fn presence(signs: &Signs, thresholds: &Thresholds, now: Timestamp) -> (Presence, String) {
    let since = |at: Timestamp| now.millis().saturating_sub(at.millis()).max(0);
    let silent_ms = since(signs.seen_at);
    let silent = format!("no sign of life for {} s", silent_ms / 1_000);
    let alive = silent_ms <= thresholds.alive_ms;
    let waiting = signs.waiting_for.as_ref().map(|what| format!("waits for a person: {what}"));
    if signs.held > 0 {
        let over = signs.lease_until.is_none_or(|until| until <= now.plus_millis(thresholds.alive_ms));
        if !alive && over {
            return (
                Presence::Zombie,
                format!("holds {} items, {silent}, its lease is over or about to be", signs.held),
            );
        }
        if let Some(waiting) = waiting {
            return (Presence::BlockedOnHuman, waiting);
        }
        let stuck_ms = signs.progressed_at.map_or(0, since);
        if stuck_ms > thresholds.stalled_ms {
            return (Presence::Stalled, format!("holds {} items, no progress for {} s", signs.held, stuck_ms / 1_000));
        }
        return (Presence::Working, format!("holds {} items, progress {} s ago", signs.held, stuck_ms / 1_000));
    }
    if !signs.standing.registered() {
        return (Presence::Gone, "it is retired".to_owned());
    }
    if silent_ms > thresholds.gone_ms {
        return (Presence::Gone, silent);
    }
    match waiting {
        Some(waiting) => (Presence::BlockedOnHuman, waiting),
        None => (Presence::Idle, format!("holds nothing, seen {} s ago", silent_ms / 1_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_millis(10_000_000);

    fn ago(ms: i64) -> Timestamp {
        NOW.plus_millis(-ms)
    }

    fn idle() -> Signs {
        Signs {
            standing: Standing::Active,
            seen_at: ago(1_000),
            held: 0,
            lease_until: None,
            progressed_at: None,
            waiting_for: None,
        }
    }

    fn holding() -> Signs {
        Signs { held: 1, lease_until: Some(NOW.plus_millis(30_000)), progressed_at: Some(ago(60_000)), ..idle() }
    }

    fn seen(signs: &Signs) -> Presence {
        presence(signs, &Thresholds::default(), NOW).0
    }

    #[test]
    fn an_agent_that_holds_work_is_working_until_it_stops_getting_on() {
        assert_eq!(seen(&holding()), Presence::Working);
        assert_eq!(seen(&Signs { progressed_at: Some(ago(900_001)), ..holding() }), Presence::Stalled);
    }

    #[test]
    fn silence_with_a_lease_that_is_over_is_a_zombie_and_with_a_long_lease_is_not_yet() {
        let silent = Signs { seen_at: ago(120_001), ..holding() };
        assert_eq!(seen(&silent), Presence::Zombie);
        assert_eq!(seen(&Signs { lease_until: Some(ago(1)), ..silent.clone() }), Presence::Zombie);
        assert_eq!(seen(&Signs { lease_until: Some(NOW.plus_millis(1_800_000)), ..silent }), Presence::Working);
        // A renewal in time keeps it alive, however short its lease.
        assert_eq!(seen(&Signs { lease_until: Some(ago(1)), ..holding() }), Presence::Working);
    }

    #[test]
    fn whoever_waits_for_a_person_is_not_called_stalled() {
        let waiting_for = Some("which colour?".to_owned());
        let signs = Signs { waiting_for, progressed_at: Some(ago(9_000_000)), ..holding() };
        let (presence, why) = presence(&signs, &Thresholds::default(), NOW);
        assert_eq!((presence, why.as_str()), (Presence::BlockedOnHuman, "waits for a person: which colour?"));
        assert_eq!(seen(&Signs { held: 0, ..signs.clone() }), Presence::BlockedOnHuman);
        assert_eq!(seen(&Signs { seen_at: ago(700_000), ..signs }), Presence::Zombie);
    }

    #[test]
    fn whoever_holds_nothing_is_idle_until_it_is_gone() {
        assert_eq!(seen(&idle()), Presence::Idle);
        assert_eq!(seen(&Signs { seen_at: ago(600_001), ..idle() }), Presence::Gone);
        assert_eq!(seen(&Signs { standing: Standing::Retired, ..idle() }), Presence::Gone);
        assert_eq!(seen(&Signs { standing: Standing::Draining, ..idle() }), Presence::Idle);
    }

    proptest! {
        #[test]
        fn whoever_holds_work_is_never_idle_or_gone_and_whoever_holds_none_never_working_stalled_or_zombie(
            seen_ms in -1_000_000..10_000_000i64, held in 0..3u32, until_ms in -10_000_000..10_000_000i64,
            progressed_ms in -10..10_000_000i64, waits: bool,
        ) {
            let signs = Signs {
                standing: Standing::Active, seen_at: ago(seen_ms), held,
                lease_until: (held > 0).then(|| NOW.plus_millis(until_ms)),
                progressed_at: (held > 0).then(|| ago(progressed_ms)), waiting_for: waits.then(String::new),
            };
            let found = seen(&signs);
            let with_work = [Presence::Working, Presence::Stalled, Presence::Zombie, Presence::BlockedOnHuman];
            let without = [Presence::Idle, Presence::Gone, Presence::BlockedOnHuman];
            prop_assert!(if held > 0 { with_work.contains(&found) } else { without.contains(&found) }, "{:?}", found);
        }
    }
}
