//! Checks that misbehave.

use serde_json::Value;

use super::{in_full, intact};
use crate::features::world::{World, text, until, write};

/// A project with this one check, and one change that waits for it: the item's id.
fn waiting(check: &str) -> (World, String) {
    let world = World::with_git();
    world.write("nexus.toml", &format!("[[check]]\nname = \"it\"\n{check}\n"));
    world.commit("a check");
    world.ok(["init"]);
    let id = world.add("One");
    let (fence, folder) = world.open(&id, "zoe");
    write(&folder.join("made.txt"), "made\n");
    world.report(&id, "zoe", &fence);
    (world, id)
}

fn receipt(world: &World) -> Value {
    let change = text(&world.ok(["change", "list"])[0], "id");
    world.ok(["change", "show", &change])["receipts"][0].clone()
}

/// Whether a process runs whose command line has `mark` in it.
fn runs(mark: &str) -> bool {
    let all = std::fs::read_dir("/proc").expect("processes").flatten();
    let line = |folder: std::fs::DirEntry| std::fs::read(folder.path().join("cmdline")).unwrap_or_default();
    all.map(line).any(|line| String::from_utf8_lossy(&line).contains(mark))
}

/// An amount of seconds that no other process sleeps for.
fn mark() -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("7{n}{:07}", std::process::id())
}

#[test]
fn a_check_that_hangs_is_ended_with_all_that_it_started() {
    let mark = mark();
    let (world, id) = waiting(&format!("run = \"echo began; sleep {mark} & sleep {mark}\"\ntimeout = \"1s\""));
    let landed = world.run(["change", "land"]);
    assert_eq!((landed.code, landed.json()["sent_back"].as_array().map(Vec::len)), (1, Some(1)));
    let item = world.item(&id);
    assert_eq!(item["state"], "ready");
    let told = text(&item, "feedback");
    assert!(told.contains("out of time") && told.contains("began"), "{told}");
    assert_eq!(receipt(&world)["ending"], "out of time");
    assert!(!runs(&mark), "nothing of it is left");
    intact(&world, &[id]);
}

#[test]
fn a_check_that_ignores_every_signal_is_ended_too() {
    let mark = mark();
    let line = format!("trap '' TERM INT HUP; sleep {mark}; sleep {mark}");
    let (world, _) = waiting(&format!("run = \"{line}\"\ntimeout = \"1s\""));
    assert_eq!(world.run(["change", "land"]).code, 1);
    assert!(!runs(&mark));
}

#[test]
fn a_check_that_leaves_a_daemon_behind_is_over_when_it_exits_and_the_daemon_with_it() {
    let mark = mark();
    let line = format!("setsid sh -c 'setsid sleep {mark} &' & sleep 0.1; exit 0");
    let (world, id) = waiting(&format!("run = \"{line}\""));
    world.ok(["change", "land"]);
    assert_eq!(world.item(&id)["proof"], "verified");
    assert!(!runs(&mark), "the daemon is gone");
}

#[test]
fn a_check_that_prints_without_end_is_counted_in_full_and_kept_in_part() {
    let bytes: u64 = if in_full() { 1_000_000_000 } else { 40_000_000 };
    let line = format!("echo first; head -c {bytes} /dev/zero | tr '\\\\0' x; echo; echo last; exit 1");
    let (world, id) = waiting(&format!("run = \"{line}\""));
    assert_eq!(world.run(["change", "land"]).code, 1);
    let receipt = receipt(&world);
    assert_eq!(receipt["output_bytes"], bytes + "first\n\nlast\n".len() as u64);
    let kept = std::fs::metadata(text(&receipt, "output_path")).expect("it was kept").len();
    assert!(kept < 11_000_000, "{kept}");
    let told = text(&world.item(&id), "feedback");
    assert!(told.contains("last") && told.len() < 20_000, "{} bytes", told.len());
    intact(&world, &[id]);
}

#[test]
fn a_check_that_prints_no_text_is_told_as_far_as_it_can_be_read() {
    let (world, id) = waiting("run = \"printf 'caf\\\\351 \\\\000 \\\\033[31mred\\\\n'; exit 3\"");
    assert_eq!(world.run(["change", "land"]).code, 1);
    let told = text(&world.item(&id), "feedback");
    assert!(told.contains("caf") && told.contains("red") && told.contains("exit 3"), "{told:?}");
}

#[test]
fn a_check_that_cannot_start_or_kills_itself_sends_the_change_back_with_the_reason() {
    for (check, says) in
        [("run = [\"./made.txt\"]", "executable"), ("run = \"kill -9 $$\"", "it"), ("run = [\"/\"]", "/")]
    {
        let (world, id) = waiting(check);
        let landed = world.run(["change", "land"]);
        assert_eq!(landed.code, 1, "{check}: {}", landed.out);
        let told = text(&world.item(&id), "feedback");
        assert!(told.contains(says), "{check}: {told}");
        assert_eq!(world.git(["ls-tree", "--name-only", "main", "made.txt"]), "", "{check}");
    }
}

#[test]
fn a_check_whose_program_is_not_installed_costs_the_change_nothing() {
    let (world, id) = waiting("run = [\"no-such-tool\", \"--all\"]");
    let landed = world.run(["change", "land", "--json"]);
    assert_eq!(landed.code, 1, "{}", landed.out);
    assert!(landed.out.contains("no-such-tool") && landed.out.contains("install it"), "{}", landed.out);
    assert_eq!(world.item(&id)["state"], "submitted", "the operator has to act, not the agent");
    intact(&world, &[id]);
}

#[test]
fn a_check_sees_the_committed_tree_alone_and_changes_nothing() {
    let line = "test ! -e untracked.txt && test -n \\\"$NEXUS_RUN_TOKEN\\\" && ! read line && echo mess > made.txt \
                && rm nexus.toml && git -C . rev-parse HEAD";
    let (world, id) = waiting(&format!("run = \"{line}\""));
    world.write("untracked.txt", "mine\n");
    world.ok(["change", "land"]);
    assert_eq!(world.item(&id)["proof"], "verified");
    assert_eq!(world.landed("made.txt"), "made");
    assert!(world.repo.join("nexus.toml").exists());
    assert_eq!(world.git(["worktree", "list"]).lines().count(), 1, "its checkout is gone");
}

#[test]
fn an_interrupted_landing_is_taken_up_again() {
    use std::process::Stdio;
    let mark = mark();
    let (world, id) = waiting(&format!("run = \"test -e ../../go-{mark} || sleep {mark}\""));
    let mut land = world.nexus(["change", "land", "--json"]);
    let mut landing = land.stdout(Stdio::null()).spawn().expect("it starts");
    until("the check", || runs(&mark).then_some(()));
    landing.kill().expect("it runs");
    landing.wait().expect("it was killed");
    until("the end of the check", || (!runs(&mark)).then_some(()));
    assert_eq!(world.item(&id)["state"], "submitted", "nothing is lost");

    world.write("nexus.toml", "");
    world.commit("no check");
    let done = until("the landing", || {
        let landed = world.run(["change", "land"]);
        (world.item(&id)["state"] == "done").then_some(landed)
    });
    assert_eq!(done.code, 0, "{done:?}");
    intact(&world, &[id]);
}
