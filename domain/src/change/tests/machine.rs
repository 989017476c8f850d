use std::fmt::Write as _;

use crate::change::{Approval, Change, Command, Refusal, State, decide};
use crate::id::{ChangeId, LandingId, WorkId};
use crate::text::Project;
use crate::time::Timestamp;
use crate::work::Fence;

const NOW: Timestamp = Timestamp::from_millis(9);
const DOC: &str = include_str!("../../../../docs/states/change.md");

fn change(state: State) -> Change {
    Change {
        id: ChangeId::numbered(1),
        project: Project::default(),
        item: WorkId::numbered(2),
        fence: Fence::new(4),
        author: "ann".parse().expect("a name"),
        author_role: Some("developer".parse().expect("a role")),
        target: "main".into(),
        base: "b".into(),
        commit: "c".into(),
        tree: "t".into(),
        write_set: vec!["src/a.rs".into()],
        workspace: None,
        reverts: None,
        approval: None,
        state,
        submitted_at: Timestamp::from_millis(1),
        changed_at: Timestamp::from_millis(1),
    }
}

fn states() -> [State; 7] {
    [
        State::Queued,
        State::Refused("protected".into()),
        State::Landing(LandingId::numbered(3)),
        State::Landed { commit: "m".into(), verified: true },
        State::Rejected("conflict".into()),
        State::Reverted { commit: "m".into(), by: ChangeId::numbered(8) },
        State::Withdrawn,
    ]
}

fn approval(by: &str, role: &str) -> Approval {
    Approval { by: by.parse().expect("a name"), role: role.parse().expect("a role") }
}

fn commands() -> [(&'static str, Command); 8] {
    [
        ("refuse", Command::Refuse { reason: "protected".into() }),
        ("approve", Command::Approve(approval("rob", "reviewer"))),
        ("reject", Command::Reject { reason: "conflict".into() }),
        ("begin", Command::Begin { landing: LandingId::numbered(5) }),
        ("undo", Command::Undo),
        ("land", Command::Land { commit: "m".into(), verified: false }),
        ("revert", Command::Revert { by: ChangeId::numbered(6) }),
        ("withdraw", Command::Withdraw),
    ]
}

/// The table of the docs: one row for each command, one column for each state.
fn table() -> String {
    let mut table = format!("| command | {} |\n|---|{}\n", State::WORDS.join(" | "), "---|".repeat(7));
    for (name, command) in commands() {
        let cells = states().map(|state| match decide(&change(state), command.clone(), NOW) {
            Ok(after) => format!("**{}**", after.state.word()),
            Err(refusal) => refusal.code().to_owned(),
        });
        writeln!(table, "| {name} | {} |", cells.join(" | ")).expect("a string takes any text");
    }
    table
}

#[test]
fn every_pair_of_state_and_command_does_what_the_page_says() {
    assert!(DOC.contains(&table()), "docs/states/change.md should have this table:\n{}", table());
}

#[test]
fn the_words_are_those_of_the_states() {
    assert_eq!(states().map(|state| state.word()), State::WORDS);
}

#[test]
fn a_legal_command_changes_the_state_and_when_and_nothing_else() {
    for (name, command) in commands() {
        for before in states().map(change) {
            if let Ok(after) = decide(&before, command.clone(), NOW) {
                assert_eq!(after.changed_at, NOW);
                let approval = if name == "approve" { after.approval.clone() } else { None };
                let expected = Change { state: after.state.clone(), changed_at: NOW, approval, ..before };
                assert_eq!(after, expected, "{name}");
            }
        }
    }
}

#[test]
fn what_a_command_carries_is_in_the_state_that_follows() {
    let after = |state: State, command| decide(&change(state), command, NOW).expect("legal").state;
    let landing = LandingId::numbered(5);
    assert_eq!(after(State::Queued, Command::Begin { landing: landing.clone() }), State::Landing(landing.clone()));
    let landed = State::Landed { commit: "m".into(), verified: false };
    assert_eq!(after(State::Landing(landing), Command::Land { commit: "m".into(), verified: false }), landed);
    let by = ChangeId::numbered(6);
    assert_eq!(after(landed, Command::Revert { by: by.clone() }), State::Reverted { commit: "m".into(), by });
    assert_eq!(after(State::Queued, Command::Reject { reason: "r".into() }), State::Rejected("r".into()));
    assert_eq!(after(State::Queued, Command::Refuse { reason: "r".into() }), State::Refused("r".into()));
}

#[test]
fn nobody_approves_their_own_change() {
    for state in [State::Queued, State::Refused("protected".into())] {
        let refused = decide(&change(state), Command::Approve(approval("ann", "reviewer")), NOW).expect_err("own");
        assert_eq!(
            (refused.code(), &refused),
            ("own_change", &Refusal::OwnChange { by: "ann".parse().expect("a name") })
        );
    }
}

#[test]
fn an_approval_comes_from_another_role() {
    let refused = decide(&change(State::Queued), Command::Approve(approval("rob", "developer")), NOW);
    assert_eq!(refused.expect_err("the author's role").code(), "same_role");
    let unknown = Change { author_role: None, ..change(State::Queued) };
    assert!(decide(&unknown, Command::Approve(approval("rob", "developer")), NOW).is_ok());
}

#[test]
fn an_approval_stays_with_the_change_on_its_way() {
    let approve = Command::Approve(approval("rob", "reviewer"));
    let approved = decide(&change(State::Refused("protected".into())), approve, NOW).expect("legal");
    assert_eq!((approved.state.word(), &approved.approval), ("queued", &Some(approval("rob", "reviewer"))));
    let begun = decide(&approved, Command::Begin { landing: LandingId::numbered(5) }, NOW).expect("legal");
    let undone = decide(&begun, Command::Undo, NOW).expect("legal");
    assert_eq!(undone.approval, approved.approval);
}

#[test]
fn a_refusal_says_where_the_change_is_and_where_it_would_have_to_be() {
    let refused = decide(&change(State::Withdrawn), Command::Undo, NOW).expect_err("withdrawn");
    assert_eq!(refused.to_string(), "it is withdrawn; this needs landing");
}
