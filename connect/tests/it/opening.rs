//! Which folders are a repository, and what is said about the others.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use connect::git::{Git, branch_name_ok, ref_name_ok};
use engine::ports::{Repo, RepoError};

use crate::fixture::{Fixture, git, text, write};

#[test]
fn a_repository_is_found_from_its_top_a_sub_folder_a_linked_worktree_and_its_git_folder() {
    let it = Fixture::new();
    let linked = it.worktree("linked");
    for path in [it.root(), it.root().join("dir"), linked.join("dir"), it.root().join(".git")] {
        let found = Git::open(&path).expect("it is in the repository");
        assert_eq!(found.common_dir(), it.root().join(".git"), "{}", path.display());
        assert_eq!(found.root(), it.root(), "{}", path.display());
    }
}

#[test]
fn a_bare_repository_is_its_own_root_and_can_have_worktrees() {
    let it = Fixture::new();
    let bare = it.beside("bare.git");
    git(&it.root(), &["clone", "-q", "--bare", ".", bare.to_str().expect("plain")]);
    let found = Git::open(&bare).expect("it is a repository");
    assert_eq!((found.root(), found.common_dir()), (bare.as_path(), bare.as_path()));
    let path = it.beside("of-bare");
    found.open_worktree(&path, "work", "main").expect("nothing is in the way");
    write(&path, "new", "text");
    let seen = found.observe(&path, "main", "m", "a").expect("git answers").expect("there is a change");
    assert_eq!(found.read(&seen.commit, b"new", 10).expect("git answers"), Some(b"text".to_vec()));
    let new = found.commit_tree(&seen.tree, "main", "m", "a").expect("git answers");
    let old = found.commit("main").expect("git answers").expect("it is there");
    assert_eq!(found.move_branch("main", &old, &new).expect("git answers"), engine::ports::Moved::Done);
    found.snapshot(&path, "refs/nexus/s").expect("git answers");
    found.remove_worktree(&path).expect("it can be removed");
    assert!(!path.exists());
    found.restore(&path, "work", "refs/nexus/s").expect("git answers");
    assert_eq!(text(&path, "new"), "text");
    assert!(Git::open(&path).is_ok_and(|it| it.root() == bare));
}

#[test]
fn a_folder_without_a_repository_and_a_missing_one_are_refused_in_plain_words() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let said = |path: &std::path::Path| match Git::open(path) {
        Err(RepoError::Unusable(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(said(folder.path()).contains("git init"));
    assert!(said(&folder.path().join("nowhere")).contains("does not exist"));
}

#[test]
fn without_git_or_with_an_old_one_the_text_says_what_to_install() {
    if std::env::var_os("OPEN_WITH_THIS_PATH").is_some() {
        // This is the copy of this test that runs below, with another PATH.
        println!("said: {:?}", Git::open(std::path::Path::new("/")).err());
        return;
    }
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let said = || {
        let name = "opening::without_git_or_with_an_old_one_the_text_says_what_to_install";
        let mut copy = std::process::Command::new(std::env::current_exe().expect("linux tells"));
        copy.args(["--exact", name, "--nocapture"]).env("OPEN_WITH_THIS_PATH", "1").env("PATH", folder.path());
        String::from_utf8_lossy(&copy.output().expect("it runs").stdout).into_owned()
    };
    assert!(said().contains("git was not found; install git 2.38"), "{}", said());
    write(folder.path(), "git", "#!/bin/sh\necho git version 2.37.9\n");
    fs::set_permissions(folder.path().join("git"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert!(said().contains("git 2.37.9 is too old"), "{}", said());
}

#[test]
fn a_repository_of_another_user_is_refused_with_the_command_that_helps() {
    let it = Fixture::new();
    if std::os::unix::fs::chown(it.root(), Some(54_321), None).is_err() {
        return; // Only root can give folders away.
    }
    std::os::unix::fs::chown(it.root().join(".git"), Some(54_321), None).expect("the first one worked");
    match Git::open(&it.root()) {
        Err(RepoError::Unusable(text)) => assert!(text.contains("safe.directory"), "{text}"),
        Ok(_) => {} // Git was told to trust every folder.
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_repository_without_a_commit_says_so() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    git(folder.path(), &["init", "-q"]);
    let fresh = Git::open(folder.path()).expect("it is a repository");
    assert!(fresh.has_no_commit().expect("git answers"));
    assert_eq!(fresh.commit("HEAD").expect("git answers"), None);
    assert_eq!(fresh.worktrees().expect("git answers")[0].head, None);
    assert!(!Fixture::new().git.has_no_commit().expect("git answers"));
}

#[test]
fn what_names_no_commit_is_none() {
    let it = Fixture::new();
    let (missing, blob) = ("1".repeat(40), git(&it.root(), &["rev-parse", "HEAD:a"]));
    for rev in ["nowhere", "--help", "", "HEAD~9", "a b", &missing, &blob] {
        assert_eq!(it.git.commit(rev).expect("git answers"), None, "{rev}");
    }
    assert!(it.git.commit("main").expect("git answers").is_some());
}

#[test]
fn a_pattern_is_excluded_once_however_many_ask_for_it() {
    let it = Fixture::new();
    let file = it.root().join(".git/info/exclude");
    fs::write(&file, "no newline").expect("it is ours");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| it.git.exclude(".nexus").expect("it can be written"));
        }
    });
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "no newline\n.nexus\n");
    fs::remove_dir_all(it.root().join(".git/info")).expect("it is ours");
    it.git.exclude("/x").expect("it can be written");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "/x\n");
    assert!(it.git.exclude("a\nb").is_err());
}

#[test]
fn names_of_branches_and_refs_are_those_that_git_takes() {
    for (name, ok) in [("a/b", true), ("ünï", true), ("-x", false), ("a..b", false), ("@{-1}", false), ("", false)] {
        assert_eq!(branch_name_ok(name).expect("git answers"), ok, "{name}");
    }
    for (name, ok) in [("refs/nexus/1", true), ("refs/x.lock", false), ("HEAD", false), ("--", false)] {
        assert_eq!(ref_name_ok(name).expect("git answers"), ok, "{name}");
    }
}
