//! Nodes: several clones on one store, which land through one bare repository.

use std::path::{Path, PathBuf};
use std::thread::scope;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Engine, World, on_each_engine, until};

on_each_engine! {
    runs_in_two_clones_land_everything_once,
    what_somebody_pushes_while_a_change_is_checked_is_kept,
    a_server_that_is_killed_is_followed_by_that_of_another_clone,
    a_change_is_taken_back_from_another_clone,
    a_branch_with_commits_of_its_own_or_changed_files_stays_where_it_is,
    a_clone_without_the_remote_leaves_what_others_made_to_them,
}

/// What has landed at the remote, by title, the newest first.
fn titles(world: &World) -> Vec<String> {
    world.git_in(&world.remote(), &["log", "--format=%s", "main"]).lines().map(str::to_owned).collect()
}

/// Every item is done by a verified change that is in the branch of the remote once; all clones are there too.
fn all_landed(world: &World, ids: &[String]) {
    let log = world.git_in(&world.remote(), &["log", "--format=%(trailers:key=Nexus-Work,valueonly)", "main"]);
    for id in ids {
        let item = world.item(id);
        assert_eq!(item.text("state"), "done", "{item:?}");
        assert_eq!(log.lines().filter(|line| line == id).count(), 1, "{id} is in the branch once: {log}");
        let change = world.nexus(&["change", "show", &item.text("change")]).done();
        assert_eq!(change.json["verified"], true, "{change:?}");
        let file = format!("main:{id}.txt");
        let made = world.git_in(&world.remote(), &["show", &file]);
        assert_eq!(made, format!("{id} under fence {}", item.number("fence") - 1));
    }
    for clone in world.clones() {
        assert_eq!(world.git_in(&clone, &["rev-parse", "main"]), world.remote_tip(), "{}", clone.display());
        assert_eq!(world.git_in(&clone, &["status", "--porcelain"]), "");
    }
    assert_eq!(world.git_in(&world.remote(), &["for-each-ref", "refs/nexus/landings"]), "", "nothing is left over");
    world.intact();
    world.nothing_lost();
    world.sound();
}

/// Queues a change for `id`, made in `clone`.
fn make_in(world: &World, clone: &Path, id: &str) {
    let claim = world.claim(id, "agent").at(clone).with(&["--workspace", "--ttl", "1h"]).done();
    let fence = claim.number("fence");
    let folder = PathBuf::from(claim.json["workspace"]["path"].as_str().expect("a path"));
    std::fs::write(folder.join(format!("{id}.txt")), format!("{id} under fence {fence}\n")).expect("it is there");
    world.says("report", id, "agent", fence).at(clone).done();
}

fn runs_in_two_clones_land_everything_once(engine: Engine) {
    let world = World::sharing(engine);
    let second = world.clone_to("second");
    let ids: Vec<_> = (0..6).map(|n| world.add(&format!("item {n}"))).collect();
    let agent = world.diligent();
    scope(|threads| {
        for clone in [&world.repo(), &second] {
            let run = world.nexus(&["run", "--agent", &agent, "--workers", "2"]).at(clone);
            threads.spawn(move || run.run());
        }
        world.foreign_push("foreign");
    });
    // Whoever was done first may have seen the other's last ones as waiting.
    for clone in world.clones() {
        world.nexus(&["change", "land", "--target", "main"]).at(&clone).done();
    }
    all_landed(&world, &ids);
    assert!(titles(&world).contains(&"foreign".to_owned()));
    assert_eq!(titles(&world).len(), ids.len() + 2, "nothing else is in the branch: {:?}", titles(&world));
}

fn what_somebody_pushes_while_a_change_is_checked_is_kept(engine: Engine) {
    let world = World::sharing(engine);
    world.foreign_push("before");
    let ids = [world.add("one")];
    make_in(&world, &world.repo(), &ids[0]);
    // It has fetched the branch, merged and checked, and is about to push.
    let landing = world.nexus(&["change", "land"]).env("NEXUS_FAILPOINT", "stop:landing.named").start();
    until("it to stand still", || landing.stands_still().then_some(()));
    world.foreign_push("between");
    landing.signal(Signal::CONT);
    assert_eq!(landing.wait().code, Some(0));
    all_landed(&world, &ids);
    assert_eq!(titles(&world), ["one", "between", "before", "first"]);
    assert_eq!(world.count("landing.undone", None), 1, "the first try came too late");
}

