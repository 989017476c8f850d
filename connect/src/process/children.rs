//! The children of this process: found, killed, reaped.
//!
//! Only children are ever killed, never grandchildren: until it is reaped a child keeps its number, so no signal
//! can hit a stranger. Killing a child makes its children ours, and the next pass finds them.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, wait};

/// How long we go on killing what does not die (a process stuck in the kernel, or one of another user).
const KILLING_MAX: Duration = Duration::from_secs(30);

/// How long a pass waits for what it killed.
const PAUSE: Duration = Duration::from_millis(2);

/// What `reap` found.
pub(super) enum Reaped {
    /// This child ended, with this exit code (128 + the signal's number when a signal ended it).
    Ended(Pid, i32),
    /// There are children, and all of them run.
    AllRun,
    /// There is no child, and so no descendant.
    NoneLeft,
}

/// Takes in the end of one child, without waiting.
pub(super) fn reap() -> Reaped {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => {
                let signal = status.terminating_signal().map(|signal| 128 + signal);
                if let Some(code) = status.exit_status().or(signal) {
                    return Reaped::Ended(pid, code);
                }
            }
            Ok(None) => return Reaped::AllRun,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Reaped::NoneLeft,
        }
    }
}

/// Kills all descendants and reaps them. `false`: some did not die within half a minute.
pub(super) fn kill_all() -> bool {
    let since = Instant::now();
    while since.elapsed() < KILLING_MAX {
        for pid in list() {
            let _ = kill_process(pid, Signal::KILL);
        }
        loop {
            match reap() {
                Reaped::Ended(..) => {}
                Reaped::AllRun => break,
                Reaped::NoneLeft => return true,
            }
        }
        std::thread::sleep(PAUSE);
    }
    false
}

/// The children of this process.
fn list() -> Vec<Pid> {
    let own = getpid().as_raw_nonzero();
    let quick = fs::read_to_string(format!("/proc/self/task/{own}/children")).unwrap_or_default();
    let quick: Vec<Pid> = quick.split_whitespace().filter_map(|it| Pid::from_raw(it.parse().ok()?)).collect();
    // That file is not in every kernel, and may miss some.
    if quick.is_empty() { search(own.get()) } else { quick }
}

fn search(parent: i32) -> Vec<Pid> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter(|&pid| parent_of(pid) == Some(parent)).filter_map(Pid::from_raw).collect()
}

/// The parent of a process, from `PID (NAME) STATE PPID …`; the name may hold anything, brackets too.
fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    let rest = String::from_utf8_lossy(&stat[end + 1..]).into_owned();
    rest.split_whitespace().nth(1)?.parse().ok()
}
