//! Looking: pages of items, agents and the log, and what a claim tends to beyond its bound.

use domain::agent::{Agent, Filter};
use domain::id::WorkId;
use domain::time::Timestamp;
use domain::work::{Command, Draft, Held, Json, Needs, Refusal, Retry};
use store::audit::{self, Fact};
use store::work::{self, Page, WorkError};
use store::{Store, StoreError, Tx};

use crate::kit::{FIRST, add, at, carry_out, claim, draft, name, project, scope, titles, ttl, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    every_field_of_an_item_is_kept_to_the_letter,
    pages_follow_one_another_without_gap_or_overlap,
    agents_are_listed_by_name_and_registering_again_changes_what_is_known,
    the_log_is_read_forwards_from_a_number_and_backwards_from_its_end,
    an_item_that_came_due_can_be_claimed_however_many_others_did,
    leases_that_ran_out_do_not_count_against_an_agent_however_many_there_are,
    a_claim_looks_past_a_page_of_items_that_do_not_fit,
    nothing_is_done_to_an_item_that_does_not_exist,
}

fn every_field_of_an_item_is_kept_to_the_letter(place: &Place) {
    let store = place.store();
    let odd = "Ünï \u{1f916} \"quoted\" 'single' \\ \r\n\t\u{7} \u{2028} %s $1 ?1 -- ;";
    let needed = wait(add(&store, "needed")).expect("it can be added").id;
    let whole = Draft {
        title: odd.to_owned(),
        description: format!("{odd}{}", "x".repeat(100_000)),
        kind: odd.to_owned(),
        priority: domain::work::Priority::Critical,
        team: Some("名前".parse().expect("a team")),
        role: Some("агент".parse().expect("a role")),
        capabilities: ["a \"b\"".parse().expect("a capability")].into(),
        labels: ["x", "ü"].map(|l| l.parse().expect("a label")).into(),
        points: Some(u32::MAX),
        business_value: Some(0),
        acceptance: odd.to_owned(),
        payload: Some(Json("{\"k\": [1, 2.5, \"\\u0000\"]}".to_owned())),
        depends_on: [needed].into(),
        not_before: Some(Timestamp::from_millis(-5)),
        attempts_max: Some(1_000),
        needs: Needs { ports: 64, databases: 1, cache: true },
        rate_key: Some("схема".parse().expect("a name")),
        unique: Some("nightly".parse().expect("a name")),
        writes: ["src/**", "ü/*.md"].map(str::to_owned).into(),
        exclusive: true,
        retry: Some(Retry { delay_ms: 1, cap_ms: Retry::MS_MAX }),
    };
    let body = async move |tx: &mut Tx<'_>| {
        let added = work::add(tx, &at(7), whole.clone(), FIRST, "4bf92f3577b34da6a3ce929d0e0e4736").await?;
        Ok::<_, WorkError>((work::find(tx, &at(7), &added.id).await?, added, whole))
    };
    let (found, added, whole) = wait(store.write(body)).expect("it can be added");
    let found = found.expect("it is there");
    assert_eq!(found.item, added);
    assert_eq!(*found.item.plan, whole);
    assert_eq!(found.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
}

fn pages_follow_one_another_without_gap_or_overlap(place: &Place) {
    let store = place.store();
    for n in 0..7 {
        let item = wait(add(&store, &n.to_string())).expect("it can be added");
        if n % 2 == 0 {
            wait(claim(&store, &item.id, "a")).expect("it is ready");
        }
    }
    for (state, expected) in [(None, "0123456"), (Some("leased"), "0246"), (Some("ready"), "135"), (Some("done"), "")] {
        let (mut after, mut seen) = (String::new(), String::new());
        loop {
            let page = Page { after: after.clone(), limit: 2 };
            let reading = async |tx: &mut Tx<'_>| work::list(tx, &project(), state, &page).await;
            let found = wait(store.read(reading)).expect("it can be read");
            let Some(last) = found.last() else { break };
            after = last.item.id.to_string();
            seen.extend(found.iter().map(|f| f.item.plan.title.as_str()));
        }
        assert_eq!(seen, expected);
    }
}

