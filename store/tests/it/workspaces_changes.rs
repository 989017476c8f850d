//! Workspaces with what they lease; changes, receipts and landings.

use domain::change::{self, Approval, Change, CheckEnding, Landing, LandingState, Receipt};
use domain::id::{ChangeId, LandingId, ReceiptId, WorkId, WorkspaceId};
use domain::time::Timestamp;
use domain::work::Fence;
use domain::workspace::{self, Environment, Workspace};
use store::change::ChangeError;
use store::workspace::WorkspaceError;
use store::{Scope, Store, StoreError, Tx, audit};

use crate::kit::{FIRST, at, everything, name, project, scope, wait};
use crate::place::{Place, on_each_engine};

on_each_engine! {
    a_workspace_is_set_aside_removed_and_restored_as_the_rules_say_and_frees_what_it_leased,
    a_change_goes_through_its_life_and_each_step_is_kept_and_logged,
    the_queue_of_a_branch_is_in_the_order_of_submission,
    a_workspace_is_kept_with_all_that_is_leased_with_it,
    a_port_has_one_holder_on_a_node_whatever_its_project_and_is_free_again_after,
    workspaces_are_listed_by_id_and_by_state,
    a_change_that_comes_back_is_held_under_its_new_fence,
    a_landing_is_begun_once_and_ends_once,
    a_receipt_says_later_what_it_said_first,
}

fn write<T: Send + 'static, E: From<StoreError> + std::fmt::Debug + Send + 'static>(
    store: &Store,
    body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, E> + Clone + Send + 'static,
) -> T {
    wait(store.write(body)).expect("it can be written")
}

/// What the log says of `subject`.
fn log(store: &Store, subject: &str) -> Vec<String> {
    let reading = async |tx: &mut Tx<'_>| audit::of(tx, &project(), subject, 0, 100).await;
    let entries = wait(store.read(reading)).expect("the log can be read");
    entries.into_iter().map(|entry| entry.name).collect()
}

fn space(scope: &Scope, n: u64) -> Workspace {
    Workspace {
        id: WorkspaceId::numbered(n),
        project: scope.project.clone(),
        item: WorkId::numbered(FIRST),
        fence: Fence::new(i64::try_from(n).expect("small")),
        node: "here".to_owned(),
        path: format!("/tmp/odd \"path\"\n{n}"),
        branch: "work/ü".to_owned(),
        base: "b".repeat(40),
        target: "main".to_owned(),
        state: workspace::State::Open,
        supervised: true,
        snapshot: None,
        environment: Environment { cache: Some("/cache".to_owned()), ..Environment::default() },
        opened_at: scope.now,
        changed_at: scope.now,
    }
}

fn a_workspace_is_kept_with_all_that_is_leased_with_it(place: &Place) {
    let store = place.store();
    let mut wanted = space(&at(3), 7);
    let given = wanted.clone();
    let (twice, found, by_grant, no_grant) = write(&store, async move |tx: &mut Tx<'_>| {
        assert!(store::workspace::insert(tx, &at(3), &given).await?);
        for (kind, value) in [("port", "4002"), ("port", "4001"), ("database", "nexus_1")] {
            assert!(store::workspace::lease_value(tx, &given, kind, value).await?);
        }
        Ok::<_, StoreError>((
            store::workspace::insert(tx, &at(3), &given).await?,
            store::workspace::find(tx, &project(), &given.id).await?,
            store::workspace::of_grant(tx, &project(), &given.item, given.fence).await?,
            store::workspace::of_grant(tx, &project(), &given.item, given.fence.next()).await?,
        ))
    });
    wanted.environment.ports = vec![4_001, 4_002];
    wanted.environment.databases = vec!["nexus_1".to_owned()];
    assert_eq!((twice, found, by_grant, no_grant), (false, Some(wanted.clone()), Some(wanted), None));
    assert_eq!(log(&store, "workspace_7"), ["workspace.opened"]);
}

fn a_port_has_one_holder_on_a_node_whatever_its_project_and_is_free_again_after(place: &Place) {
    let store = place.store();
    let (ours, theirs) = (space(&scope("one", 0), 1), space(&scope("two", 0), 1));
    let elsewhere = Workspace { node: "there".to_owned(), ..theirs.clone() };
    write(&store, async move |tx: &mut Tx<'_>| {
        for workspace in [&ours, &theirs] {
            let scope = Scope { project: workspace.project.clone(), ..at(0) };
            assert!(store::workspace::insert(tx, &scope, workspace).await?);
        }
        assert!(store::workspace::lease_value(tx, &ours, "port", "4001").await?);
        assert!(!store::workspace::lease_value(tx, &theirs, "port", "4001").await?);
        assert!(!store::workspace::lease_value(tx, &ours, "port", "4001").await?, "not even twice by one");
        assert!(store::workspace::lease_value(tx, &elsewhere, "port", "4001").await?);
        // The other project has a workspace with the same id; freeing ours leaves its leases alone.
        assert!(store::workspace::lease_value(tx, &theirs, "port", "4002").await?);
        store::workspace::free(tx, &scope("one", 0), &ours.id).await?;
        assert!(store::workspace::lease_value(tx, &theirs, "port", "4001").await?);
        assert!(!store::workspace::lease_value(tx, &ours, "port", "4002").await?);
        Ok::<_, StoreError>(())
    });
}

