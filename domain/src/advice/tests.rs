use proptest::prelude::*;

use super::*;
use crate::agent::assign::{Need, Seat};
use crate::agent::presence::Presence;
use crate::agent::{Agent, Record};
use crate::flow::{Flow, Spans};
use crate::id::WorkId;
use crate::text::{AgentName, Project};
use crate::time::Timestamp;
use crate::work::{Attempts, Draft, Fence, Lease, Plan, Priority, State, WorkItem};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn name(text: &str) -> AgentName {
    text.parse().expect("a name")
}

fn item(n: u64, state: State, draft: Draft) -> WorkItem {
    let plan = Plan::try_from(Draft { title: "t".into(), ..draft }).expect("a plan");
    WorkItem {
        id: WorkId::numbered(n),
        project: Project::default(),
        plan,
        state,
        fence: Fence::new(1),
        attempts: Attempts { used: 1, max: 3 },
        open_dependencies: 0,
        rank: Timestamp::from_millis(i64::try_from(n).expect("a small number")),
        not_before: None,
        progress: None,
        result: None,
        feedback: None,
        added_at: Timestamp::from_millis(0),
        changed_at: Timestamp::from_millis(0),
    }
}

fn of(kind: &str, priority: Priority) -> Draft {
    Draft { kind: kind.to_owned(), priority, ..Draft::default() }
}

fn asks(capability: &str) -> Draft {
    Draft { capabilities: [capability.parse().expect("a capability")].into(), ..Draft::default() }
}

fn leased(n: u64, who: &str) -> WorkItem {
    item(n, State::Leased(Lease { holder: name(who), until: NOW }), Draft::default())
}

fn worker(who: &str, able: &[&str], presence: Presence) -> Worker {
    let agent = Agent {
        capabilities: able.iter().map(|it| it.parse().expect("a capability")).collect(),
        ..Agent::unregistered(name(who), Project::default(), Timestamp::from_millis(0))
    };
    Worker { agent, presence, record: Record::default() }
}

fn snapshot(items: Vec<WorkItem>, agents: Vec<Worker>) -> Snapshot {
    Snapshot { now: NOW, items, finished: Vec::new(), agents, kept: Vec::new(), flow: Flow::default() }
}

fn given(it: &Assignments) -> Vec<(u64, String)> {
    it.changes.iter().map(|change| (change.item.number(), change.to.to_string())).collect()
}

#[test]
fn of_nothing_nothing_is_known() {
    let empty = snapshot(vec![], vec![]);
    let health = health(&empty);
    assert_eq!((health.score, health.standing, health.alerts.len()), (None, Standing::Unknown, 0));
    let best = assignments(&empty, 1);
    assert_eq!((best.current_efficiency, best.optimized_efficiency, best.gain()), (None, None, None));
    assert!((best.balance, best.skill_match) == (None, None) && priorities(&empty).is_empty());
    assert!(bottlenecks(&empty).is_empty() && suggestions(&empty).is_empty() && actions(&empty).is_empty());
    assert_eq!(recommend(&empty, None, None).what, What::Add);
    assert!(gaps(&empty).quality.abs() < 1e-9);
    assert_eq!(confidence(0), None);
}

#[test]
fn the_score_of_a_type_is_as_its_formula_says() {
    let items = vec![
        item(1, State::Ready, of("bug", Priority::Critical)),
        item(2, State::Ready, of("docs", Priority::Low)),
        item(3, State::Dead("x".into()), of("docs", Priority::Low)),
        item(4, State::Ready, of("docs", Priority::Low)),
    ];
    let mut facts = snapshot(items, vec![worker("a", &[], Presence::Idle)]);
    let scores = |it: &Snapshot| priorities(it).iter().map(|g| (g.work_type.clone(), g.score)).collect::<Vec<_>>();
    // (4·1 + 1·0 + 1·¼) / 6 and (4·¼ + 1·⅓ + 1·¾) / 6.
    assert_eq!(scores(&facts), [("bug".to_owned(), 71), ("docs".to_owned(), 35)]);
    facts.flow.wait = Spans::of(vec![1, 2, 3]);
    // All have waited longer: two more of eight weights are 1.
    assert_eq!(scores(&facts), [("bug".to_owned(), 78), ("docs".to_owned(), 52)]);
}

