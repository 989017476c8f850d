//! Histories whose figures are worked out by hand, and random ones against a slow way of counting.

use proptest::prelude::*;

use super::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn fact(at_ms: i64, item: u64, what: What) -> Fact {
    Fact { at: at(at_ms), item: WorkId::numbered(item), what }
}

fn added(team: Option<&str>, points: Option<u32>) -> What {
    What::Added { team: team.map(|team| team.parse().expect("a team")), points, ready: true }
}

fn flow(facts: &[Fact], since_ms: i64, now_ms: i64, team: Option<&str>, planning: Option<&Planning>) -> Flow {
    let mut gather = Gather::new(at(since_ms), team.map(|team| team.parse().expect("a team")));
    facts.iter().for_each(|fact| gather.take(fact));
    gather.flow(at(now_ms), planning)
}

const LANDED: What = What::Done { landed: true };

#[test]
fn a_percentile_is_the_sample_of_the_nearest_rank() {
    let sorted: Vec<i64> = (1..=20).map(|n| n * 10).collect();
    // 50 % of 20 is 10, so the 10th; 85 % is 17, so the 17th; 95 % is 19, so the 19th.
    assert_eq!([50, 85, 95].map(|p| percentile(&sorted, p)), [Some(100), Some(170), Some(190)]);
    // 50 % of 3 is 1.5, so the 2nd; 85 % is 2.55 and 95 % is 2.85, so the 3rd.
    assert_eq!([50, 85, 95].map(|p| percentile(&[1, 5, 9], p)), [Some(5), Some(9), Some(9)]);
    assert_eq!([50, 85, 95].map(|p| percentile(&[7], p)), [Some(7); 3]);
    assert_eq!(percentile(&[], 50), None);
}

#[test]
fn with_no_events_there_is_no_data_and_no_sprint() {
    let none = flow(&[], 0, 100, None, None);
    assert_eq!(none, Flow::default());
    assert_eq!((none.lead.p50_ms, none.velocity), (None, None));
}

#[test]
fn one_item_that_is_taken_given_back_rejected_and_lands_is_told_as_it_went() {
    let facts = [
        fact(100, 1, added(Some("red"), Some(3))),
        // Ready since 100, taken at 150: waited 50.
        fact(150, 1, What::Claimed),
        fact(180, 1, What::Freed(true)),
        // Ready since 180, taken at 200: waited 20.
        fact(200, 1, What::Claimed),
        fact(300, 1, What::Submitted),
        fact(310, 1, What::Rejected { conflict: true, ready: true }),
        // Ready since 310, taken at 410: waited 100.
        fact(410, 1, What::Claimed),
        fact(500, 1, What::Submitted),
        fact(600, 1, LANDED),
    ];
    let flow = flow(&facts, 0, 1_000, None, None);
    // Lead 600 - 100, cycle 600 - 150. Waits 20, 50, 100: the 2nd, the 3rd, the 3rd.
    let one = |ms| Spans { samples: 1, p50_ms: Some(ms), p85_ms: Some(ms), p95_ms: Some(ms), sum_ms: ms };
    assert_eq!((flow.lead, flow.cycle), (one(500), one(450)));
    assert_eq!(flow.wait, Spans { samples: 3, p50_ms: Some(50), p85_ms: Some(100), p95_ms: Some(100), sum_ms: 170 });
    // One item had an outcome, and it came back. Two changes were judged, and one of them met another.
    assert_eq!(flow.rework, Share { samples: 1, hits: 1 });
    assert_eq!(flow.conflicts, Share { samples: 2, hits: 1 });
    assert_eq!((flow.done, flow.wip_age.samples, flow.hand_off.samples), (1, 0, 0));
}

#[test]
fn what_was_taken_back_is_not_done_and_is_done_when_it_lands_again() {
    let mut facts = vec![
        fact(0, 1, added(None, Some(5))),
        fact(10, 1, What::Claimed),
        fact(20, 1, What::Submitted),
        fact(30, 1, LANDED),
        fact(40, 1, What::Reverted(true)),
    ];
    let planning = Planning { start: at(0), sprint_weeks: 1, sprints_per_pi: 2 };
    let reverted = flow(&facts, 0, 50, None, Some(&planning));
    assert_eq!((reverted.done, reverted.lead.samples, reverted.velocity), (0, 0, Some(vec![])));
    assert_eq!(reverted.rework, Share { samples: 1, hits: 1 });
    facts.extend([fact(60, 1, What::Claimed), fact(80, 1, What::Done { landed: false })]);
    let again = flow(&facts, 0, 100, None, Some(&planning));
    // Lead from the beginning, 80; cycle from the claim after it was taken back, 80 - 60; points once.
    assert_eq!((again.lead.p50_ms, again.cycle.p50_ms), (Some(80), Some(20)));
    assert_eq!(again.velocity.expect("sprints begin at 0")[0].points, Some(5));
}