fn a_workspace_is_set_aside_removed_and_restored_as_the_rules_say_and_frees_what_it_leased(place: &Place) {
    use workspace::Command;
    let store = place.store();
    let workspace = space(&at(0), 1);
    let id = workspace.id.clone();
    write(&store, async move |tx: &mut Tx<'_>| {
        store::workspace::insert(tx, &at(0), &workspace).await?;
        store::workspace::lease_value(tx, &workspace, "port", "4001").await.map(drop)
    });
    let carry_out = |now, command: Command| {
        let id = id.clone();
        wait(store.write(async move |tx: &mut Tx<'_>| {
            let after = store::workspace::carry_out(tx, &at(now), &id, command).await?;
            assert_eq!(store::workspace::find(tx, &project(), &id).await?.as_ref(), Some(&after), "it is kept");
            Ok::<_, WorkspaceError>(after)
        }))
    };
    let refused = carry_out(1, Command::Remove).expect_err("there is no snapshot");
    assert!(matches!(refused, WorkspaceError::Refused(workspace::Refusal::NoSnapshot)));
    let kept = carry_out(2, Command::Snapshot { at: "refs/nexus/s".to_owned() }).expect("it is open");
    assert_eq!(kept.environment.ports, [4_001], "a snapshot frees nothing");
    let aside = carry_out(3, Command::SetAside { path: "/aside".to_owned() }).expect("it has a snapshot");
    assert_eq!((aside.path.as_str(), aside.environment), ("/aside", Environment::default()));
    carry_out(4, Command::Remove).expect("it has a snapshot");
    assert!(matches!(carry_out(5, Command::Remove), Err(WorkspaceError::Refused(_))));
    let back = carry_out(6, Command::Restore { path: "/back".to_owned() }).expect("it was removed");
    assert_eq!((back.state, back.changed_at), (workspace::State::Open, Timestamp::from_millis(6)));
    let expected = ["opened", "snapshot", "set_aside", "removed", "restored"].map(|what| format!("workspace.{what}"));
    assert_eq!(log(&store, "workspace_1"), expected);
    let nobody = async |tx: &mut Tx<'_>| {
        store::workspace::carry_out(tx, &at(0), &WorkspaceId::numbered(9), Command::Remove).await
    };
    assert!(matches!(wait(store.write(nobody)), Err(WorkspaceError::Unknown(_))));
}

fn workspaces_are_listed_by_id_and_by_state(place: &Place) {
    let store = place.store();
    let (all, open, aside) = write(&store, async |tx: &mut Tx<'_>| {
        for n in [3, 1, 2] {
            store::workspace::insert(tx, &at(0), &space(&at(0), n)).await?;
        }
        let id = WorkspaceId::numbered(2);
        let snapshot = workspace::Command::Snapshot { at: "refs/nexus/s".to_owned() };
        store::workspace::carry_out(tx, &at(0), &id, snapshot).await?;
        let set_aside = workspace::Command::SetAside { path: "/aside".to_owned() };
        store::workspace::carry_out(tx, &at(0), &id, set_aside).await?;
        let page = everything();
        Ok::<_, WorkspaceError>((
            store::workspace::list(tx, &project(), None, &page).await?,
            store::workspace::list(tx, &project(), Some(workspace::State::Open), &page).await?,
            store::workspace::list(tx, &project(), Some(workspace::State::Quarantined), &page).await?,
        ))
    });
    let ids = |list: Vec<Workspace>| list.into_iter().map(|w| w.id.number()).collect::<Vec<_>>();
    assert_eq!((ids(all), ids(open), ids(aside)), (vec![1, 2, 3], vec![1, 3], vec![2]));
}

fn made(scope: &Scope, n: u64) -> Change {
    Change {
        id: ChangeId::numbered(n),
        project: scope.project.clone(),
        item: WorkId::numbered(FIRST),
        fence: Fence::new(2),
        author: name("a"),
        author_role: Some("developer".parse().expect("a role")),
        target: "main".to_owned(),
        base: "b".repeat(40),
        commit: "c".repeat(40),
        tree: "t".repeat(40),
        write_set: vec!["src/ü \"x\".rs".to_owned(), String::new()],
        workspace: Some(WorkspaceId::numbered(1)),
        reverts: None,
        approval: None,
        state: change::State::Queued,
        submitted_at: scope.now,
        changed_at: scope.now,
    }
}

