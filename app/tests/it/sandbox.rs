//! What an agent can do from within a sandbox, by the real program: its work, and nothing else.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::World;

/// Tells a story with each kind of sandbox, as two tests.
macro_rules! in_each_kind {
    ($($story:ident),* $(,)?) => {
        $(mod $story {
            #[test]
            fn in_bwrap() {
                super::$story("bwrap");
            }

            #[test]
            fn in_landlock() {
                super::$story("landlock");
            }
        })*
    };
}

in_each_kind! {
    an_agent_in_a_sandbox_does_its_work_with_git_and_it_lands,
    an_agent_in_a_sandbox_reaches_nothing_that_it_was_not_given,
    what_an_agent_in_a_sandbox_leaves_behind_ends_with_it,
    a_check_in_a_sandbox_does_its_work_and_reaches_nothing_else,
}

/// Runs an item by an agent in a sandbox of `kind`, which does `script`; comes back with the item.
fn run(world: &World, kind: &str, script: &str) -> crate::support::Output {
    let id = world.add("one");
    let agent = world.beside("agent.sh");
    fs::write(&agent, format!("#!/bin/sh\nexec 2>&1\n{script}\n")).expect("the folder is ours");
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let agent = agent.to_string_lossy().into_owned();
    let args = ["run", "--agent", &agent, "--sandbox", kind, "--workers", "1"];
    world.nexus(&args).env("SECRET_OF_OURS", "xyzzy").run();
    world.item(&id)
}

fn an_agent_in_a_sandbox_does_its_work_with_git_and_it_lands(kind: &str) {
    let world = World::new();
    let script = "set -e; echo hello > made; git add made; git diff --cached --stat | grep -q made\n\
                  git log --oneline | grep -q first; git status --short | grep -q '^A  made'\n\
                  echo 'tmp' > \"$TMPDIR/x\"; echo '\"fine\"' > \"$NEXUS_RESULT_FILE\"";
    let item = run(&world, kind, script);
    assert_eq!((item.text("state").as_str(), item.json["result"].as_str()), ("done", Some("fine")), "{item:?}");
    assert_eq!(world.git(&["show", "main:made"]), "hello");
    assert_eq!(world.git(&["status", "--short", "--", "made"]), "", "its index was its own");
}

fn an_agent_in_a_sandbox_reaches_nothing_that_it_was_not_given(kind: &str) {
    let world = World::new();
    fs::create_dir_all(world.beside("home")).expect("the folder is ours");
    fs::write(world.beside("home/key"), "plugh\n").expect("the folder is ours");
    world.git(&["config", "remote.origin.url", "https://me:frobozz@localhost/r.git"]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let (outside, repo) = (world.beside("home"), world.repo());
    let script = format!(
        "{{ cat {outside}/key; env; cat {repo}/.git/config; git config --list; cat /proc/$PPID/environ /proc/1/environ; }} > seen\n\
         for place in {outside} {repo} {repo}/.git; do echo bad > $place/theirs; done\n\
         bash -c 'echo hi > /dev/tcp/127.0.0.1/{port}' && echo connected >> wrote\n\
         true",
        outside = outside.display(),
        repo = repo.display(),
    );
    let item = run(&world, kind, &script);
    assert_eq!(item.text("state"), "done", "{item:?}");
    let seen = world.git(&["show", "main:seen"]);
    for secret in ["xyzzy", "plugh", "frobozz"] {
        assert!(!seen.contains(secret), "{secret}: {seen}");
    }
    let landed = world.git(&["ls-tree", "--name-only", "main"]);
    assert!(landed.contains("seen") && !landed.contains("wrote"), "{}", world.git(&["show", "main:wrote"]));
    for place in [&outside, &repo, &repo.join(".git")] {
        assert!(!place.join("theirs").exists());
    }
}

/// Whoever could would have us run programs of another repository when we look at what it made.
#[test]
fn an_agent_in_namespaces_cannot_say_where_its_repository_is() {
    let world = World::new();
    let item =
        run(&world, "bwrap", "echo mine > made; rm -f .git; echo 'gitdir: /elsewhere' > .git; mv .git old; true");
    assert_eq!(item.text("state"), "done", "{item:?}");
    assert_eq!(world.git(&["show", "main:made"]), "mine");
}

fn what_an_agent_in_a_sandbox_leaves_behind_ends_with_it(kind: &str) {
    let world = World::new();
    let script = "echo hello > made; for n in 1 2 3; do setsid -f sleep 1000 < /dev/null > /dev/null; done; true";
    let item = run(&world, kind, script);
    assert_eq!(item.text("state"), "done", "{item:?}");
    let left = inside(&world);
    assert!(left.is_empty(), "{left:?} still run");
}

#[test]
fn a_kind_of_sandbox_that_does_not_work_here_starts_nothing() {
    let world = World::new();
    let id = world.add("one");
    let args = ["run", "--agent", "true", "--sandbox", "bwrap"];
    let end = world.nexus(&args).env("PATH", "/nowhere").run();
    assert_eq!(end.code, Some(1), "{end:?}");
    assert_eq!(world.item(&id).number("fence"), 0, "nobody took it");
}

#[test]
fn a_kind_of_sandbox_that_there_is_not_is_refused_with_the_flag_that_named_it() {
    let world = World::new();
    let said = world.nexus(&["run", "--agent", "true", "--sandbox", "foo"]).run();
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.json.to_string().contains("flag --sandbox"), "{said:?}");
}

