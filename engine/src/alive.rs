//! Processes of this machine by a name that no later process has, so that it can be told when one has died.

use crate::sha256_hex;

/// The name of this process: its machine since the last start, its number, and when it began. `None` where the
/// system does not tell.
pub fn name() -> Option<String> {
    let pid = std::process::id();
    Some(format!("{}.{pid}.{}", space()?, began(pid)?))
}

/// Whether the process called `name` has died. `false` when it runs, and when that cannot be known from here: it
/// belongs to another machine, or to a container with numbers of its own.
pub fn died(name: &str) -> bool {
    let mut parts = name.splitn(3, '.');
    let (Some(its_space), Some(pid), Some(its_start)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let Ok(pid) = pid.parse() else { return false };
    space().is_some_and(|here| here == its_space) && began(pid).as_deref() != Some(its_start)
}

/// Where process numbers mean the same as here: one machine between two starts, one namespace of numbers.
fn space() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let numbers = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(sha256_hex(format!("{boot}{}", numbers.display()).as_bytes())[..12].to_owned())
}

/// When a process began, in ticks since the machine started; `None` when it is gone, or dead and not yet reaped.
fn began(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `PID (NAME) STATE …`: the name may hold anything, brackets too.
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_to_have_died_only_when_it_was_one_of_here() {
        let Some(own) = name() else { return };
        assert!(!died(&own), "this one runs");
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("cat");
        let its = format!("{}.{}.{}", space().expect("told before"), child.id(), began(child.id()).expect("it runs"));
        assert!(!died(&its));
        child.kill().expect("it is ours");
        child.wait().expect("it is ours");
        assert!(died(&its));
        let (_, rest) = its.split_once('.').expect("three parts");
        assert!(!died(&format!("elsewhere.{rest}")), "nobody here knows");
        assert!(!died("17-abc"), "no such name");
    }
}