fn agents_are_listed_by_name_and_registering_again_changes_what_is_known(place: &Place) {
    let store = place.store();
    let new = |who: &str, ms| Agent::unregistered(name(who), project(), Timestamp::from_millis(ms));
    let changed = Agent {
        role: Some("qa".parse().expect("a role")),
        capabilities: ["rust", "sql"].map(|c| c.parse().expect("a capability")).into(),
        capacity: Some(2),
        ..new("b", 9)
    };
    let (first, second) = (new("b", 1), changed.clone());
    let body = async move |tx: &mut Tx<'_>| {
        store::agent::register(tx, &at(1), &first).await?;
        store::agent::meet(tx, &at(2), &name("a")).await?;
        store::agent::register(tx, &at(9), &second).await?;
        let met = store::agent::meet(tx, &at(10), &name("b")).await?;
        let page = store::agent::list(tx, &project(), "a", 10).await?;
        Ok::<_, StoreError>((met, page, store::agent::find(tx, &scope("two", 0).project, &name("a")).await?))
    };
    let (met, page, elsewhere) = wait(store.write(body)).expect("they can be kept");
    // Since when it is known stays.
    let known = Agent { registered_at: Timestamp::from_millis(1), ..changed };
    assert_eq!((met, page, elsewhere), (known.clone(), vec![known], None));
}

fn the_log_is_read_forwards_from_a_number_and_backwards_from_its_end(place: &Place) {
    let store = place.store();
    let body = async |tx: &mut Tx<'_>| {
        for n in 0..5 {
            let name = format!("test.{n}");
            let fact = Fact { name: &name, subject: "s", agent: None, fence: None, data: "{\"plan\": 7}" };
            audit::append(tx, &at(n), fact).await?;
            audit::append(tx, &scope("two", n), fact).await?;
        }
        Ok::<_, StoreError>(())
    };
    wait(store.write(body)).expect("it can be written");
    let body = async |tx: &mut Tx<'_>| {
        let all = audit::after(tx, &project(), 0, 100).await?;
        let next = audit::after(tx, &project(), all[1].seq, 2).await?;
        Ok::<_, StoreError>((all, next, audit::latest(tx, &project(), 2).await?))
    };
    let (all, next, latest) = wait(store.read(body)).expect("it can be read");
    let names = |entries: &[audit::Entry]| entries.iter().map(|e| e.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&all), ["test.0", "test.1", "test.2", "test.3", "test.4"]);
    assert_eq!(names(&next), ["test.2", "test.3"]);
    assert_eq!(names(&latest), ["test.4", "test.3"]);
    assert_eq!(work::event_of(&all[0]).expect("what is not about work is nobody's business"), None);
    assert_eq!(work::replay(&all, &project()).expect("nothing to replay"), None);
}

#[test]
fn an_event_that_says_too_little_is_broken_and_says_which() {
    let entry = |name: &str, data: &str| audit::Entry {
        seq: 7,
        at: Timestamp::from_millis(0),
        name: name.to_owned(),
        subject: "work_1".to_owned(),
        agent: None,
        fence: None,
        data: data.to_owned(),
    };
    for (name, data) in [
        ("work.added", "{}"),
        ("work.added", "{\"then\":\"pending\"}"),
        ("work.promoted", "{}"),
        ("work.claimed", "{\"until_ms\":1}"),
        ("work.renewed", "{}"),
        ("work.progressed", "{}"),
        ("work.progressed", "{\"percent\":101}"),
        ("work.result_kept", "{}"),
        ("work.submitted", "{\"change\":\"change_1\"}"),
        ("work.submitted", "{\"queue_fence\":2}"),
        ("work.failed", "{\"then\":\"dead\"}"),
        ("work.failed", "{\"reason\":\"r\",\"then\":\"ready\"}"),
        ("work.landed", "{\"proof\":\"verified\"}"),
        ("work.blocked", "no JSON"),
    ] {
        let error = work::event_of(&entry(name, data)).expect_err(data);
        assert!(matches!(&error, StoreError::Broken(said) if said.starts_with("work: ")), "{name} {data}: {error:?}");
    }
    assert_eq!(work::event_of(&entry("work.unheard_of", "{}")).expect("a later version may say more"), None);
}

