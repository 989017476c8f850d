//! Repositories that are not what one wishes for, and a git that is not there.

use std::os::unix::fs::PermissionsExt as _;

use super::{intact, refused};
use crate::features::world::{World, said, text, write};

#[test]
fn a_folder_that_is_no_repository_is_said_by_every_command_that_needs_one() {
    let world = World::empty();
    refused(&world.run(["init"]), 1, "repository_unusable", &["git init"]);
    for args in [vec!["status"], vec!["work", "list"], vec!["doctor"], vec!["run", "--agent", "true"], vec!["up"]] {
        refused(&world.run(&args), 1, "no_repository", &["--repo", "repo"]);
    }
    refused(&world.run(["status", "--repo", "/no/such/place"]), 1, "no_repository", &["/no/such/place", "exist"]);
    refused(&world.run(["init", "--repo", "/no/such/place"]), 1, "repository_unusable", &["/no/such/place", "exist"]);
    assert!(!world.repo.join(".nexus").exists(), "nothing was made");
}

#[test]
fn a_repository_without_a_store_says_init() {
    let world = World::with_git();
    for args in [vec!["status"], vec!["work", "add", "x"], vec!["change", "land"], vec!["events"], vec!["up"]] {
        refused(&world.run(&args), 1, "no_store", &["nexus init"]);
    }
    assert!(!world.repo.join(".nexus").exists(), "nothing was made");
}

#[test]
fn a_repository_without_a_commit_keeps_a_backlog_and_says_what_a_run_needs() {
    let world = World::empty();
    world.git(["init", "-q", "-b", "main"]);
    world.ok(["init"]);
    let id = world.add("One");
    refused(&world.run(["run", "--agent", "true"]), 1, "no_target_branch", &["main", "commit"]);
    refused(
        &world.run(["work", "claim", &id, "--agent", "zoe", "--workspace"]),
        1,
        "no_target_branch",
        &["main", "commit"],
    );
    assert_eq!(world.run(["doctor"]).code, 1);
    world.write("README.md", "hello\n");
    world.commit("begin");
    let item = world.item(&id);
    assert_eq!((&item["state"], &item["attempts_used"]), (&"ready".into(), &0.into()), "a claim in vain costs nothing");
    assert_eq!(world.ok(["run", "--agent", "touch made"])["landed"], 1);
    intact(&world, &[id]);
}

#[test]
fn a_detached_head_lands_on_a_branch_that_is_named() {
    let world = World::new();
    let id = world.add("One");
    world.git(["checkout", "-q", "--detach"]);
    world.git(["branch", "-m", "main", "trunk"]);
    refused(&world.run(["run", "--agent", "touch made"]), 1, "no_target_branch", &["--target", "nexus.toml"]);
    refused(&world.run(["run", "--agent", "true", "--target", "none"]), 1, "no_target_branch", &["\"none\""]);
    let head = world.git(["rev-parse", "HEAD"]);
    assert_eq!(world.ok(["run", "--agent", "touch made", "--target", "trunk"])["landed"], 1);
    assert_eq!(world.git(["rev-parse", "HEAD"]), head, "a detached checkout stays where it is");
    assert_eq!(world.git(["ls-tree", "--name-only", "trunk", "made"]), "made");
    intact(&world, &[id]);
}

#[test]
fn a_bare_repository_without_a_branch_checked_out_works_or_says_why_not() {
    let world = World::with_git();
    let bare = world.beside("empty.git");
    world.git(["init", "-q", "--bare", "-b", "main", &bare.to_string_lossy()]);
    let nexus = |args: &[&str]| said(world.nexus(["--json"]).args(args).current_dir(&bare));
    assert_eq!(nexus(&["init"]).code, 0);
    assert_eq!(nexus(&["work", "add", "One"]).code, 0);
    refused(&nexus(&["run", "--agent", "true"]), 1, "no_target_branch", &["--target"]);
    world.git(["push", "-q", &bare.to_string_lossy(), "main"]);
    let run = nexus(&["run", "--agent", "touch made"]);
    assert_eq!(run.json()["landed"], 1, "{}", run.out);
}

#[test]
fn a_dirty_checkout_keeps_every_byte_whatever_lands() {
    let world = World::with_git();
    world.write("landing.txt", "old\n");
    world.write("mine.txt", "old\n");
    world.commit("files");
    world.ok(["init"]);
    world.write("mine.txt", "changed by me\n");
    world.write("staged.txt", "staged by me\n");
    world.git(["add", "staged.txt"]);
    world.write("untracked.txt", "untracked\n");
    world.add("One");
    let run = world.ok(["run", "--agent", "sh -c 'echo new > landing.txt'"]);
    assert_eq!(run["landed"], 1, "what is not in the way does not keep a landing: {run}");
    let there = |path: &str| std::fs::read_to_string(world.repo.join(path)).expect("it is there");
    assert_eq!(there("landing.txt"), "new\n");
    assert_eq!(
        [there("mine.txt"), there("staged.txt"), there("untracked.txt")],
        ["changed by me\n", "staged by me\n", "untracked\n"]
    );
    let status = world.git(["status", "--porcelain"]);
    assert_eq!(status.lines().collect::<Vec<_>>(), [" M mine.txt", "A  staged.txt", "?? untracked.txt"]);

    // An untracked file where the landing wants to put one is in the way, and stays.
    let id = world.add("Two");
    let (fence, folder) = world.open(&id, "zoe");
    write(&folder.join("untracked.txt"), "the agent's\n");
    world.report(&id, "zoe", &fence);
    let waits = world.run(["change", "land"]);
    assert_eq!(waits.code, 1);
    assert!(waits.json()["waiting"].to_string().contains("untracked.txt"), "{}", waits.out);
    assert_eq!(there("untracked.txt"), "untracked\n");
    std::fs::remove_file(world.repo.join("untracked.txt")).expect("it is there");
    world.ok(["change", "land"]);
    assert_eq!(there("untracked.txt"), "the agent's\n");
}

