//! What a process was doing when it died, and how its successors finish it.

use std::fs;
use std::path::PathBuf;

use crate::support::{Asked, Engine, Output, World, made_text, text, until};

/// What the process that dies was doing.
#[derive(Clone, Copy, Debug)]
pub enum Story {
    /// An agent claims with a workspace.
    Claim,
    /// An agent reports what it made in its workspace.
    Report,
    /// `nexus run` does all of it.
    Run,
    /// `nexus change land` lands two changes.
    Land,
    /// `nexus up` lands two changes.
    Up,
    /// `nexus change revert` takes a change back.
    Revert,
    /// `nexus workspace prune` puts the workspace of a lapsed hold away.
    Prune,
    /// `nexus workspace prune` clears away a worktree that no row knows of, with something in it git cannot hold.
    Stray,
    /// The same for a worktree as it was made.
    UntouchedStray,
    /// An agent reports what it made, where changes land through a remote.
    SharedReport,
    /// `nexus run` does all of it, landing through a remote.
    SharedRun,
    /// `nexus change land` lands through a remote what was made in another clone, which goes on when it dies.
    SharedLand,
    /// `nexus change revert` takes a change back through a remote.
    SharedRevert,
    /// `nexus audit seal` seals what has happened.
    Seal,
    /// `nexus audit archive` moves what is old into a file.
    Archive,
}

impl Story {
    /// Every story.
    pub const ALL: [Self; 15] = [
        Self::Claim,
        Self::Report,
        Self::Run,
        Self::Land,
        Self::Up,
        Self::Revert,
        Self::Prune,
        Self::Stray,
        Self::UntouchedStray,
        Self::SharedReport,
        Self::SharedRun,
        Self::SharedLand,
        Self::SharedRevert,
        Self::Seal,
        Self::Archive,
    ];
}

/// Tells the story with a death at `failpoint`, lets others finish it, and looks whether all is well. `false`: the
/// process never came by, and the story ended without a death, well all the same.
pub fn tell(engine: Engine, story: Story, failpoint: &str) -> bool {
    let _told = Told(story, failpoint);
    let shared = matches!(story, Story::SharedReport | Story::SharedRun | Story::SharedLand | Story::SharedRevert);
    let world = if shared { World::sharing(engine) } else { World::on(engine) };
    match story {
        Story::Claim => claim(&world, failpoint),
        Story::Report | Story::SharedReport => report(&world, failpoint),
        Story::Run | Story::SharedRun => run(&world, failpoint),
        Story::SharedLand => shared_land(&world, failpoint),
        Story::Land => land(&world, failpoint),
        Story::Up => up(&world, failpoint),
        Story::Revert | Story::SharedRevert => revert(&world, failpoint),
        Story::Prune => prune(&world, failpoint),
        Story::Stray => stray(&world, failpoint, true),
        Story::UntouchedStray => stray(&world, failpoint, false),
        Story::Seal => seal(&world, failpoint),
        Story::Archive => archive(&world, failpoint),
    }
}

/// Says which of many stories went wrong.
struct Told<'a>(Story, &'a str);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("that was {:?} with a death at {}", self.0, self.1);
        }
    }
}

/// Runs what is to die. `true`: it was killed, and nothing else went wrong.
fn dies(asked: Asked<'_>, failpoint: &str) -> (bool, Output) {
    let output = asked.dying_at(failpoint).run();
    assert!(output.killed() || output.code == Some(0), "{failpoint}: {output:?}");
    (output.killed(), output)
}

/// Lets `nexus run` do what is left.
fn finish(world: &World) {
    let end = world.nexus(&["run", "--agent", &world.diligent(), "--workers", "2"]).run();
    assert_eq!(end.code, Some(0), "{end:?}");
}

fn claim(world: &World, failpoint: &str) -> bool {
    let ids = [world.add("one")];
    let ask = || world.next("agent").keyed("k").with(&["--workspace", "--ttl", "1h"]);
    let (died, _) = dies(ask(), failpoint);
    // The agent asks again, as it has no answer; it is the same request.
    let held = ask().done();
    assert_eq!((held.text("id"), held.number("fence")), (ids[0].clone(), 1), "{held:?}");
    let folder = PathBuf::from(held.json["workspace"]["path"].as_str().expect("a workspace"));
    fs::write(folder.join(format!("{}.txt", ids[0])), made_text(&ids[0], 1)).expect("the workspace is there");
    world.says("report", &ids[0], "agent", 1).done();
    finish(world);
    world.all_is_well(&ids);
    died
}