#[test]
fn a_window_counts_what_falls_into_it_and_knows_what_came_before() {
    let facts = [
        fact(0, 1, added(None, None)),
        fact(10, 1, What::Claimed),
        fact(50, 1, LANDED),
        fact(0, 2, added(None, None)),
        fact(20, 2, What::Claimed),
        fact(120, 2, LANDED),
        fact(90, 3, added(None, None)),
        fact(130, 3, What::Claimed),
    ];
    let flow = flow(&facts, 100, 200, None, None);
    // Item 1 was done before. Item 2: lead 120, cycle 100, claimed before. Item 3 waited 40 and is 70 in progress.
    assert_eq!((flow.done, flow.lead.p50_ms, flow.cycle.p50_ms), (1, Some(120), Some(100)));
    assert_eq!((flow.wait.samples, flow.wait.p50_ms), (1, Some(40)));
    assert_eq!((flow.wip_age.samples, flow.wip_age.p50_ms), (1, Some(70)));
}

#[test]
fn a_hand_off_lasts_until_somebody_takes_the_item() {
    let facts = [
        fact(0, 1, added(None, None)),
        fact(10, 1, What::Claimed),
        fact(30, 1, What::HandedOff(true)),
        fact(75, 1, What::Claimed),
        // Given back and taken again is no hand-off.
        fact(80, 1, What::Freed(true)),
        fact(90, 1, What::Claimed),
    ];
    let flow = flow(&facts, 0, 100, None, None);
    assert_eq!((flow.hand_off.samples, flow.hand_off.p50_ms), (1, Some(45)));
    assert_eq!(flow.wip_age.p50_ms, Some(90), "begun at 10");
}

#[test]
fn velocity_is_by_sprint_and_team_and_sprints_that_are_seen_in_part_are_left_out() {
    const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000;
    let planning = Planning { start: at(WEEK), sprint_weeks: 2, sprints_per_pi: 2 };
    // Sprints begin at weeks 1, 3, 5, 7; the first PI has the first two.
    let done = |id, week: i64, team, points| {
        [fact(0, id, added(team, points)), fact(1, id, What::Claimed), fact(week * WEEK, id, LANDED)]
    };
    let facts = [
        done(1, 0, Some("red"), Some(8)), // Before the first sprint.
        done(2, 2, Some("red"), Some(1)), // Sprint 1, which began before the window of the second question.
        done(3, 3, Some("red"), Some(3)), // Sprint 2, by its first moment.
        done(4, 4, Some("red"), None),
        done(5, 4, Some("blue"), None),
        done(6, 6, None, Some(5)), // Sprint 3, the first of the second PI.
    ]
    .concat();
    let told = |since, team| {
        let velocity = flow(&facts, since, 8 * WEEK, team, Some(&planning)).velocity.expect("sprints begin");
        let row = |v: &Velocity| {
            let team = v.team.as_ref().map(ToString::to_string).unwrap_or_default();
            format!(
                "{}.{}.{} {team} {} {} {:?}",
                v.sprint.pi, v.sprint.within_pi, v.sprint.number, v.items, v.unsized_items, v.points
            )
        };
        velocity.iter().map(row).collect::<Vec<_>>()
    };
    let later = ["1.2.2 blue 1 1 None", "1.2.2 red 2 1 Some(3)", "2.1.3  1 0 Some(5)"];
    assert_eq!(told(0, None), [&["1.1.1 red 1 0 Some(1)"], &later[..]].concat());
    assert_eq!(told(2 * WEEK, None), later);
    assert_eq!(told(2 * WEEK, Some("blue")), later[..1]);
}

/// Legal histories of a few items: each step moves one of them, a little later.
fn histories() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec((0_u64..4, 0_u32..12, 0_i64..50, any::<bool>()), 0..120).prop_map(|steps| {
        let (mut facts, mut states, mut now) = (Vec::new(), [' '; 4], 0);
        for (item, choice, later, yes) in steps {
            now += later;
            let state = &mut states[usize::try_from(item).expect("it is small")];
            let freed = if yes { 'r' } else { 'p' };
            let (what, next) = match (*state, choice) {
                (' ', _) => (What::Added { team: None, points: Some(choice), ready: yes }, freed),
                ('p', _) => (What::Ready(true), 'r'),
                ('r', 0) => (What::Ready(false), 'p'),
                ('r', 1) => (What::Dropped, 'x'),
                ('r', _) => (What::Claimed, 'h'),
                ('h', 0 | 1) => (What::Freed(yes), freed),
                ('h', 2) => (What::HandedOff(yes), freed),
                ('h', 3) => (What::Done { landed: false }, 'd'),
                ('h', _) => (What::Submitted, 'q'),
                ('q', 0..4) => (What::Rejected { conflict: choice < 2, ready: yes }, freed),
                ('q', _) => (LANDED, 'd'),
                ('d', 0..3) => (What::Reverted(yes), freed),
                _ => continue,
            };
            *state = next;
            facts.push(fact(now, item, what));
        }
        facts
    })
}