#[test]
fn a_run_that_waits_for_changed_files_ends_and_says_which() {
    let world = World::with_git();
    world.write("file.txt", "old\n");
    world.commit("file");
    world.ok(["init"]);
    let id = world.add("One");
    world.write("file.txt", "mine\n");
    let agent = "sh -c 'echo theirs > file.txt'";
    let run = said(world.nexus(["--json", "run", "--agent", agent]).env("NEXUS_LANDING_WAIT", "0s"));
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(run.json()["in_the_way"], serde_json::json!(["file.txt"]));
    assert_eq!(world.item(&id)["state"], "submitted");
    world.git(["checkout", "-q", "--", "file.txt"]);
    world.ok(["change", "land"]);
    assert_eq!(world.landed("file.txt"), "theirs");
}

#[test]
fn a_target_branch_that_goes_away_keeps_the_change_until_it_is_back() {
    let world = World::new();
    world.git(["branch", "side"]);
    let id = world.add("One");
    let args = ["work", "claim", &id, "--agent", "zoe", "--ttl", "1h", "--workspace", "--target", "side"];
    let folder = text(&world.ok(args)["workspace"], "path");
    write(&std::path::Path::new(&folder).join("made"), "x\n");
    world.git(["branch", "-D", "-q", "side"]);
    world.report(&id, "zoe", "1");
    refused(&world.run(["change", "land"]), 1, "no_target_branch", &["side"]);
    assert_eq!(world.item(&id)["state"], "submitted");
    world.git(["branch", "side", "main"]);
    world.ok(["change", "land"]);
    assert_eq!(world.item(&id)["state"], "done");
}

#[test]
fn a_broken_nexus_toml_is_said_before_any_agent_starts_and_keeps_what_waits() {
    let world = World::new();
    let id = world.add("One");
    let (fence, folder) = world.open(&id, "zoe");
    write(&folder.join("made"), "x\n");
    world.report(&id, "zoe", &fence);
    world.write("nexus.toml", "[[chek]]\nname = 'a'\n");
    world.commit("a mistake");
    refused(&world.run(["change", "land"]), 1, "bad_policy", &["nexus.toml", "chek"]);
    refused(&world.run(["run", "--agent", "touch x"]), 1, "bad_policy", &["nexus.toml", "chek"]);
    assert_eq!(world.item(&id)["state"], "submitted");
    world.git(["revert", "--no-edit", "HEAD"]);
    world.ok(["change", "land"]);
    assert_eq!(world.item(&id)["state"], "done");
}

#[test]
fn a_missing_git_is_said_and_the_store_works_without_it() {
    let world = World::new();
    let path = world.beside("bin");
    std::fs::create_dir(&path).expect("a folder");
    let without = |args: &[&str]| said(world.nexus(["--json"]).args(args).env("PATH", &path));
    let added = without(&["work", "add", "One"]);
    assert_eq!(added.code, 0, "no git is needed for work: {}", added.out);
    let id = text(&added.json(), "id");
    assert_eq!(without(&["work", "claim", &id, "--agent", "zoe"]).code, 0);
    for args in [vec!["init"], vec!["change", "land"], vec!["run", "--agent", "/bin/true"], vec!["workspace", "prune"]]
    {
        refused(&without(&args), 1, "repository_unusable", &["git was not found", "install git 2.38"]);
    }
    let doctor = without(&["doctor"]);
    assert_eq!(doctor.code, 1);
    assert!(doctor.out.contains("install git 2.38"), "{}", doctor.out);
    intact(&world, &[id]);
}

#[test]
fn a_git_that_is_too_old_is_said_with_the_version_that_is_needed() {
    let world = World::new();
    for (says, wanted) in [("git version 2.20.1", "2.20.1"), ("not git at all", "not git at all")] {
        let path = world.beside("bin");
        let fake = path.join("git");
        write(&fake, format!("#!/bin/sh\necho '{says}'\n"));
        std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
        for args in [vec!["init"], vec!["run", "--agent", "/bin/true"], vec!["change", "land"]] {
            let old = said(world.nexus(["--json"]).args(&args).env("PATH", &path));
            refused(&old, 1, "repository_unusable", &[wanted, "install git 2.38 or newer"]);
        }
    }
}

#[test]
fn a_repository_in_the_middle_of_a_merge_is_left_alone() {
    let world = World::with_git();
    world.write("a.txt", "base\n");
    world.commit("base");
    world.git(["checkout", "-q", "-b", "side"]);
    world.write("a.txt", "side\n");
    world.commit("side");
    world.git(["checkout", "-q", "main"]);
    world.write("a.txt", "main\n");
    world.commit("main");
    world.ok(["init"]);
    let _ = said(world.command("git").args(["merge", "-q", "side"]));
    let before = world.git(["status", "--porcelain"]);
    assert!(before.contains("UU a.txt"), "{before}");
    world.add("One");
    world.add("Two");
    let run = said(
        world
            .nexus(["--json", "run", "--agent", "sh -c 'echo x > \"$NEXUS_WORK_ID\"; echo agent > a.txt'"])
            .env("NEXUS_LANDING_WAIT", "0s"),
    );
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.json()["in_the_way"].to_string().contains("a.txt"), "{}", run.out);
    assert_eq!(world.git(["status", "--porcelain"]), before);
}