fn report(world: &World, failpoint: &str) -> bool {
    let ids = [world.add("one")];
    let fence = world.make_by_hand(&ids[0], "agent", "1h");
    let ask = || world.says("report", &ids[0], "agent", fence).keyed("k");
    let (died, first) = dies(ask(), failpoint);
    let again = ask().done();
    assert!(died || first.json == again.json, "one request, one answer: {first:?} {again:?}");
    assert_eq!(world.count("change.queued", None), 1, "submitted once");
    finish(world);
    world.all_is_well(&ids);
    died
}

fn run(world: &World, failpoint: &str) -> bool {
    // A lease of a second lapses on a machine that stands still for one; that is no reason for an item to be dead.
    let ids = ["one", "two"].map(|title| world.nexus(&["work", "add", title, "--attempts", "100"]).done().text("id"));
    let agent = world.diligent();
    let (died, _) = dies(world.nexus(&["run", "--agent", &agent, "--ttl", "1s", "--workers", "1"]), failpoint);
    finish(world);
    world.all_is_well(&ids);
    died
}

/// Two items whose changes are in the queue.
fn queued(world: &World) -> [String; 2] {
    let ids = [world.add("one"), world.add("two")];
    for id in &ids {
        let fence = world.make_by_hand(id, "agent", "1h");
        world.says("report", id, "agent", fence).done();
    }
    ids
}

fn land(world: &World, failpoint: &str) -> bool {
    let ids = queued(world);
    let (died, _) = dies(world.nexus(&["change", "land"]), failpoint);
    world.nexus(&["change", "land"]).done();
    world.all_is_well(&ids);
    died
}

fn shared_land(world: &World, failpoint: &str) -> bool {
    let (second, ids) = (world.clone_to("second"), queued(world));
    let (died, _) = dies(world.nexus(&["change", "land"]).at(&second), failpoint);
    // The clone in which they were made goes on, and then both are where the remote is.
    for clone in world.clones() {
        world.nexus(&["change", "land", "--target", "main"]).at(&clone).done();
    }
    assert_eq!(world.git_in(&second, &["rev-parse", "main"]), world.remote_tip());
    assert_eq!(world.git_in(&second, &["status", "--porcelain"]), "", "nothing is half done in the second clone");
    world.all_is_well(&ids);
    died
}

fn up(world: &World, failpoint: &str) -> bool {
    let ids = queued(world);
    let mut serving = world.nexus(&["up", "--port", "0"]).dying_at(failpoint).start();
    let landed = || ids.iter().all(|id| world.item(id).json["state"] == "done");
    let died = until("its end, or that all has landed", || match (serving.runs(), landed()) {
        (false, _) => Some(true),
        (true, true) => Some(false),
        (true, false) => None,
    });
    drop(serving);
    let next = world.nexus(&["up", "--port", "0"]).start();
    until("all to land", || (landed() && next.printed().contains("http://")).then_some(()));
    next.signal(rustix::process::Signal::INT);
    assert_eq!(next.wait().code, Some(0));
    world.all_is_well(&ids);
    died
}

fn revert(world: &World, failpoint: &str) -> bool {
    let ids = queued(world);
    world.nexus(&["change", "land"]).done();
    let change = world.item(&ids[0]).text("change");
    let show = || world.nexus(&["change", "show", &change]).done().text("state");
    let (died, _) = dies(world.nexus(&["change", "revert", &change]), failpoint);
    // Whoever asked has no answer: asks again, and is told that it is done when it is.
    let again = world.nexus(&["change", "revert", &change]).run();
    assert!(again.code == Some(0) || again.problem() == "wrong_state", "{again:?}");
    assert_eq!(show(), "reverted");
    let commits = world.git(&["rev-list", "--count", "main"]);
    assert_eq!(commits, "4", "the first, two changes, and one that takes one back");
    assert!(!world.repo().join(format!("{}.txt", ids[0])).exists(), "it is gone from the branch");
    assert_eq!(world.item(&ids[0]).text("state"), "ready");
    world.clean();
    // Done again, it lands again.
    finish(world);
    let made = text(&world.repo().join(format!("{}.txt", ids[0])));
    assert_eq!(made, made_text(&ids[0], world.item(&ids[0]).number("fence") - 1));
    world.tidy();
    world.intact();
    world.clean();
    world.nothing_lost();
    world.sound();
    died
}