fn a_change_goes_through_its_life_and_each_step_is_kept_and_logged(place: &Place) {
    use change::{Command, State};
    let store = place.store();
    let first = made(&at(0), 1);
    let twin = Change { reverts: Some(ChangeId::numbered(1)), workspace: None, author_role: None, ..made(&at(0), 1) };
    let (first, twin) = write(&store, async move |tx: &mut Tx<'_>| {
        let first = store::change::insert(tx, &at(0), first).await?;
        let twin = store::change::insert(tx, &at(0), twin).await?;
        for change in [&first, &twin] {
            assert_eq!(store::change::find(tx, &project(), &change.id).await?.as_ref(), Some(change));
        }
        Ok::<_, StoreError>((first, twin))
    });
    assert_eq!([first.id.number(), twin.id.number()], [1, 2], "a twin gets the next number");
    let carry_out = |id: &ChangeId, command: Command| {
        let id = id.clone();
        wait(store.write(async move |tx: &mut Tx<'_>| {
            let after = store::change::carry_out(tx, &at(5), &id, command).await?;
            assert_eq!(store::change::find(tx, &project(), &id).await?.as_ref(), Some(&after), "it is kept");
            Ok::<_, ChangeError>(after)
        }))
    };
    let landing = LandingId::numbered(1);
    let approval = |by: &str, role: &str| Approval { by: name(by), role: role.parse().expect("a role") };
    let land = || Command::Land { commit: "l".repeat(40), verified: true };
    carry_out(&first.id, Command::Refuse { reason: "tests/".to_owned() }).expect("it is queued");
    for (by, role) in [("a", "qa"), ("b", "developer")] {
        let refused = carry_out(&first.id, Command::Approve(approval(by, role)));
        assert!(matches!(refused, Err(ChangeError::Refused(_))), "{refused:?}");
    }
    let approved = carry_out(&first.id, Command::Approve(approval("b", "qa"))).expect("it was refused");
    assert_eq!(approved.approval, Some(approval("b", "qa")));
    carry_out(&first.id, Command::Begin { landing: landing.clone() }).expect("it is queued");
    carry_out(&first.id, Command::Undo).expect("a landing has it");
    carry_out(&first.id, Command::Begin { landing }).expect("it is queued");
    assert!(matches!(
        carry_out(&first.id, land()).expect("a landing has it").state,
        State::Landed { verified: true, .. }
    ));
    assert!(carry_out(&first.id, Command::Withdraw).is_err());
    carry_out(&first.id, Command::Revert { by: twin.id.clone() }).expect("it landed");
    carry_out(&twin.id, Command::Withdraw).expect("it is queued");
    let expected = ["queued", "refused", "approved", "landing", "landing_undone", "landing", "landed", "reverted"];
    assert_eq!(log(&store, "change_1"), expected.map(|what| format!("change.{what}")));
    assert_eq!(log(&store, "change_2"), ["change.queued", "change.withdrawn"]);
    assert!(matches!(carry_out(&ChangeId::numbered(9), land()), Err(ChangeError::Unknown(_))));
}

fn the_queue_of_a_branch_is_in_the_order_of_submission(place: &Place) {
    use change::Command;
    let store = place.store();
    let (queue, first, targets, of_item, rejected) = write(&store, async |tx: &mut Tx<'_>| {
        for (n, ms) in [(1, 30), (2, 10), (3, 20), (4, 20)] {
            store::change::insert(tx, &at(ms), made(&at(ms), n)).await?;
        }
        let other = Change { target: "release".to_owned(), item: WorkId::numbered(7), ..made(&at(0), 5) };
        store::change::insert(tx, &at(0), other).await?;
        store::change::insert(tx, &scope("two", 0), made(&scope("two", 0), 1)).await?;
        let reason = "does not build".to_owned();
        let rejected =
            store::change::carry_out(tx, &at(40), &ChangeId::numbered(4), Command::Reject { reason }).await?;
        assert!(store::change::find(tx, &project(), &rejected.id).await?.as_ref() == Some(&rejected));
        Ok::<_, ChangeError>((
            store::change::queue(tx, &project(), "main", 10).await?,
            store::change::queue(tx, &project(), "main", 1).await?,
            store::change::targets(tx, &project()).await?,
            store::change::of_item(tx, &project(), &WorkId::numbered(FIRST)).await?,
            store::change::list(tx, &project(), Some("rejected"), &everything()).await?,
        ))
    });
    let ids = |list: &[Change]| list.iter().map(|c| c.id.number()).collect::<Vec<_>>();
    assert_eq!((ids(&queue), ids(&first)), (vec![2, 3, 1], vec![2]));
    assert_eq!(targets, ["main", "release"]);
    assert_eq!((ids(&of_item), ids(&rejected)), (vec![1, 2, 3, 4], vec![4]));
    let page = store::work::Page { after: "change_2".to_owned(), limit: 2 };
    let reading = async |tx: &mut Tx<'_>| store::change::list(tx, &project(), None, &page).await;
    assert_eq!(ids(&wait(store.read(reading)).expect("it can be read")), [3, 4]);
}

