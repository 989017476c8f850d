//! What all processes below a keeper take up.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use engine::ports::Footprint;
use rustix::process::Pid;

/// How many processes are looked at. A tree that is larger is over every limit anyway.
const LOOKED_AT_MAX: u32 = 10_000;

/// What the processes below `keeper` take up together, itself left out. Those that come and go meanwhile may be missed.
pub(super) fn footprint(keeper: i32) -> Footprint {
    let mut all = Footprint::default();
    let mut open = children(keeper);
    while let Some(pid) = open.pop() {
        all.processes += 1;
        all.memory_bytes += memory_bytes(pid).unwrap_or(0);
        if all.processes == LOOKED_AT_MAX {
            break;
        }
        open.extend(children(pid));
    }
    all
}

/// The program itself, where `outer` is what keeps it in: bubblewrap, or this program once more.
pub(super) fn innermost(outer: Pid) -> Pid {
    let file = |pid: Pid| fs::metadata(format!("/proc/{}/exe", pid.as_raw_nonzero())).ok();
    let same = |a: &fs::Metadata, b: &fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    let us = fs::metadata("/proc/self/exe").ok();
    let keeps_in = |pid: Pid| {
        let named = fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero()));
        named.is_ok_and(|name| name.trim() == "bwrap")
            || file(pid).zip(us.as_ref()).is_some_and(|(its, ours)| same(&its, ours))
    };
    let mut pid = outer;
    while keeps_in(pid) {
        match children(pid.as_raw_nonzero().get()).first().and_then(|child| Pid::from_raw(*child)) {
            Some(child) => pid = child,
            None => break,
        }
    }
    pid
}

/// The children of each thread of a process, as the kernel lists them.
fn children(pid: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|it| it.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Resident memory less what is shared, from `SIZE RESIDENT SHARED …` in pages.
fn memory_bytes(pid: i32) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let mut pages = statm.split_whitespace().skip(1).map(|it| it.parse::<u64>().unwrap_or(0));
    let own = pages.next()?.saturating_sub(pages.next()?);
    Some(own * rustix::param::page_size() as u64)
}
