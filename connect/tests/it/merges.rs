//! Merges in memory, differences and contents.

use engine::ports::{Merge, Repo};

use crate::fixture::{Fixture, files, git};

#[test]
fn changes_of_different_files_merge_and_no_file_moves() {
    let it = Fixture::new();
    let ours = it.commit_on("main", &[("a", Some("ours\n"))]);
    let theirs = it.commit_on("main", &[("dir/b", Some("theirs\n")), ("new", Some("x"))]);
    let before = files(&it.root());
    let Merge::Clean(tree) = it.git.merge(&ours, &theirs, None).expect("git answers") else { panic!("a conflict") };
    assert_eq!(it.git.read(&tree, b"a", 99).expect("git answers"), Some(b"ours\n".to_vec()));
    assert_eq!(it.git.read(&tree, b"dir/b", 99).expect("git answers"), Some(b"theirs\n".to_vec()));
    assert_eq!(files(&it.root()), before);
}

#[test]
fn a_conflict_names_each_path_once() {
    let it = Fixture::new();
    let ours = it.commit_on("main", &[("a", Some("ours\n")), ("new\nline", Some("1"))]);
    let theirs = it.commit_on("main", &[("a", Some("theirs\n")), ("new\nline", Some("2"))]);
    let Merge::Conflict { tree, paths } = it.git.merge(&ours, &theirs, None).expect("git answers") else {
        panic!("no conflict")
    };
    assert_eq!(paths, [b"a".to_vec(), b"new\nline".to_vec()]);
    let marked = it.git.read(&tree, b"a", 999).expect("git answers").expect("it is there");
    assert!(marked.starts_with(b"<<<<<<<"));
}

#[test]
fn a_given_base_reverts_a_change_and_keeps_what_came_after() {
    let it = Fixture::new();
    let first = it.at("main");
    let bad = it.commit_on(&first, &[("a", Some("bad\n"))]);
    let after = it.commit_on(&bad, &[("dir/b", Some("after\n"))]);
    let Merge::Clean(tree) = it.git.merge(&after, &first, Some(&bad)).expect("git answers") else {
        panic!("a conflict")
    };
    assert_eq!(it.git.read(&tree, b"a", 99).expect("git answers"), Some(b"one\n".to_vec()));
    assert_eq!(it.git.read(&tree, b"dir/b", 99).expect("git answers"), Some(b"after\n".to_vec()));
}

#[test]
fn merge_attributes_come_from_our_side() {
    let it = Fixture::new();
    let base = it.commit_on("main", &[(".gitattributes", Some("a merge=union\n"))]);
    let ours = it.commit_on(&base, &[("a", Some("one\nours\n"))]);
    let theirs = it.commit_on(&base, &[("a", Some("one\ntheirs\n"))]);
    let Merge::Clean(tree) = it.git.merge(&ours, &theirs, None).expect("git answers") else { panic!("a conflict") };
    assert_eq!(it.git.read(&tree, b"a", 99).expect("git answers"), Some(b"one\nours\ntheirs\n".to_vec()));
}

#[test]
fn histories_without_a_common_commit_are_an_error_and_no_conflict() {
    let it = Fixture::new();
    let tree = it.git.tree("main").expect("git answers");
    let alone = git(&it.root(), &["-c", "user.name=u", "-c", "user.email=e", "commit-tree", &tree, "-m", "alone"]);
    assert!(it.git.merge("main", &alone, None).is_err());
    assert!(!it.git.contains("main", &alone).expect("git answers"));
}

#[test]
fn a_rename_is_one_deleted_and_one_added_path_and_only_new_bytes_count() {
    let it = Fixture::new();
    let next = it.commit_on("main", &[("a", None), ("z", Some("one\n")), ("big", Some("0123456789"))]);
    let diff = it.git.diff("main", &next).expect("git answers");
    assert_eq!(diff.paths, [b"a".to_vec(), b"big".to_vec(), b"z".to_vec()]);
    assert_eq!(diff.bytes, 14);
    assert!(it.git.contains(&next, "main").expect("git answers"));
    assert!(!it.git.contains("main", &next).expect("git answers"));
}

#[test]
fn at_most_so_many_bytes_are_read_and_folders_are_no_files() {
    let it = Fixture::new();
    let big = "x".repeat(3_000_000);
    let next = it.commit_on("main", &[("big", Some(&big)), ("empty", Some(""))]);
    let read = |path: &[u8], max| it.git.read(&next, path, max).expect("git answers");
    assert_eq!(read(b"big", 10), Some(b"xxxxxxxxxx".to_vec()));
    assert_eq!(read(b"big", 9_000_000).map(|it| it.len()), Some(3_000_000));
    assert_eq!(read(b"big", 0), Some(Vec::new()));
    assert_eq!(read(b"empty", 10), Some(Vec::new()));
    for path in [b"dir".as_slice(), b"dir/", b"nowhere", b"", b"./a", b"../a", b"/a", b"dir//b", b"d*/b"] {
        assert_eq!(read(path, 10), None, "{path:?}");
    }
}

#[test]
fn any_author_and_any_message_make_a_commit() {
    let it = Fixture::new();
    let tree = it.git.tree("main").expect("git answers");
    for author in ["", "<>", "名前🦀", "a\nb\0c", "...", "-x", &"long ".repeat(500)] {
        let commit = it.git.commit_tree(&tree, "main", "line\n\nü\0#no comment", author).expect("git answers");
        assert_eq!(git(&it.root(), &["log", "-1", "--format=%B", &commit]), "line\n\nü#no comment");
    }
    it.git.commit_tree(&tree, "main", "", "x").expect("a message may be empty");
}
