//! Places where a test may kill the program, to see that nothing is lost.
//!
//! `NEXUS_FAILPOINT=name` kills this process with SIGKILL the first time it comes by; `name:3` the third time.
//! `NEXUS_FAILPOINT=stop:name` stops it there with SIGSTOP, until somebody lets it go on.
//! `NEXUS_FAILPOINT=log:FILE` kills nothing and adds the name of each that is reached to the file, a line each. Only
//! builds with debug assertions look; in a release build a failpoint is nothing.

use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every failpoint there is. The crash test goes through this list and fails when one was never reached.
pub const ALL: &[&str] = &[
    "store.commit.before",
    "store.commit.after",
    "agent.link.before",
    "agent.link.after",
    "agent.start.before",
    "agent.start.after",
    "check.start.before",
    "check.start.after",
    "check.checkout.removed",
    "git.worktree.branched",
    "git.worktree.opened",
    "git.checkout.opened",
    "git.snapshot.kept",
    "git.fetch.before",
    "git.fetch.done",
    "git.push.before",
    "git.push.done",
    "git.move_branch.prepared",
    "git.move_branch.files_moved",
    "git.move_branch.done",
    "workspace.opened",
    "workspace.snapshot.before",
    "workspace.snapshot.after",
    "workspace.set_aside.before",
    "workspace.set_aside.after",
    "workspace.remove.before",
    "workspace.remove.after",
    "workspace.branch_dropped",
    "stray.set_aside.before",
    "stray.set_aside.after",
    "stray.remove.before",
    "stray.remove.after",
    "forgotten.remove.before",
    "forgotten.remove.after",
    "change.observed",
    "change.named",
    "change.submitted",
    "landing.named",
    "landing.begun",
    "landing.moved",
    "landing.settled",
    "landing.finished",
    "revert.named",
    "revert.queued",
    "seal.computed",
    "seal.kept",
    "seal.published",
    "archive.drafted",
    "archive.written",
    "archive.noted",
    "archive.removed",
];

enum Wish {
    Nothing,
    Death { name: String, nth: u32 },
    Stop(String),
    Log(PathBuf),
}

impl Wish {
    fn read() -> Self {
        let Ok(text) = std::env::var("NEXUS_FAILPOINT") else { return Self::Nothing };
        match text.split_once(':') {
            Some(("log", file)) => Self::Log(file.into()),
            Some(("stop", name)) => Self::Stop(name.to_owned()),
            Some((name, nth)) => Self::Death { name: name.to_owned(), nth: nth.parse().unwrap_or(1) },
            None => Self::Death { name: text, nth: 1 },
        }
    }
}

/// Kills this process when the environment asks for it here. Use [`failpoint!`](crate::failpoint!) instead.
pub fn reach(name: &'static str) {
    static WISH: OnceLock<Wish> = OnceLock::new();
    static SEEN: AtomicU32 = AtomicU32::new(0);
    debug_assert!(ALL.contains(&name), "the failpoint {name} is in the list");
    match WISH.get_or_init(Wish::read) {
        Wish::Nothing => {}
        Wish::Death { name: wanted, nth } => {
            if wanted == name && SEEN.fetch_add(1, Ordering::Relaxed) + 1 == *nth {
                let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            }
        }
        Wish::Stop(wanted) => {
            if wanted == name && SEEN.fetch_add(1, Ordering::Relaxed) == 0 {
                let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
            }
        }
        Wish::Log(file) => {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(file);
            let _ = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
        }
    }
}

/// Marks a place where a crash test may kill the program.
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        if cfg!(debug_assertions) {
            $crate::failpoint::reach($name);
        }
    };
}
