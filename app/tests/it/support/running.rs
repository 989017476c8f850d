//! A process of the program while it runs. It ends with the test at the latest.

use std::process::{Child, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::asked::Finish;
use super::{Output, World};

/// Nothing that a test waits for takes longer than this unless something hangs.
const AT_MOST: Duration = Duration::from_mins(3);
/// The pause between two looks, and what it grows to.
const LOOK: Duration = Duration::from_millis(3);
const LOOK_MAX: Duration = Duration::from_millis(50);

/// A call that was started.
pub struct Running<'w> {
    world: &'w World,
    child: Child,
    finish: Finish,
    ended: bool,
}

impl<'w> Running<'w> {
    pub(super) const fn new(world: &'w World, child: Child, finish: Finish) -> Self {
        Self { world, child, finish, ended: false }
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it has not been waited for");
    }

    /// Sends a signal to its process group, which is its own.
    pub fn signal_group(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).expect("it has not been waited for");
    }

    /// What it has printed so far.
    pub fn printed(&self) -> String {
        self.finish.printed()
    }

    /// What it has complained about so far.
    pub fn complained(&self) -> String {
        self.finish.complained()
    }

    /// Whether a signal has stopped it, and it waits to be told to go on.
    pub fn stands_still(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Output {
        let status = self.end();
        self.ended = true;
        self.finish.take(self.world, status)
    }

    fn end(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            if since.elapsed() > AT_MOST {
                let said = self.printed();
                self.world.nexus(&["status"]).run();
                panic!("nexus {} hangs; so far it said {said:?}", self.finish.args.join(" "));
            }
            sleep(LOOK);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Waits until `seen` comes back with something. Panics with `what` when that takes so long that something hangs.
pub fn until<T>(what: &str, mut seen: impl FnMut() -> Option<T>) -> T {
    let (since, mut pause) = (Instant::now(), LOOK);
    loop {
        if let Some(found) = seen() {
            return found;
        }
        assert!(since.elapsed() < AT_MOST, "waited in vain for {what}");
        sleep(pause);
        // A look may start a process, and others need the machine too.
        pause = (pause * 2).min(LOOK_MAX);
    }
}
