//! Copies of a file while others write to it: by `cp`, which may come out torn, and by ours, which may not.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use domain::work::{Command, Held};
use store::copy::{Location, copy};
use store::{Ids, Mode, Store, StoreError, Tx, whole};

use crate::kit::{Home, add, add_numbered, at, carry_out, claim, items, name, project, titles, wait};

/// Callers who add, claim and report.
struct Load {
    store: Store,
    ids: Ids,
    told: Mutex<BTreeSet<String>>,
    count: AtomicUsize,
    over: AtomicBool,
}

impl Load {
    fn call(&self, by: &str) {
        while !self.over.load(Ordering::SeqCst) {
            let item =
                wait(add_numbered(&self.store, self.ids.next(1_000_000), "under load")).expect("it can be added");
            let item = wait(claim(&self.store, &item.id, by)).expect("nobody else knows of it");
            let report = Command::Report { held: Held { by: name(by), fence: item.fence }, change: None, result: None };
            wait(carry_out(&self.store, at(1), &item.id, report)).expect("it is held");
            self.told.lock().expect("no panic").insert(item.id.to_string());
            self.count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Waits until so many more have been reported.
    fn until_more(&self, more: usize) {
        let from = self.count.load(Ordering::SeqCst);
        while self.count.load(Ordering::SeqCst) < from + more {
            std::thread::yield_now();
        }
    }

    fn told(&self) -> BTreeSet<String> {
        self.told.lock().expect("no panic").clone()
    }
}

/// Ends the load, also when the test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn under_load(store: Store, look: impl FnOnce(&Load)) {
    let (told, count, over) = (Mutex::default(), AtomicUsize::new(0), AtomicBool::new(false));
    let load = Load { store, ids: Ids::default(), told, count, over };
    std::thread::scope(|threads| {
        for by in ["one", "two", "three", "four"] {
            let load = &load;
            threads.spawn(move || load.call(by));
        }
        let _over = Over(&load.over);
        load.until_more(20);
        look(&load);
    });
}

/// Copies as `cp` does on a slow disk: a page at a time, with others in between.
fn cp(from: &Path, to: &Path) {
    let mut from = std::fs::File::open(from).expect("it is there");
    let mut to = std::fs::File::create(to).expect("the folder is ours");
    let mut page = [0; 4_096];
    loop {
        let count = from.read(&mut page).expect("it can be read");
        if count == 0 {
            return;
        }
        to.write_all(&page[..count]).expect("the folder is ours");
        std::thread::yield_now();
    }
}

/// Every item of the store is what its events say.
fn whole(store: &Store) {
    let looked = wait(store.read(async |tx: &mut Tx<'_>| whole::look(tx, &project(), false).await));
    assert_eq!(looked.expect("it can be read").unlike, None);
}

fn refused(path: &Path) {
    match Store::open(path, Mode::Direct) {
        Err(StoreError::Damaged { said, .. }) if said.contains("nexus store copy") => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was opened"),
    }
}

/// A folder for a copy, and the path of the copy.
fn elsewhere() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("copy.db");
    (folder, path)
}

#[test]
fn a_file_copied_by_cp_under_load_opens_whole_or_is_refused() {
    let home = Home::in_memory();
    let (mut opened, mut refusals) = (0, 0);
    let tries = if std::env::var_os("NEXUS_TEST_FULL").is_some() { 100 } else { 6 };
    under_load(home.create(Mode::Loop), |load| {
        for _ in 0..tries {
            load.until_more(30);
            let (_folder, path) = elsewhere();
            cp(&home.path(), &path);
            match Store::open(&path, Mode::Direct) {
                Ok(store) => {
                    whole(&store);
                    opened += 1;
                }
                Err(StoreError::Damaged { .. } | StoreError::Missing(_)) => refusals += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
    });
    println!("{opened} copies opened whole, {refusals} were refused");
}

#[test]
fn a_file_with_pages_of_two_moments_is_refused_every_time() {
    let home = Home::in_memory();
    let fold = || {
        let raw = rusqlite::Connection::open(home.path()).expect("the file opens");
        raw.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).expect("nobody is in the way");
        std::fs::read(home.path()).expect("it can be read")
    };
    under_load(home.create(Mode::Loop), |load| load.until_more(100));
    let before = fold();
    under_load(home.open(Mode::Loop), |load| load.until_more(100));
    let after = fold();
    for part in 1..8 {
        let (_folder, path) = elsewhere();
        let cut = before.len() / 4_096 * part / 8 * 4_096;
        std::fs::write(&path, [&before[..cut], &after[cut..]].concat()).expect("the folder is ours");
        refused(&path);
        refused(&path);
    }
    for moment in [before, after] {
        let (_folder, path) = elsewhere();
        std::fs::write(&path, moment).expect("the folder is ours");
        whole(&Store::open(&path, Mode::Direct).expect("it is of one moment"));
    }
}

#[test]
fn a_lone_file_whose_tables_are_of_two_moments_is_refused_and_one_that_was_moved_is_not() {
    let home = Home::new();
    wait(add(&home.create(Mode::Direct), "kept")).expect("it can be added");
    let raw = rusqlite::Connection::open(home.path()).expect("the file opens");
    raw.execute_batch("pragma wal_checkpoint(truncate)").expect("nobody is in the way");
    drop(raw);
    // A name with all that an address could take for something else.
    let odd = std::ffi::OsString::from_vec(b"m\xffved ?a#b%41&=.db".to_vec());
    let moved = home.path().with_file_name(odd);
    std::fs::copy(home.path(), &moved).expect("the folder is ours");
    assert_eq!(titles(&Store::open(&moved, Mode::Direct).expect("it is whole")), ["kept"]);

    for change in ["delete from event", "delete from work", "update work set attempts_used = 1"] {
        let (_folder, path) = elsewhere();
        std::fs::copy(home.path(), &path).expect("the folder is ours");
        let raw = rusqlite::Connection::open(&path).expect("the file opens");
        raw.execute_batch(&format!("pragma foreign_keys = off; {change}")).unwrap_or_else(|e| panic!("{change}: {e}"));
        // The last connection takes the log with it.
        drop(raw);
        refused(&path);
    }
}

#[test]
fn a_copy_of_ours_under_load_is_whole_and_has_all_that_was_told_before_it_began() {
    let home = Home::in_memory();
    under_load(home.create(Mode::Loop), |load| {
        for _ in 0..3 {
            let (_folder, path) = elsewhere();
            drop(Store::create(&path, Mode::Direct).expect("it can be made"));
            let told = load.told();
            copy(&Location::File(home.path()), &Location::File(path.clone()), &|_, _| {}).expect("it can be copied");
            let copied = Store::open(&path, Mode::Direct).expect("it opens");
            whole(&copied);
            let there = items(&copied).into_iter().filter(|item| item.state.word() == "done");
            let there: BTreeSet<String> = there.map(|item| item.id.to_string()).collect();
            assert!(there.is_superset(&told), "{} of {}", there.len(), told.len());
            wait(add(&copied, "and on")).expect("life goes on in it");
            let again = copy(&Location::File(home.path()), &Location::File(path), &|_, _| {});
            assert!(matches!(again, Err(StoreError::NotEmpty(_))), "{again:?}");
            load.until_more(20);
        }
    });
}
