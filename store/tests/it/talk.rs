//! Messages, hand-offs, presence and escalation, on each engine.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::agent::{Agent, Duty, Filter, presence};
use domain::escalation::{Target, Thresholds};
use domain::message::{Address, Class, Draft};
use domain::text::Role;
use domain::time::Timestamp;
use domain::work::{Bundle, Command, Draft as WorkDraft, Fence, Held, Receiver, State, WorkItem};
use store::escalation::{self, Escalated};
use store::message::{self, MessageError};
use store::work::{self, Page, WorkError};
use store::{Store, StoreError, Tx, agent, assignment};

use crate::kit::{FIRST, add, at, carry_out, claim, items, name, project, ttl, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    a_message_waits_in_each_inbox_until_it_is_acknowledged,
    a_message_to_nobody_leaves_nothing_behind,
    a_hand_off_to_an_agent_or_a_role_keeps_one_document,
    what_is_kept_for_an_agent_is_given_to_it_and_passed_over_by_others,
    what_a_retired_agent_held_goes_back_at_once,
    signs_and_ends_are_found_in_the_log,
    a_message_that_nobody_acknowledges_goes_to_a_role_and_then_to_a_person,
    an_item_that_is_dead_or_blocked_goes_to_a_role_and_then_to_a_person_once,
}

fn role(text: &str) -> Role {
    text.parse().expect("a role")
}

