//! `bench/race` over the program itself, and over a queue that is wrong on purpose: the judge can fail.

use std::path::{Path, PathBuf};

use bench::race::{Adapter, Course, Outcome, race};

use crate::support::{Seed, rounds};

/// How many races the wrong queue gets to be found in.
const TRIES: usize = 20;

fn course(seed: &mut Seed) -> Course {
    let programs = Path::new(env!("CARGO_BIN_EXE_nexus")).parent().map(PathBuf::from);
    Course { callers: 6, calm: 2, rough: 5, kills: 15, pauses: 5, seed: seed.next(), programs, keep: None }
}

fn ran(name: &str, course: &Course) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/adapters");
    let adapter = Adapter::read(&folder.join(name)).expect("it ships");
    let outcome = race(&adapter, course).unwrap_or_else(|why| panic!("{why}"));
    println!("{}", outcome.json());
    outcome
}

#[test]
fn the_program_is_sound_under_kills_and_pauses_of_its_processes() {
    let mut seed = Seed::new();
    for _ in 0..rounds(1) {
        let outcome = ran("nexus.toml", &course(&mut seed));
        assert!(outcome.sound(), "{}", outcome.json());
        assert!(outcome.added > 0 && outcome.completed > 0, "{}", outcome.json());
    }
}

#[test]
fn a_lock_file_that_is_looked_for_and_then_made_is_found_unsound() {
    let mut seed = Seed::new();
    let found = (0..TRIES).any(|_| {
        let outcome = ran("naive-lock-file.toml", &course(&mut seed));
        outcome.judgement.double_grants > 0 && !outcome.sound()
    });
    assert!(found, "{TRIES} races and no double grant");
}
