//! Places where a test may kill the program, to see that nothing is lost.
//!
//! `NEXUS_FAILPOINT=name` kills this process with SIGKILL the first time it comes by; `name:3` the third time. Only
//! builds with debug assertions look; in a release build a failpoint is nothing.

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
];

/// Kills this process when the environment asks for it here. Use [`failpoint!`](crate::failpoint!) instead.
pub fn reach(name: &'static str) {
    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static SEEN: AtomicU32 = AtomicU32::new(0);
    debug_assert!(ALL.contains(&name), "the failpoint {name} is in the list");
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("NEXUS_FAILPOINT").ok()?;
        Some(match text.split_once(':') {
            Some((name, nth)) => (name.to_owned(), nth.parse().unwrap_or(1)),
            None => (text, 1),
        })
    });
    if let Some((wanted, nth)) = wanted
        && wanted == name
        && SEEN.fetch_add(1, Ordering::Relaxed) + 1 == *nth
    {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
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
