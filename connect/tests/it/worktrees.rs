//! Worktrees: opened, seen, moved, removed.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;

use connect::git::Git;
use engine::ports::{Repo, RepoError};

use crate::fixture::{Fixture, commit_all, files, git, git_may_fail, text, write};

fn unusable<T: std::fmt::Debug>(result: Result<T, RepoError>) -> String {
    match result {
        Err(RepoError::Unusable(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_worktree_has_its_branch_is_locked_and_runs_no_hook() {
    let it = Fixture::new();
    let hook = it.root().join(".git/hooks/post-checkout");
    write(&it.root(), ".git/hooks/post-checkout", "#!/bin/sh\ntouch hooked\n");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = it.worktree("work/one");
    let listed = it.git.worktrees().expect("git answers");
    assert_eq!(listed[0].branch.as_deref(), Some("main"));
    assert_eq!((&listed[1].path, listed[1].branch.as_deref()), (&path, Some("work/one")));
    assert!(git(&it.root(), &["worktree", "list", "--porcelain"]).contains("locked nexus"));
    assert!(!path.join("hooked").exists());
}

#[test]
fn many_worktrees_are_opened_at_once_by_threads() {
    let it = Fixture::new();
    thread::scope(|scope| {
        for n in 0..12 {
            let it = &it;
            scope.spawn(move || it.worktree(&format!("w{n}/same")));
        }
    });
    assert_eq!(it.git.worktrees().expect("git answers").len(), 13);
}

#[test]
fn worktrees_come_and_go_while_others_do() {
    let it = Fixture::new();
    thread::scope(|scope| {
        for n in 0..4 {
            let it = &it;
            scope.spawn(move || {
                for round in 0..4 {
                    let path = it.worktree(&format!("w{n}-{round}"));
                    write(&path, "new", "x");
                    assert!(it.git.observe(&path, "main", "m", "a").expect("git answers").is_some());
                    it.git.remove_worktree(&path).expect("it can be removed");
                }
            });
        }
    });
    assert_eq!(it.git.worktrees().expect("git answers").len(), 1);
    let left = fs::read_dir(it.root().join(".git/nexus-index")).expect("it was made");
    assert_eq!(left.count(), 0, "no index of ours is left");
}

#[test]
fn a_worktree_with_all_files_gone_is_observed_as_empty() {
    let it = Fixture::new();
    let path = it.worktree("w");
    for name in ["a", "dir/b", ".gitignore"] {
        fs::remove_file(path.join(name)).expect("it was there");
    }
    let seen = it.git.observe(&path, "main", "m", "a").expect("git answers").expect("a change");
    assert_eq!(git(&it.root(), &["ls-tree", "-r", &seen.tree]), "");
}

#[test]
fn files_outside_a_sparse_checkout_and_empty_submodules_are_no_change() {
    let it = Fixture::new();
    let main = it.at("main");
    git(&it.root(), &["update-index", "--add", "--cacheinfo", &format!("160000,{main},sub")]);
    git(&it.root(), &["commit", "-q", "-m", "a submodule"]);
    let path = it.worktree("w");
    git(&path, &["sparse-checkout", "set", "--no-cone", "/a", "/.gitignore", "/sub"]);
    assert!(!path.join("dir/b").exists());
    assert_eq!(it.git.observe(&path, "main", "m", "a").expect("git answers"), None);
    let kept = it.git.snapshot(&path, "refs/nexus/s").expect("git answers");
    assert_eq!(kept.left_out, Vec::<String>::new());
    assert_eq!(it.git.tree(&kept.commit).expect("git answers"), it.git.tree("main").expect("git answers"));
}

#[test]
fn a_taken_branch_or_folder_is_refused_and_leaves_nothing_behind() {
    let it = Fixture::new();
    let path = it.beside("w");
    assert!(unusable(it.git.open_worktree(&path, "main", "main")).contains("exists already"));
    write(&path, "file", "mine");
    assert!(unusable(it.git.open_worktree(&path, "other", "main")).contains("not empty"));
    assert_eq!(it.git.commit("other").expect("git answers"), None);
    assert_eq!(text(&path, "file"), "mine");
    assert!(unusable(it.git.open_worktree(&it.beside("v"), "third", "nowhere")).contains("names no commit"));
}

#[test]
fn what_an_agent_left_becomes_one_commit_on_the_base_whatever_it_did_to_git() {
    let it = Fixture::new();
    let (base, path) = (it.at("main"), it.worktree("w"));
    write(&path, "committed", "1");
    commit_all(&path, "by the agent");
    git(&path, &["checkout", "-q", "-b", "elsewhere"]);
    write(&path, "committed too", "2");
    commit_all(&path, "on another branch");
    git(&path, &["checkout", "-q", "--detach"]);
    write(&path, "staged", "3");
    git(&path, &["add", "staged"]);
    write(&path, "untracked", "4");
    write(&path, "x.ignored", "no");
    fs::remove_file(path.join("a")).expect("it was there");
    let git_dir = git(&path, &["rev-parse", "--absolute-git-dir"]);
    fs::write(format!("{git_dir}/index.lock"), "").expect("it is ours");
    let before = files(&path);
    let seen = it.git.observe(&path, &base, "what it did", "Ada <x>\n").expect("git answers").expect("a change");
    let names = git(&it.root(), &["ls-tree", "-r", "--name-only", &seen.tree]);
    let names: Vec<_> = names.lines().collect();
    assert_eq!(names, [".gitignore", "committed", "committed too", "dir/b", "staged", "untracked"]);
    let shown = git(&it.root(), &["log", "-1", "--format=%P|%an|%ae|%cn|%s", &seen.commit]);
    assert_eq!(shown, format!("{base}|Ada x|ada-x@nexus.invalid|Nexus|what it did"));
    assert_eq!(files(&path), before);
    assert_eq!(it.git.tree(&seen.commit).expect("git answers"), seen.tree);
}

#[test]
fn a_merge_with_conflicts_is_observed_as_the_files_are() {
    let it = Fixture::new();
    let (base, path) = (it.at("main"), it.worktree("w"));
    let theirs = it.commit_on("main", &[("a", Some("theirs\n"))]);
    write(&path, "a", "ours\n");
    commit_all(&path, "ours");
    git_may_fail(&path, &["merge", &theirs]);
    let seen = it.git.observe(&path, &base, "m", "a").expect("git answers").expect("a change");
    let held = it.git.read(&seen.commit, b"a", 1_000).expect("git answers").expect("it is there");
    assert_eq!(String::from_utf8_lossy(&held), text(&path, "a"));
}

#[test]
fn an_untouched_worktree_and_one_with_ignored_files_only_have_no_change() {
    let it = Fixture::new();
    let path = it.worktree("w");
    assert_eq!(it.git.observe(&path, "main", "m", "a").expect("git answers"), None);
    write(&path, "build/out", "ignored");
    assert_eq!(it.git.observe(&path, "main", "m", "a").expect("git answers"), None);
}

#[test]
fn a_file_hidden_from_git_and_one_changed_in_the_same_instant_are_seen() {
    let it = Fixture::new();
    let path = it.worktree("w");
    git(&path, &["update-index", "--assume-unchanged", "a"]);
    git(&path, &["update-index", "--skip-worktree", "dir/b"]);
    write(&path, "a", "eno\n");
    write(&path, "dir/b", "owt\n");
    let seen = it.git.observe(&path, "main", "m", "a").expect("git answers").expect("a change");
    let diff = it.git.diff("main", &seen.commit).expect("git answers");
    assert_eq!(diff.paths, [b"a".to_vec(), b"dir/b".to_vec()]);
    assert_eq!(diff.bytes, 8);
}

#[test]
fn strange_names_links_and_modes_are_observed_as_they_are() {
    let it = Fixture::new();
    let path = it.worktree("w");
    let names: [&[u8]; 7] =
        [b"new\nline", b"-dash", b"qu\"ote'\\", b"\xff\xfe", b":(glob)*", b" space ", "名前🦀".as_bytes()];
    for name in names {
        write(&path, OsStr::from_bytes(name), "x");
    }
    symlink("/etc/passwd", path.join("link")).expect("it is ours");
    fs::set_permissions(path.join("a"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let seen = it.git.observe(&path, "main", "m", "a").expect("git answers").expect("a change");
    let mut expected: Vec<Vec<u8>> = names.iter().map(|name| name.to_vec()).collect();
    expected.extend([b"link".to_vec(), b"a".to_vec()]);
    expected.sort();
    let mut paths = it.git.diff("main", &seen.commit).expect("git answers").paths;
    paths.sort();
    assert_eq!(paths, expected);
    for name in names {
        assert_eq!(it.git.read(&seen.tree, name, 9).expect("git answers"), Some(b"x".to_vec()), "{name:?}");
    }
    assert_eq!(it.git.read(&seen.tree, b"link", 99).expect("git answers"), Some(b"/etc/passwd".to_vec()));
}

#[test]
fn a_repository_inside_a_worktree_is_refused_with_its_path() {
    let it = Fixture::new();
    let path = it.worktree("w");
    for (name, commits) in [("without a commit", false), ("with a commit", true)] {
        let nested = path.join(name);
        fs::create_dir(&nested).expect("it is ours");
        git(&nested, &["init", "-q"]);
        write(&nested, "f", "x");
        if commits {
            commit_all(&nested, "nested");
        }
        assert!(unusable(it.git.observe(&path, "main", "m", "a")).contains(name));
        if commits {
            git(&path, &["add", "."]);
            assert!(unusable(it.git.observe(&path, "main", "m", "a")).contains(name));
        }
        fs::remove_dir_all(&nested).expect("it is ours");
    }
}

#[test]
fn a_worktree_whose_git_file_was_replaced_by_a_repository_is_observed_all_the_same() {
    let it = Fixture::new();
    let path = it.worktree("w");
    fs::remove_file(path.join(".git")).expect("it is a file");
    git(&path, &["init", "-q"]);
    write(&path, "new", "x");
    let seen = it.git.observe(&path, "main", "m", "a").expect("git answers").expect("a change");
    assert_eq!(it.git.diff("main", &seen.commit).expect("git answers").paths, [b"new".to_vec()]);
    assert!(it.git.snapshot(&path, "refs/nexus/s").expect("git answers").left_out[0].contains(".git"));
    it.git.remove_worktree(&path).expect("it can be removed");
    assert!(!path.exists());
    assert_eq!(it.git.worktrees().expect("git answers").len(), 1);
}

#[test]
fn a_broken_index_does_not_hide_the_files() {
    let it = Fixture::new();
    let path = it.worktree("w");
    let git_dir = git(&path, &["rev-parse", "--absolute-git-dir"]);
    fs::write(format!("{git_dir}/index"), "broken").expect("it is ours");
    write(&path, "new", "x");
    let seen = it.git.observe(&path, "main", "m", "a").expect("git answers").expect("a change");
    assert_eq!(it.git.diff("main", &seen.commit).expect("git answers").paths, [b"new".to_vec()]);
}

#[test]
fn a_worktree_moves_and_is_still_locked_and_known() {
    let it = Fixture::new();
    let (from, to) = (it.worktree("w"), it.beside("deep/er/w"));
    write(&from, "new", "x");
    it.git.move_worktree(&from, &to).expect("nothing is in the way");
    assert!(!from.exists());
    assert_eq!(text(&to, "new"), "x");
    assert_eq!(it.git.worktrees().expect("git answers")[1].path, to);
    assert!(git(&it.root(), &["worktree", "list", "--porcelain"]).contains("locked nexus"));
    fs::remove_file(to.join(".git")).expect("it is a file");
    it.git.move_worktree(&to, &from).expect("a broken worktree moves too");
    assert_eq!(git(&from, &["branch", "--show-current"]), "", "its branch is free for others");
    assert_eq!(text(&from, "new"), "x");
    fs::create_dir(&to).expect("it is free");
    assert!(unusable(it.git.move_worktree(&from, &to)).contains("exists already"));
}

#[test]
fn a_worktree_is_removed_with_read_only_folders_and_again_when_it_is_gone() {
    let it = Fixture::new();
    let path = it.worktree("w");
    write(&path, "cache/deep/file", "x");
    for name in ["cache/deep", "cache"] {
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o500)).expect("it is ours");
    }
    it.git.remove_worktree(&path).expect("it can be removed");
    it.git.remove_worktree(&path).expect("gone is fine");
    assert!(!path.exists());
    let path = it.worktree("v");
    fs::remove_dir_all(&path).expect("it is ours");
    it.git.remove_worktree(&path).expect("gone is fine");
    assert_eq!(it.git.worktrees().expect("git answers").len(), 1);
}

#[test]
fn neither_the_repository_nor_what_a_link_points_to_is_removed() {
    let it = Fixture::new();
    assert!(unusable(it.git.remove_worktree(&it.root())).contains("not removed"));
    assert!(unusable(it.git.remove_worktree(&it.beside(""))).contains("not removed"));
    let (path, precious) = (it.worktree("w"), it.beside("precious"));
    write(&precious, "file", "x");
    fs::remove_dir_all(&path).expect("it is ours");
    symlink(&precious, &path).expect("it is free");
    assert!(unusable(it.git.observe(&path, "main", "m", "a")).contains("not a worktree"));
    it.git.remove_worktree(&path).expect("it can be removed");
    assert_eq!(text(&precious, "file"), "x");
    assert!(fs::symlink_metadata(&path).is_err());
}

#[test]
fn a_checkout_takes_the_place_of_what_stood_there() {
    let it = Fixture::new();
    let path = it.beside("check");
    write(&path, "old", "x");
    it.git.open_checkout(&path, "main").expect("nothing is in the way");
    assert!(!path.join("old").exists());
    write(&path, "more", "x");
    let next = it.commit_on("main", &[("a", Some("next\n"))]);
    it.git.open_checkout(&path, &next).expect("nothing is in the way");
    assert_eq!((text(&path, "a").as_str(), path.join("more").exists()), ("next\n", false));
    assert_eq!(Git::open(&path).expect("it is a worktree").worktrees().expect("git answers")[1].branch, None);
}
