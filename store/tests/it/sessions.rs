//! Sessions and notes, on each engine.

use std::collections::BTreeSet;

use domain::agent::{Duty, presence::Thresholds};
use domain::id::SessionId;
use domain::memory::{BadNote, Draft as NoteDraft, Query, search};
use domain::role::Wanted;
use domain::session::{Draft, Lines, Report, Session};
use domain::text::Role;
use domain::work::{Command, Draft as WorkDraft, GateCommand, Held, Part, Refusal};
use store::memory::{self, MemoryError, Which as Notes};
use store::session::{self, SessionError, Which};
use store::work::{self, Page, WorkError};
use store::{Mode, Store, StoreError, Tx, agent, audit};

use crate::kit::{FIRST, add, at, carry_out, claim, everything, name, project, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    the_role_follows_from_the_items_and_is_the_agents_from_then_on,
    roles_take_turns_and_a_session_whose_agent_is_gone_does_not_count,
    an_agent_has_one_open_session_and_ends_it_once,
    of_many_who_begin_for_one_agent_at_once_one_does,
    many_who_begin_at_once_share_the_roles,
    whoever_takes_nothing_new_and_a_role_that_nobody_knows_are_refused,
    what_a_session_worked_on_and_left_is_found,
    sessions_are_listed_by_id_of_one_agent_or_the_open_ones,
    a_note_is_kept_found_and_forgotten_and_its_text_with_it,
    notes_belong_to_the_session_that_their_agent_has_open,
    another_project_sees_none_of_it,
}

fn lines(texts: &[&str]) -> Lines {
    Lines::trusted(texts.iter().map(|&text| text.to_owned()).collect())
}

fn draft(who: &str, role: &str) -> Draft {
    let objectives = lines(&["日本", "a\nb"]);
    Draft { agent: Some(name(who)), role: role.parse().expect("a role"), objectives }
}

fn start_numbered(store: &Store, now_ms: i64, draft: Draft, number: u64) -> Result<Session, SessionError> {
    let thresholds = Thresholds::default();
    wait(
        store.write(async move |tx: &mut Tx<'_>| {
            session::start(tx, &at(now_ms), draft, None, &thresholds, number).await
        }),
    )
}

fn start_at(store: &Store, now_ms: i64, draft: Draft) -> Result<Session, SessionError> {
    start_numbered(store, now_ms, draft, FIRST)
}

fn start(store: &Store, who: &str, role: &str) -> Result<Session, SessionError> {
    start_at(store, 0, draft(who, role))
}

