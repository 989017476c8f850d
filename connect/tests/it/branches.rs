//! The move of a branch, and of the files where it is checked out.

use std::fs;
use std::path::Path;

use engine::ports::{Moved, Repo};

use crate::fixture::{Fixture, files, git, text, write};

/// A commit that changes `a`, deletes `dir/b` and adds `new/c`.
fn next(it: &Fixture) -> String {
    it.commit_on("main", &[("a", Some("next\n")), ("dir/b", None), ("new/c", Some("added\n"))])
}

fn advance(it: &Fixture, old: &str, new: &str) -> Moved {
    it.git.move_branch("main", old, new).expect("git answers")
}

fn clean(dir: &Path) -> bool {
    git(dir, &["status", "--porcelain"]).is_empty()
}

fn in_the_way(it: &Fixture, old: &str, new: &str, path: &str) {
    let before = (files(&it.root()), git(&it.root(), &["diff", "--cached"]), it.at("main"));
    assert_eq!(advance(it, old, new), Moved::InTheWay(vec![path.to_owned()]));
    assert_eq!((files(&it.root()), git(&it.root(), &["diff", "--cached"]), it.at("main")), before);
}

#[test]
fn the_branch_its_index_and_its_files_move_together() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    write(&it.root(), "mine", "not in the way");
    assert_eq!(advance(&it, &old, &new), Moved::Done);
    assert_eq!((it.at("main"), text(&it.root(), "a").as_str()), (new, "next\n"));
    assert!(!it.root().join("dir").exists());
    assert_eq!(git(&it.root(), &["status", "--porcelain"]), "?? mine");
    assert!(git(&it.root(), &["reflog", "-1", "main"]).contains("nexus: land"));
}

#[test]
fn a_linked_worktree_moves_and_a_missing_one_is_passed_over() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    git(&it.root(), &["checkout", "-q", "--detach"]);
    let gone = it.beside("gone");
    for path in [&it.beside("shown"), &gone] {
        git(&it.root(), &["worktree", "add", "-q", "-f", path.to_str().expect("plain"), "main"]);
    }
    fs::remove_dir_all(&gone).expect("it is ours");
    assert_eq!(advance(&it, &old, &new), Moved::Done);
    assert!(clean(&it.beside("shown")));
    assert_eq!(text(&it.beside("shown"), "a"), "next\n");
    assert_eq!(text(&it.root(), "a"), "one\n");
}

#[test]
fn one_worktree_with_changed_files_holds_back_all_others() {
    let it = Fixture::new();
    let (old, new, second) = (it.at("main"), next(&it), it.beside("second"));
    git(&it.root(), &["worktree", "add", "-q", "-f", second.to_str().expect("plain"), "main"]);
    write(&second, "a", "mine\n");
    assert_eq!(advance(&it, &old, &new), Moved::InTheWay(vec!["a".to_owned()]));
    assert!(clean(&it.root()));
    write(&second, "a", "one\n");
    assert_eq!(advance(&it, &old, &new), Moved::Done);
    assert!(clean(&it.root()) && clean(&second));
}

#[test]
fn files_that_somebody_changed_are_in_the_way_and_nothing_moves() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    write(&it.root(), "a", "mine\n");
    in_the_way(&it, &old, &new, "a");
    git(&it.root(), &["add", "a"]);
    in_the_way(&it, &old, &new, "a");
    git(&it.root(), &["reset", "-q", "--hard"]);
    write(&it.root(), "dir/b", "mine\n");
    in_the_way(&it, &old, &new, "dir/b");
    git(&it.root(), &["reset", "-q", "--hard"]);
    fs::remove_file(it.root().join("a")).expect("it was there");
    in_the_way(&it, &old, &new, "a");
}

#[test]
fn all_paths_in_the_way_are_named() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    for name in ["a", "dir/b", "new/c"] {
        write(&it.root(), name, "mine\n");
    }
    let paths = ["a", "dir/b", "new/c"].map(str::to_owned).to_vec();
    assert_eq!(advance(&it, &old, &new), Moved::InTheWay(paths));
}

#[test]
fn untracked_and_ignored_files_are_never_overwritten() {
    let it = Fixture::new();
    let old = it.at("main");
    let new = it.commit_on("main", &[("new/c", Some("added\n"))]);
    write(&it.root(), "new/c", "mine\n");
    in_the_way(&it, &old, &new, "new/c");
    fs::remove_dir_all(it.root().join("new")).expect("it is ours");
    write(&it.root(), "new", "a file where a folder is to be");
    in_the_way(&it, &old, &new, "new");
    fs::remove_file(it.root().join("new")).expect("it is ours");
    write(&it.root(), "new/c/d", "a folder where a file is to be");
    in_the_way(&it, &old, &new, "new/c/d");
    fs::remove_dir_all(it.root().join("new")).expect("it is ours");
    fs::write(it.root().join(".git/info/exclude"), "new\n").expect("it is ours");
    write(&it.root(), "new/c", "mine and ignored\n");
    in_the_way(&it, &old, &new, "new/c");
}