fn register(store: &Store, who: &str, what: &str) {
    let agent = Agent { role: Some(role(what)), ..Agent::unregistered(name(who), project(), at(0).now) };
    wait(store.write(async move |tx: &mut Tx<'_>| agent::register(tx, &at(0), &agent).await)).expect("it registers");
}

fn send(store: &Store, draft: Draft, number: u64) -> Result<message::Sent, MessageError> {
    wait(store.write(async move |tx: &mut Tx<'_>| message::send(tx, &at(0), draft, None, number).await))
}

fn to_role(what: &str) -> Draft {
    Draft::note(name("zoe"), Address::Role(role(what)), "subject".to_owned())
}

fn inbox(store: &Store, who: &str) -> usize {
    let page = Page { after: String::new(), limit: 100 };
    let read = async |tx: &mut Tx<'_>| message::inbox(tx, &project(), &name(who), false, &page).await;
    wait(store.read::<_, StoreError, _>(read)).expect("it can be read").len()
}

fn visit(store: &Store, now_ms: i64) -> Vec<Escalated> {
    static NUMBERS: AtomicU64 = AtomicU64::new(FIRST);
    let number = || NUMBERS.fetch_add(1, Ordering::Relaxed);
    let scope = at(now_ms);
    let visit = async move |tx: &mut Tx<'_>| escalation::escalate(tx, &scope, &Thresholds::default(), &number).await;
    wait(store.write::<_, MessageError, _>(visit)).expect("it escalates")
}

fn targets(escalated: &[Escalated]) -> Vec<Target> {
    escalated.iter().map(|it| it.target.clone()).collect()
}

fn unsent(store: &Store) -> usize {
    let read = async |tx: &mut Tx<'_>| escalation::unsent(tx, &at(i64::MAX), 100).await;
    wait(store.read::<_, StoreError, _>(read)).expect("it can be read").len()
}

fn a_message_waits_in_each_inbox_until_it_is_acknowledged(place: &Place) {
    let store = place.store();
    register(&store, "max", "QA");
    register(&store, "ida", "QA");
    let sent = send(&store, to_role("QA"), FIRST).expect("it is sent");
    assert_eq!(sent.copies.len(), 2);
    // The number was taken; the next one was free.
    let again = send(&store, to_role("QA"), FIRST).expect("it is sent");
    assert_eq!(again.message.id.number(), FIRST + 1);
    assert_eq!((inbox(&store, "max"), inbox(&store, "ida")), (2, 2));
    let id = sent.message.id;
    let ack = async move |tx: &mut Tx<'_>| message::acknowledge(tx, &at(5), &id, &name("max")).await;
    let acknowledged = wait(store.write(ack)).expect("it is acknowledged");
    assert_eq!((inbox(&store, "max"), inbox(&store, "ida")), (1, 2));
    let at_ms: Vec<_> = acknowledged.copies.iter().map(|copy| copy.acknowledged_at.map(Timestamp::millis)).collect();
    assert_eq!(at_ms, [None, Some(5)]);
}

fn a_message_to_nobody_leaves_nothing_behind(place: &Place) {
    let store = place.store();
    assert!(matches!(send(&store, to_role("QA"), FIRST), Err(MessageError::NoRecipient(_))));
    let agents = async |tx: &mut Tx<'_>| agent::list(tx, &project(), "", 10).await;
    assert_eq!(wait(store.read::<_, StoreError, _>(agents)).expect("it can be read"), []);
}

fn hand_off(store: &Store, item: &WorkItem, held: Held, to: Receiver) -> Result<WorkItem, WorkError> {
    let id = item.id.clone();
    let bundle = Bundle { artifacts: vec!["a.md".into()], context: "all".into(), note: "go".into() };
    wait(store.write(async move |tx: &mut Tx<'_>| work::hand_off(tx, &at(1), &id, &held, &to, bundle, false).await))
}

fn a_hand_off_to_an_agent_or_a_role_keeps_one_document(place: &Place) {
    let store = place.store();
    register(&store, "max", "QA");
    let item = wait(add(&store, "One")).expect("it is added");
    wait(claim(&store, &item.id, "zoe")).expect("it is claimed");
    let held = |by: &str, fence| Held { by: name(by), fence: Fence::new(fence) };
    let to_max = || Receiver::Agent { name: name("max"), ttl: ttl(60_000) };
    assert!(matches!(hand_off(&store, &item, held("zoe", 9), to_max()), Err(WorkError::Refused(_))));
    let nobody = Receiver::Role(role("Architect"));
    assert!(matches!(hand_off(&store, &item, held("zoe", 1), nobody), Err(WorkError::NoAgentForRole(_))));
    let given = hand_off(&store, &item, held("zoe", 1), to_max()).expect("it is handed off");
    assert!(matches!(given.state, State::Leased(ref lease) if lease.holder == name("max")));
    let offered = hand_off(&store, &item, held("max", 2), Receiver::Role(role("QA"))).expect("it is handed off");
    assert_eq!((offered.state, offered.plan.role.clone()), (State::Ready, Some(role("QA"))));
    // The row and the plan say the same as the rules do.
    assert_eq!(items(&store)[0].plan.role, Some(role("QA")));
    let read = async |tx: &mut Tx<'_>| work::last_handoff(tx, &project(), &item.id).await;
    let last = wait(store.read::<_, StoreError, _>(read)).expect("it can be read").expect("it was handed off");
    assert_eq!((last.from, last.fence, last.bundle.note), (name("max"), Fence::new(2), "go".to_owned()));
}

fn what_is_kept_for_an_agent_is_given_to_it_and_passed_over_by_others(place: &Place) {
    let store = place.store();
    register(&store, "max", "QA");
    register(&store, "mia", "QA");
    let draft = WorkDraft { title: "One".into(), role: Some(role("QA")), ..WorkDraft::default() };
    let item = wait(store.write(async move |tx: &mut Tx<'_>| work::add(tx, &at(0), draft, FIRST, "").await));
    let item = item.expect("it is added");
    let assign = |roles: Vec<Role>| {
        let id = item.id.clone();
        let until = Timestamp::from_millis(50_000);
        wait(store.write(async move |tx: &mut Tx<'_>| {
            assignment::assign(tx, &at(1), &id, &roles, until, &presence::Thresholds::default()).await
        }))
    };
    let nobody = assign(vec![role("QA"), role("Architect")]).expect_err("nobody is an architect");
    assert!(matches!(nobody, WorkError::NoAgentForRole(ref roles) if *roles == [role("Architect")]), "{nobody}");
    let assigned = assign(vec![role("QA")]).expect("it is assigned");
    assert_eq!(assigned[0].agent, name("max"));
    let next = |who: &str, now_ms: i64| {
        let by = name(who);
        let verb =
            async move |tx: &mut Tx<'_>| work::claim_next(tx, &at(now_ms), &Filter::default(), &by, ttl(1_000)).await;
        wait(store.write::<_, WorkError, _>(verb)).expect("it can be asked").map(|item| item.id)
    };
    assert_eq!(next("mia", 2), None);
    assert_eq!(next("max", 2), Some(item.id.clone()));
    let release = Held { by: name("max"), fence: Fence::new(1) };
    wait(carry_out(&store, at(3), &item.id, Command::Release { held: release, reason: None }))
        .expect("it is given back");
    let reassign =
        |who: &str| {
            let (id, to, until) = (item.id.clone(), name(who), Timestamp::from_millis(50_000));
            wait(store.write(async move |tx: &mut Tx<'_>| {
                assignment::reassign(tx, &at(4), &id, &to, until, ttl(1_000)).await
            }))
        };
    assert!(matches!(reassign("nobody"), Err(WorkError::UnknownAgent(_))));
    let moved = reassign("mia").expect("it is kept for another now");
    assert_eq!(moved.map(|it| it.agent), Some(name("mia")));
    let even = async |tx: &mut Tx<'_>| assignment::even_out(tx, &at(5), &presence::Thresholds::default(), true).await;
    let moves = wait(store.write::<_, WorkError, _>(even)).expect("it can be looked at");
    assert!(moves.is_empty(), "one item for one of two is even: {moves:?}");
    assert_eq!(next("max", 6), None);
    assert_eq!(next("mia", 6), Some(item.id.clone()));
    // The lease ran out, and so did the time for which it was kept.
    assert_eq!(next("mia", 50_000), Some(item.id.clone()));
}

fn what_a_retired_agent_held_goes_back_at_once(place: &Place) {
    let store = place.store();
    for title in ["One", "Two"] {
        let item = wait(add(&store, title)).expect("it is added");
        wait(claim(&store, &item.id, "zoe")).expect("it is claimed");
    }
    let retire = async |tx: &mut Tx<'_>| agent::stand(tx, &at(1), &name("zoe"), Duty::Retire).await;
    wait(store.write(retire)).expect("it retires");
    assert!(items(&store).iter().all(|item| item.state == State::Ready && item.attempts.used == 0));
    let refused = wait(claim(&store, &items(&store)[0].id, "zoe")).expect_err("it is retired");
    assert!(matches!(refused, WorkError::Refused(refusal) if refusal.code() == "retired"));
}

fn signs_and_ends_are_found_in_the_log(place: &Place) {
    let store = place.store();
    for title in ["One", "Two"] {
        let item = wait(add(&store, title)).expect("it is added");
        wait(claim(&store, &item.id, "zoe")).expect("it is claimed");
    }
    let first = items(&store)[0].id.clone();
    let report = Command::Report { held: Held { by: name("zoe"), fence: Fence::new(1) }, change: None, result: None };
    wait(carry_out(&store, at(7_000), &first, report)).expect("it is reported");
    let read = async |tx: &mut Tx<'_>| {
        let seen = agent::seen(tx, &project(), &name("zoe")).await?;
        Ok::<_, StoreError>((seen.expect("it is known"), agent::ends(tx, &project(), &name("zoe"), 10).await?))
    };
    let (seen, ends) = wait(store.read(read)).expect("it can be read");
    assert_eq!((seen.signs.held, seen.signs.seen_at.millis(), seen.holds.len()), (1, 7_000, 1));
    assert_eq!((ends.len(), ends[0].began_at.map(Timestamp::millis), ends[0].ended_at.millis()), (1, Some(0), 7_000));
}

fn a_message_that_nobody_acknowledges_goes_to_a_role_and_then_to_a_person(place: &Place) {
    let store = place.store();
    register(&store, "max", "QA");
    register(&store, "pia", "PM");
    let draft = Draft { class: Class::ImpedimentEscalation, ..to_role("QA") };
    send(&store, draft, FIRST).expect("it is sent");
    let quarter_ms = 15 * 60_000;
    assert_eq!(visit(&store, quarter_ms - 1), []);
    assert_eq!(targets(&visit(&store, quarter_ms)), [Target::Role(role("PM"))]);
    assert_eq!((inbox(&store, "max"), inbox(&store, "pia"), unsent(&store)), (1, 1, 0));
    assert_eq!(visit(&store, quarter_ms), []);
    assert_eq!(targets(&visit(&store, 2 * quarter_ms)), [Target::Human]);
    assert_eq!(unsent(&store), 1);
    assert_eq!(visit(&store, 100 * quarter_ms), []);
}

fn an_item_that_is_dead_or_blocked_goes_to_a_role_and_then_to_a_person_once(place: &Place) {
    let store = place.store();
    register(&store, "pia", "PM");
    let item = wait(add(&store, "One")).expect("it is added");
    let block = Command::Block { held: None, reason: "no key".into() };
    wait(carry_out(&store, at(0), &item.id, block)).expect("it is blocked");
    let hour_ms = 3_600_000;
    assert_eq!(visit(&store, 2 * hour_ms - 1), []);
    assert_eq!(targets(&visit(&store, 2 * hour_ms)), [Target::Role(role("PM"))]);
    assert_eq!((inbox(&store, "pia"), visit(&store, 2 * hour_ms)), (1, vec![]));
    assert_eq!(targets(&visit(&store, 3 * hour_ms)), [Target::Human]);
    assert_eq!((unsent(&store), visit(&store, 90 * hour_ms)), (1, vec![]));
    // It goes on, and sits blocked once more: that is another story.
    wait(carry_out(&store, at(91 * hour_ms), &item.id, Command::Unblock)).expect("it goes on");
    assert_eq!(visit(&store, 99 * hour_ms), []);
    let block = Command::Block { held: None, reason: "no key".into() };
    wait(carry_out(&store, at(99 * hour_ms), &item.id, block)).expect("it is blocked");
    assert_eq!(targets(&visit(&store, 101 * hour_ms)), [Target::Role(role("PM"))]);
}
