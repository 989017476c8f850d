//! A control group for a program: caps that the kernel keeps, where we may make one.
//!
//! Limits are counted once a second from outside, which says which limit it was; a cap holds in between, when a program
//! takes all there is at once. On machines where we may not make a control group there is the counting alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::ports::{Caps, Refused};
use rustix::fs::{Access, access};

/// Where control groups are.
const ROOT: &str = "/sys/fs/cgroup";
/// What ours are called, before the mark of the keeper.
const NAME: &str = "nexus-";
/// How often it is tried to remove a group that the kernel has not given up yet.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// A group that was made: one folder, or one for each controller.
pub(super) struct Group {
    folders: Vec<PathBuf>,
}

/// A group with `caps`. `None`: no caps, or this machine does not let us.
pub(super) fn make(mark: &str, caps: &Caps) -> Option<Group> {
    let wanted: Vec<Cap> = caps
        .memory_bytes
        .map(|bytes| Cap { controller: "memory", files: ["memory.max", "memory.limit_in_bytes"], value: bytes })
        .into_iter()
        .chain(caps.tasks.map(|tasks| Cap { controller: "pids", files: ["pids.max"; 2], value: tasks.into() }))
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let ours = fs::read_to_string("/proc/self/cgroup").ok()?;
    together(&ours, mark, &wanted).or_else(|| apart(&ours, mark, &wanted))
}

struct Cap {
    controller: &'static str,
    /// The file of it in one hierarchy for all, and in one of its own.
    files: [&'static str; 2],
    value: u64,
}

/// One hierarchy for all controllers: below our own group, or beside it.
fn together(ours: &str, mark: &str, wanted: &[Cap]) -> Option<Group> {
    let own = Path::new(ROOT).join(ours.lines().find_map(|line| line.strip_prefix("0::/"))?);
    [own.as_path(), own.parent()?].into_iter().filter(|it| it.starts_with(ROOT)).find_map(|parent| {
        let folder = folder(parent, mark)?;
        let group = Group { folders: vec![folder.clone()] };
        wanted.iter().all(|cap| fs::write(folder.join(cap.files[0]), cap.value.to_string()).is_ok()).then_some(group)
    })
}

/// A hierarchy for each controller.
fn apart(ours: &str, mark: &str, wanted: &[Cap]) -> Option<Group> {
    let mut group = Group { folders: Vec::new() };
    for cap in wanted {
        let path = ours.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            controllers.split(',').any(|it| it == cap.controller).then(|| path.trim_start_matches('/'))
        })?;
        let folder = folder(&Path::new(ROOT).join(cap.controller).join(path), mark)?;
        group.folders.push(folder.clone());
        fs::write(folder.join(cap.files[1]), cap.value.to_string()).ok()?;
    }
    Some(group)
}

/// A new group below `parent`, which processes of ours can be moved into.
fn folder(parent: &Path, mark: &str) -> Option<PathBuf> {
    access(parent.join("cgroup.procs"), Access::WRITE_OK).ok()?;
    sweep(parent);
    let folder = parent.join(format!("{NAME}{mark}"));
    fs::create_dir(&folder).ok()?;
    Some(folder)
}

/// Removes groups of processes that ended without doing so. One that is in use cannot be removed.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let whose = name.to_str().and_then(|name| name.strip_prefix(NAME)?.split('-').next());
        if whose.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

impl Group {
    /// The folders, for [`join`].
    pub fn listed(&self) -> std::ffi::OsString {
        std::env::join_paths(&self.folders).unwrap_or_default()
    }

    /// What the kernel refused so far.
    pub fn refused(&self) -> Refused {
        let told = |file: &str, word: &str| {
            self.folders.iter().filter_map(|folder| fs::read_to_string(folder.join(file)).ok()).any(|text| {
                let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
                pairs.any(|(name, times)| name == word && times.trim() != "0")
            })
        };
        Refused {
            memory: told("memory.events", "oom_kill") || told("memory.oom_control", "oom_kill"),
            tasks: told("pids.events", "max"),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            // Whoever is left in it is ended, where there is such a file.
            let _ = fs::write(folder.join("cgroup.kill"), "1");
            for _ in 0..TRIES {
                if fs::remove_dir(folder).is_ok() || !folder.exists() {
                    break;
                }
                std::thread::sleep(PAUSE);
            }
        }
    }
}

/// Whether the kernel keeps programs to caps here.
pub fn caps_hold() -> bool {
    let mark = format!("{}-trial", std::process::id());
    make(&mark, &Caps { memory_bytes: Some(1 << 30), tasks: Some(1_000) }).is_some()
}

/// Moves this process into the groups of a list, and with it all that it will start.
pub(super) fn join(list: &std::ffi::OsStr) -> std::io::Result<()> {
    std::env::split_paths(list).try_for_each(|folder| fs::write(folder.join("cgroup.procs"), "0"))
}