fn end(store: &Store, which: Which, report: Report) -> Result<Session, SessionError> {
    wait(store.write(async move |tx: &mut Tx<'_>| session::end(tx, &at(7), &which, report).await))
}

fn add_of(store: &Store, kind: &str) -> domain::work::WorkItem {
    let draft = WorkDraft { title: kind.to_owned(), kind: kind.to_owned(), ..WorkDraft::default() };
    wait(store.write(async move |tx: &mut Tx<'_>| work::add(tx, &at(0), draft, FIRST, "").await)).expect("it is added")
}

/// Has `id` done by somebody.
fn finish(store: &Store, id: &domain::id::WorkId, by: &str) {
    let held = wait(claim(store, id, by)).expect("it is ready");
    let held = Held { by: name(by), fence: held.fence };
    wait(carry_out(store, at(5), id, Command::Report { held, change: None, result: None })).expect("it is held");
}

fn events(store: &Store, of: &str) -> Vec<String> {
    let read = async |tx: &mut Tx<'_>| audit::of(tx, &project(), of, 0, 100).await;
    let all = wait(store.read::<_, StoreError, _>(read)).expect("it can be read");
    all.into_iter().map(|entry| entry.name).collect()
}

fn sessions(store: &Store, who: Option<&str>, open: bool) -> Vec<String> {
    let who = who.map(name);
    let read = async |tx: &mut Tx<'_>| session::list(tx, &project(), who.as_ref(), open, &everything()).await;
    let all = wait(store.read::<_, StoreError, _>(read)).expect("they can be read");
    all.into_iter().map(|session| session.agent.to_string()).collect()
}

fn the_role_follows_from_the_items_and_is_the_agents_from_then_on(place: &Place) {
    let store = place.store();
    let first = start(&store, "zoe", "auto").expect("nobody is in the way");
    assert_eq!((first.role.as_str(), first.stage.as_str()), ("PM", "nothing"));
    assert_eq!(events(&store, first.id.as_str()), ["session.started"]);
    let known = wait(store.read(async |tx: &mut Tx<'_>| agent::find(tx, &project(), &name("zoe")).await));
    let known = known.expect("it can be read").expect("it is known");
    assert_eq!(known.role.as_ref().map(Role::as_str), Some("PM"));
    let id = add_of(&store, "requirements").id;
    finish(&store, &id, "zoe");
    let second = start(&store, "max", "auto").expect("nobody is in the way");
    assert_eq!((second.role.as_str(), second.stage.as_str()), ("Architect", "requirements_complete"));
    let facts: serde_json::Value = serde_json::from_str(&second.facts.0).expect("facts are JSON");
    assert_eq!(facts["phases"]["requirements"], serde_json::json!({ "open": 0, "done": 1 }));
    assert_eq!(facts["sessions"], serde_json::json!({ "PM": 1 }));
    assert_eq!(facts["last_role"], "PM");
    let id = add_of(&store, "task").id;
    wait(carry_out(&store, at(0), &id, Command::Block { held: None, reason: "rain".to_owned() })).expect("it is ready");
    let third = start(&store, "ida", "auto").expect("nobody is in the way");
    assert_eq!((third.role.as_str(), third.stage.as_str()), ("Developer", "blocked"));
    let asked = start(&store, "leo", "devops").expect("it is a usual role");
    assert_eq!((asked.role.as_str(), asked.reason.as_str()), ("DevOps", "asked for"));
    let read = async |tx: &mut Tx<'_>| session::find(tx, &project(), &asked.id).await;
    assert_eq!(wait(store.read(read)).expect("it is there"), asked, "what is kept is what was said");
}

fn roles_take_turns_and_a_session_whose_agent_is_gone_does_not_count(place: &Place) {
    let store = place.store();
    for kind in ["task", "test"] {
        add_of(&store, kind);
    }
    let role = |session: Result<Session, SessionError>| session.expect("nobody is in the way").role.to_string();
    let given = ["a", "b", "c"].map(|who| role(start(&store, who, "auto")));
    assert_eq!(given, ["Developer", "QA", "Developer"]);
    // An hour later the first three are gone, and the next one comes after the last.
    assert_eq!(role(start_at(&store, 3_600_000, draft("d", "auto"))), "QA");
    let shut = GateCommand::Pause("release".to_owned());
    let kind = Part::Type("task".parse().expect("a type"));
    let change = async move |tx: &mut Tx<'_>| work::change_gate(tx, &at(0), &kind, &shut).await;
    wait(store.write(change)).expect("it is paused");
    let gated = start_at(&store, 3_600_000, draft("e", "auto")).expect("nobody is in the way");
    assert_eq!(gated.role.as_str(), "QA", "what is paused asks for nobody");
}

fn an_agent_has_one_open_session_and_ends_it_once(place: &Place) {
    let store = place.store();
    let first = start(&store, "zoe", "qa").expect("nobody is in the way");
    let refused = start(&store, "zoe", "pm").expect_err("one is open");
    assert!(matches!(&refused, SessionError::Open { id, .. } if *id == first.id), "{refused}");
    let known = wait(store.read(async |tx: &mut Tx<'_>| agent::find(tx, &project(), &name("zoe")).await));
    let role = known.expect("it can be read").expect("it is known").role;
    assert_eq!(role.as_ref().map(Role::as_str), Some("QA"), "what is refused changes nothing");
    let report = Report {
        achievements: lines(&["one"]),
        challenges: lines(&["two", "日本"]),
        learnings: lines(&["three"]),
        next_steps: lines(&["four"]),
    };
    let ended = end(&store, Which::OpenOf(name("zoe")), report).expect("it is open");
    let read = async |tx: &mut Tx<'_>| session::find(tx, &project(), &first.id).await;
    assert_eq!(wait(store.read(read)).expect("it is there"), ended);
    assert_eq!(events(&store, first.id.as_str()), ["session.started", "session.ended"]);
    let again = end(&store, Which::Id(first.id.clone()), Report::default()).expect_err("it has ended");
    assert!(matches!(&again, SessionError::Over(over) if over.id == first.id), "{again}");
    let none = end(&store, Which::OpenOf(name("zoe")), Report::default()).expect_err("none is open");
    assert!(matches!(none, SessionError::NoneOpen(_)), "{none}");
    let unknown = end(&store, Which::Id(SessionId::numbered(1)), Report::default()).expect_err("there is none");
    assert!(matches!(unknown, SessionError::Unknown(_)), "{unknown}");
    assert_eq!(events(&store, first.id.as_str()).len(), 2, "what is refused leaves no event");
    start(&store, "zoe", "pm").expect("it may begin again");
}

/// What each of `count` threads comes back with, each with a store of its own where that can be.
fn at_once<T: Send + 'static>(place: &Place, count: usize, body: fn(&Store, usize) -> T) -> Vec<T> {
    let begun: Vec<_> = (0..count)
        .map(|n| {
            let store = match place {
                Place::Sqlite(store) => store.clone(),
                Place::Postgres(database) => crate::place::open(database, Mode::Direct),
            };
            std::thread::spawn(move || body(&store, n))
        })
        .collect();
    begun.into_iter().map(|it| it.join().expect("no panic")).collect()
}

fn of_many_who_begin_for_one_agent_at_once_one_does(place: &Place) {
    // Each has an id of its own, so that only the agent is in the way.
    let all = at_once(place, 8, |store, n| start_numbered(store, 0, draft("zoe", "auto"), FIRST + n as u64));
    let begun: Vec<&Session> = all.iter().flatten().collect();
    assert_eq!(begun.len(), 1, "{all:?}");
    for refused in all.iter().filter_map(|it| it.as_ref().err()) {
        assert!(matches!(refused, SessionError::Open { id, .. } if *id == begun[0].id), "{refused}");
    }
    assert_eq!(sessions(&place.store(), None, true), ["zoe"]);
}

fn many_who_begin_at_once_share_the_roles(place: &Place) {
    let store = place.store();
    for kind in ["requirements", "design", "task", "test", "release"] {
        add_of(&store, kind);
    }
    start(&store, "first", "pm").expect("nobody is in the way");
    let all = at_once(place, 4, |store, n| start(store, &format!("agent-{n}"), "auto"));
    let roles: BTreeSet<String> = all.into_iter().map(|it| it.expect("each is alone").role.to_string()).collect();
    assert_eq!(roles.len(), 4, "whoever is given a role waits for whoever is being given one: {roles:?}");
}

fn whoever_takes_nothing_new_and_a_role_that_nobody_knows_are_refused(place: &Place) {
    let store = place.store();
    let unknown = start(&store, "zoe", "Sekurity").expect_err("nobody has it");
    assert!(matches!(&unknown, SessionError::UnknownRole { role, .. } if role.as_str() == "Sekurity"), "{unknown}");
    assert!(sessions(&store, None, false).is_empty());
    start(&store, "zoe", "qa").expect("it is usual");
    end(&store, Which::OpenOf(name("zoe")), Report::default()).expect("it is open");
    let stand = async |tx: &mut Tx<'_>| agent::stand(tx, &at(0), &name("zoe"), Duty::Drain).await;
    wait(store.write(stand)).expect("it drains");
    let refused = start(&store, "zoe", "auto").expect_err("it drains");
    assert!(matches!(refused, SessionError::Refused(Refusal::Draining { .. })), "{refused}");
    let named = Draft { role: Wanted::Auto, ..Draft::default() };
    let made = start_at(&store, 0, named.clone()).expect("a new name is free");
    let other = start_at(&store, 0, named).expect("and so is the next");
    assert_ne!(made.agent, other.agent);
}

fn what_a_session_worked_on_and_left_is_found(place: &Place) {
    let store = place.store();
    let [old, new] = ["old", "new"].map(|title| wait(add(&store, title)).expect("it is added").id);
    let early = Held { by: name("zoe"), fence: wait(claim(&store, &old, "zoe")).expect("it is ready").fence };
    let give = Command::Release { held: early, reason: None };
    wait(carry_out(&store, at(0), &old, give)).expect("it is held");
    let session = start_at(&store, 3, draft("zoe", "qa")).expect("nobody is in the way");
    finish(&store, &new, "zoe");
    let read = async |tx: &mut Tx<'_>| session::worked(tx, &project(), &name("zoe"), session.began_at).await;
    assert_eq!(wait(store.read::<_, StoreError, _>(read)).expect("it can be read"), [new]);
    let left = |role: &str, who: &str| {
        let (role, who) = (role.parse::<Role>().expect("a role"), name(who));
        let read = async |tx: &mut Tx<'_>| session::last_handoff(tx, &project(), &role, &who).await;
        wait(store.read::<_, StoreError, _>(read)).expect("it can be read").map(|json| json.0)
    };
    let leave = |who: &str, role: &str| {
        let begun = start(&store, who, role).map(|it| it.id);
        let id = begun.unwrap_or_else(|_| session.id.clone());
        let document = format!("{{\"of\":\"{who}\"}}");
        let body = async move |tx: &mut Tx<'_>| {
            session::end(tx, &at(9), &Which::Id(id.clone()), Report::default()).await?;
            session::keep_handoff(tx, &at(9), &id, &document).await?;
            Ok::<_, SessionError>(())
        };
        wait(store.write(body)).expect("it ends");
    };
    assert_eq!(left("QA", "zoe"), None, "nothing is left before the end");
    for (who, role) in [("zoe", "qa"), ("max", "pm"), ("ida", "qa"), ("leo", "pm")] {
        leave(who, role);
    }
    assert_eq!(left("QA", "nobody").as_deref(), Some("{\"of\":\"ida\"}"), "the last in the role");
    assert_eq!(left("DevOps", "max").as_deref(), Some("{\"of\":\"max\"}"), "or of the agent");
    assert_eq!(left("DevOps", "nobody").as_deref(), Some("{\"of\":\"leo\"}"), "else of anybody");
}

fn sessions_are_listed_by_id_of_one_agent_or_the_open_ones(place: &Place) {
    let store = place.store();
    for who in ["zoe", "max", "ida"] {
        start(&store, who, "qa").expect("nobody is in the way");
    }
    end(&store, Which::OpenOf(name("max")), Report::default()).expect("it is open");
    assert_eq!(sessions(&store, None, false), ["zoe", "max", "ida"]);
    assert_eq!(sessions(&store, None, true), ["zoe", "ida"]);
    assert_eq!(sessions(&store, Some("max"), false), ["max"]);
    assert!(sessions(&store, Some("max"), true).is_empty());
    let page = Page { after: SessionId::numbered(FIRST).to_string(), limit: 1 };
    let read = async |tx: &mut Tx<'_>| session::list(tx, &project(), None, false, &page).await;
    assert_eq!(wait(store.read::<_, StoreError, _>(read)).expect("they can be read")[0].agent, name("max"));
}

fn note(store: &Store, draft: NoteDraft) -> Result<domain::memory::Note, MemoryError> {
    wait(store.write(async move |tx: &mut Tx<'_>| memory::add(tx, &at(1), draft, FIRST).await))
}

fn text(text: &str) -> NoteDraft {
    NoteDraft { text: text.to_owned(), ..NoteDraft::default() }
}

fn latest(store: &Store, which: &Notes) -> Vec<domain::memory::Note> {
    let read = async |tx: &mut Tx<'_>| memory::latest(tx, &project(), which, 100).await;
    wait(store.read::<_, StoreError, _>(read)).expect("they can be read")
}

fn a_note_is_kept_found_and_forgotten_and_its_text_with_it(place: &Place) {
    let store = place.store();
    let item = wait(add(&store, "one")).expect("it is added").id;
    let tags = ["ci", "Bau"].map(|tag| tag.parse().expect("a tag")).into();
    let full =
        NoteDraft { item: Some(item.clone()), agent: Some(name("zoe")), tags, ..text("Straße und ÄPFEL\n日本") };
    let first = note(&store, full).expect("it is kept");
    let second = note(&store, text("äpfel")).expect("it is kept");
    assert_eq!(second.id.number(), FIRST + 1, "the number was taken; the next one was free");
    assert_eq!(latest(&store, &Notes::default()), [second.clone(), first.clone()], "what is kept is what was said");
    for which in
        [Notes { agent: Some(name("zoe")), ..Notes::default() }, Notes { item: Some(item), ..Notes::default() }]
    {
        assert_eq!(latest(&store, &which), std::slice::from_ref(&first));
        let read = async |tx: &mut Tx<'_>| memory::list(tx, &project(), &which, &everything()).await;
        let listed = wait(store.read::<_, StoreError, _>(read)).expect("they can be read");
        assert_eq!(listed, std::slice::from_ref(&first));
    }
    let query = Query::new("ÄPFEL bau").expect("there are words");
    let found = search(latest(&store, &Notes::default()), &query, 10);
    assert_eq!(found.iter().map(|it| &it.note.id).collect::<Vec<_>>(), [&first.id, &second.id]);
    let id = first.id.clone();
    let remove = async move |tx: &mut Tx<'_>| memory::remove(tx, &at(2), &id).await;
    assert_eq!(wait(store.write(remove.clone())).expect("it is there"), first);
    assert!(matches!(wait(store.write(remove)), Err(MemoryError::Unknown(_))), "twice is once");
    assert_eq!(events(&store, first.id.as_str()), ["memory.added", "memory.removed"]);
    let log = async |tx: &mut Tx<'_>| audit::of(tx, &project(), first.id.as_str(), 0, 100).await;
    let log = wait(store.read::<_, StoreError, _>(log)).expect("it can be read");
    assert!(log.iter().all(|entry| !entry.data.contains("PFEL")), "the log has none of its text: {log:?}");
}

fn notes_belong_to_the_session_that_their_agent_has_open(place: &Place) {
    let store = place.store();
    let by = |who: &str| NoteDraft { agent: Some(name(who)), ..text("x") };
    assert_eq!(note(&store, by("zoe")).expect("it is kept").session, None);
    let session = start(&store, "zoe", "qa").expect("nobody is in the way");
    assert_eq!(note(&store, by("zoe")).expect("it is kept").session, Some(session.id.clone()));
    assert_eq!(note(&store, by("max")).expect("it is kept").session, None);
    let named = NoteDraft { session: Some(session.id.clone()), ..text("y") };
    assert_eq!(note(&store, named).expect("it is kept").agent, Some(name("zoe")));
    let which = Notes { session: Some(session.id), ..Notes::default() };
    assert_eq!(latest(&store, &which).len(), 2);
    let nowhere = NoteDraft { session: Some(SessionId::numbered(1)), ..text("y") };
    assert!(matches!(note(&store, nowhere), Err(MemoryError::Session(SessionError::Unknown(_)))));
    let nothing = NoteDraft { item: Some(domain::id::WorkId::numbered(1)), ..text("y") };
    assert!(matches!(note(&store, nothing), Err(MemoryError::Work(WorkError::Unknown(_)))));
    assert!(matches!(note(&store, text(" ")), Err(MemoryError::Draft(BadNote::Text(_)))));
}

fn another_project_sees_none_of_it(place: &Place) {
    let store = place.store();
    let session = start(&store, "zoe", "qa").expect("nobody is in the way");
    let kept = note(&store, text("x")).expect("it is kept");
    let other: domain::text::Project = "other".parse().expect("a project");
    let body = async |tx: &mut Tx<'_>| {
        assert!(matches!(session::find(tx, &other, &session.id).await, Err(SessionError::Unknown(_))));
        assert!(session::list(tx, &other, None, false, &everything()).await?.is_empty());
        assert!(matches!(memory::find(tx, &other, &kept.id).await, Err(MemoryError::Unknown(_))));
        assert!(memory::latest(tx, &other, &Notes::default(), 100).await?.is_empty());
        Ok::<_, StoreError>(())
    };
    wait(store.read(body)).expect("it can be read");
}