fn prune(world: &World, failpoint: &str) -> bool {
    let ids = [world.add("one")];
    world.make_by_hand(&ids[0], "slow", "1s");
    let next = until("the lease to lapse", || {
        let next = world.next("next").run();
        assert!(matches!(next.code, Some(0 | 4)), "{next:?}");
        (next.code == Some(0)).then_some(next)
    });
    // What the slow one made stays to be found; its report comes too late.
    let late = world.says("report", &ids[0], "slow", 1).run();
    assert_eq!((late.code, late.problem()), (Some(5), "lease_lost"));
    let old = || world.nexus(&["workspace", "prune", "--older-than", "0s"]);
    // Puts it away the first time, and removes it from quarantine at once.
    let (died, _) = dies(old(), failpoint);
    old().done();
    // What was put away can be brought back, whatever happened on the way.
    let listed = world.nexus(&["workspace", "list"]).done();
    let workspace = listed.json[0]["id"].as_str().expect("there is one").to_owned();
    let back = world.beside("back");
    world.nexus(&["workspace", "restore", &workspace, "--to", &back.to_string_lossy()]).done();
    assert_eq!(text(&back.join(format!("{}.txt", ids[0]))), made_text(&ids[0], 1));
    world.git(&["worktree", "remove", "--force", "--force", &back.to_string_lossy()]);
    world.git(&["branch", "-q", "-D", &format!("nexus/{}/1-restored", ids[0])]);
    world.says("release", &ids[0], "next", next.number("fence")).done();
    finish(world);
    world.all_is_well(&ids);
    died
}

fn stray(world: &World, failpoint: &str, touched: bool) -> bool {
    let ids = [world.add("one")];
    let (died, _) = dies(world.next("gone").with(&["--workspace", "--ttl", "1s"]), "git.worktree.opened");
    assert!(died, "the workspace is there, and no row");
    let listed = world.git(&["worktree", "list", "--porcelain"]);
    let folder = listed.lines().filter_map(|line| line.strip_prefix("worktree ")).nth(1).expect("the stray");
    if touched {
        fs::write(PathBuf::from(folder).join("note"), "a note\n").expect("the folder is there");
        fs::write(world.written().join("note"), "a note\n").expect("the folder is ours");
        let pipe = PathBuf::from(folder).join("pipe");
        assert!(world.command("mkfifo").arg(pipe).status().expect("there is mkfifo").success());
    }
    let next = until("the lease to lapse", || {
        let next = world.next("next").run();
        (next.code == Some(0)).then_some(next)
    });
    let old = || world.nexus(&["workspace", "prune", "--older-than", "0s"]);
    let (died, _) = dies(old(), failpoint);
    old().done();
    world.says("release", &ids[0], "next", next.number("fence")).done();
    finish(world);
    world.all_is_well(&ids);
    died
}

fn seal(world: &World, failpoint: &str) -> bool {
    let ids = queued(world);
    let (died, _) = dies(world.nexus(&["audit", "seal"]), failpoint);
    world.nexus(&["audit", "verify"]).done();
    let head = world.nexus(&["audit", "seal"]).done().json["head"].clone();
    assert_eq!(head["up_to_seq"], world.events().last().expect("something happened")["seq"], "all is sealed");
    let verified = world.nexus(&["audit", "verify"]).done();
    assert_eq!((verified.number("unsealed"), verified.json["heads"][0]["agrees"].as_bool()), (0, Some(true)));
    assert_eq!(verified.json["heads"][0]["up_to_seq"], head["up_to_seq"], "the ref has the last head");
    finish(world);
    world.all_is_well(&ids);
    died
}

fn archive(world: &World, failpoint: &str) -> bool {
    let ids = queued(world);
    let open = world.add("open");
    world.nexus(&["change", "land"]).done();
    world.nexus(&["audit", "seal"]).done();
    let before = world.events();
    let files = ["first.jsonl", "second.jsonl"].map(|name| world.beside(name));
    let ask = |n: usize| {
        let file = files[n].to_string_lossy();
        world.nexus(&["audit", "archive", "--older-than", "0s", "--output", &file])
    };
    let (died, _) = dies(ask(0), failpoint);
    kept(world, &before, &files);
    ask(1).done();
    kept(world, &before, &files);
    for id in &ids {
        assert_eq!(world.count("work.added", Some(id)), 0, "what is over has left the store");
    }
    assert_eq!(world.count("work.added", Some(&open)), 1, "what is open stays");
    world.nexus(&["work", "cancel", &open]).done();
    world.intact();
    world.sound();
    died
}

/// Everything that happened is in the store or in a file that is whole.
fn kept(world: &World, events: &[serde_json::Value], files: &[PathBuf]) {
    world.nexus(&["audit", "verify"]).done();
    let mut seqs: Vec<i64> = world.events().iter().filter_map(|event| event["seq"].as_i64()).collect();
    for file in files.iter().filter(|file| file.exists()) {
        world.nexus(&["audit", "verify", &file.to_string_lossy()]).done();
        let lines = text(file);
        let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("it is JSON"));
        seqs.extend(lines.filter_map(|line| line["seq"].as_i64()));
    }
    for event in events {
        assert!(event["seq"].as_i64().is_some_and(|seq| seqs.contains(&seq)), "lost: {event}");
    }
}