fn a_server_that_is_killed_is_followed_by_that_of_another_clone(engine: Engine) {
    let world = World::sharing(engine);
    let second = world.clone_to("second");
    let ids = [world.add("one"), world.add("two")];
    make_in(&world, &world.repo(), &ids[0]);
    make_in(&world, &second, &ids[1]);
    let first = world.nexus(&["up", "--port", "0"]).dying_at("git.push.done:2").start();
    assert!(first.wait().killed());
    let next = world.nexus(&["up", "--port", "0"]).at(&second).start();
    until("all to land", || ids.iter().all(|id| world.item(id).json["state"] == "done").then_some(()));
    next.signal(Signal::INT);
    assert_eq!(next.wait().code, Some(0));
    world.nexus(&["change", "land", "--target", "main"]).done();
    all_landed(&world, &ids);
    assert_eq!(titles(&world), ["two", "one", "first"]);
}

fn a_change_is_taken_back_from_another_clone(engine: Engine) {
    let world = World::sharing(engine);
    let second = world.clone_to("second");
    let ids = [world.add("one"), world.add("two")];
    make_in(&world, &world.repo(), &ids[0]);
    make_in(&world, &second, &ids[1]);
    world.nexus(&["change", "land"]).done();
    let change = world.item(&ids[0]).text("change");
    world.nexus(&["change", "revert", &change]).at(&second).done();
    assert_eq!(world.nexus(&["change", "show", &change]).done().text("state"), "reverted");
    assert_eq!(titles(&world), ["Revert \"one\"", "two", "one", "first"]);
    assert_eq!(world.item(&ids[0]).text("state"), "ready", "it is to be done again");
    world.nexus(&["work", "cancel", &ids[0]]).done();
    world.nexus(&["change", "land", "--target", "main"]).done();
    assert!(!world.repo().join(format!("{}.txt", ids[0])).exists(), "this clone followed");
    all_landed(&world, &ids[1..]);
}

fn a_branch_with_commits_of_its_own_or_changed_files_stays_where_it_is(engine: Engine) {
    let world = World::sharing(engine);
    let second = world.clone_to("second");
    std::fs::write(world.repo().join("mine"), "mine\n").expect("the folder is ours");
    world.git(&["add", "-A"]);
    world.git(&["commit", "-q", "-m", "mine"]);
    let ids = [world.add("one")];
    make_in(&world, &second, &ids[0]);
    std::fs::write(second.join(format!("{}.txt", ids[0])), "in the way\n").expect("the folder is ours");
    let (mine, theirs) = (world.git(&["rev-parse", "main"]), world.git_in(&second, &["rev-parse", "main"]));
    for clone in world.clones() {
        world.nexus(&["change", "land", "--target", "main"]).at(&clone).done();
    }
    assert_eq!(titles(&world), ["one", "first"], "it lands all the same");
    assert_eq!(world.git(&["rev-parse", "main"]), mine, "what is not pushed stays");
    assert_eq!(world.git_in(&second, &["rev-parse", "main"]), theirs);
    assert_eq!(std::fs::read_to_string(second.join(format!("{}.txt", ids[0]))).expect("it is there"), "in the way\n");
    world.git(&["reset", "-q", "--hard", "HEAD^"]);
    std::fs::remove_file(second.join(format!("{}.txt", ids[0]))).expect("it is there");
    for clone in world.clones() {
        world.nexus(&["change", "land", "--target", "main"]).at(&clone).done();
    }
    all_landed(&world, &ids);
}

fn a_clone_without_the_remote_leaves_what_others_made_to_them(engine: Engine) {
    let world = World::sharing(engine);
    let second = world.clone_to("second");
    let ids = [world.add("one")];
    make_in(&world, &second, &ids[0]);
    let landing = world.nexus(&["change", "land"]).env("NEXUS_LANDING_REMOTE", "").run();
    assert_eq!(landing.code, Some(1), "{landing:?}");
    assert!(landing.json["waiting"].to_string().contains("landing.remote"), "{landing:?}");
    let held = world.next("other").at(&second).run();
    assert_eq!(held.code, Some(4), "{held:?}");
    // A report is for the clone that has the worktree.
    let more = world.add("two");
    let claim = world.claim(&more, "agent").at(&second).with(&["--workspace", "--ttl", "1h"]).done();
    let report = world.says("report", &more, "agent", claim.number("fence")).run();
    assert_eq!((report.code, report.problem()), (Some(3), "another_clone"), "{report:?}");
    assert_eq!(world.nexus(&["workspace", "prune"]).done().json["put_away"], Value::Array(Vec::new()));
    world.says("release", &more, "agent", claim.number("fence")).at(&second).done();
    world.nexus(&["work", "cancel", &more]).done();
    world.nexus(&["change", "land"]).done();
    world.nexus(&["change", "land", "--target", "main"]).at(&second).done();
    all_landed(&world, &ids);
}