#[test]
fn what_only_one_can_do_goes_to_that_one() {
    let items = vec![item(1, State::Ready, Draft::default()), item(2, State::Ready, asks("rust"))];
    let facts = snapshot(items, vec![worker("a", &["rust"], Presence::Idle), worker("b", &["docs"], Presence::Idle)]);
    let best = assignments(&facts, 1);
    assert_eq!(given(&best), [(2, "a".to_owned()), (1, "b".to_owned())]);
    assert_eq!((best.current_efficiency, best.optimized_efficiency), (Some(0.0), Some(1.0)));
    assert!(best.actions().is_empty(), "without a role nothing can be kept");
}

#[test]
fn what_a_stalled_agent_holds_moves_and_what_a_working_one_holds_stays() {
    let agents = vec![
        worker("a", &[], Presence::Stalled),
        worker("b", &[], Presence::Working),
        worker("c", &[], Presence::Idle),
    ];
    let facts = snapshot(vec![leased(1, "a"), leased(2, "b"), leased(3, "b")], agents);
    let best = assignments(&facts, 1);
    assert_eq!(given(&best), [(1, "c".to_owned())]);
    assert!(matches!(&best.actions()[..], [Action::Reassign { to, .. }] if *to == name("c")));
    assert!(matches!(&actions(&facts)[..], [Action::Release { from, .. }] if *from == name("a")));
    assert!(health(&facts).alerts.iter().any(|it| it.text.contains("do not get on")));
}

#[test]
fn a_full_agent_gets_nothing() {
    let mut full = worker("a", &[], Presence::Working);
    full.agent.capacity = Some(1);
    let facts = snapshot(vec![leased(1, "a"), item(2, State::Ready, Draft::default())], vec![full]);
    assert!(assignments(&facts, 5).changes.is_empty());
}

#[test]
fn the_dead_get_another_go_when_their_like_was_done_since_and_are_looked_into_otherwise() {
    let dead = |n, kind| item(n, State::Dead("x".into()), of(kind, Priority::Low));
    let mut facts = snapshot(vec![dead(1, "bug"), dead(2, "docs")], vec![]);
    let done = item(3, State::Done(crate::work::Proof::Reported), of("bug", Priority::Low));
    facts.finished.push(WorkItem { changed_at: NOW, ..done });
    let words: Vec<_> = actions(&facts).iter().map(Action::told).collect();
    assert_eq!(
        words,
        [format!("requeue {}", WorkId::numbered(1)), "add \"Find out why 1 items of type docs died\"".to_owned()]
    );
}

#[test]
fn what_most_wait_for_is_a_bottleneck() {
    let on = |n: u64| Draft { depends_on: [WorkId::numbered(n)].into(), ..Draft::default() };
    let items = vec![
        item(1, State::Ready, Draft::default()),
        item(2, State::Pending, on(1)),
        item(3, State::Pending, on(2)),
        item(4, State::Ready, Draft::default()),
    ];
    let found = bottlenecks(&snapshot(items, vec![worker("a", &[], Presence::Idle)]));
    assert_eq!((found.len(), found[0].kind, found[0].severity), (1, Kind::Dependency, Severity::Critical));
    assert!(found[0].description.contains(&WorkId::numbered(1).to_string()), "{found:?}");
}

#[test]
fn what_nobody_there_can_take_is_missing_in_its_team() {
    let facts = snapshot(vec![item(1, State::Ready, asks("rust"))], vec![worker("a", &["docs"], Presence::Idle)]);
    assert_eq!(bottlenecks(&facts)[0].kind, Kind::Resource);
    assert_eq!(teams(&facts)[0].missing.len(), 1);
    let wanted = suggestions(&facts);
    assert_eq!((wanted[0].focus.as_str(), wanted[0].members_needed), ("task", 1));
}

