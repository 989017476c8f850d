//! What is left when a keeper was killed before it could do its duty.
//!
//! Every program carries a mark of its keeper in its environment, and what it starts inherits it. That finds them
//! when nothing else does; a keeper that ends by itself leaves nothing to find.

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The variable that marks them.
pub(super) const MARK: &str = "NEXUS_KEEP_ID";

const PASSES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// Kills every process with this mark.
pub(super) fn kill(mark: &str) {
    let entry = format!("{MARK}={mark}");
    // One pass may miss what is being started; two in a row without a find are the end.
    let mut quiet = 0;
    for _ in 0..PASSES {
        let found = marked(&entry).into_iter().filter(|&pid| kill_one(pid, &entry)).count();
        quiet = if found == 0 { quiet + 1 } else { 0 };
        if quiet == 2 {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

/// The number may have gone to another process since we read it, so the process is held before it is looked at
/// again.
fn kill_one(pid: Pid, entry: &str) -> bool {
    let Ok(held) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
    has_mark(pid, entry) && pidfd_send_signal(held, Signal::KILL).is_ok()
}

fn marked(entry: &str) -> Vec<Pid> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|it| Pid::from_raw(it.file_name().to_str()?.parse().ok()?));
    numbers.filter(|&pid| has_mark(pid, entry)).collect()
}

fn has_mark(pid: Pid, entry: &str) -> bool {
    let environ = fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap_or_default();
    environ.split(|&byte| byte == 0).any(|it| it == entry.as_bytes())
}