fn a_change_that_comes_back_is_held_under_its_new_fence(place: &Place) {
    let store = place.store();
    let (after, found, stale) = write(&store, async |tx: &mut Tx<'_>| {
        let change = store::change::insert(tx, &at(0), made(&at(0), 1)).await?;
        let after = store::change::refence(tx, &at(9), &change, Fence::new(5)).await?;
        let found = store::change::find(tx, &project(), &change.id).await?;
        // Whoever remembers another state than the row has is told to look again.
        let remembered = Change { state: change::State::Withdrawn, ..change };
        Ok::<_, StoreError>((after, found, store::change::refence(tx, &at(9), &remembered, Fence::new(6)).await))
    });
    assert_eq!((after.fence, after.changed_at), (Fence::new(5), Timestamp::from_millis(9)));
    assert_eq!(found, Some(after));
    assert_eq!(stale, Err(StoreError::Busy { waited_ms: 0 }));
}

fn a_landing_is_begun_once_and_ends_once(place: &Place) {
    let store = place.store();
    let landing = Landing {
        id: LandingId::numbered(1),
        project: project(),
        target: "main".to_owned(),
        old: "o".repeat(40),
        new: "n".repeat(40),
        carries: vec![(ChangeId::numbered(2), "x".to_owned()), (ChangeId::numbered(1), "y".to_owned())],
        verified: true,
        state: LandingState::Begun,
        begun_at: Timestamp::from_millis(4),
    };
    let twin = landing.clone();
    write(&store, async move |tx: &mut Tx<'_>| {
        let first = store::change::begin_landing(tx, &at(4), twin.clone()).await?;
        let second = store::change::begin_landing(tx, &at(4), twin).await?;
        assert_eq!([first.id.number(), second.id.number()], [1, 2], "a twin gets the next number");
        assert_eq!(store::change::begun_landings(tx, &project(), "main").await?, [first.clone(), second.clone()]);
        assert_eq!(store::change::begun_landings(tx, &project(), "release").await?, []);
        assert!(store::change::end_landing(tx, &at(5), &first, LandingState::Finished).await?);
        assert!(!store::change::end_landing(tx, &at(6), &first, LandingState::Undone).await?, "it has ended");
        assert_eq!(store::change::targets(tx, &project()).await?, ["main"], "a landing has to be finished");
        assert!(store::change::end_landing(tx, &at(5), &second, LandingState::Undone).await?);
        assert!(store::change::targets(tx, &project()).await?.is_empty());
        Ok::<_, StoreError>(())
    });
    assert_eq!(log(&store, "landing_1"), ["landing.begun", "landing.finished"]);
    assert_eq!(log(&store, "landing_2"), ["landing.begun", "landing.undone"]);
}

fn a_receipt_says_later_what_it_said_first(place: &Place) {
    let store = place.store();
    let receipt = |ending| Receipt {
        id: ReceiptId::numbered(1),
        project: project(),
        tree: "t".repeat(40),
        check: "unit ü".to_owned(),
        check_digest: "d".repeat(64),
        command: vec!["sh".to_owned(), "-c".to_owned(), "echo \"x\"\n".to_owned()],
        ending,
        output_digest: "e".repeat(64),
        output_bytes: 1 << 40,
        output_path: "/out".to_owned(),
        tools: vec![("git".to_owned(), "2.47".to_owned())],
        duration_ms: 1_234,
        at: Timestamp::from_millis(9),
    };
    let endings = [
        CheckEnding::Exited(0),
        CheckEnding::Exited(-7),
        CheckEnding::OutOfTime,
        CheckEnding::NeverStarted("no such program: \"cargo\"".to_owned()),
    ];
    let receipts = endings.map(receipt);
    let given = receipts.clone();
    let (kept, found) = write(&store, async move |tx: &mut Tx<'_>| {
        let mut kept = Vec::new();
        for receipt in given {
            kept.push(store::change::insert_receipt(tx, &at(9), receipt).await?);
        }
        Ok::<_, StoreError>((kept, store::change::receipts_of(tx, &project(), &"t".repeat(40)).await?))
    });
    assert_eq!(found, kept);
    let numbered = |(n, receipt)| Receipt { id: ReceiptId::numbered(n), ..receipt };
    assert_eq!(found, (1..).zip(receipts).map(numbered).collect::<Vec<_>>(), "twins get the next numbers");
    assert_eq!(log(&store, "receipt_4"), ["change.checked"]);
}
