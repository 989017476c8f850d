//! Remotes that are none, that lack the branch, or that take nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::{intact, refused};
use crate::features::world::{Said, World, said, write};

/// A world with a bare repository beside it, and its address.
fn shared() -> (World, PathBuf) {
    let world = World::new();
    let bare = world.beside("bare.git");
    world.git(["clone", "-q", "--bare", ".", &bare.to_string_lossy()]);
    world.git(["remote", "add", "origin", &bare.to_string_lossy()]);
    (world, bare)
}

fn through(world: &World, remote: &str, args: &[&str]) -> Said {
    said(world.nexus(["--json"]).args(args).env("NEXUS_LANDING_REMOTE", remote))
}

/// Has the bare repository refuse refs whose name begins like this.
fn guard(bare: &std::path::Path, start: &str) {
    let hook = bare.join("hooks/update");
    write(&hook, format!("#!/bin/sh\ncase \"$1\" in {start}*) echo 'this is guarded' >&2; exit 1;; esac\n"));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
}

/// An item whose workspace holds something, opened with the remote in force; its fence.
fn made(world: &World, id: &str, remote: &str) -> String {
    let claimed = through(world, remote, &["work", "claim", id, "--agent", "zoe", "--ttl", "1h", "--workspace"]).json();
    let path = claimed["workspace"]["path"].as_str().unwrap_or_else(|| panic!("no workspace: {claimed}"));
    write(&PathBuf::from(path).join("made"), "x\n");
    claimed["fence"].to_string()
}

#[test]
fn a_remote_that_is_none_is_said_before_any_agent_starts() {
    let (world, _) = shared();
    let id = world.add("One");
    for remote in ["nowhere", "/no/such/place.git", "file:///no/such/place.git"] {
        for args in [
            vec!["run", "--agent", "touch made"],
            vec!["change", "land", "--target", "main"],
            vec!["work", "claim", &id, "--agent", "zoe", "--workspace"],
        ] {
            let no = through(&world, remote, &args);
            refused(&no, 1, "remote_unreachable", &[remote, "landing.remote", "git remote -v"]);
        }
        let doctor = through(&world, remote, &["doctor"]);
        assert_eq!(doctor.code, 1);
        assert!(doctor.out.contains("cannot be reached"), "{}", doctor.out);
    }
    let item = world.item(&id);
    assert_eq!((&item["state"], &item["attempts_used"]), (&"ready".into(), &0.into()), "a claim in vain costs nothing");
    intact(&world, &[id]);
}

#[test]
fn a_branch_that_the_remote_does_not_have_is_said_and_lands_once_it_is_there() {
    let (world, bare) = shared();
    world.git(["branch", "side"]);
    let id = world.add("One");
    let no = through(&world, "origin", &["run", "--agent", "touch made", "--target", "side"]);
    refused(&no, 1, "no_target_branch", &["side", "origin", "push it there", "--target"]);
    world.git(["push", "-q", "origin", "side"]);
    let run = through(&world, "origin", &["run", "--agent", "touch made", "--target", "side"]);
    assert_eq!(run.json()["landed"], 1, "{}", run.out);
    let there = said(world.command("git").arg("-C").arg(&bare).args(["show", "side:made"]));
    assert_eq!(there.code, 0, "it is in the branch of the remote: {there:?}");
    intact(&world, &[id]);
}

#[test]
fn a_remote_that_takes_nothing_leaves_the_item_with_its_holder() {
    let (world, bare) = shared();
    let id = world.add("One");
    let fence = made(&world, &id, "origin");
    guard(&bare, "");
    let report = ["work", "report", &id, "--agent", "zoe", "--fence", &fence];
    refused(&through(&world, "origin", &report), 1, "push_refused", &["origin", "this is guarded", "right to push"]);
    assert_eq!(world.item(&id)["state"], "leased", "nothing is half done");
    assert_eq!(world.ok(["change", "list"]), serde_json::json!([]));
    std::fs::remove_file(bare.join("hooks/update")).expect("it is there");
    assert_eq!(through(&world, "origin", &report).json()["state"], "submitted");
    assert_eq!(through(&world, "origin", &["change", "land"]).code, 0);
    intact(&world, &[id]);
}

#[test]
fn a_run_whose_remote_takes_nothing_ends_and_gives_the_item_back() {
    let (world, bare) = shared();
    guard(&bare, "");
    let id = world.add("One");
    let run = through(&world, "origin", &["run", "--agent", "touch made", "--workers", "1"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.json()["problems"].to_string().contains("right to push"), "{}", run.out);
    let item = world.item(&id);
    assert_eq!((&item["state"], &item["attempts_used"]), (&"ready".into(), &0.into()), "it is no fault of the agent's");
    intact(&world, &[id]);
}

#[test]
fn a_guarded_branch_leaves_the_change_queued() {
    let (world, bare) = shared();
    let id = world.add("One");
    let fence = made(&world, &id, "origin");
    guard(&bare, "refs/heads/");
    assert_eq!(through(&world, "origin", &["work", "report", &id, "--agent", "zoe", "--fence", &fence]).code, 0);
    for _ in 0..2 {
        refused(&through(&world, "origin", &["change", "land"]), 1, "push_refused", &["refs/heads/main", "guarded"]);
        assert_eq!(world.ok(["change", "list"])[0]["state"], "queued");
    }
    assert_eq!(world.git(["rev-parse", "main"]), world.git(["ls-remote", "origin", "main"])[..40]);
    std::fs::remove_file(bare.join("hooks/update")).expect("it is there");
    assert_eq!(through(&world, "origin", &["change", "land"]).code, 0);
    assert_eq!(world.item(&id)["state"], "done");
    assert_eq!(world.landed("made"), "x");
    intact(&world, &[id]);
}

#[test]
fn an_address_with_a_password_is_refused_and_not_repeated_in_the_settings() {
    let world = World::new();
    for bad in ["https://me:secret@host/x.git", "-upload-pack=x", "two words"] {
        let no = through(&world, bad, &["config", "show"]);
        refused(&no, 2, "bad_setting", &["landing.remote", "without a password"]);
    }
    for good in ["origin", "git@host:x.git", "ssh://me@host/x.git", "../x.git"] {
        assert_eq!(through(&world, good, &["config", "show"]).code, 0, "{good}");
    }
}