#[test]
fn a_file_becomes_a_folder_and_a_folder_a_file() {
    let it = Fixture::new();
    let old = it.at("main");
    let new = it.commit_on("main", &[("a", None), ("a/inside", Some("x")), ("dir/b", None), ("dir", Some("y"))]);
    assert_eq!(advance(&it, &old, &new), Moved::Done);
    assert!(clean(&it.root()));
    assert_eq!(advance(&it, &new, &old), Moved::Done);
    assert!(clean(&it.root()));
}

#[test]
fn a_branch_that_is_elsewhere_or_gone_stays() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    let other = it.commit_on("main", &[("o", Some("x"))]);
    assert_eq!(advance(&it, &other, &new), Moved::Elsewhere(Some(old.clone())));
    let none = it.git.move_branch("nowhere", &old, &new).expect("git answers");
    assert_eq!(none, Moved::Elsewhere(None));
    assert!(clean(&it.root()));
}

#[test]
fn a_move_that_was_cut_between_files_and_ref_is_finished_by_the_next() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    git(&it.root(), &["read-tree", "-m", "-u", &old, &new]);
    assert_eq!((it.at("main"), text(&it.root(), "a").as_str()), (old.clone(), "next\n"));
    assert_eq!(advance(&it, &old, &new), Moved::Done);
    assert_eq!(it.at("main"), new);
    assert!(clean(&it.root()));
    assert_eq!(advance(&it, &old, &new), Moved::Done, "a repeat changes nothing");
}

#[test]
fn a_move_that_was_cut_among_the_files_is_finished_by_the_next() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    write(&it.root(), "a", "next\n");
    write(&it.root(), "new/c", "added\n");
    fs::remove_file(it.root().join("dir/b")).expect("it was there");
    assert_eq!(advance(&it, &old, &new), Moved::Done);
    assert!(clean(&it.root()));
}

#[test]
fn an_edit_after_a_cut_move_is_kept() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    git(&it.root(), &["read-tree", "-m", "-u", &old, &new]);
    write(&it.root(), "a", "edited since\n");
    assert_eq!(advance(&it, &old, &new), Moved::Done);
    assert_eq!(git(&it.root(), &["status", "--porcelain"]), " M a");
    assert_eq!(text(&it.root(), "a"), "edited since\n");
}

#[test]
fn an_index_that_is_held_is_in_the_way() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    let lock = it.root().join(".git/index.lock");
    fs::write(&lock, "").expect("it is ours");
    assert_eq!(advance(&it, &old, &new), Moved::InTheWay(vec![".git/index.lock".to_owned()]));
    assert_eq!((it.at("main"), text(&it.root(), "a").as_str()), (old.clone(), "one\n"));
    fs::remove_file(&lock).expect("it is ours");
    assert_eq!(advance(&it, &old, &new), Moved::Done);
}

#[test]
fn a_ref_that_is_held_moves_nothing_and_is_free_to_try_again() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    let lock = it.root().join(".git/refs/heads/main.lock");
    fs::write(&lock, "").expect("it is ours");
    assert!(it.git.move_branch("main", &old, &new).is_err());
    assert!(clean(&it.root()));
    fs::remove_file(&lock).expect("it is ours");
    assert_eq!(advance(&it, &old, &new), Moved::Done);
}

#[test]
fn one_of_many_movers_wins() {
    let it = Fixture::new();
    let old = it.at("main");
    let news: Vec<String> = (0..6).map(|n| it.commit_on("main", &[("a", Some(&format!("{n}\n")))])).collect();
    git(&it.root(), &["checkout", "-q", "--detach"]);
    let won = std::thread::scope(|scope| {
        let racers: Vec<_> = news.iter().map(|new| scope.spawn(|| advance(&it, &old, new))).collect();
        let ends = racers.into_iter().map(|it| it.join().expect("it answers"));
        ends.filter(|end| *end == Moved::Done).count()
    });
    assert_eq!(won, 1);
    assert!(news.contains(&it.at("main")));
}

#[test]
fn an_agent_that_went_onto_the_branch_holds_up_no_landing_and_keeps_its_files() {
    let it = Fixture::new();
    let (old, new) = (it.at("main"), next(&it));
    git(&it.root(), &["checkout", "-q", "--detach"]);
    let agents = it.beside("agents");
    it.git.open_worktree(&agents, "agent", &old).expect("it opens");
    git(&agents, &["checkout", "-q", "main"]);
    write(&agents, "a", "half done\n");
    assert_eq!(advance(&it, &old, &new), Moved::Done);
    assert_eq!((it.at("main"), text(&agents, "a").as_str()), (new, "half done\n"));
    assert_eq!(git(&agents, &["rev-parse", "HEAD"]), old);
    assert_eq!(git(&agents, &["status", "--porcelain"]), " M a");
}

#[test]
fn a_worktree_that_was_set_aside_keeps_no_branch_from_others() {
    let it = Fixture::new();
    git(&it.root(), &["checkout", "-q", "--detach"]);
    let (agents, aside) = (it.beside("agents"), it.beside("aside"));
    it.git.open_worktree(&agents, "agent", "main").expect("it opens");
    git(&agents, &["checkout", "-q", "main"]);
    it.git.move_worktree(&agents, &aside).expect("it moves");
    git(&it.root(), &["checkout", "-q", "main"]);
    assert!(clean(&aside));
}
