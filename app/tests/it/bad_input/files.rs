//! What agents leave in their worktrees: odd names, links that lead out, repositories within.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::intact;
use crate::features::world::{World, said, text, write};

/// Lets `make` work in a workspace, reports, and lands; comes back with the item's id.
fn land(world: &World, make: impl FnOnce(&Path)) -> String {
    let id = world.add("One");
    let (fence, folder) = world.open(&id, "zoe");
    make(&folder);
    world.report(&id, "zoe", &fence);
    world.ok(["change", "land"]);
    id
}

#[test]
fn files_of_any_name_are_committed_landed_and_checked_out() {
    let world = World::new();
    let names: [&[u8]; 12] = [
        b"with spaces.txt",
        b"new\nline",
        b"tab\tand \"quotes\" and \\",
        b"latin-\xe9\xff",
        b"-rf",
        b"--json",
        b":(glob)*",
        b"*",
        "日本語 🤖".as_bytes(),
        b"Case",
        b"case",
        &[b'n'; 255],
    ];
    let id = land(&world, |folder| {
        for name in names {
            write(&folder.join(OsStr::from_bytes(name)), name);
            write(&folder.join("deep").join(OsStr::from_bytes(name)), name);
        }
    });
    assert_eq!(world.item(&id)["state"], "done");
    for name in names {
        for folder in [world.repo.clone(), world.repo.join("deep")] {
            let there = std::fs::read(folder.join(OsStr::from_bytes(name)));
            assert_eq!(there.expect("it is checked out"), name, "{:?}", String::from_utf8_lossy(name));
        }
    }
    assert_eq!(world.git(["status", "--porcelain"]), "");
    let change = world.ok(["change", "list"])[0].clone();
    assert_eq!(change["write_set"].as_array().map(Vec::len), Some(2 * names.len()));
    assert!(!said(&mut world.nexus(["change", "show", &text(&change, "id")])).out.contains("new\nline"));
    intact(&world, &[id]);
}

#[test]
fn odd_names_can_be_protected_and_come_back_from_quarantine() {
    let world = World::with_git();
    world.write("nexus.toml", "protected = [\"locked files/**\"]\n");
    world.commit("what is protected");
    world.ok(["init"]);
    let id = world.add("One");
    let (fence, folder) = world.open(&id, "zoe");
    let odd = Path::new("locked files").join(OsStr::from_bytes(b"latin-\xe9\n.txt"));
    write(&folder.join(&odd), "x\n");
    world.report(&id, "zoe", &fence);
    assert_eq!(world.run(["change", "land"]).code, 1);
    assert_eq!(world.ok(["change", "list"])[0]["state"], "refused");

    let (fence, folder) = world.open(&id, "max");
    write(&folder.join(&odd), "kept\n");
    world.ok(["work", "release", &id, "--agent", "max", "--fence", &fence]);
    let kept = text(&world.ok(["workspace", "list", "--state", "quarantined"])[0], "id");
    let to = world.beside("back again");
    world.ok(["workspace", "restore", &kept, "--to", &to.to_string_lossy()]);
    assert_eq!(std::fs::read_to_string(to.join(odd)).expect("it is back"), "kept\n");
}

#[test]
fn links_that_lead_out_are_kept_as_links_and_never_followed() {
    let world = World::new();
    let outside = world.beside("outside");
    write(&outside.join("secret.txt"), "secret\n");
    let links = ["absolute", "upwards", "dangling", "around", "folder"];
    let id = land(&world, |folder| {
        symlink("/etc/hostname", folder.join("absolute")).expect("a link");
        symlink("../../../../../../etc/hostname", folder.join("upwards")).expect("a link");
        symlink("no such file", folder.join("dangling")).expect("a link");
        symlink("around", folder.join("around")).expect("a link");
        symlink(&outside, folder.join("folder")).expect("a link");
    });
    assert_eq!(world.item(&id)["state"], "done");
    for link in links {
        assert!(world.repo.join(link).is_symlink(), "{link}");
        assert!(world.git(["ls-tree", "main", link]).starts_with("120000"), "{link}");
    }
    assert_eq!(world.landed("folder"), outside.to_string_lossy());

    // Who began before, and has a real folder there, may not write through the link.
    world.git(["update-ref", "refs/heads/earlier", "main~1"]);
    let second = world.add("Two");
    let claim = ["work", "claim", &second, "--agent", "max", "--ttl", "1h", "--workspace", "--target", "earlier"];
    let folder = text(&world.ok(claim)["workspace"], "path");
    write(&Path::new(&folder).join("folder/secret.txt"), "overwritten\n");
    world.git(["update-ref", "refs/heads/earlier", "main"]);
    world.report(&second, "max", "1");
    assert_eq!(world.run(["change", "land"]).code, 1, "a link and a folder of one name cannot both be");
    assert_eq!(world.item(&second)["state"], "ready");
    assert_eq!(std::fs::read_to_string(outside.join("secret.txt")).expect("it is there"), "secret\n");
    let there: BTreeSet<_> = std::fs::read_dir(&outside).expect("a folder").map(|it| it.expect("it").path()).collect();
    assert_eq!(there.len(), 1, "{there:?}");
    intact(&world, &[id, second]);
}

#[test]
fn putting_a_workspace_away_does_not_touch_what_its_links_lead_to() {
    let world = World::new();
    let outside = world.beside("outside");
    write(&outside.join("precious.txt"), "precious\n");
    let id = world.add("One");
    let (fence, folder) = world.open(&id, "zoe");
    symlink(&outside, folder.join("link")).expect("a link");
    world.ok(["work", "fail", &id, "--agent", "zoe", "--fence", &fence, "--reason", "x"]);
    world.ok(["workspace", "prune", "--older-than", "0s"]);
    assert_eq!(world.ok(["workspace", "list", "--state", "quarantined"]), serde_json::json!([]));
    assert_eq!(std::fs::read_to_string(outside.join("precious.txt")).expect("it is there"), "precious\n");
}

