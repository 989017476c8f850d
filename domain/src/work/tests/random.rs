//! Random commands and clock steps: what holds in every life of an item.

use proptest::prelude::*;

use super::*;
use crate::audit::{Logged, judge};

const AGENTS: [&str; 3] = ["ann", "bob", "cid"];

/// One thing somebody tries.
#[derive(Clone, Debug)]
struct Try {
    verb: u8,
    by: usize,
    /// How far the fence that is shown is from the item's.
    fence_off: i64,
    /// Whether whoever has the item tries it, whatever `by` says.
    holder: bool,
    /// How far the clock moves before; it may go back.
    clock_ms: i64,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let fence_off = prop_oneof![8 => Just(0_i64), 1 => -2..3_i64];
    let tried = (0..26_u8, 0..AGENTS.len(), fence_off, prop::bool::weighted(0.8), -2_000..20_000_i64);
    let tried = tried.prop_map(|(verb, by, fence_off, holder, clock_ms)| Try { verb, by, fence_off, holder, clock_ms });
    prop::collection::vec(tried, 0..80)
}

fn starts() -> impl Strategy<Value = (Draft, u32)> {
    (0..4_usize, 1..4_u32, prop::option::of(-1..30_000_i64), 0..2_u32).prop_map(|(priority, attempts, wait, open)| {
        let not_before = wait.map(|ms| NOW.plus_millis(ms));
        let draft =
            Draft { priority: Priority::ALL[priority], attempts_max: Some(attempts), not_before, ..Draft::default() };
        (draft, open)
    })
}

impl Try {
    fn command(&self, item: &WorkItem) -> Command {
        let by = match &item.state {
            State::Leased(lease) if self.holder => lease.holder.clone(),
            _ => agent(AGENTS[self.by]),
        };
        let fence = Fence::new(item.fence.number() + self.fence_off);
        let held = Held { by: by.clone(), fence };
        let reason = || String::from("why");
        let change = || ChangeId::numbered(9);
        match self.verb {
            0..=2 => Command::Claim { by, ttl: ttl(10_000) },
            3..=4 => Command::Promote,
            5 => Command::Renew { held, ttl: ttl(10_000) },
            6 => Command::Progress { held, percent: Percent::new(7).expect("a percentage"), note: Some(reason()) },
            7 => Command::KeepResult { held, result: Json("1".into()) },
            8 => Command::Report { held, change: None, result: None },
            9..=10 => Command::Report { held, change: Some(change()), result: Some(Json("2".into())) },
            11 => Command::Fail { held, reason: reason() },
            12 => Command::Release { held, reason: Some(reason()) },
            13 => Command::Lapse,
            14 => Command::Block { held: Some(held), reason: reason() },
            15 => Command::Block { held: None, reason: reason() },
            16 => Command::Unblock,
            17 if self.fence_off != 0 => Command::Cancel { reason: None },
            17 | 18 => Command::Requeue,
            19 => Command::Land { fence, proof: Proof::Observed(change()) },
            20 => Command::Reject { fence, reason: reason() },
            21 => Command::Resubmit { change: change() },
            22 => Command::Revert { reason: reason() },
            23 => Command::HandOff { held, to: Receiver::Agent { name: agent(AGENTS[self.by]), ttl: ttl(10_000) } },
            24 => Command::HandOff { held, to: Receiver::Role("qa".parse().expect("a role")) },
            _ if item.open_dependencies > 0 => Command::DependencyDone,
            _ => Command::DependencyReopened,
        }
    }
}

/// One step of a life: the item before, what was asked, and what came of it.
struct Step {
    before: WorkItem,
    command: Command,
    outcome: Result<(Event, WorkItem), Refusal>,
    at: Timestamp,
}

/// The life that begins with `draft`: the event that begins it, and its steps.
fn life(draft: Draft, open_dependencies: u32, tries: &[Try]) -> (Event, Vec<Step>) {
    let first = WorkItem::add(plan(draft), open_dependencies, HeadStart::default(), NOW);
    let mut item = WorkItem::added(WorkId::numbered(1), Project::default(), &first, NOW).expect("an item begins");
    let (mut at, mut steps) = (NOW, Vec::new());
    for tried in tries {
        at = at.plus_millis(tried.clock_ms);
        let command = tried.command(&item);
        let before = item.clone();
        let outcome = decide(&before, &command, HeadStart::default(), at).map(|event| {
            item = apply(&before, &event, at);
            (event, item.clone())
        });
        steps.push(Step { before, command, outcome, at });
    }
    (first, steps)
}

/// The entry that the log has for an event.
fn logged(seq: i64, before: &WorkItem, after: &WorkItem, event: &Event, at: Timestamp) -> Logged {
    let holder = match (event, &before.state) {
        (Event::Claimed { by, .. }, _) => Some(by.to_string()),
        (_, State::Leased(lease)) => Some(lease.holder.to_string()),
        _ => None,
    };
    let grants = grants(event);
    let fence = if grants { Some(after.fence) } else { holder.as_ref().map(|_| before.fence) };
    let held = matches!(event, Event::Submitted { .. } | Event::HandedOff { .. }).then_some(before.fence);
    let to = match event {
        Event::HandedOff { to, .. } => Some(to.to_string()),
        _ => None,
    };
    Logged {
        seq,
        at_ms: at.millis(),
        item: before.id.to_string(),
        name: event.name().to_owned(),
        agent: holder,
        fence: fence.map(Fence::number),
        held_fence: held.map(Fence::number),
        to,
    }
}

