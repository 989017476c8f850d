//! This test program again, as a process of its own, for what a process can only suffer alone: a kill, a full
//! disk, missing rights.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use store::Store;

use crate::kit::{add, claim, wait};

const TASK: &str = "NEXUS_TEST_CHILD";
const STORE: &str = "NEXUS_TEST_STORE";

/// The command that starts this program as a child with `task` on the store at `path`.
pub fn command(task: &str, path: &Path) -> Command {
    let program = std::env::current_exe().expect("a program knows its file");
    prepared(Command::new(program), task, path)
}

/// As [`command`], but run by `wrapper`, a shell script that ends in `exec "$@"`.
pub fn wrapped(wrapper: &[&str], task: &str, path: &Path) -> Command {
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).arg(std::env::current_exe().expect("a program knows its file"));
    prepared(command, task, path)
}

/// As [`command`], as a user without rights when this one has them all.
pub fn unprivileged(task: &str, path: &Path, home: &Path) -> Command {
    // The build folder may be closed to others.
    let program = home.join("program");
    std::fs::copy(std::env::current_exe().expect("a program knows its file"), &program).expect("it can be copied");
    let mut command = prepared(Command::new(program), task, path);
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    command
}

fn prepared(mut command: Command, task: &str, path: &Path) -> Command {
    command.args(["child::does_what_its_parent_says", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(TASK, task).env(STORE, path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The lines that a child wrote with [`say`].
pub fn said(output: &Output) -> Vec<String> {
    // The test harness writes on the same line.
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(|line| line.split_once("said: ")).map(|(_, rest)| rest.to_owned()).collect()
}

fn say(what: &str) {
    println!("said: {what}");
}

#[test]
fn does_what_its_parent_says() {
    let Ok(task) = std::env::var(TASK) else { return };
    let path = std::env::var_os(STORE).expect("the parent names a store");
    let path = Path::new(&path);
    match task.split_once(' ').unwrap_or((&task, "")) {
        ("add", mode) => add_ten(path, mode),
        ("fill", folder) => fill(path, Path::new(folder)),
        ("open", _) => match Store::open(path, store::Mode::Direct) {
            Ok(store) => say(&format!("{:?}", wait(add(&store, "more")).map(|item| item.plan.title.clone()))),
            Err(error) => say(&format!("{error:?}")),
        },
        ("hold", agent) => hold(path, agent),
        (other, _) => panic!("no such task: {other}"),
    }
}

/// Adds ten items one after the other, and says each that was answered.
fn add_ten(path: &Path, mode: &str) {
    let mode = if mode == "loop" { store::Mode::Loop } else { store::Mode::Direct };
    let store = Store::open(path, mode).expect("the store opens");
    for n in 0..10 {
        let item = wait(add(&store, &format!("item {n}"))).expect("it can be added");
        say(&item.plan.title.clone());
    }
}

/// Claims the only item when the parent says so, and says how that went.
fn hold(path: &Path, agent: &str) {
    let store = Store::open(path, store::Mode::Direct).expect("the store opens");
    let id = crate::kit::items(&store)[0].id.clone();
    say("ready");
    let mut line = String::new();
    BufReader::new(std::io::stdin()).read_line(&mut line).expect("the parent says go");
    match wait(claim(&store, &id, agent)) {
        Ok(item) => say(&format!("won {}", item.fence.number())),
        Err(error) => say(&format!("{error:?}")),
    }
}

/// Fills the disk under `folder`, sees writes refused, makes room, and sees them taken again by the same store.
fn fill(path: &Path, folder: &Path) {
    let store = Store::create(path, store::Mode::Loop).expect("a store can be made");
    wait(add(&store, "before")).expect("there is room");
    let filler = folder.join("filler");
    let mut file = std::fs::File::create(&filler).expect("a file can be made");
    let written = std::io::copy(&mut std::io::repeat(0), &mut file);
    say(&format!("filler {:?}", written.expect_err("the disk is small").kind()));
    let big = "x".repeat(200_000);
    let (gate, blocker) = crate::kit::gate(&store);
    // Small ones and a big one, all in one round.
    let round: Vec<_> = ["one", &big, "two"]
        .into_iter()
        .map(|text| {
            let draft = domain::work::Draft { description: text.to_owned(), ..crate::kit::draft("during") };
            let body = async move |tx: &mut store::Tx<'_>| {
                store::work::add(tx, &crate::kit::at(0), draft, crate::kit::FIRST, "").await
            };
            crate::kit::sent(store.write(body))
        })
        .collect();
    gate.send(()).expect("the writer waits");
    let _ = blocker.join();
    for answer in round {
        say(&format!("{:?}", wait(answer).map(|item| item.plan.title.clone())));
    }
    drop(file);
    std::fs::remove_file(&filler).expect("the filler can go");
    say(&format!("{:?}", wait(add(&store, "after")).map(|item| item.plan.title.clone())));
    drop(store);
    let again = Store::open(path, store::Mode::Direct).expect("the store opens");
    say(&crate::kit::titles(&again).join(", "));
}
