//! A correct lease register, simulated: what it does is never a violation, and each lie about it is found.

use proptest::prelude::*;

use super::*;

const AGENTS: [&str; 4] = ["a", "b", "c", "d"];
const ITEMS: [&str; 3] = ["x", "y", "z"];

/// One step of the simulation, as numbers to be read by [`Register`].
#[derive(Clone, Debug)]
struct Step {
    verb: u8,
    agent: usize,
    item: usize,
    /// How long before the effect the call was asked, and how long after it was answered.
    around: (i64, i64),
    /// Whether its caller is killed before it sees the answer.
    killed: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..10_u8, 0..AGENTS.len(), 0..ITEMS.len(), (0..40_i64, 0..40_i64), prop::bool::weighted(0.15));
    let step = step.prop_map(|(verb, agent, item, around, killed)| Step { verb, agent, item, around, killed });
    prop::collection::vec(step, 0..60)
}

#[derive(Default)]
struct Slot {
    fence: i64,
    holder: Option<usize>,
}

/// A register of leases that does one thing after another; its callers see each as an interval around it.
#[derive(Default)]
struct Register {
    now: i64,
    items: [Slot; ITEMS.len()],
    /// The last fence that each agent knows of each item.
    known: [[Option<i64>; ITEMS.len()]; AGENTS.len()],
    calls: Vec<Call>,
    log: Vec<Logged>,
}

impl Register {
    fn run(steps: &[Step]) -> Self {
        let mut register = Self::default();
        for step in steps {
            register.now += 10;
            register.step(step);
        }
        // Calls are written down by many callers, in no order.
        register.calls.sort_by_key(|call| call.answered_ms.unwrap_or(call.asked_ms));
        for (at, call) in register.calls.iter_mut().enumerate() {
            call.line = at + 1;
        }
        register
    }

    fn step(&mut self, step: &Step) {
        match step.verb {
            0..=2 => self.claim(step),
            3 => self.lapse(step),
            verb => {
                // A careful agent shows only fences it was told; an old one is refused.
                let Some(fence) = self.known[step.agent][step.item] else { return };
                let op = [Op::Renew, Op::Progress, Op::Progress, Op::Report, Op::Fail, Op::Release];
                self.effect(step, op[usize::from(verb) - 4].clone(), fence);
            }
        }
    }

    fn claim(&mut self, step: &Step) {
        let slot = &mut self.items[step.item];
        let saw = if slot.holder.is_some() {
            Saw::Refused { code: "held".into() }
        } else {
            slot.fence += 1;
            slot.holder = Some(step.agent);
            Saw::Ok { fence: Some(slot.fence) }
        };
        let granted = matches!(saw, Saw::Ok { .. });
        let fence = slot.fence;
        if granted {
            self.write(step, "work.claimed", fence);
            // A killed caller may learn of its grant by asking who holds what.
            self.known[step.agent][step.item] = Some(fence);
        }
        self.call(step, Op::Claim, None, saw);
    }

    fn lapse(&mut self, step: &Step) {
        let slot = &mut self.items[step.item];
        if let Some(agent) = slot.holder.take() {
            let fence = slot.fence;
            self.write(&Step { agent, ..step.clone() }, "work.lapsed", fence);
        }
    }

    fn effect(&mut self, step: &Step, op: Op, fence: i64) {
        let slot = &mut self.items[step.item];
        let current = slot.holder == Some(step.agent) && slot.fence == fence;
        let saw = if current { Saw::Ok { fence: None } } else { Saw::Refused { code: "lease_lost".into() } };
        if current {
            let name = match (&op, step.around.0 % 3) {
                (Op::Report, 0) => "work.submitted",
                (Op::Report, 1) => "work.result_kept",
                _ => op.logged_as()[0],
            };
            if name == "work.submitted" {
                slot.fence += 1;
            }
            let new = slot.fence;
            if op.ends_hold() || matches!(name, "work.submitted" | "work.reported") {
                slot.holder = None;
            }
            self.write(step, name, fence);
            if name == "work.submitted" {
                let entry = self.log.last_mut().expect("just written");
                (entry.fence, entry.held_fence) = (Some(new), Some(fence));
                self.write(step, "work.rejected", new);
            }
        }
        self.call(step, op, Some(fence), saw);
    }

