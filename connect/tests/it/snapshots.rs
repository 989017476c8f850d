//! What is kept before something is thrown away, and how it comes back.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use engine::ports::Repo;

use crate::fixture::{Fixture, commit_all, files, git, git_may_fail, text, write};

const AT: &str = "refs/nexus/snapshots/1";

#[test]
fn files_index_and_head_come_back_and_the_original_is_untouched() {
    let it = Fixture::new();
    let path = it.worktree("w");
    write(&path, "committed", "1");
    commit_all(&path, "by the agent");
    write(&path, "a", "staged\n");
    git(&path, &["add", "a"]);
    write(&path, "a", "on top\n");
    write(&path, "untracked", "2");
    fs::remove_file(path.join("dir/b")).expect("it was there");
    let seen = (git(&path, &["status", "--porcelain"]), git(&path, &["rev-parse", "HEAD"]), files(&path));
    let kept = it.git.snapshot(&path, AT).expect("git answers");
    assert_eq!(kept.left_out, Vec::<String>::new());
    assert_eq!(it.at(AT), kept.commit);
    assert_eq!((git(&path, &["status", "--porcelain"]), git(&path, &["rev-parse", "HEAD"]), files(&path)), seen);
    it.git.remove_worktree(&path).expect("it can be removed");
    git(&it.root(), &["branch", "-D", "w"]);
    it.git.restore(&path, "w", AT).expect("nothing is in the way");
    assert_eq!((git(&path, &["status", "--porcelain"]), git(&path, &["rev-parse", "HEAD"]), files(&path)), seen);
    assert_eq!(git(&path, &["branch", "--show-current"]), "w");
}

