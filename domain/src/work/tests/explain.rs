//! Why an item cannot be taken.

use super::*;
use crate::agent::{Agent, Filter};

fn codes(item: &WorkItem, needs: &[Needed], gates: &Gates, claimer: Option<Claimer<'_>>) -> Vec<&'static str> {
    let in_flight = InFlight::new();
    let seen = Seen { item, needs, gates, in_flight: &in_flight, reserved: &[], claimer };
    hindrances(&seen, NOW).iter().map(|it| it.code).collect()
}

#[test]
fn each_state_says_what_is_in_the_way() {
    let of = |state| codes(&item(state), &[], &Gates::default(), None);
    assert_eq!(of(State::Ready), [""; 0]);
    assert_eq!(of(State::Pending), [""; 0]);
    assert_eq!(of(State::Leased(Lease { holder: agent("ann"), until: NOW.plus_millis(1) })), ["held"]);
    assert_eq!(of(State::Blocked("x".into())), ["blocked"]);
    assert_eq!(of(State::Submitted(ChangeId::numbered(1))), ["submitted"]);
    for ended in [State::Done(Proof::Reported), State::Dead("x".into()), State::Cancelled] {
        assert_eq!(of(ended), ["finished"]);
    }
}

#[test]
fn all_that_is_in_the_way_is_named_at_once() {
    let draft = Draft {
        role: Some("reviewer".parse().expect("a role")),
        team: Some("core".parse().expect("a team")),
        capabilities: ["rust", "sql"].map(|it| it.parse().expect("a capability")).into(),
        ..Draft::default()
    };
    let waits = WorkItem { plan: plan(draft), not_before: Some(NOW.plus_millis(9)), ..item(State::Pending) };
    let needed = Needed { id: WorkId::numbered(7), title: "Design it".into(), state: "leased" };
    let paused = Gate::open(Part::Project).after(&GateCommand::Pause("freeze".into())).expect("it can be paused");
    let known = Agent {
        role: Some("developer".parse().expect("a role")),
        team: Some("web".parse().expect("a team")),
        capabilities: ["rust".parse().expect("a capability")].into(),
        capacity: Some(1),
        ..Agent::unregistered(agent("ann"), Project::default(), NOW)
    };
    let filter = Filter::default().or_of(&known);
    let claimer = Claimer { agent: &known, filter: &filter, held: 1 };
    let gates = Gates(vec![paused]);
    let expected = ["dependency", "not_before", "paused", "role", "team", "capability", "capacity"];
    assert_eq!(codes(&waits, std::slice::from_ref(&needed), &gates, Some(claimer)), expected);
    let in_flight = InFlight::new();
    let seen = Seen {
        item: &waits,
        needs: &[needed],
        gates: &gates,
        in_flight: &in_flight,
        reserved: &[],
        claimer: Some(claimer),
    };
    let all = hindrances(&seen, NOW);
    assert!(all[0].text.contains("Design it"), "{}", all[0].text);
    assert_eq!(all[1].until, Some(NOW.plus_millis(9)));
    assert!(all[5].text.contains("sql") && !all[5].text.contains("rust"), "{}", all[5].text);
}
