//! Where the store is, from wherever one stands.

use crate::features::world::{World, said, text};

#[test]
fn nexus_dir_and_data_dir_name_the_store_and_the_flag_wins() {
    let world = World::new();
    let (one, two) = (world.beside("one"), world.beside("two"));
    for dir in [&one, &two] {
        said(world.nexus(["init", "--json", "--data-dir"]).arg(dir)).json();
    }
    let add = |title: &str| {
        let added = said(world.nexus(["work", "add", title, "--json"]).env("NEXUS_DIR", &one));
        assert_eq!(added.code, 0, "{}", added.out);
    };
    add("in one");
    let both = said(world.nexus(["work", "add", "in two", "--json", "--data-dir"]).arg(&two).env("NEXUS_DIR", &one));
    assert_eq!(both.code, 0);
    let titles = |dir: &std::path::Path| {
        let listed = said(world.nexus(["work", "list", "--json"]).env("NEXUS_DIR", dir).current_dir("/")).json();
        listed.as_array().expect("a list").iter().map(|item| text(item, "title")).collect::<Vec<_>>()
    };
    assert_eq!(titles(&one), ["in one"]);
    assert_eq!(titles(&two), ["in two"]);
    assert_eq!(world.ok(["work", "list"]), serde_json::json!([]));

    let empty = said(world.nexus(["work", "list", "--json"]).env("NEXUS_DIR", ""));
    assert_eq!((empty.code, empty.out.as_str()), (0, "[]\n"), "an empty variable is none");
}

#[test]
fn a_linked_worktree_a_folder_inside_and_a_symbolic_link_find_their_repositorys_store() {
    let world = World::new();
    let id = world.add("One");
    let linked = world.beside("linked worktree");
    world.git(["worktree", "add", "-q", "-b", "side", &linked.to_string_lossy()]);
    let inside = world.repo.join("deep/er");
    std::fs::create_dir_all(&inside).expect("a folder");
    let link = world.beside("link");
    std::os::unix::fs::symlink(&world.repo, &link).expect("a link");
    let git = world.repo.join(".git");
    for place in [&linked, &inside, &link, &git, &world.repo] {
        let listed = said(world.nexus(["work", "list", "--json"]).current_dir(place)).json();
        assert_eq!(listed[0]["id"], id.as_str(), "{}", place.display());
        let named = said(world.nexus(["work", "list", "--json", "--repo"]).arg(place).current_dir("/")).json();
        assert_eq!(named[0]["id"], id.as_str(), "{}", place.display());
    }
}

#[test]
fn a_run_from_a_linked_worktree_lands_in_the_repository() {
    let world = World::new();
    world.add("One");
    let linked = world.beside("linked");
    world.git(["worktree", "add", "-q", "-b", "side", &linked.to_string_lossy()]);
    let run = said(world.nexus(["run", "--agent", "touch done", "--json"]).current_dir(&linked));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(world.landed("done"), "");
    assert!(world.repo.join("done").exists(), "the checkout of main moved along");
}

#[test]
fn a_bare_repository_has_its_store_inside_and_its_work_lands() {
    let world = World::with_git();
    let bare = world.beside("bare.git");
    world.git(["clone", "-q", "--bare", ".", &bare.to_string_lossy()]);
    let nexus = |args: &[&str]| {
        let done = said(world.nexus(args).arg("--json").current_dir(&bare));
        assert_eq!(done.code, 0, "{args:?}: {}{}", done.out, done.err);
        done.json()
    };
    nexus(&["init"]);
    assert!(bare.join(".nexus/nexus.db").is_file());
    nexus(&["work", "add", "One"]);
    let run = nexus(&["run", "--agent", "touch made"]);
    assert_eq!(run["landed"], 1);
    let tree = said(world.command("git").args(["ls-tree", "--name-only", "main", "made"]).current_dir(&bare));
    assert_eq!(tree.out, "made\n");
}

#[test]
fn a_path_with_spaces_quotes_and_newlines_is_a_path_like_any_other() {
    let world = World::empty();
    let odd = world.beside("it's a \"strange\"\npath — ünï");
    std::fs::create_dir(&odd).expect("a folder");
    let git = |args: &[&str]| assert_eq!(said(world.command("git").args(args).current_dir(&odd)).code, 0, "{args:?}");
    git(&["init", "-q", "-b", "main"]);
    git(&["commit", "-q", "--allow-empty", "-m", "begin"]);
    let nexus = |args: &[&str]| {
        let done = said(world.nexus(args).arg("--json").current_dir(&odd));
        assert_eq!(done.code, 0, "{args:?}: {}{}", done.out, done.err);
        done.json()
    };
    nexus(&["init"]);
    nexus(&["work", "add", "One"]);
    assert_eq!(nexus(&["run", "--agent", "touch made"])["landed"], 1);
    assert!(odd.join("made").is_file());
}

#[test]
fn a_path_that_is_not_utf_8_is_a_path_like_any_other() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::empty();
    let odd = world.beside("x").with_file_name(std::ffi::OsStr::from_bytes(b"latin-\xfc"));
    std::fs::create_dir(&odd).expect("a folder");
    let git = |args: &[&str]| assert_eq!(said(world.command("git").args(args).current_dir(&odd)).code, 0, "{args:?}");
    git(&["init", "-q", "-b", "main"]);
    git(&["commit", "-q", "--allow-empty", "-m", "begin"]);
    for args in [&["init"][..], &["work", "add", "One"], &["run", "--agent", "touch made"], &["status"]] {
        let done = said(world.nexus(args).arg("--json").current_dir(&odd));
        assert_eq!(done.code, 0, "{args:?}: {}{}", done.out, done.err);
    }
    assert!(odd.join("made").is_file());
}

#[test]
fn projects_in_one_store_do_not_see_each_other() {
    let world = World::new();
    let blue = text(&world.ok(["work", "add", "Blue", "--project", "blue"]), "id");
    world.add("Default");
    assert_eq!(world.ok(["work", "list"])[0]["title"], "Default");
    assert_eq!(world.ok(["work", "list", "--project", "blue"])[0]["id"], blue.as_str());
    assert_eq!(world.run(["work", "claim", &blue, "--agent", "zoe"]).refusal(1), "not_found");
    assert_eq!(world.run(["work", "add", "x", "--depends-on", &blue]).refusal(1), "not_found");
    assert_eq!(world.run(["status", "--project", "a/b"]).refusal(2), "bad_setting");
}
