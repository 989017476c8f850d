//! Fetching from a repository that others push to as well, and pushing to it by compare-and-set.

use std::path::PathBuf;

use engine::ports::{Moved, Repo, RepoError};

use crate::fixture::{Fixture, git};

const BRANCH: &str = "refs/heads/main";
const SEEN: &str = "refs/nexus/remote/main";

/// A repository with a bare one beside it that has the same branch, and its address.
fn shared() -> (Fixture, String) {
    let it = Fixture::new();
    let bare = it.beside("bare.git").to_string_lossy().into_owned();
    git(&it.root(), &["clone", "-q", "--bare", ".", &bare]);
    (it, bare)
}

fn at(bare: &str, name: &str) -> String {
    git(&PathBuf::from(bare), &["rev-parse", name])
}

#[test]
fn a_push_moves_the_ref_only_from_where_it_is_expected() {
    let (it, bare) = shared();
    let old = it.at("main");
    let (mine, theirs) = (it.commit_on("main", &[("a", Some("mine\n"))]), it.commit_on("main", &[("a", Some("x\n"))]));
    let push = |old: Option<&str>, new: &str| it.git.push(&bare, BRANCH, old, new).expect("it answers");
    assert_eq!(push(Some(&old), &theirs), Moved::Done);
    assert_eq!(push(Some(&old), &mine), Moved::Elsewhere(Some(theirs.clone())));
    assert_eq!(push(None, &mine), Moved::Elsewhere(Some(theirs.clone())), "it is there already");
    assert_eq!(at(&bare, BRANCH), theirs, "nothing was forced");
    assert_eq!(push(Some(&old), &theirs), Moved::Done, "it is where it should be");
    let gone = it.git.push(&bare, "refs/heads/gone", Some(&old), &mine).expect("it answers");
    assert_eq!(gone, Moved::Elsewhere(None));
}

#[test]
fn a_fetch_brings_the_commit_and_touches_no_other_ref() {
    let (it, bare) = shared();
    git(&it.root(), &["remote", "add", "origin", &bare]);
    let other = it.beside("other");
    git(&it.root(), &["clone", "-q", &bare, other.to_str().expect("plain")]);
    git(&other, &["commit", "-q", "--allow-empty", "-m", "theirs"]);
    git(&other, &["tag", "theirs"]);
    git(&other, &["push", "-q", "--tags", "origin", "main"]);
    let before = git(&it.root(), &["for-each-ref"]);
    let fetched = it.git.fetch("origin", BRANCH, SEEN).expect("it answers").expect("it has the branch");
    assert_eq!((fetched.as_str(), it.at(SEEN)), (at(&bare, BRANCH).as_str(), fetched.clone()));
    it.git.delete_ref(SEEN).expect("it is ours");
    assert_eq!(git(&it.root(), &["for-each-ref"]), before, "neither tags nor other branches");
    assert_eq!(it.git.fetch("origin", "refs/heads/none", SEEN).expect("it answers"), None);
    assert_eq!(it.git.fetch("origin", "refs/heads/mai", SEEN).expect("it answers"), None);
}

#[test]
fn an_address_is_relative_to_the_main_worktree() {
    let (it, bare) = shared();
    git(&it.root(), &["remote", "add", "origin", "../bare.git"]);
    let old = it.at("main");
    let next = it.commit_on("main", &[("a", Some("next\n"))]);
    for remote in ["origin", "../bare.git"] {
        assert_eq!(it.git.fetch(remote, BRANCH, SEEN).expect("it answers"), Some(old.clone()), "{remote}");
    }
    assert_eq!(it.git.push("origin", BRANCH, Some(&old), &next).expect("it answers"), Moved::Done);
    assert_eq!(at(&bare, BRANCH), next);
}

#[test]
fn refs_of_the_remote_are_deleted_and_those_that_are_gone_are_passed_over() {
    let (it, bare) = shared();
    let main = it.at("main");
    let names = ["refs/nexus/a", "refs/nexus/b", "refs/nexus/c"].map(str::to_owned);
    for name in &names[..2] {
        assert_eq!(it.git.push(&bare, name, None, &main).expect("it answers"), Moved::Done);
    }
    it.git.delete_remote_refs(&bare, &names).expect("it answers");
    it.git.delete_remote_refs(&bare, &names).expect("it answers");
    it.git.delete_remote_refs(&bare, &[]).expect("nothing is asked");
    assert_eq!(git(&PathBuf::from(&bare), &["for-each-ref", "refs/nexus/"]), "");
}

#[test]
fn what_is_no_remote_is_said_with_what_to_do() {
    let (it, _) = shared();
    for remote in ["nowhere", "/no/such/place.git"] {
        let said = it.git.fetch(remote, BRANCH, SEEN).expect_err("there is none");
        assert!(matches!(said, RepoError::Unreachable(_)), "{said:?}");
        assert!(said.to_string().contains(remote) && said.to_string().contains("git remote -v"), "{said}");
        let main = it.at("main");
        let said = it.git.push(remote, BRANCH, Some(&main), &main).expect_err("there is none");
        assert!(matches!(said, RepoError::Unreachable(_)), "{said:?}");
    }
}
