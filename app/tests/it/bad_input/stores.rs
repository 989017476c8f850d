//! Stores that cannot be written, or read, or are somebody else's.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use super::{in_full, intact, refused};
use crate::features::world::{Said, World, said, text};

/// Nobody's user id.
const NOBODY: u32 = 65_534;

/// A program that puts us where we may mount, in a mount namespace of our own; `None` where nobody lets us.
fn own_mounts(world: &World) -> Option<Command> {
    [&["-m"][..], &["-rm"]].into_iter().find_map(|flags| {
        let may = said(world.command("unshare").args(flags).args(["mount", "-t", "tmpfs", "none", "/mnt"]));
        (may.code == 0).then(|| {
            let mut command = world.command("unshare");
            command.args(flags);
            command
        })
    })
}

/// Runs a shell script in which `$nexus` is the program; its lines.
fn script(mut inside: Command, text: &str) -> Vec<Said> {
    let done = said(inside.args(["bash", "-c", text]).env("nexus", env!("CARGO_BIN_EXE_nexus")));
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let line = |line: &str| {
        let (code, out) = line.split_once(' ').expect("a code and an answer");
        Said { code: code.parse().expect("a code"), out: format!("{out}\n"), err: done.err.clone() }
    };
    done.out.lines().map(line).collect()
}

#[test]
fn a_full_disk_is_said_and_nothing_that_was_kept_is_lost() {
    let world = World::new();
    let Some(inside) = own_mounts(&world) else { return a_file_that_may_not_grow_is_said(&world) };
    // The store on a disk of its own, filled to the last byte by a file beside it.
    let told = script(
        inside,
        r#"say() { out=$("$nexus" --json --data-dir "$dir/data" "$@"); echo "$? $out"; }
        dir=$(mktemp -d) && mount -t tmpfs -o size=4m none "$dir" || exit 9
        say init; say work add before
        cat /dev/zero > "$dir/ballast" 2>/dev/null
        say work add "too much" --description "$(head -c 100000 /dev/zero | tr '\0' x)"
        say work list
        rm "$dir/ballast"
        say work add after; say work list; say check-history"#,
    );
    let [_, before, full, meanwhile, after, list, history] = told.as_slice() else { panic!("{told:?}") };
    refused(full, 1, "disk_full", &["full", "make room"]);
    let titles = |said: &Said| {
        let list = said.json();
        list.as_array().expect("a list").iter().map(|item| text(item, "title")).collect::<Vec<_>>()
    };
    assert_eq!([before.code, after.code, history.code], [0, 0, 0]);
    assert_eq!(titles(meanwhile), ["before"], "reading needs no room");
    assert_eq!(titles(list), ["before", "after"]);
}

/// Where nothing can be mounted: a limit on the size of files stops writing as well.
fn a_file_that_may_not_grow_is_said(world: &World) {
    let id = world.add("before");
    let line =
        r#"trap '' XFSZ; ulimit -f 1; "$0" --json work add x --description "$(head -c 100000 /dev/zero | tr '\0' x)""#;
    let stopped = said(world.command("bash").args(["-c", line, env!("CARGO_BIN_EXE_nexus")]));
    assert_eq!(stopped.code, 1, "{stopped:?}");
    assert!(stopped.json()["error"]["message"].is_string(), "{stopped:?}");
    let after = world.add("after");
    intact(world, &[id, after]);
}

