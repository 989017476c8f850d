//! The file of a store, and all that can be wrong with it: each gets its own answer, and nothing is lost.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use store::{Mode, Patience, Store, StoreError, VERSION};

use crate::child::{self, said};
use crate::kit::{FIRST, Home, add, add_numbered, store_error, titles, wait};

fn refused(path: &Path) -> StoreError {
    match Store::open(path, Mode::Direct) {
        Err(error) => error,
        Ok(_) => panic!("{} was opened", path.display()),
    }
}

fn damaged(path: &Path) -> String {
    match refused(path) {
        StoreError::Damaged { path: named, said } => {
            assert_eq!(named, path.display().to_string());
            said
        }
        other => panic!("{other:?}"),
    }
}

/// A store with one item, everything in its file and nothing in its log.
fn folded(home: &Home) {
    wait(add(&home.create(Mode::Direct), "kept")).expect("it can be added");
    let raw = raw(home);
    raw.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).expect("nobody is in the way");
}

fn raw(home: &Home) -> rusqlite::Connection {
    rusqlite::Connection::open(home.path()).expect("the file opens")
}

#[test]
fn a_store_that_is_not_there_is_missing_and_is_not_made_by_looking() {
    let home = Home::new();
    assert_eq!(refused(&home.path()), StoreError::Missing(home.path().display().to_string()));
    assert!(refused(&home.path()).to_string().contains("run `nexus init`"));
    assert!(!home.path().exists());
}

#[test]
fn making_a_store_twice_keeps_what_is_in_it() {
    let home = Home::new();
    wait(add(&home.create(Mode::Direct), "kept")).expect("it can be added");
    assert_eq!(titles(&home.create(Mode::Direct)), ["kept"]);
}

#[test]
fn many_may_make_the_same_store_at_once() {
    let home = Home::new();
    std::thread::scope(|threads| {
        for n in 0..8 {
            let home = &home;
            threads.spawn(move || wait(add(&home.create(Mode::Direct), &n.to_string())).expect("it can be added"));
        }
    });
    assert_eq!(titles(&home.open(Mode::Direct)).len(), 8);
}

#[test]
fn an_empty_file_is_no_store_until_it_is_made_one() {
    let home = Home::new();
    std::fs::write(home.path(), b"").expect("it can be written");
    assert_eq!(refused(&home.path()), StoreError::Missing(home.path().display().to_string()));
    wait(add(&home.create(Mode::Direct), "kept")).expect("it can be made and used");
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let home = Home::new();
    let text = "no database ".repeat(1_000);
    std::fs::write(home.path(), &text).expect("it can be written");
    assert!(damaged(&home.path()).contains("not a database"));
    assert!(matches!(Store::create(&home.path(), Mode::Direct), Err(StoreError::Damaged { .. })));
    assert_eq!(std::fs::read_to_string(home.path()).expect("it can be read"), text);
}

#[test]
fn the_database_of_another_program_is_left_as_it_is() {
    for version in [0, VERSION, VERSION + 1] {
        let home = Home::new();
        let theirs = raw(&home);
        theirs.execute_batch(&format!("create table mine (a); pragma user_version = {version}")).expect("theirs");
        assert!(damaged(&home.path()).contains("another program"));
        assert!(matches!(Store::create(&home.path(), Mode::Direct), Err(StoreError::Damaged { .. })));
        let tables: i64 =
            theirs.query_row("select count(*) from sqlite_schema", [], |row| row.get(0)).expect("it is theirs");
        assert_eq!(tables, 1);
    }
}

#[test]
fn a_store_cut_short_is_damaged_and_left_as_it_is() {
    let home = Home::new();
    folded(&home);
    let whole = std::fs::read(home.path()).expect("it can be read");
    for keep in [whole.len() / 2, 4_096, 1_000, 60] {
        std::fs::write(home.path(), &whole[..keep]).expect("it can be written");
        damaged(&home.path());
        assert_eq!(std::fs::read(home.path()).expect("it can be read").len(), keep);
    }
    std::fs::write(home.path(), &whole).expect("a copy is restored");
    assert_eq!(titles(&home.open(Mode::Direct)), ["kept"]);
}