/// The same figures, by looking at everything for each of them.
fn slowly(facts: &[Fact], since: Timestamp, now: Timestamp) -> Flow {
    let of = |item: &WorkId| facts.iter().filter(|it| it.item == *item).cloned().collect::<Vec<_>>();
    let (mut lead, mut cycle, mut wait, mut hand_off, mut age) = (vec![], vec![], vec![], vec![], vec![]);
    let (mut rework, mut conflicts) = (Share::default(), Share::default());
    let mut items: Vec<WorkId> = facts.iter().map(|fact| fact.item.clone()).collect();
    items.sort();
    items.dedup();
    for item in items {
        let story = of(&item);
        let reverted = story.iter().rposition(|it| matches!(it.what, What::Reverted(_))).map_or(0, |at| at + 1);
        let begun = story[reverted..].iter().find(|it| it.what == What::Claimed);
        let done = story[reverted..].iter().find(|it| matches!(it.what, What::Done { .. }));
        if let Some(done) = done.filter(|it| it.at >= since) {
            lead.push(done.at.millis() - story[0].at.millis());
            cycle.extend(begun.map(|it| done.at.millis() - it.at.millis()));
        }
        let last_is_held = story.last().is_some_and(|it| matches!(it.what, What::Claimed | What::Submitted));
        age.extend(begun.filter(|_| last_is_held).map(|it| now.millis() - it.at.millis()));
        for (n, claim) in story.iter().enumerate().filter(|(_, it)| it.what == What::Claimed && it.at >= since) {
            let before = &story[..n];
            let free = before.iter().rposition(|it| it.what == What::Claimed || it.what == What::Submitted);
            // The last run of being ready before the claim; all facts after the last hold only move it in and out.
            let since_free = &before[free.map_or(0, |at| at + 1)..];
            let mut ready = None;
            for it in since_free {
                ready = match &it.what {
                    What::Added { ready: now, .. }
                    | What::Freed(now)
                    | What::HandedOff(now)
                    | What::Rejected { ready: now, .. }
                    | What::Reverted(now) => now.then_some(it.at),
                    What::Ready(true) => ready.or(Some(it.at)),
                    _ => None,
                };
            }
            wait.extend(ready.map(|from| claim.at.millis() - from.millis()));
            let handed = since_free.iter().find(|it| matches!(it.what, What::HandedOff(_)));
            hand_off.extend(handed.map(|it| claim.at.millis() - it.at.millis()));
        }
        let seen = story.iter().filter(|it| it.at >= since);
        let back = |it: &&Fact| matches!(it.what, What::Rejected { .. } | What::Reverted(_));
        let outcome = |it: &&Fact| back(it) || matches!(it.what, What::Done { .. });
        rework.samples += usize::from(seen.clone().any(|it| outcome(&it)));
        rework.hits += usize::from(seen.clone().any(|it| back(&it)));
        conflicts.samples +=
            seen.clone().filter(|it| it.what == LANDED || matches!(it.what, What::Rejected { .. })).count();
        conflicts.hits += seen.filter(|it| matches!(it.what, What::Rejected { conflict: true, .. })).count();
    }
    let done = lead.len();
    Flow {
        lead: Spans::of(lead),
        cycle: Spans::of(cycle),
        wait: Spans::of(wait),
        hand_off: Spans::of(hand_off),
        wip_age: Spans::of(age),
        done,
        rework,
        conflicts,
        velocity: None,
    }
}

proptest! {
    #[test]
    fn taking_facts_in_one_by_one_gives_what_looking_at_all_of_them_gives(facts in histories(), since in 0_i64..2_000) {
        let now = facts.last().map_or(0, |fact| fact.at.millis()) + 7;
        prop_assert_eq!(flow(&facts, since, now, None, None), slowly(&facts, at(since), at(now)));
    }

    #[test]
    fn the_order_in_which_items_are_told_does_not_matter(facts in histories(), since in 0_i64..2_000) {
        let mut by_item = facts.clone();
        by_item.sort_by(|a, b| a.item.cmp(&b.item));
        prop_assert_eq!(flow(&by_item, since, 9_999, None, None), flow(&facts, since, 9_999, None, None));
    }

    #[test]
    fn a_percentile_is_a_sample_with_enough_samples_not_above_it(mut samples in prop::collection::vec(0_i64..1_000, 1..60), percent in 1_usize..=100) {
        samples.sort_unstable();
        let found = percentile(&samples, percent).expect("there are samples");
        let (below, not_above) = (samples.iter().filter(|n| **n < found).count(), samples.iter().filter(|n| **n <= found).count());
        prop_assert!(samples.contains(&found));
        prop_assert!(not_above * 100 >= samples.len() * percent && below * 100 < samples.len() * percent);
    }
}