#[test]
fn a_full_disk_under_the_worktrees_gives_the_item_back() {
    let world = World::new();
    let id = world.add("One");
    let Some(inside) = own_mounts(&world) else { return no_place_for_worktrees_is_said(&world, &id) };
    let told = script(
        inside,
        r#"mkdir -p "$XDG_STATE_HOME" && mount -t tmpfs -o size=1m none "$XDG_STATE_HOME" || exit 9
        cat /dev/zero > "$XDG_STATE_HOME/ballast" 2>/dev/null
        out=$("$nexus" --json run --agent 'touch made' 2>/dev/null); echo "$? $out"
        rm "$XDG_STATE_HOME/ballast"
        out=$("$nexus" --json work show "$("$nexus" work list --json | sed 's/.*"id":"\([^"]*\)".*/\1/')"); echo "$? $out"
        out=$("$nexus" --json run --agent 'touch made' 2>/dev/null); echo "$? $out""#,
    );
    let [full, item, after] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(full.code, 1, "{}", full.out);
    assert!(full.out.contains("No space left") || full.out.contains("full"), "{}", full.out);
    assert_eq!(item.json()["state"], "ready", "{}", item.out);
    assert_eq!((after.code, after.json()["landed"].clone()), (0, 1.into()), "{}", after.out);
    intact(&world, &[id]);
}

/// Where nothing can be mounted: a place in which nobody can make a folder.
fn no_place_for_worktrees_is_said(world: &World, id: &str) {
    let run = said(world.nexus(["--json", "run", "--agent", "touch made"]).env("XDG_STATE_HOME", "/proc/nowhere"));
    refused(&run, 1, "io_failed", &["/proc/nowhere"]);
    assert_eq!(world.item(id)["state"], "ready");
    intact(world, &[id.to_owned()]);
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let world = World::new();
    let id = world.add("before");
    let data = world.repo.join(".nexus");
    // The superuser may write anywhere, so the program runs as somebody else.
    let program = world.beside("nexus");
    std::fs::copy(env!("CARGO_BIN_EXE_nexus"), &program).expect("a copy");
    let as_nobody = |args: &[&str]| {
        let mut command = world.command(&program);
        command.arg("--json").args(args);
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        said(&mut command)
    };
    let everybody = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
    };
    everybody(world.beside("x").parent().expect("a folder"), 0o755);
    let files: Vec<_> = std::fs::read_dir(&data).expect("a folder").map(|it| it.expect("it").path()).collect();
    for file in &files {
        everybody(file, 0o444);
    }
    everybody(&data, 0o555);
    for args in
        [&["work", "add", "x"][..], &["work", "claim", &id, "--agent", "zoe"], &["work", "next", "--agent", "z"]]
    {
        refused(&as_nobody(args), 1, "store_read_only", &["cannot be written", "permissions"]);
    }
    let init = as_nobody(&["init", "--data-dir", "/proc/nowhere"]);
    assert_eq!(init.code, 1, "{init:?}");
    let init = as_nobody(&["config", "init"]);
    refused(&init, 1, "io_failed", &["config.toml", "cannot be written"]);
    everybody(&data, 0o755);
    for file in &files {
        everybody(file, 0o644);
    }
    let after = world.add("after");
    intact(&world, &[id, after]);
}

#[test]
fn a_store_that_is_locked_for_a_while_is_waited_for() {
    let world = World::new();
    let other = Connection::open(world.store()).expect("the store");
    other.execute_batch("begin immediate").expect("the lock");
    let mut add = world.nexus(["work", "add", "One", "--json"]);
    let mut waiting = add.stdout(std::process::Stdio::piped()).spawn().expect("it starts");
    // Reading goes on meanwhile, and shows that nothing has been written yet.
    for _ in 0..5 {
        assert_eq!(world.ok(["work", "list"]), serde_json::json!([]));
        assert!(waiting.try_wait().expect("it is ours").is_none(), "it waits");
    }
    other.execute_batch("rollback").expect("the lock is free");
    assert!(waiting.wait().expect("it ends").success());
    assert_eq!(world.ok(["work", "list"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_store_that_stays_locked_is_given_up_with_a_word() {
    if !in_full() {
        // It takes a minute to give up; what it says then is looked at in the full run.
        return;
    }
    let world = World::new();
    let id = world.add("before");
    let other = Connection::open(world.store()).expect("the store");
    other.execute_batch("begin immediate").expect("the lock");
    refused(&world.run(["work", "add", "x"]), 1, "store_busy", &["locked", "try again"]);
    other.execute_batch("rollback").expect("the lock is free");
    intact(&world, &[id]);
}

#[test]
fn a_store_that_is_damaged_or_none_is_said_and_left_as_it_is() {
    let world = World::new();
    let path = world.store();
    (0..50).for_each(|n| drop(world.add(&format!("item {n}"))));
    fold(&path);
    let whole = std::fs::read(&path).expect("the store");
    for (what, bytes) in [
        ("truncated in the middle", whole[..whole.len() / 2].to_vec()),
        ("truncated in the header", whole[..50].to_vec()),
        ("text", b"this is a shopping list, and a rather long one at that; ".repeat(30)),
        ("noise over the schema", [&whole[..100], &vec![0xa5; 4_000][..], &whole[4_100..]].concat()),
    ] {
        std::fs::write(&path, &bytes).expect("ours");
        for args in [&["work", "list"][..], &["work", "add", "x"], &["init"], &["status"]] {
            let said = world.run(args);
            assert_eq!(said.refusal(1), "store_damaged", "{what}, {args:?}: {}", said.out);
            let message = text(&said.json()["error"], "message");
            assert!(message.contains("nexus.db") && message.contains("copy"), "{what}: {message}");
        }
        assert_eq!(std::fs::read(&path).expect("the file"), bytes, "{what}: it is left as it is");
    }
    std::fs::write(&path, &whole).expect("ours");
    assert_eq!(world.ok(["work", "list"]).as_array().map(Vec::len), Some(50));
    assert_eq!(world.ok(["doctor"])["well"], true);
}

/// Folds the log into the file, so that the file is the whole store.
fn fold(path: &Path) {
    let connection = Connection::open(path).expect("the store");
    connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).expect("it folds");
}

#[test]
fn an_empty_file_and_a_folder_in_the_stores_place_are_said() {
    let world = World::with_git();
    crate::features::world::write(&world.store(), "");
    let said = world.run(["work", "list"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(text(&said.json()["error"], "message").contains("nexus init"), "{}", said.out);
    world.ok(["init"]);
    world.add("One");

    let world = World::with_git();
    std::fs::create_dir_all(world.store()).expect("a folder");
    for args in [&["work", "list"][..], &["init"]] {
        let said = world.run(args);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(text(&said.json()["error"], "message").contains("nexus.db"), "{}", said.out);
    }
    let world = World::with_git();
    world.write(".nexus", "a file\n");
    assert_eq!(world.run(["init"]).refusal(1), "io_failed");
}

#[test]
fn a_store_of_another_program_is_not_touched() {
    let world = World::with_git();
    std::fs::create_dir(world.repo.join(".nexus")).expect("a folder");
    let theirs = Connection::open(world.store()).expect("a database");
    theirs.execute_batch("create table precious (it text); insert into precious values ('x')").expect("theirs");
    drop(theirs);
    let before = std::fs::read(world.store()).expect("a file");
    for args in [&["work", "list"][..], &["work", "add", "x"], &["init"]] {
        assert_eq!(world.run(args).refusal(1), "store_damaged", "{args:?}");
    }
    assert_eq!(std::fs::read(world.store()).expect("a file"), before);
}

#[test]
fn a_newer_store_is_refused_by_every_command_and_left_as_it_is() {
    let world = World::new();
    let id = world.add("One");
    let store = Connection::open(world.store()).expect("the store");
    let version: i64 = store.query_row("pragma user_version", [], |row| row.get(0)).expect("a version");
    store.execute_batch("pragma user_version = 9999").expect("ours");
    for args in [&["work", "list"][..], &["work", "add", "x"], &["init"], &["status"], &["up", "--port", "0"]] {
        refused(&world.run(args), 1, "store_newer", &["9999", "newer nexus"]);
    }
    store.execute_batch(&format!("pragma user_version = {version}")).expect("ours");
    drop(store);
    intact(&world, &[id]);
}