fn grants(event: &Event) -> bool {
    matches!(
        event,
        Event::Claimed { .. } | Event::HandedOff { .. } | Event::Submitted { .. } | Event::Resubmitted { .. }
    )
}

/// How an event changes the attempts used, by the rules of the product and not by the code.
fn attempts_after(used: u32, event: &Event, was_held: bool) -> u32 {
    match event {
        Event::Claimed { .. } => used + 1,
        Event::Released { .. } | Event::Offered { .. } => used - 1,
        Event::Blocked { .. } if was_held => used - 1,
        Event::Requeued { .. } | Event::Reverted { .. } => 0,
        _ => used,
    }
}

fn shown(command: &Command) -> Option<&Held> {
    match command {
        Command::Renew { held, .. }
        | Command::Progress { held, .. }
        | Command::KeepResult { held, .. }
        | Command::Report { held, .. }
        | Command::Fail { held, .. }
        | Command::Release { held, .. }
        | Command::HandOff { held, .. }
        | Command::Block { held: Some(held), .. } => Some(held),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn replaying_the_events_gives_the_item((draft, open) in starts(), tries in tries()) {
        let (first, steps) = life(draft, open, &tries);
        let mut replayed =
            WorkItem::added(WorkId::numbered(1), Project::default(), &first, NOW).expect("an item begins");
        for step in &steps {
            prop_assert_eq!(&replayed, &step.before);
            if let Ok((event, after)) = &step.outcome {
                replayed = apply(&replayed, event, step.at);
                prop_assert_eq!(&replayed, after);
                prop_assert_eq!(after.changed_at, step.at);
                prop_assert_eq!((&after.id, after.added_at), (&step.before.id, NOW));
                // A hand-off to a role says who it is for; nothing else touches what was asked for.
                if !matches!(event, Event::Offered { .. }) {
                    prop_assert_eq!(&after.plan, &step.before.plan);
                }
            }
        }
    }

    #[test]
    fn every_grant_has_the_next_fence_and_nothing_else_moves_it((draft, open) in starts(), tries in tries()) {
        for step in life(draft, open, &tries).1 {
            if let Ok((event, after)) = step.outcome {
                prop_assert_eq!(after.fence.number(), step.before.fence.number() + i64::from(grants(&event)));
            }
        }
    }

    #[test]
    fn only_the_holder_under_the_current_fence_has_an_effect((draft, open) in starts(), tries in tries()) {
        for step in life(draft, open, &tries).1 {
            let Some(held) = shown(&step.command) else { continue };
            let holds = matches!(&step.before.state, State::Leased(lease) if lease.holder == held.by)
                && held.fence == step.before.fence;
            match step.outcome {
                Ok(_) => prop_assert!(holds),
                // A holder cannot hand off to itself.
                Err(refusal) if holds => prop_assert!(
                    matches!(step.command, Command::HandOff { .. }) && refusal.code() == "held",
                    "{}", refusal
                ),
                Err(refusal) => prop_assert_eq!(refusal.code(), "lease_lost", "{}", refusal),
            }
        }
    }

    #[test]
    fn attempts_are_counted_by_the_rules((draft, open) in starts(), tries in tries()) {
        for step in life(draft, open, &tries).1 {
            if let Ok((event, after)) = step.outcome {
                let was_held = matches!(step.before.state, State::Leased(_));
                prop_assert_eq!(after.attempts.used, attempts_after(step.before.attempts.used, &event, was_held));
                prop_assert!(after.attempts.used <= after.attempts.max);
                let claimable = matches!(after.state, State::Ready | State::Pending);
                prop_assert!(!(claimable && after.attempts.spent()), "a spent item waits to be claimed");
            }
        }
    }

    #[test]
    fn an_item_is_ready_only_when_it_waits_for_nothing((draft, open) in starts(), tries in tries()) {
        for step in life(draft, open, &tries).1 {
            if let Ok((event, after)) = step.outcome && after.state == State::Ready {
                prop_assert_eq!(after.open_dependencies, 0, "{:?}", event);
            }
        }
    }

    #[test]
    fn cancel_ends_any_open_item_and_nothing_brings_it_back((draft, open) in starts(), tries in tries()) {
        for step in life(draft, open, &tries).1 {
            let cancelled = decided_at(&step.before, &cancel(), step.at);
            prop_assert_eq!(cancelled.is_err(), step.before.state.finished());
            if step.before.state == State::Cancelled && let Ok((event, after)) = step.outcome {
                prop_assert_eq!(after.state, State::Cancelled, "{:?}", event);
            }
        }
    }

    #[test]
    fn the_judge_of_histories_agrees_with_the_rules((draft, open) in starts(), tries in tries()) {
        let (_, steps) = life(draft, open, &tries);
        let done = steps.iter().filter_map(|step| step.outcome.as_ref().ok().map(|(event, after)| (step, event, after)));
        let log: Vec<Logged> =
            (1..).zip(done).map(|(seq, (step, event, after))| logged(seq, &step.before, after, event, step.at)).collect();
        let judgement = judge(&[], Some(&log));
        prop_assert!(judgement.sound(), "{:#?}", judgement.violations);
    }
}