/// The processes that work in a folder of `world`.
fn inside(world: &World) -> Vec<PathBuf> {
    let here = world.beside("");
    let processes = fs::read_dir("/proc").expect("Linux").flatten().map(|entry| entry.path());
    processes.filter(|it| fs::read_link(it.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&here))).collect()
}

/// Adds files to the branch.
fn commit(world: &World, files: &[(&str, &str)]) {
    for (name, text) in files {
        fs::write(world.repo().join(name), text).expect("the folder is ours");
    }
    world.git(&["add", "-A"]);
    world.git(&["commit", "-q", "-m", "more"]);
}

/// What an agent wrote is what a check runs, so it tries to get out where nobody watches any more.
fn a_check_in_a_sandbox_does_its_work_and_reaches_nothing_else(kind: &str) {
    let world = World::new();
    fs::create_dir_all(world.beside("home")).expect("the folder is ours");
    fs::write(world.beside("home/key"), "plugh\n").expect("the folder is ours");
    let cache = world.beside("cache");
    fs::create_dir_all(&cache).expect("the folder is ours");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let (outside, repo) = (world.beside("home"), world.repo());
    let policy = "[[check]]\nname = \"tries\"\nrun = \"sh ./check\"\n";
    let check = format!(
        "git status --short > built || exit 1\n\
         test \"$GIVEN\" = given || exit 2\n\
         echo yes > '{cache}/kept' || exit 3\n\
         test \"$SECRET_OF_OURS\" = '' || exit 4\n\
         if cat '{outside}/key'; then exit 5; fi\n\
         for place in '{outside}' '{repo}' '{repo}/.git'; do (echo bad > \"$place/theirs\"); done\n\
         bash -c 'echo hi > /dev/tcp/127.0.0.1/{port}' && exit 7\n\
         exit 0\n",
        cache = cache.display(),
        outside = outside.display(),
        repo = repo.display(),
    );
    commit(&world, &[("nexus.toml", policy), ("check", &check)]);
    let id = world.add("one");
    let settings = [
        ("NEXUS_CHECK_SANDBOX", kind),
        ("NEXUS_CHECK_WRITE", &cache.to_string_lossy()),
        ("NEXUS_SANDBOX_ENVIRONMENT", "GIVEN"),
        ("GIVEN", "given"),
        ("SECRET_OF_OURS", "xyzzy"),
    ];
    let mut run = world.nexus(&["run", "--agent", &world.diligent(), "--workers", "1"]);
    for (name, value) in settings {
        run = run.env(name, value);
    }
    let end = run.run();
    assert_eq!(world.item(&id).text("state"), "done", "{:?} {end:?}", world.item(&id));
    assert!(cache.join("kept").exists());
    for place in [&outside, &repo, &repo.join(".git")] {
        assert!(!place.join("theirs").exists());
    }
    let change = world.item(&id).json["change"].clone();
    let shown = world.nexus(&["change", "show", change.as_str().expect("a change")]).done();
    let tools = &shown.json["receipts"][0]["tools"];
    assert!(tools.to_string().contains(kind), "{shown:?}");
}

#[test]
fn where_no_sandbox_works_no_check_runs_and_nothing_lands() {
    let world = World::new();
    let ran = world.beside("ran");
    let policy = &format!("[[check]]\nname = \"ran\"\nrun = \"touch '{}'\"\n", ran.display());
    commit(&world, &[("nexus.toml", policy)]);
    let id = world.add("one");
    let programs = world.beside("programs");
    fs::create_dir_all(&programs).expect("the folder is ours");
    for program in ["git", "sh", "cp", "mv"] {
        std::os::unix::fs::symlink(Path::new("/usr/bin").join(program), programs.join(program)).expect("it is ours");
    }
    let run = world.nexus(&["run", "--agent", &world.diligent(), "--workers", "1"]);
    let end = run.env("NEXUS_CHECK_SANDBOX", "bwrap").env("PATH", &programs.to_string_lossy()).run();
    assert_ne!(world.item(&id).text("state"), "done", "{end:?}");
    assert!(
        end.json.to_string().contains("no sandbox for checks works here (bwrap: bwrap is not installed)"),
        "{end:?}"
    );
    assert!(!ran.exists());
}

#[test]
fn an_agent_that_forks_without_end_is_ended_for_it_and_nothing_is_left() {
    let world = World::new();
    let bomb = world.beside("bomb");
    fs::write(&bomb, "#!/bin/sh\nbomb() { bomb | bomb & bomb; }; bomb\n").expect("the folder is ours");
    fs::set_permissions(&bomb, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let id = world.nexus(&["work", "add", "one", "--attempts", "1"]).done().text("id");
    let args = ["run", "--agent", &bomb.to_string_lossy(), "--sandbox", "bwrap", "--workers", "1"];
    let end = world.nexus(&args).env("NEXUS_AGENT_PROCESSES_MAX", "40").run();
    let item = world.item(&id);
    assert!(item.text("reason").contains("processes"), "{item:?} {end:?}");
    let left = inside(&world);
    assert!(left.is_empty(), "{left:?} still run");
}
