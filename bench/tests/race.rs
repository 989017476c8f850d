//! The program `race`: what it prints, and its exit codes.

use std::path::Path;
use std::process::{Command, Output};

/// A queue of one script: `next` hands out whatever it is told to, every time.
fn adapter(folder: &Path, next: &str) -> String {
    let text = format!(
        "name = 'script'\nabout = 'a script'\nprepare = []\n\
         [add]\nrun = ['sh', '-c', 'mktemp -u x-XXXXXXXX | tee -a list']\nid = 'field 1'\n\
         [claim]\nrun = ['sh', '-c', '{next}']\nid = 'field 1'\nfence = 'field 2'\nnothing = [4]\n\
         [complete]\nrun = ['true']\n\
         [list]\nrun = ['sed', 's/$/ done/', 'list']\nid = 'field 1'\nstate = 'field 2'\ndone = ['done']\n"
    );
    let path = folder.join("script.toml");
    std::fs::write(&path, text).expect("the folder is ours");
    path.to_string_lossy().into_owned()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_race")).args(arguments).output().expect("it can be started")
}

fn told(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

const SMALL: [&str; 9] = ["--json", "--callers", "2", "--calm", "3", "--rough", "0", "--seed", "7"];

#[test]
fn a_queue_with_nothing_to_give_is_sound() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let output = run(&[&SMALL[..], &[&adapter(folder.path(), "exit 4")]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let race = &told(&output)["races"][0];
    assert_eq!((&race["added"], &race["claimed"], &race["seed"]), (&6.into(), &0.into(), &7.into()));
}

#[test]
fn a_queue_that_gives_the_same_to_all_is_not_and_the_history_can_be_kept() {
    let (folder, kept) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let keep = kept.path().to_string_lossy();
    let output = run(&[&SMALL[..], &["--keep", &keep, &adapter(folder.path(), "echo x 1")]].concat());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let race = &told(&output)["races"][0];
    assert_eq!((&race["sound"], &race["double_grants"]), (&false.into(), &5.into()));
    let history = std::fs::read_to_string(kept.path().join("calls.jsonl")).expect("it was kept");
    assert_eq!(engine::history::read_calls(&history).expect("it is a history").len(), 12);
    let place = std::fs::read_to_string(kept.path().join("place")).expect("it was kept");
    std::fs::remove_dir_all(place.trim()).expect("the place was left");
}

#[test]
fn help_shows_examples_and_what_cannot_be_run_is_said_in_one_line() {
    let help = run(&["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("Examples:"), "{help:?}");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let wanting = adapter(folder.path(), "exit 4");
    let text = std::fs::read_to_string(&wanting).expect("it was written");
    std::fs::write(&wanting, text.replace("prepare = []", "prepare = []\nneeds = ['no-such-program']")).expect("ours");
    let dead = folder.path().join("dead.toml");
    std::fs::write(&dead, text.replace("'sh', '-c'", "'false'")).expect("the folder is ours");
    let dead = dead.to_string_lossy();
    for arguments in [&["--nonsense"][..], &["--callers", "none"], &["nowhere.toml"], &[&wanting], &[&dead]] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{arguments:?}: {output:?}");
    }
}