#[test]
fn an_agent_finishes_first_then_takes_what_it_can() {
    let items = vec![leased(1, "b"), item(2, State::Ready, asks("rust")), item(3, State::Ready, asks("docs"))];
    let agents = vec![worker("a", &["docs"], Presence::Idle), worker("b", &[], Presence::Working)];
    let facts = snapshot(items, agents);
    let what = |who: &str| recommend(&facts, None, Some(&name(who))).what;
    assert_eq!(what("a"), What::Claim(WorkId::numbered(3)));
    assert_eq!(what("b"), What::Continue(WorkId::numbered(1)));
    assert_eq!(recommend(&facts, None, None).what, What::Claim(WorkId::numbered(2)));
    assert_eq!(recommend(&facts, Some("epic"), None).what, What::Add);
}

#[test]
fn loads_that_are_alike_are_fair() {
    assert_eq!((fairness(&[2, 2]), fairness(&[4, 0]), fairness(&[0, 0])), (Some(1.0), Some(0.5), None));
}

fn anything() -> impl Strategy<Value = Snapshot> {
    let able = || proptest::sample::subsequence(vec!["rust", "docs", "sql"], 0..=3);
    let there = proptest::sample::select(vec![Presence::Idle, Presence::Working, Presence::Stalled, Presence::Gone]);
    let agents = proptest::collection::vec((able(), there, proptest::option::of(1..4u32)), 0..6);
    let items = proptest::collection::vec((0..5usize, able(), 0..8usize), 0..12);
    (agents, items).prop_map(|(agents, items)| {
        let agent = |(n, (able, presence, capacity)): (usize, (Vec<&str>, Presence, Option<u32>))| {
            let mut it = worker(&format!("a{n}"), &able, presence);
            it.agent.capacity = capacity;
            it
        };
        let agents: Vec<Worker> = agents.into_iter().enumerate().map(agent).collect();
        let mut kept = Vec::new();
        let build = |(n, (state, able, who)): (u64, (usize, Vec<&str>, usize))| {
            let who = name(&format!("a{who}"));
            let capabilities = able.iter().map(|it| it.parse().expect("a capability")).collect();
            let state = match state {
                0 => State::Leased(Lease { holder: who, until: NOW }),
                1 => State::Pending,
                2 => State::Dead("x".into()),
                3 => {
                    let role = "QA".parse().expect("a role");
                    let need = Need {
                        item: WorkId::numbered(n),
                        role,
                        team: None,
                        capabilities: std::collections::BTreeSet::new(),
                    };
                    kept.push(Seat { need, agent: who });
                    State::Ready
                }
                _ => State::Ready,
            };
            item(n, state, Draft { capabilities, ..Draft::default() })
        };
        let items = (1..).zip(items).map(build).collect();
        Snapshot { kept, ..snapshot(items, agents) }
    })
}

proptest! {
    #[test]
    fn no_change_makes_it_worse_and_none_goes_to_whoever_cannot(facts in anything(), factor in 1..4usize) {
        let best = assignments(&facts, factor);
        prop_assert!(best.gain().is_none_or(|gain| gain >= 0.0), "{:?}", best);
        for efficiency in [best.current_efficiency, best.optimized_efficiency].into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&efficiency));
        }
        for change in &best.changes {
            let to = facts.agents.iter().find(|it| it.agent.name == change.to).expect("an agent that there is");
            let item = facts.items.iter().find(|it| it.id == change.item).expect("an item that there is");
            prop_assert!(to.available() && to.fits(item) && change.from.as_ref() != Some(&change.to));
            prop_assert_eq!(best.changes.iter().filter(|it| it.item == change.item).count(), 1);
        }
        for score in priorities(&facts).iter().map(|group| group.score) {
            prop_assert!((1..=100).contains(&score));
        }
        let figures = [health(&facts).score.map(|score| score / 100.0), best.balance, best.skill_match];
        prop_assert!(figures.into_iter().flatten().all(|it| (0.0..=1.000_001).contains(&it)));
        prop_assert!(bottlenecks(&facts).iter().all(|it| it.impact > 0.0 && it.impact <= 1.0));
    }
}