#[test]
fn modes_deletions_and_a_folder_in_place_of_a_file_land_as_they_are() {
    let world = World::with_git();
    world.write("gone.txt", "x\n");
    world.write("was-a-file", "x\n");
    world.write("was-a-folder/inside.txt", "x\n");
    world.write("run.sh", "#!/bin/sh\n");
    world.commit("before");
    world.ok(["init"]);
    land(&world, |folder| {
        std::fs::remove_file(folder.join("gone.txt")).expect("it is there");
        std::fs::remove_file(folder.join("was-a-file")).expect("it is there");
        write(&folder.join("was-a-file/inside.txt"), "y\n");
        std::fs::remove_dir_all(folder.join("was-a-folder")).expect("it is there");
        write(&folder.join("was-a-folder"), "y\n");
        std::fs::set_permissions(folder.join("run.sh"), std::fs::Permissions::from_mode(0o755)).expect("it is there");
        write(&folder.join("empty"), "");
        write(&folder.join("binary"), [0_u8, 255, 10, 13, 0]);
    });
    assert!(!world.repo.join("gone.txt").exists());
    assert_eq!(std::fs::read(world.repo.join("was-a-file/inside.txt")).expect("a file"), b"y\n");
    assert_eq!(std::fs::read(world.repo.join("was-a-folder")).expect("a file"), b"y\n");
    assert_eq!(std::fs::read(world.repo.join("binary")).expect("a file"), [0, 255, 10, 13, 0]);
    assert_eq!(std::fs::metadata(world.repo.join("run.sh")).expect("a file").permissions().mode() & 0o111, 0o111);
    assert_eq!(world.git(["status", "--porcelain"]), "");
}

#[test]
fn what_an_agent_commits_itself_lands_with_what_it_left_uncommitted() {
    let world = World::new();
    let id = land(&world, |folder| {
        write(&folder.join("committed.txt"), "one\n");
        for args in [&["add", "-A"][..], &["commit", "-q", "-m", "by the agent"], &["checkout", "-q", "--detach"]] {
            assert_eq!(said(world.command("git").args(args).current_dir(folder)).code, 0);
        }
        write(&folder.join("left.txt"), "two\n");
    });
    assert_eq!(world.item(&id)["state"], "done");
    assert_eq!([world.landed("committed.txt"), world.landed("left.txt")], ["one", "two"]);
}

#[test]
fn an_agent_that_removes_its_own_worktree_is_told_and_breaks_nothing_else() {
    let world = World::new();
    let id = world.add("One");
    let other = world.add("Two");
    let (fence, folder) = world.open(&id, "zoe");
    std::fs::remove_dir_all(&folder).expect("it is there");
    let gone = world.run(["work", "report", &id, "--agent", "zoe", "--fence", &fence]);
    assert_ne!(gone.code, 101, "{gone:?}");
    let message = gone.out + &gone.err;
    if gone.code != 0 {
        assert!(message.contains(&*folder.to_string_lossy()), "{message}");
        let fail = ["work", "fail", &id, "--agent", "zoe", "--fence", &fence, "--reason", "the worktree is gone"];
        let failed = world.run(fail);
        assert_eq!(failed.code, 0, "{failed:?}");
    }
    let (fence, folder) = world.open(&other, "max");
    write(&folder.join("made"), "x\n");
    world.report(&other, "max", &fence);
    world.ok(["change", "land"]);
    assert_eq!(world.item(&other)["state"], "done");
    intact(&world, &[id, other]);
}

#[test]
fn a_failed_agent_that_had_the_target_branch_checked_out_holds_up_nobody() {
    let world = World::new();
    world.git(["checkout", "-q", "--detach"]);
    let first = text(&world.ok(["work", "add", "One", "--attempts", "1"]), "id");
    let run = |agent: &str| {
        let line = format!("sh -c '{agent}'");
        let mut run = world.nexus(["--json", "run", "--target", "main", "--agent", &line]);
        said(run.env("NEXUS_LANDING_WAIT", "1s"))
    };
    assert_eq!(run("git checkout -q main && echo half > README.md; exit 1").code, 1);
    let second = world.add("Two");
    let landed = run("echo whole > README.md");
    assert_eq!(landed.code, 0, "{landed:?}");
    assert_eq!(world.landed("README.md"), "whole");
    let aside = text(&world.ok(["workspace", "list", "--state", "quarantined"])[0], "path");
    assert_eq!(std::fs::read_to_string(Path::new(&aside).join("README.md")).expect("it is kept"), "half\n");
    world.git(["checkout", "-q", "main"]);
    world.ok(["workspace", "prune", "--older-than", "0s"]);
    assert_eq!(world.git(["branch", "--list", "nexus/*"]), "", "no branch is left behind");
    intact(&world, &[first, second]);
}

#[test]
fn a_repository_inside_the_worktree_fails_the_item_and_names_the_folder() {
    let world = World::new();
    let id = text(&world.ok(["work", "add", "One", "--attempts", "1"]), "id");
    let agent = "sh -c 'git init -q inner && echo x > inner/file && echo y > outer'";
    assert_eq!(world.run(["run", "--agent", agent]).code, 1);
    let reason = text(&world.item(&id), "reason");
    assert!(reason.contains("inner/") && reason.contains("remove its .git"), "{reason}");
    let kept = world.ok(["workspace", "list", "--state", "quarantined"])[0].clone();
    let inner = Path::new(&text(&kept, "path")).join("inner/file");
    assert_eq!(std::fs::read_to_string(inner).expect("it is kept"), "x\n");
}
