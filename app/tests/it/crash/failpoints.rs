//! Every failpoint is reached and survived.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::stories::{Story, tell};
use crate::support::{Engine, Seed, on_each_engine, rounds, text};

on_each_engine! {
    a_process_killed_at_any_failpoint_loses_nothing_and_repeats_nothing_first_half,
    a_process_killed_at_any_failpoint_loses_nothing_and_repeats_nothing_second_half,
    a_process_killed_at_each_failpoint_of_each_story_loses_nothing,
}

/// Where the one process of each story dies in a normal run. The long run dies everywhere.
const TABLE: &[(&str, Story)] = &[
    ("store.commit.before", Story::Claim),
    ("store.commit.after", Story::Claim),
    ("store.commit.before", Story::Report),
    ("store.commit.after", Story::Report),
    ("store.commit.before:2", Story::Land),
    ("store.commit.after:5", Story::Land),
    ("store.commit.before:7", Story::Run),
    ("store.commit.after:7", Story::Run),
    ("agent.link.before", Story::Run),
    ("agent.link.after", Story::Run),
    ("agent.start.before", Story::Run),
    ("agent.start.after", Story::Run),
    ("check.start.before", Story::Run),
    ("check.start.after", Story::Land),
    ("check.checkout.removed", Story::Land),
    ("git.checkout.opened", Story::Land),
    ("git.worktree.branched", Story::Claim),
    ("git.worktree.opened", Story::Claim),
    ("git.worktree.opened", Story::Run),
    ("workspace.opened", Story::Claim),
    ("change.observed", Story::Report),
    ("change.named", Story::Report),
    ("change.submitted", Story::Report),
    ("git.snapshot.kept", Story::Report),
    ("workspace.snapshot.before", Story::Report),
    ("workspace.snapshot.after", Story::Report),
    ("workspace.remove.before", Story::Report),
    ("workspace.remove.after", Story::Report),
    ("workspace.branch_dropped", Story::Report),
    ("workspace.set_aside.before", Story::Prune),
    ("workspace.set_aside.after", Story::Prune),
    ("workspace.snapshot.after", Story::Prune),
    ("workspace.remove.after", Story::Prune),
    ("stray.set_aside.before", Story::Stray),
    ("stray.set_aside.after", Story::Stray),
    ("stray.remove.before", Story::UntouchedStray),
    ("stray.remove.after", Story::UntouchedStray),
    ("forgotten.remove.before", Story::Stray),
    ("forgotten.remove.after", Story::Stray),
    ("landing.named", Story::Land),
    ("landing.begun", Story::Land),
    ("git.move_branch.prepared", Story::Land),
    ("git.move_branch.files_moved", Story::Land),
    ("git.move_branch.done", Story::Run),
    ("landing.moved", Story::Land),
    ("landing.settled", Story::Run),
    ("landing.finished", Story::Land),
    ("landing.begun", Story::Up),
    ("git.move_branch.files_moved", Story::Up),
    ("git.push.before", Story::SharedReport),
    ("git.push.done", Story::SharedReport),
    ("git.push.done", Story::SharedRun),
    ("git.push.done:3", Story::SharedRun),
    ("git.fetch.before", Story::SharedLand),
    ("git.fetch.done", Story::SharedLand),
    ("git.push.before", Story::SharedLand),
    ("git.push.done", Story::SharedLand),
    ("landing.begun", Story::SharedLand),
    ("git.push.done:2", Story::SharedLand),
    ("landing.settled", Story::SharedLand),
    ("git.move_branch.files_moved", Story::SharedLand),
    ("git.push.done:3", Story::SharedRevert),
    ("revert.named", Story::Revert),
    ("revert.queued", Story::Revert),
    ("git.move_branch.files_moved", Story::Revert),
    ("landing.moved", Story::Revert),
    ("seal.computed", Story::Seal),
    ("seal.kept", Story::Seal),
    ("seal.published", Story::Seal),
    ("archive.drafted", Story::Archive),
    ("archive.written", Story::Archive),
    ("archive.noted", Story::Archive),
    ("archive.removed", Story::Archive),
];

/// How many stories are told at the same time: they wait more than they work.
const AT_ONCE: usize = 4;

#[test]
fn every_failpoint_has_a_story_that_dies_there() {
    let told: BTreeSet<_> = TABLE.iter().map(|(failpoint, _)| name(failpoint)).collect();
    let listed: BTreeSet<_> = store::failpoint::ALL.iter().copied().collect();
    assert_eq!(told, listed, "each failpoint of the list has a row, and each row a failpoint");
}

fn a_process_killed_at_any_failpoint_loses_nothing_and_repeats_nothing_first_half(engine: Engine) {
    survive(engine, &TABLE[..TABLE.len() / 2]);
}

fn a_process_killed_at_any_failpoint_loses_nothing_and_repeats_nothing_second_half(engine: Engine) {
    survive(engine, &TABLE[TABLE.len() / 2..]);
}

fn a_process_killed_at_each_failpoint_of_each_story_loses_nothing(engine: Engine) {
    // The long run: first each story without a death, to see what it comes by and how often. Then it dies there the
    // first time and one other time; in the longest run, every time.
    if rounds(1) == 1 {
        return;
    }
    let mut seed = Seed::new();
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let logs = Story::ALL.map(|story| (story, folder.path().join(format!("{story:?}"))));
    at_once(&logs, |(story, log)| assert!(!tell(engine, *story, &format!("log:{}", log.display()))));
    let mut deaths = Vec::new();
    for (story, log) in logs {
        let mut reached: BTreeMap<String, u64> = BTreeMap::new();
        for name in text(&log).lines() {
            *reached.entry(name.to_owned()).or_default() += 1;
        }
        for (name, times) in reached {
            let every = rounds(1) > 10;
            let some = [1, 1 + seed.below(times)];
            let times = (1..=times).filter(|nth| every || some.contains(nth));
            deaths.extend(times.map(|nth| (format!("{name}:{nth}"), story)));
        }
    }
    println!("{} deaths", deaths.len());
    at_once(&deaths, |(failpoint, story)| {
        println!("{failpoint} in {story:?}");
        // Threads take turns differently each time, so the last time may not come.
        tell(engine, *story, failpoint);
    });
}

fn survive(engine: Engine, table: &[(&'static str, Story)]) {
    at_once(table, |(failpoint, story)| {
        println!("{failpoint} in {story:?}");
        assert!(tell(engine, *story, failpoint), "{story:?} never came by {failpoint}");
    });
}

fn at_once<T: Sync>(rows: &[T], each: impl Fn(&T) + Sync) {
    let (rest, each) = (Mutex::new(rows.iter()), &each);
    std::thread::scope(|threads| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                threads.spawn(|| {
                    while let Some(row) = { rest.lock().expect("nobody panics while it has it").next() } {
                        each(row);
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

fn name(failpoint: &'static str) -> &'static str {
    failpoint.split(':').next().unwrap_or(failpoint)
}
