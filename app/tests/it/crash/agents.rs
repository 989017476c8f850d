//! Agents that destroy what they stand on.

use crate::support::{World, until};

/// Runs one item by an agent that does `first` at its first attempt, and its work at the next.
fn second_attempt_lands(first: &str) -> World {
    let world = World::new();
    let ids = [world.add("one")];
    let agent = world.agent("wild", &format!("if [ $NEXUS_FENCE = 1 ]; then\n{first}\nexit 0\nfi\nmade"));
    let end = world.nexus(&["run", "--agent", &agent, "--workers", "1"]).run();
    assert_eq!(end.code, Some(0), "{end:?}");
    assert_eq!(world.item(&ids[0]).number("attempts_used"), 2, "the first attempt failed and counted");
    world.all_is_well(&ids);
    world
}

#[test]
fn an_agent_that_deletes_its_worktree_has_failed_and_the_next_attempt_lands() {
    second_attempt_lands("here=$PWD; cd /; rm -rf \"$here\"");
}

#[test]
fn an_agent_that_deletes_its_worktree_and_makes_another_folder_there_has_failed() {
    second_attempt_lands(
        "here=$PWD; cd /; rm -rf \"$here\"; mkdir \"$here\"; git init -q \"$here\"; echo x > \"$here/x\"; rm -rf \"$here\"",
    );
}

#[test]
fn an_agent_that_takes_its_worktree_out_of_git_is_cleaned_up_after() {
    second_attempt_lands(
        "here=$PWD; git worktree remove --force --force .; cd /; mkdir -p \"$here\"; echo x > \"$here/x\"",
    );
}

#[test]
fn commits_that_an_agent_left_on_its_branch_are_kept_when_its_worktree_goes() {
    let world = second_attempt_lands(
        "echo early > early; log early; git add early; git commit -q -m early\n\
         git checkout -q --detach HEAD~1; echo late > late; log late; exit 1",
    );
    assert!(world.git(&["log", "--all", "--format=%s"]).lines().any(|subject| subject == "early"));
}

#[test]
fn an_agent_that_kills_its_keeper_takes_everything_it_started_along() {
    let world = second_attempt_lands("sleep 1000 & echo $! > \"$HOME-pid\"; kill -9 $PPID; sleep 1000");
    let pid = crate::support::text(&world.beside("home-pid"));
    assert!(!runs(pid.trim()), "what it left in the background has ended too");
}

#[test]
fn an_agent_that_kills_the_run_is_ended_and_its_item_is_done_by_the_next_run() {
    let world = World::new();
    let ids = [world.add("one")];
    let script = "made; echo $$ > \"$HOME-pid\"; kill -9 $(ps -o ppid= -p $PPID); sleep 1000";
    let agent = world.agent("murderer", script);
    let end = world.nexus(&["run", "--agent", &agent, "--ttl", "1s", "--workers", "1"]).run();
    assert!(end.killed(), "{end:?}");
    let pid = crate::support::text(&world.beside("home-pid"));
    until("the agent to be ended by its keeper", || (!runs(pid.trim())).then_some(()));
    let end = world.nexus(&["run", "--agent", &world.diligent()]).run();
    assert_eq!(end.code, Some(0), "{end:?}");
    world.all_is_well(&ids);
}

#[test]
fn an_agent_whose_item_is_called_off_is_ended_at_the_next_heartbeat() {
    let world = World::new();
    let id = world.add("one");
    // It would go on for hours; what it started in the background too.
    let script = "echo $$ > \"$HOME-pid\"; sleep 10000 & nexus work cancel $NEXUS_WORK_ID; sleep 10000";
    let agent = world.agent("busy", script);
    let end = world.nexus(&["run", "--agent", &agent, "--ttl", "1s", "--workers", "1", "--timeout", "5m"]).run();
    assert_eq!(end.code, Some(1), "nothing landed: {end:?}");
    assert_eq!(world.item(&id).text("state"), "cancelled");
    let pid = crate::support::text(&world.beside("home-pid"));
    assert!(!runs(pid.trim()), "it was ended");
}

/// Whether a process runs; one that has ended and is waited for by nobody yet does not.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !matches!(stat.rsplit(')').next().unwrap_or_default().split_whitespace().next(), None | Some("Z" | "X"))
}

/// What agents do to git, and to who started them, without breaking anything: their work lands at the first attempt.
#[test]
fn agents_that_disturb_git_or_leave_something_running_land_what_they_made_and_nothing_stays() {
    let deeds = [
        ("renames its branch", "git branch -m elsewhere"),
        (
            "makes another branch",
            "git checkout -q -b other; git branch -D \"$(git branch --format='%(refname:short)' | grep nexus | head -n 1)\" || true",
        ),
        ("commits by itself", "echo more > more; git add more; git commit -q -m mine"),
        (
            "changes the configuration",
            "git config user.name Mallory; git config core.hooksPath /nowhere; git config --unset core.hooksPath",
        ),
        (
            "leaves hooks",
            "hooks=$(git rev-parse --git-common-dir)/hooks; mkdir -p \"$hooks\"; printf '#!/bin/sh\\nexit 1\\n' > \"$hooks/pre-commit\"; chmod +x \"$hooks/pre-commit\"",
        ),
        ("leaves a lock", ": > \"$(git rev-parse --git-dir)/index.lock\""),
        ("leaves rubbish in git", "echo x > \"$(git rev-parse --git-common-dir)/rubbish\""),
        ("asks at the terminal", "if (read -r x < /dev/tty) 2>/dev/null; then exit 9; fi"),
        ("leaves a server running", "setsid sh -c 'while :; do sleep 1000; done' < /dev/null > /dev/null 2>&1 &"),
    ];
    for (what, deed) in deeds {
        let world = World::new();
        let ids = [world.add(what)];
        let agent = world.agent("wild", &format!("made\n{deed}"));
        let end = world.nexus(&["run", "--agent", &agent, "--workers", "1"]).run();
        assert_eq!(end.code, Some(0), "{what}: {end:?}");
        assert_eq!(world.item(&ids[0]).number("attempts_used"), 1, "{what}: {:?}", world.item(&ids[0]));
        world.intact();
        world.landed_once(&ids);
        world.nothing_lost();
        world.tidy_but_for(&["elsewhere", "other"]);
    }
}
