//! The decision: a table, and what holds for any project.

use proptest::prelude::*;

use super::*;
use crate::id::{ChangeId, WorkId};
use crate::text::Project;
use crate::time::Timestamp;
use crate::work::{Attempts, Draft, Fence, Gate, Gates, InFlight, Lease, Part, Plan, Proof, State, WorkItem};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn role(text: &str) -> Role {
    text.parse().expect("a role")
}

/// An item of a type, or for a role when it begins with `@`, in the state of that word.
fn item(what: &str, state: &str) -> WorkItem {
    let draft = match what.strip_prefix('@') {
        Some(name) => Draft { role: Some(role(name)), ..Draft::default() },
        None => Draft { kind: what.to_owned(), ..Draft::default() },
    };
    let state = match state {
        "pending" => State::Pending,
        "ready" => State::Ready,
        "leased" => State::Leased(Lease { holder: "zoe".parse().expect("a name"), until: NOW }),
        "blocked" => State::Blocked("it rains".to_owned()),
        "submitted" => State::Submitted(ChangeId::numbered(1)),
        "done" => State::Done(Proof::Reported),
        "dead" => State::Dead("it rained".to_owned()),
        "cancelled" => State::Cancelled,
        other => panic!("no such state: {other}"),
    };
    WorkItem {
        id: WorkId::numbered(1),
        project: Project::default(),
        plan: Plan::try_from(Draft { title: "t".to_owned(), ..draft }).expect("a plan"),
        state,
        fence: Fence::new(3),
        attempts: Attempts { used: 1, max: 3 },
        open_dependencies: 0,
        rank: NOW,
        not_before: None,
        progress: None,
        result: None,
        feedback: None,
        added_at: NOW,
        changed_at: NOW,
    }
}

fn facts(items: &[(&str, &str)]) -> Facts {
    let items: Vec<WorkItem> = items.iter().map(|(what, state)| item(what, state)).collect();
    Facts::of(&items, &Gates::default(), &InFlight::new(), NOW)
}

fn auto(facts: &Facts) -> (String, &'static str) {
    let decided = decide(&Wanted::Auto, facts).expect("somebody is always needed");
    assert!(!decided.reason.is_empty());
    (decided.role.to_string(), decided.stage.word())
}

#[test]
fn the_role_follows_from_the_items() {
    let all_done = ["requirements", "design", "task", "test", "release"].map(|kind| (kind, "done"));
    for (items, wanted) in [
        (&[][..], ("PM", "nothing")),
        (&[("task", "cancelled")], ("PM", "nothing")),
        (&[("requirements", "ready")], ("PM", "under_way")),
        (&[("requirements", "done")], ("Architect", "requirements_complete")),
        (&[("requirements", "done"), ("requirement", "leased")], ("PM", "under_way")),
        (&[("@pm", "done"), ("task", "pending")], ("Architect", "requirements_complete")),
        (&[("requirements", "done"), ("architecture", "done")], ("Developer", "architecture_complete")),
        (&[("@Architect", "done"), ("feature", "ready")], ("Developer", "architecture_complete")),
        (&[("task", "ready")], ("Developer", "under_way")),
        (&[("task", "done"), ("bug", "done")], ("QA", "implementation_complete")),
        (&[("task", "done"), ("bug", "submitted")], ("PM", "under_way")),
        (&[("task", "done"), ("design", "ready")], ("Architect", "under_way")),
        (&[("task", "done"), ("test", "ready")], ("QA", "implementation_complete")),
        (&[("task", "done"), ("test", "done")], ("DevOps", "testing_complete")),
        (&[("test", "done"), ("deploy", "leased")], ("DevOps", "testing_complete")),
        (&all_done, ("PM", "under_way")),
        (&[("task", "blocked")], ("Developer", "blocked")),
        (&[("task", "dead"), ("test", "pending")], ("Developer", "blocked")),
        (&[("task", "done"), ("deploy", "blocked")], ("Developer", "blocked")),
        (&[("task", "blocked"), ("test", "ready")], ("QA", "under_way")),
        (&[("task", "blocked"), ("task", "leased")], ("PM", "under_way")),
    ] {
        assert_eq!(auto(&facts(items)), (wanted.0.to_owned(), wanted.1), "{items:?}");
    }
}

#[test]
fn the_page_has_every_stage_with_its_role() {
    let page = include_str!("../../../docs/sessions.md");
    let phases = Phase::ALL.into_iter().filter(|phase| *phase != Phase::Deployment).map(Stage::Complete);
    for stage in [Stage::Nothing, Stage::Blocked, Stage::UnderWay].into_iter().chain(phases) {
        let (begin, end) =
            (format!("| `{}` |", stage.word()), format!("| {} |", stage.role().unwrap_or("roles take turns")));
        let found = page.lines().any(|line| line.starts_with(&begin) && line.ends_with(&end));
        assert!(found, "docs/sessions.md should have a row {begin} … {end}");
    }
}