#[test]
fn a_file_with_a_newline_in_its_name_is_observed_and_comes_back_from_its_snapshot() {
    let it = Fixture::new();
    let path = it.worktree("w");
    for name in [b"new\nline".as_slice(), b"\xff\x80", b"-x", b"\"q\"", b":(top)"] {
        write(&path, OsStr::from_bytes(name), "x");
    }
    symlink("../../outside", path.join("link")).expect("it is ours");
    symlink("nowhere", path.join("dir/dangling")).expect("it is ours");
    write(&path, "program", "#!/bin/sh\r\n\0");
    fs::set_permissions(path.join("program"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert!(it.git.observe(&path, "main", "m", "a").expect("git answers").is_some());
    let before = files(&path);
    it.git.snapshot(&path, AT).expect("git answers");
    let copy = it.beside("copy");
    it.git.restore(&copy, "copy", AT).expect("nothing is in the way");
    assert_eq!(files(&copy), before);
}

#[test]
fn line_endings_and_filters_change_no_byte_of_what_comes_back() {
    let it = Fixture::new();
    git(&it.root(), &["config", "filter.lossy.clean", "tr -d x"]);
    write(&it.root(), ".gitattributes", "*.txt text=auto\n*.win text eol=crlf\n*.lossy filter=lossy\n");
    write(&it.root(), "same.win", "1\r\n2\r\n");
    commit_all(&it.root(), "attributes");
    let path = it.worktree("w");
    assert_eq!(text(&path, "same.win"), "1\r\n2\r\n");
    write(&path, "mixed.txt", "1\r\n2\n");
    write(&path, "crlf.txt", "1\r\n2\r\n");
    write(&path, "lf.win", "1\n2\n");
    write(&path, "odd\nname.lossy", "axb");
    let before = (files(&path), git(&path, &["status", "--porcelain"]));
    it.git.snapshot(&path, AT).expect("git answers");
    let copy = it.beside("copy");
    it.git.restore(&copy, "copy", AT).expect("nothing is in the way");
    assert_eq!((files(&copy), git(&copy, &["status", "--porcelain"])), before);
}

#[test]
fn an_index_with_conflicts_is_kept_as_the_files_are() {
    let it = Fixture::new();
    let path = it.worktree("w");
    let theirs = it.commit_on("main", &[("a", Some("theirs\n"))]);
    write(&path, "a", "ours\n");
    commit_all(&path, "ours");
    git_may_fail(&path, &["merge", &theirs]);
    let kept = it.git.snapshot(&path, AT).expect("git answers");
    assert_eq!(it.at(&format!("{AT}^1")), git(&path, &["rev-parse", "HEAD"]));
    let tree = |rev: &str| it.git.tree(rev).expect("git answers");
    assert_eq!(tree(&kept.commit), tree(&format!("{AT}^2")));
    assert!(text(&path, ".git").starts_with("gitdir"));
    assert_eq!(git(&path, &["ls-files", "-u"]).lines().count(), 3);
}

#[test]
fn a_worktree_without_a_commit_is_kept_too() {
    let it = Fixture::new();
    let path = it.worktree("w");
    git(&path, &["checkout", "-q", "--orphan", "fresh"]);
    write(&path, "new", "x");
    let before = files(&path);
    let kept = it.git.snapshot(&path, AT).expect("git answers");
    assert_eq!(git(&it.root(), &["rev-list", "--count", &kept.commit]), "2");
    let copy = it.beside("copy");
    it.git.restore(&copy, "copy", AT).expect("nothing is in the way");
    assert_eq!(files(&copy), before);
}

#[test]
fn what_no_commit_can_hold_is_named() {
    let it = Fixture::new();
    let path = it.worktree("w");
    let nested = path.join("deep/nested");
    fs::create_dir_all(&nested).expect("it is ours");
    git(&nested, &["init", "-q"]);
    write(&nested, "f", "x");
    fs::create_dir_all(path.join("build")).expect("it is ours");
    for name in ["pipe", "build/ignored pipe"] {
        assert!(Command::new("mkfifo").arg(path.join(name)).status().expect("it is installed").success());
    }
    let _socket = UnixListener::bind(path.join("socket")).expect("the folder is ours");
    write(&path, ".GIT/refused", "x");
    write(&path, "held", "x");
    let kept = it.git.snapshot(&path, AT).expect("git answers");
    let text = kept.left_out.join("; ");
    for name in ["deep/nested (a nested repository)", "pipe (a pipe)", "socket (a socket)", ".GIT/refused"] {
        assert!(text.contains(name), "{name} is not in {text}");
    }
    assert_eq!(kept.left_out.len(), 4, "{text}");
    assert_eq!(it.git.read(AT, b"held", 9).expect("git answers"), Some(b"x".to_vec()));
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_rest_is_kept() {
    let it = Fixture::new();
    let path = it.worktree("w");
    write(&path, "secret", "x");
    write(&path, "held", "x");
    fs::set_permissions(path.join("secret"), fs::Permissions::from_mode(0o000)).expect("it is ours");
    let readable = fs::read(path.join("secret")).is_ok(); // Root reads everything.
    let kept = it.git.snapshot(&path, AT).expect("git answers");
    let left_out = if readable { vec![] } else { vec!["secret (cannot be read)".to_owned()] };
    assert_eq!(kept.left_out, left_out);
    assert_eq!(it.git.read(AT, b"held", 9).expect("git answers"), Some(b"x".to_vec()));
    assert_eq!(it.git.observe(&path, "main", "m", "a").is_ok(), readable);
}

#[test]
fn a_branch_with_other_commits_is_not_overwritten_by_a_restore() {
    let it = Fixture::new();
    let path = it.worktree("w");
    write(&path, "new", "x");
    it.git.snapshot(&path, AT).expect("git answers");
    commit_all(&path, "later");
    let later = it.at("w");
    it.git.remove_worktree(&path).expect("it can be removed");
    it.git.restore(&path, "w", AT).expect("nothing is in the way");
    assert_eq!(it.at("w"), later);
    assert_eq!(git(&path, &["branch", "--show-current"]), "w-2");
}

#[test]
fn refs_are_set_and_deleted_whether_they_are_there_or_not() {
    let it = Fixture::new();
    let main = it.at("main");
    it.git.set_ref("refs/nexus/x", &main).expect("git answers");
    assert_eq!(it.at("refs/nexus/x"), main);
    it.git.delete_ref("refs/nexus/x").expect("git answers");
    it.git.delete_ref("refs/nexus/x").expect("gone is fine");
    assert_eq!(it.git.commit("refs/nexus/x").expect("git answers"), None);
    assert!(it.git.set_ref("HEAD", &main).is_err());
}
