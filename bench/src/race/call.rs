//! One process of the tool: started in a group of its own, perhaps killed or stopped for a while, and what it said.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Course;
use super::adapter::{Adapter, Words, path};
use super::loss::Listed;
use super::reading::entries;

/// A process that takes longer than this hangs, and is killed.
const AT_MOST: Duration = Duration::from_secs(90);
/// The pause between two looks at a process, and what it grows to.
const LOOK: Duration = Duration::from_micros(200);
const LOOK_MAX: Duration = Duration::from_millis(2);

/// What is done to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Nothing,
    /// Killed so long after its start.
    Kill {
        after: Duration,
    },
    /// Stopped so long after its start, and continued later.
    Pause {
        after: Duration,
        lasting: Duration,
    },
}

/// What became of a process.
pub struct Said {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// Whether the trouble came before the end.
    pub troubled: bool,
}

impl Said {
    /// What it said last: on standard error, else on standard output.
    pub fn complaint(&self) -> &str {
        let lines = self.stdout.lines().chain(self.stderr.lines());
        lines.map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("nothing")
    }
}

/// The tool in its place.
pub struct Tool<'a> {
    pub adapter: &'a Adapter,
    course: &'a Course,
    dir: &'a Path,
}

impl<'a> Tool<'a> {
    pub const fn new(adapter: &'a Adapter, course: &'a Course, dir: &'a Path) -> Self {
        Self { adapter, course, dir }
    }

    /// Makes the place what the tool needs it to be.
    pub fn prepare(&self) -> Result<(), String> {
        for command in &self.adapter.prepare {
            let said = self.call(command, Words::default(), Trouble::Nothing)?;
            if said.code != Some(0) {
                let words = command.join(" ");
                return Err(format!("{}: {words} failed: {}{}", self.adapter.name, said.stderr, said.stdout));
            }
        }
        Ok(())
    }

    /// Runs `command` to its end. Fails when it cannot be started.
    pub fn call(&self, command: &[String], words: Words<'_>, trouble: Trouble) -> Result<Said, String> {
        let filled = self.adapter.filled(command, self.dir, words);
        let wrong = |error: std::io::Error| format!("{}: {}: {error}", self.adapter.name, filled[0]);
        // Files, not pipes: whoever inherits a pipe could keep us waiting for its end.
        let (stdout, stderr) = (tempfile::tempfile().map_err(wrong)?, tempfile::tempfile().map_err(wrong)?);
        let mut process = Command::new(&filled[0]);
        process.args(&filled[1..]).current_dir(self.dir).env("PATH", path(self.course)).process_group(0);
        for (name, _) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            if ["NEXUS_", "COORDINATION_", "GIT_"].iter().any(|start| shown.starts_with(start)) {
                process.env_remove(&name);
            }
        }
        process.stdin(Stdio::null()).stdout(stdout.try_clone().map_err(wrong)?);
        process.stderr(stderr.try_clone().map_err(wrong)?);
        let mut child = process.spawn().map_err(wrong)?;
        let (code, troubled) = end(&mut child, trouble);
        Ok(Said { code, troubled, stdout: text(stdout), stderr: text(stderr) })
    }

    /// All items, or why they cannot be listed.
    pub fn list(&self) -> Result<Vec<Listed>, String> {
        let Some(mut after) = self.adapter.list.after.clone() else { return self.page("") };
        let mut all = Vec::new();
        loop {
            let page = self.page(&after)?;
            let Some(last) = page.last() else { return Ok(all) };
            after.clone_from(&last.id);
            all.extend(page);
        }
    }

    fn page(&self, after: &str) -> Result<Vec<Listed>, String> {
        let list = &self.adapter.list;
        let said = self.call(&list.run, Words { after, ..Words::default() }, Trouble::Nothing)?;
        if said.code != Some(0) {
            return Err(format!("the list cannot be had any more: {}", said.complaint()));
        }
        let found = entries(&said.stdout, list.items.as_deref()).ok_or("the list is no list any more")?;
        let listed = found.iter().map(|entry| {
            let (id, state) = (list.id.of(entry), list.state.of(entry));
            let (Some(id), Some(state)) = (id, state) else { return Err(format!("no item can be read from {entry}")) };
            Ok(Listed { id, done: list.done.contains(&state) })
        });
        listed.collect()
    }
}

/// Waits for the end, and makes the trouble meanwhile; comes back with the exit code, and whether trouble was made.
fn end(child: &mut Child, trouble: Trouble) -> (Option<i32>, bool) {
    let group = Pid::from_child(child);
    let began = Instant::now();
    let after = match trouble {
        Trouble::Nothing => AT_MOST,
        Trouble::Kill { after } | Trouble::Pause { after, .. } => after,
    };
    if let Some(status) = ended_by(child, began, after) {
        return (status.code(), false);
    }
    match trouble {
        Trouble::Pause { lasting, .. } => {
            let _ = kill_process_group(group, Signal::STOP);
            sleep(lasting);
            let _ = kill_process_group(group, Signal::CONT);
            if let Some(status) = ended_by(child, Instant::now(), AT_MOST) {
                return (status.code(), true);
            }
        }
        Trouble::Kill { .. } | Trouble::Nothing => {}
    }
    let _ = kill_process_group(group, Signal::KILL);
    (child.wait().ok().and_then(|status| status.code()), true)
}

/// How the process ended, when it does so within `most` of `since`.
fn ended_by(child: &mut Child, since: Instant, most: Duration) -> Option<ExitStatus> {
    let mut look = LOOK;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        let left = most.checked_sub(since.elapsed()).filter(|left| !left.is_zero())?;
        sleep(look.min(left));
        look = (look * 2).min(LOOK_MAX);
    }
}

fn text(mut file: File) -> String {
    let mut bytes = Vec::new();
    let read = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
    read.map(|_| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