    fn write(&mut self, step: &Step, name: &str, fence: i64) {
        self.log.push(Logged {
            seq: 1 + i64::try_from(self.log.len()).expect("a short log"),
            at_ms: self.now,
            item: ITEMS[step.item].into(),
            name: name.into(),
            agent: Some(AGENTS[step.agent].into()),
            fence: Some(fence),
            held_fence: None,
            to: None,
        });
    }

    fn call(&mut self, step: &Step, op: Op, fence: Option<i64>, saw: Saw) {
        self.calls.push(Call {
            line: 0,
            op,
            item: Some(ITEMS[step.item].into()),
            agent: AGENTS[step.agent].into(),
            fence,
            asked_ms: self.now - step.around.0,
            answered_ms: (!step.killed).then_some(self.now + step.around.1),
            saw: if step.killed { Saw::Unknown } else { saw },
            key: None,
        });
    }
}

fn acknowledged(call: &Call, wanted: impl Fn(&Op) -> bool) -> bool {
    matches!(call.saw, Saw::Ok { .. }) && wanted(&call.op)
}

fn has(judgement: &Judgement, rules: &[Rule]) -> bool {
    judgement.violations.iter().any(|violation| rules.contains(&violation.rule))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_correct_register_is_never_accused(steps in steps()) {
        let Register { calls, log, .. } = Register::run(&steps);
        for judgement in [judge(&calls, None), judge(&calls, Some(&log)), judge(&[], Some(&log))] {
            prop_assert!(judgement.sound(), "{:#?}", judgement.violations);
        }
    }

    #[test]
    fn a_fence_granted_twice_is_always_found(steps in steps(), which: prop::sample::Index, thief in 0..AGENTS.len()) {
        let Register { mut calls, log, .. } = Register::run(&steps);
        let grants: Vec<Call> = calls.iter().filter(|c| acknowledged(c, |op| *op == Op::Claim)).cloned().collect();
        prop_assume!(!grants.is_empty());
        let grant = which.get(&grants);
        calls.push(Call { agent: AGENTS[thief].into(), line: calls.len() + 1, ..grant.clone() });
        prop_assert!(has(&judge(&calls, None), &[Rule::DoubleGrant]));
        prop_assert!(has(&judge(&calls, Some(&log)), &[Rule::DoubleGrant]));
    }

    #[test]
    fn a_grant_under_an_older_fence_is_always_found(steps in steps(), which: prop::sample::Index) {
        let Register { mut calls, .. } = Register::run(&steps);
        let grants: Vec<Call> = calls.iter().filter(|c| acknowledged(c, |op| *op == Op::Claim)).cloned().collect();
        prop_assume!(!grants.is_empty());
        let end = calls.iter().filter_map(|call| call.answered_ms).max().expect("a grant was answered");
        let line = calls.len() + 1;
        let saw = Saw::Ok { fence: Some(0) };
        calls.push(Call { line, asked_ms: end + 1, answered_ms: Some(end + 2), saw, ..which.get(&grants).clone() });
        prop_assert!(has(&judge(&calls, None), &[Rule::FenceNotIncreasing]));
    }

    #[test]
    fn a_stale_effect_that_succeeds_is_always_found(steps in steps(), which: prop::sample::Index) {
        let Register { mut calls, log, .. } = Register::run(&steps);
        let grant_of = |call: &Call| match call.saw {
            Saw::Ok { fence } if call.op == Op::Claim => fence,
            _ => None,
        };
        let overtaken = |call: &&Call| {
            calls.iter().any(|later| later.item == call.item && grant_of(later) > grant_of(call))
        };
        let old: Vec<Call> = calls.iter().filter(|c| grant_of(c).is_some()).filter(overtaken).cloned().collect();
        prop_assume!(!old.is_empty());
        let zombie = which.get(&old);
        let fence = grant_of(zombie);
        let asked_ms = calls.iter().filter_map(|call| call.answered_ms).max().expect("a grant was answered") + 1;
        calls.push(Call {
            line: calls.len() + 1,
            op: Op::Report,
            fence,
            asked_ms,
            answered_ms: Some(asked_ms),
            saw: Saw::Ok { fence: None },
            ..zombie.clone()
        });
        prop_assert!(has(&judge(&calls, None), &[Rule::StaleEffect]));
        prop_assert!(has(&judge(&calls, Some(&log)), &[Rule::StaleEffect]));
        // The system that let it happen has it in its log, too.
        let mut log = log;
        let seq = i64::try_from(log.len()).expect("a short log") + 1;
        let (item, agent) = (zombie.item.clone().expect("grants name an item"), Some(zombie.agent.clone()));
        let name = String::from("work.reported");
        log.push(Logged { seq, at_ms: asked_ms, item, name, agent, fence, held_fence: None, to: None });
        prop_assert!(has(&judge(&[], Some(&log)), &[Rule::StaleEffect]));
    }

    #[test]
    fn an_acknowledged_call_dropped_from_the_log_is_always_found(steps in steps(), which: prop::sample::Index) {
        let Register { calls, mut log, .. } = Register::run(&steps);
        let told: Vec<&Call> = calls.iter().filter(|c| acknowledged(c, |_| true)).collect();
        prop_assume!(!told.is_empty());
        let call = which.get(&told);
        let fence = call.fence.or(match call.saw {
            Saw::Ok { fence } => fence,
            _ => None,
        });
        let alike = |entry: &Logged| {
            Some(&entry.item) == call.item.as_ref()
                && entry.shown() == fence
                && call.op.logged_as().contains(&entry.name.as_str())
        };
        // With calls of unknown outcome among those alike, the log has more than was acknowledged; all go.
        log.retain(|entry| !alike(entry));
        let judgement = judge(&calls, Some(&log));
        prop_assert!(has(&judgement, &[Rule::LostUpdate, Rule::GrantNotInLog]));
        prop_assert!(judgement.lost_updates > 0);
    }

    #[test]
    fn the_end_of_a_hold_dropped_from_the_log_is_found_by_the_next_grant(steps in steps(), which: prop::sample::Index) {
        let Register { mut log, .. } = Register::run(&steps);
        let ends = ["work.lapsed", "work.failed", "work.released", "work.reported"];
        let later_grant = |at: &usize| {
            log[at + 1..].iter().any(|later| later.item == log[*at].item && later.name == "work.claimed")
        };
        let dropped: Vec<usize> =
            (0..log.len()).filter(|at| ends.contains(&log[*at].name.as_str())).filter(later_grant).collect();
        prop_assume!(!dropped.is_empty());
        log.remove(*which.get(&dropped));
        prop_assert!(has(&judge(&[], Some(&log)), &[Rule::HeldTwice]));
    }

    #[test]
    fn any_history_whatever_gets_a_judgement(
        lines in prop::collection::vec(
            "(claim|next|renew|report|fail|block|push) [xy-] [ab] [0-9]{1,2}-[0-9]{0,2} (ok|held|unknown|nothing)( [0-9])?",
            0..20,
        ),
        entries in prop::collection::vec(
            "[0-9] (claimed|submitted|landed|lapsed|blocked|resubmitted|other) [xy] [ab-] ([0-9]>)?[0-9]",
            0..20,
        ),
    ) {
        let (calls, log) = (tests::calls(&lines.join("\n")), tests::log(&entries.join("\n")));
        let judgement = judge(&calls, Some(&log));
        prop_assert_eq!(judgement.calls, calls.len());
        prop_assert!(judgement.violations.iter().all(|v| v.text.ends_with('.')));
    }
}