#[test]
fn a_store_with_a_page_of_rubbish_says_that_it_is_damaged() {
    let home = Home::new();
    folded(&home);
    let mut bytes = std::fs::read(home.path()).expect("it can be read");
    bytes[4_096..].fill(0x5a);
    std::fs::write(home.path(), &bytes).expect("it can be written");
    // Sooner or later, depending on what stood in the page.
    let error = Store::open(&home.path(), Mode::Direct).and_then(|store| Err(store_error(wait(add(&store, "more")))));
    assert!(matches!(error.map(|_: Store| ()), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_store_of_a_newer_program_is_left_as_it_is() {
    let home = Home::new();
    folded(&home);
    raw(&home).execute_batch("pragma user_version = 99").expect("it can be set");
    assert_eq!(refused(&home.path()), StoreError::Newer { found: 99, known: VERSION });
    assert!(matches!(Store::create(&home.path(), Mode::Direct), Err(StoreError::Newer { .. })));
}

#[test]
fn a_folder_in_the_place_of_the_file_is_named() {
    let home = Home::new();
    std::fs::create_dir(home.path()).expect("a folder can be made");
    assert_eq!(damaged(&home.path()), "it is a folder");
}

#[test]
fn a_file_on_the_way_to_the_store_is_named() {
    let home = Home::new();
    std::fs::write(home.path(), b"").expect("it can be written");
    assert!(matches!(refused(&home.path().join("store.db")), StoreError::ReadOnly(said) if said.contains("store.db")));
}

/// What a user without rights is told, after `take_rights` from the folder and the file.
fn told_without_rights(folder: u32, file: u32) -> String {
    let home = Home::new();
    folded(&home);
    let parent = home.path().parent().expect("it is in a folder").to_owned();
    // What is there of log and index belongs to root.
    let _ = std::fs::remove_file(home.log());
    let _ = std::fs::remove_file(parent.join("store.db-shm"));
    let program = tempfile::tempdir().expect("a folder can be made");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    mode(program.path(), 0o755);
    mode(&home.path(), file);
    mode(&parent, folder);
    let output = child::unprivileged("open", &home.path(), program.path()).output().expect("a child runs");
    mode(&parent, 0o700);
    mode(&home.path(), 0o600);
    assert_eq!(titles(&home.open(Mode::Direct)), ["kept"]);
    said(&output).pop().unwrap_or_else(|| panic!("the child said nothing: {output:?}"))
}

#[test]
fn a_file_that_may_not_be_written_is_read_only() {
    let told = told_without_rights(0o777, 0o444);
    assert!(told.starts_with("ReadOnly"), "{told}");
}

#[test]
fn a_folder_that_may_not_be_written_is_read_only() {
    let told = told_without_rights(0o555, 0o666);
    assert!(told.starts_with("ReadOnly"), "{told}");
}

#[test]
fn a_folder_that_may_not_be_entered_is_not_taken_for_a_missing_store() {
    let told = told_without_rights(0o600, 0o666);
    assert!(told.starts_with("ReadOnly"), "{told}");
}

#[test]
fn a_store_that_another_has_locked_says_so_and_is_free_again_later() {
    let home = Home::new();
    folded(&home);
    let other = raw(&home);
    other.execute_batch("begin immediate").expect("nobody has it");
    for mode in [Mode::Direct, Mode::Loop] {
        let store = Store::open_with(&home.path(), mode, Patience::None).expect("opening needs no lock");
        assert_eq!(store_error(wait(add(&store, "refused"))), StoreError::Busy { waited_ms: 0 });
        assert_eq!(titles(&store), ["kept"], "reading goes on");
    }
    let store = Store::open_with(&home.path(), Mode::Loop, Patience::None).expect("opening needs no lock");
    other.execute_batch("rollback").expect("it was begun");
    wait(add(&store, "more")).expect("the lock is free");
    assert_eq!(titles(&store), ["kept", "more"]);
}

#[test]
fn a_caller_with_patience_gets_its_turn() {
    let home = Home::new();
    folded(&home);
    let other = raw(&home);
    other.execute_batch("begin immediate").expect("nobody has it");
    std::thread::scope(|threads| {
        let waits = threads.spawn(|| wait(add(&home.open(Mode::Direct), "more")));
        other.execute_batch("rollback").expect("it was begun");
        waits.join().expect("no panic").expect("its turn came");
    });
    assert_eq!(titles(&home.open(Mode::Direct)), ["kept", "more"]);
}

#[test]
fn the_log_stays_small_over_many_short_commands_and_nothing_is_lost() {
    let home = Home::in_memory();
    home.create(Mode::Direct);
    let mut largest = 0;
    for n in 0..2_000 {
        wait(add_numbered(&home.open(Mode::Direct), FIRST + n, &format!("{n:04}"))).expect("it can be added");
        largest = largest.max(std::fs::metadata(home.log()).map_or(0, |m| m.len()));
    }
    assert!(largest < 2_000_000, "the log grew to {largest} bytes");
    assert_eq!(titles(&home.open(Mode::Direct)), (0..2_000).map(|n| format!("{n:04}")).collect::<Vec<_>>());
}

#[test]
fn the_log_is_folded_where_the_path_is_odd_or_a_link() {
    use std::os::unix::ffi::OsStringExt;
    let home = Home::new();
    let folder = home.path().with_file_name(std::ffi::OsString::from_vec(b"fold\xff er\n".to_vec()));
    std::fs::create_dir(&folder).expect("a folder can be made");
    let odd = folder.join("store.db");
    let link = home.path();
    std::os::unix::fs::symlink(&odd, &link).expect("a link can be made");
    drop(Store::create(&odd, Mode::Direct).expect("a store can be made"));
    let log = folder.join("store.db-wal");
    let big = "x".repeat(600_000);
    for path in [&odd, &link] {
        let store = Store::open(path, Mode::Direct).expect("the store opens");
        for _ in 0..3 {
            let draft = domain::work::Draft { description: big.clone(), ..crate::kit::draft("big") };
            let body =
                async move |tx: &mut store::Tx<'_>| store::work::add(tx, &crate::kit::at(0), draft, FIRST, "").await;
            wait(store.write(body)).expect("it can be added");
            let bytes = std::fs::metadata(&log).map_or(0, |m| m.len());
            assert!(bytes < 1_500_000, "the log has {bytes} bytes");
        }
    }
    assert_eq!(titles(&Store::open(&link, Mode::Direct).expect("the store opens")).len(), 6);
}

#[test]
fn the_log_stays_small_under_a_loop_and_is_folded_when_it_ends() {
    let home = Home::in_memory();
    let store = home.create(Mode::Loop);
    for n in 0..60 {
        let draft = domain::work::Draft { description: "x".repeat(600_000), ..crate::kit::draft(&n.to_string()) };
        let body =
            async move |tx: &mut store::Tx<'_>| store::work::add(tx, &crate::kit::at(0), draft, FIRST + n, "").await;
        wait(store.write(body)).expect("it can be added");
        let bytes = std::fs::metadata(home.log()).map_or(0, |m| m.len());
        assert!(bytes < 6_000_000, "the log has {bytes} bytes");
    }
    drop(store);
    assert!(std::fs::metadata(home.log()).map_or(0, |m| m.len()) < 1_000_000, "it was folded");
    assert_eq!(titles(&home.open(Mode::Direct)).len(), 60);
}

#[test]
fn a_reader_in_the_way_only_puts_folding_off() {
    let home = Home::new();
    let store = home.create(Mode::Loop);
    let writer = store.clone();
    let reading = async |tx: &mut store::Tx<'_>| {
        let before = store::work::counts(tx, &crate::kit::project()).await?;
        for n in 0..3 {
            let draft = domain::work::Draft { description: "x".repeat(600_000), ..crate::kit::draft(&n.to_string()) };
            let body = async move |tx: &mut store::Tx<'_>| {
                store::work::add(tx, &crate::kit::at(0), draft, FIRST, "").await.map(drop)
            };
            let writer = &writer;
            std::thread::scope(|threads| threads.spawn(move || wait(writer.write(body))).join())
                .expect("no panic")
                .expect("a reader is in nobody's way");
        }
        assert_eq!(store::work::counts(tx, &crate::kit::project()).await?, before);
        Ok::<_, StoreError>(())
    };
    wait(store.read(reading)).expect("it can be read");
    assert!(std::fs::metadata(home.log()).expect("there is a log").len() > 1_500_000, "the log was in use");
    wait(add(&store, "after")).expect("it can be added");
    drop((store, writer));
    assert!(std::fs::metadata(home.log()).map_or(0, |m| m.len()) < 1_000_000, "it was folded");
    assert_eq!(titles(&home.open(Mode::Direct)).len(), 4);
}

#[test]
fn a_kill_between_commits_loses_nothing_that_was_answered() {
    for mode in ["direct", "loop"] {
        for (point, kept) in [("store.commit.before:5", 4), ("store.commit.after:5", 5)] {
            let home = Home::new();
            home.create(Mode::Direct);
            let mut child = child::command(&format!("add {mode}"), &home.path());
            let output = child.env("NEXUS_FAILPOINT", point).output().expect("a child runs");
            assert_eq!(output.status.signal(), Some(9), "{point}: {output:?}");
            let expected = |n| (0..n).map(|n| format!("item {n}")).collect::<Vec<_>>();
            assert_eq!(said(&output), expected(4), "{point}: what was answered");
            assert_eq!(titles(&home.open(Mode::Direct)), expected(kept), "{point}: what is there");
            wait(add(&home.open(Mode::Direct), "and on")).expect("the store goes on");
        }
    }
}

/// Runs the rest of the command line with a disk of one megabyte at `$1`, gone with the process.
const SMALL_DISK: &str = "mount -t tmpfs -o size=1m none \"$1\" && shift && exec \"$@\"";

#[test]
fn a_full_disk_refuses_what_has_no_room_and_the_store_goes_on_when_there_is_some() {
    let disk = tempfile::tempdir().expect("a folder can be made");
    let folder = disk.path().to_str().expect("folders for tests have plain names");
    let wrapper = ["unshare", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "sh", folder];
    let probe = Command::new(wrapper[0]).args(&wrapper[1..]).arg("true").output();
    if !probe.as_ref().is_ok_and(|probe| probe.status.success()) {
        // Containers without the right to mount: there is no other way to a disk that really fills up.
        eprintln!("NOT TESTED: a full disk. This machine lets nobody mount one: {probe:?}");
        return;
    }
    let path = disk.path().join("store.db");
    let output = child::wrapped(&wrapper, &format!("fill {folder}"), &path).output().expect("a child runs");
    let said = said(&output);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        said,
        [
            "filler StorageFull",
            "Err(Store(Full))",
            "Err(Store(Full))",
            "Err(Store(Full))",
            "Ok(\"after\")",
            "after, before"
        ],
        "{output:?}"
    );
}