#[test]
fn rows_that_the_rules_do_not_allow_are_named_and_not_guessed_at() {
    let home = crate::kit::Home::new();
    let item = wait(add(&home.create(store::Mode::Direct), "whole")).expect("it can be added");
    let raw = rusqlite::Connection::open(home.path()).expect("the file opens");
    let found = || {
        let store = home.open(store::Mode::Direct);
        wait(store.read(async |tx: &mut Tx<'_>| work::find(tx, &at(0), &item.id).await))
    };
    found().expect("it is whole");
    for (break_it, mend_it) in [
        ("update work_plan set body = '{}'", None),
        ("update work_plan set body = replace(body, 'medium', 'maximal')", None),
        ("update work_plan set body = replace(body, '\"type\"', '\"team\":\"\",\"type\"')", None),
        (
            "pragma ignore_check_constraints = on; update work set state = 'lost'",
            Some("update work set state = 'ready'"),
        ),
        ("update work set progress_percent = 101", Some("update work set progress_percent = null")),
        ("update work set fence = -1, attempts_used = -1", Some("update work set fence = 0, attempts_used = 0")),
        ("update work set state = 'done', proof = 'hearsay'", Some("update work set state = 'ready', proof = null")),
        ("update work set state = 'done', proof = null", Some("update work set state = 'ready', proof = null")),
        ("update work set state = 'submitted', change_id = 'x'", Some("update work set state = 'ready'")),
    ] {
        let body: String = raw.query_row("select body from work_plan", [], |row| row.get(0)).expect("there is a plan");
        raw.execute_batch(break_it).expect("anybody can write to a file");
        let error = found().expect_err(break_it);
        assert!(matches!(error, StoreError::Broken(_)), "{break_it}: {error:?}");
        raw.execute("update work_plan set body = ?", [&body]).expect("it can be mended");
        raw.execute_batch(mend_it.unwrap_or_default()).expect("it can be mended");
    }
    found().expect("it is whole again");
}

/// Adds `count` items at once.
fn many(store: &Store, count: usize, like: Draft) -> Vec<WorkId> {
    let body = async move |tx: &mut Tx<'_>| {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(work::add(tx, &at(0), like.clone(), FIRST, "").await?.id);
        }
        Ok::<_, WorkError>(ids)
    };
    wait(store.write(body)).expect("they can be added")
}

fn an_item_that_came_due_can_be_claimed_however_many_others_did(place: &Place) {
    let store = place.store();
    let later = Draft { not_before: Some(Timestamp::from_millis(10)), ..draft("later") };
    let ids = many(&store, 250, later);
    let last = ids.last().expect("there are some").clone();
    let body = async move |tx: &mut Tx<'_>| work::claim(tx, &at(10), &last, &name("a"), ttl(1_000)).await;
    wait(store.write(body)).expect("it is due");
}

fn leases_that_ran_out_do_not_count_against_an_agent_however_many_there_are(place: &Place) {
    let store = place.store();
    let ids = many(&store, 250, draft("held"));
    let body = async move |tx: &mut Tx<'_>| {
        for id in &ids {
            work::claim(tx, &at(0), id, &name("a"), ttl(1_000)).await?;
        }
        let agent = Agent::unregistered(name("a"), project(), Timestamp::from_millis(0));
        store::agent::register(tx, &at(0), &Agent { capacity: Some(1), ..agent }).await?;
        Ok::<_, WorkError>(())
    };
    wait(store.write(body)).expect("there was no limit yet");
    let next = async move |tx: &mut Tx<'_>| {
        let first = work::claim_next(tx, &at(1_000), &Filter::default(), &name("a"), ttl(1_000)).await?;
        assert!(first.is_some());
        work::claim_next(tx, &at(1_000), &Filter::default(), &name("a"), ttl(1_000)).await
    };
    assert!(matches!(wait(store.write(next)), Err(WorkError::Refused(Refusal::Capacity { held: 1, .. }))));
}

fn a_claim_looks_past_a_page_of_items_that_do_not_fit(place: &Place) {
    let store = place.store();
    let team = |name: &str| Some(name.parse().expect("a team"));
    many(&store, 100, Draft { team: team("others"), ..draft("theirs") });
    many(&store, 1, Draft { team: team("ours"), ..draft("ours") });
    for role in [None, Some("qa".parse().expect("a role"))] {
        let filter = Filter { team: team("ours"), role, ..Filter::default() };
        let body = async move |tx: &mut Tx<'_>| {
            let found = work::claim_next(tx, &at(0), &filter, &name("a"), ttl(1_000)).await?.expect("there is one");
            let held = Held { by: name("a"), fence: found.fence };
            work::carry_out(tx, &at(0), &found.id, &Command::Release { held, reason: None }).await
        };
        assert_eq!(wait(store.write(body)).expect("it can be claimed").plan.title, "ours");
    }
}

fn nothing_is_done_to_an_item_that_does_not_exist(place: &Place) {
    let store = place.store();
    let id = WorkId::numbered(7);
    let told = wait(carry_out(&store, at(0), &id, Command::Requeue)).expect_err("there is none");
    assert_eq!(told.to_string(), "there is no item work_7");
    assert!(matches!(wait(claim(&store, &id, "a")), Err(WorkError::Unknown(_))));
    let depends = Draft { depends_on: [id].into(), ..draft("lost") };
    let body = async move |tx: &mut Tx<'_>| work::add(tx, &at(0), depends, FIRST, "").await;
    assert!(matches!(wait(store.write(body)), Err(WorkError::UnknownDependency(_))));
    assert!(titles(&store).is_empty());
}
