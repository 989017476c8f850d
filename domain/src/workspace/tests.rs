use super::*;

fn workspace(state: State, snapshot: Option<&str>) -> Workspace {
    Workspace {
        id: WorkspaceId::numbered(1),
        project: Project::default(),
        item: WorkId::numbered(2),
        fence: Fence::new(1),
        node: "here".into(),
        path: "/w".into(),
        branch: "b".into(),
        base: "0".into(),
        target: "main".into(),
        state,
        supervised: false,
        snapshot: snapshot.map(Into::into),
        environment: Environment { ports: vec![4001], databases: vec![], cache: None },
        opened_at: Timestamp::from_millis(0),
        changed_at: Timestamp::from_millis(0),
    }
}

const NOW: Timestamp = Timestamp::from_millis(7);

#[test]
fn nothing_is_removed_or_set_aside_before_its_snapshot() {
    for command in [Command::Remove, Command::SetAside { path: "/q".into() }] {
        assert_eq!(decide(&workspace(State::Open, None), command.clone(), NOW), Err(Refusal::NoSnapshot));
        assert!(decide(&workspace(State::Open, Some("refs/x")), command, NOW).is_ok());
    }
}

#[test]
fn setting_aside_frees_what_was_leased_with_it() {
    let after =
        decide(&workspace(State::Open, Some("r")), Command::SetAside { path: "/q".into() }, NOW).expect("allowed");
    assert_eq!(after.environment, Environment::default());
    assert_eq!((after.state, after.path.as_str(), after.changed_at), (State::Quarantined, "/q", NOW));
}

#[test]
fn what_is_gone_can_be_restored_and_what_is_open_cannot() {
    let restore = || Command::Restore { path: "/back".into() };
    assert_eq!(decide(&workspace(State::Removed, Some("r")), restore(), NOW).expect("allowed").state, State::Open);
    assert_eq!(decide(&workspace(State::Quarantined, Some("r")), restore(), NOW).expect("allowed").path, "/back");
    assert!(matches!(decide(&workspace(State::Open, Some("r")), restore(), NOW), Err(Refusal::WrongState { .. })));
}

#[test]
fn a_removed_workspace_takes_no_snapshot() {
    let snapshot = Command::Snapshot { at: "r2".into() };
    assert!(decide(&workspace(State::Removed, Some("r")), snapshot.clone(), NOW).is_err());
    assert_eq!(decide(&workspace(State::Open, None), snapshot, NOW).expect("allowed").snapshot.as_deref(), Some("r2"));
}

#[test]
fn every_word_names_its_state() {
    for state in [State::Open, State::Quarantined, State::Removed] {
        assert_eq!(State::from_word(state.word()), Some(state));
    }
    assert_eq!(State::from_word("gone"), None);
}