#[test]
fn roles_take_turns_those_that_work_waits_for_and_few_have_first() {
    let items = [("task", "ready"), ("task", "ready"), ("test", "ready"), ("@Security", "ready")];
    let mut facts = facts(&items);
    let mut given = Vec::new();
    for _ in 0..6 {
        let (role, _) = auto(&facts);
        *facts.sessions.entry(role.parse().expect("a role")).or_default() += 1;
        facts.last = role.parse().ok();
        given.push(role);
    }
    assert_eq!(given, ["Developer", "QA", "Security", "Developer", "QA", "Security"]);
    facts.sessions.clear();
    facts.last = Some(role("Developer"));
    assert_eq!(auto(&facts).0, "QA", "the next one after the last");
}

#[test]
fn a_gate_keeps_work_from_asking_for_a_role() {
    let items = [item("bug", "ready"), item("@QA", "ready")];
    let shut = Gate { paused: Some("release".to_owned()), ..Gate::open(Part::Type("bug".parse().expect("a type"))) };
    let facts = Facts::of(&items, &Gates(vec![shut]), &InFlight::new(), NOW);
    assert_eq!((facts.moving, facts.gated), (2, 1));
    assert_eq!(auto(&facts).0, "QA");
}

#[test]
fn a_role_is_spelt_as_the_project_spells_it() {
    let facts = facts(&[("@developer", "ready"), ("@Security", "done"), ("@Data", "pending")]);
    assert_eq!(auto(&facts).0, "developer");
    let named = |text: &str| {
        let decided = decide(&text.parse().expect("a role"), &facts)?;
        assert_eq!(decided.reason, "asked for");
        Some(decided.role.to_string())
    };
    assert_eq!(named("DEVELOPER").as_deref(), Some("developer"));
    assert_eq!(named("qa").as_deref(), Some("QA"));
    assert_eq!(named("data").as_deref(), Some("Data"));
    assert_eq!(named("Security"), None, "nobody has it, and nothing that is open asks for it");
    assert_eq!("AUTO".parse(), Ok(Wanted::Auto));
    assert!(" ".parse::<Wanted>().is_err());
}

proptest! {
    #[test]
    fn somebody_is_always_needed_and_the_first_rule_that_fits_counts(
        made in proptest::collection::vec((0..6_usize, 0..8_usize), 0..12),
        sessions in proptest::collection::btree_map(0..6_usize, 0..4_u32, 0..5),
        last in proptest::option::of(0..6_usize),
    ) {
        let kinds = ["requirements", "design", "task", "test", "release", "@Security"];
        let made: Vec<(&str, &str)> = made.iter().map(|(kind, state)| (kinds[*kind], State::WORDS[*state])).collect();
        let mut facts = facts(&made);
        let roles = ["PM", "Architect", "Developer", "QA", "DevOps", "Security"];
        facts.sessions = sessions.into_iter().map(|(at, count)| (role(roles[at]), count)).collect();
        facts.last = last.map(|at| role(roles[at]));
        let decided = decide(&Wanted::Auto, &facts).expect("somebody is always needed");
        let again = decide(&Wanted::Auto, &facts);
        prop_assert_eq!(Some(&decided), again.as_ref(), "the same facts, the same answer");
        let is = |state: &[&str]| made.iter().filter(|(_, it)| state.contains(it)).count();
        let there = made.len() - is(&["cancelled"]);
        let stage = decided.stage;
        if there == 0 {
            prop_assert_eq!(stage, Stage::Nothing);
        } else if is(&["blocked", "dead"]) > 0 && is(&["ready", "leased", "submitted"]) == 0 {
            prop_assert_eq!(stage, Stage::Blocked);
        } else if let Stage::Complete(phase) = stage {
            let open = Phase::ALL.iter().filter(|it| **it <= phase).map(|it| facts.tally(*it).open).sum::<u32>();
            prop_assert_eq!((open, facts.tally(phase).done > 0), (0, true));
        } else {
            prop_assert_eq!(stage, Stage::UnderWay);
        }
        match stage.role() {
            Some(usual) => prop_assert_eq!(decided.role.as_str(), usual),
            None if facts.waiting.is_empty() => prop_assert!(Role::USUAL.contains(&decided.role.as_str())),
            None => {
                let held = |it: &Role| facts.sessions.get(it).copied().unwrap_or(0);
                prop_assert!(facts.waiting.contains_key(&decided.role), "work waits for it");
                prop_assert!(facts.waiting.keys().all(|it| held(&decided.role) <= held(it)), "fewest have it");
            }
        }
    }

    #[test]
    fn whoever_asks_by_name_gets_that_role_whatever_the_state(state in 0..8_usize) {
        let facts = facts(&[("task", State::WORDS[state])]);
        for usual in Role::USUAL {
            let decided = decide(&usual.to_lowercase().parse().expect("a role"), &facts).expect("it is usual");
            prop_assert_eq!((decided.role.as_str(), decided.reason.as_str()), (usual, "asked for"));
        }
    }
}
