//! The one place that starts git.
//!
//! Every call starts from the same ground: no hooks, no signing, no prompts, no pathspec magic, plain English, and
//! none of the `GIT_…` variables that a caller inside a git hook would hand down. Git runs in a process group of
//! its own, so that a Ctrl-C at the terminal reaches us and does not cut a git command in half.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use engine::ports::RepoError;
use rustix::process::{Pid, Signal, kill_process_group};

/// Inherited `GIT_…` variables that stay: where git and its settings are, how it reaches others, what it traces.
const KEPT: [&str; 13] = [
    "GIT_EXEC_PATH",
    "GIT_TEMPLATE_DIR",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_VALUE_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_SSH",
    "GIT_SSL",
    "GIT_PROXY",
    "GIT_ASKPASS",
    "GIT_TRACE",
];

/// Settings that hold for every call, whatever the user or an agent wrote into a configuration file.
const SETTINGS: [&str; 13] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "core.quotePath=false",
    "core.safecrlf=false",
    "commit.gpgsign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "i18n.commitEncoding=UTF-8",
    "advice.detachedHead=false",
    "advice.addEmbeddedRepo=false",
    "submodule.recurse=false",
];

/// How often a call is made again when another git is in its way, and the first and longest pause between.
const TRIES: u32 = 40;
const PAUSE_FIRST: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(150);

/// One call of git, being put together.
pub(super) struct Call {
    verb: String,
    args: Vec<OsString>,
    dir: PathBuf,
    env: Vec<(&'static str, OsString)>,
    stdin: Vec<u8>,
    stdout_max: u64,
    at_most: Option<Duration>,
}

/// What a call of git came to.
pub(super) struct Ended {
    verb: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it answered.
    pub out: Vec<u8>,
    /// What it complained about.
    pub err: String,
}

impl Call {
    /// A call of `git VERB` that runs in `dir`.
    pub fn new(verb: &str, dir: &Path) -> Self {
        Self {
            verb: verb.to_owned(),
            args: Vec::new(),
            dir: dir.to_owned(),
            env: Vec::new(),
            stdin: Vec::new(),
            stdout_max: u64::MAX,
            at_most: None,
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(|it| it.as_ref().to_owned()));
        self
    }

    /// Sets a variable.
    pub fn env(mut self, key: &'static str, value: impl Into<OsString>) -> Self {
        self.env.push((key, value.into()));
        self
    }

    /// What git reads.
    pub fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = bytes;
        self
    }

    /// Reads at most so much of the answer; git is not waited for beyond that.
    pub fn stdout_max(mut self, bytes: u64) -> Self {
        self.stdout_max = bytes;
        self
    }

    /// Kills git, and what it has started, when it takes longer.
    pub fn at_most(mut self, time: Duration) -> Self {
        self.at_most = Some(time);
        self
    }

    /// The answer, with patience; an error when git ends with anything but 0.
    pub fn ok(self) -> Result<Vec<u8>, RepoError> {
        self.patient()?.ok()
    }

    /// The first line of the answer as text, with patience; an error when git ends with anything but 0.
    pub fn line(self) -> Result<String, RepoError> {
        let out = self.ok()?;
        Ok(String::from_utf8_lossy(out.split(|&byte| byte == b'\n').next().unwrap_or_default()).trim().to_owned())
    }

    /// Runs it, again and again for a few seconds while another git holds what it needs.
    pub fn patient(&self) -> Result<Ended, RepoError> {
        let mut pause = PAUSE_FIRST;
        for _ in 1..TRIES {
            let ended = self.run()?;
            if !ended.met_another() {
                return Ok(ended);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(PAUSE_MAX);
        }
        self.run()
    }

    /// The command line and environment, with no pipes yet.
    pub fn command(&self) -> Command {
        let mut command = Command::new("git");
        for (key, _) in std::env::vars_os() {
            if key.to_str().is_some_and(|key| key.starts_with("GIT_") && !KEPT.iter().any(|kept| key.starts_with(kept)))
            {
                command.env_remove(key);
            }
        }
        command
            .env_remove("LANGUAGE")
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0");
        command.env("GIT_COMMITTER_NAME", "Nexus").env("GIT_COMMITTER_EMAIL", "nexus@localhost");
        command.env("GIT_AUTHOR_NAME", "Nexus").env("GIT_AUTHOR_EMAIL", "nexus@localhost");
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.arg("--literal-pathspecs").arg(&self.verb).args(&self.args).current_dir(&self.dir).process_group(0);
        command
    }

    /// Runs it once.
    pub fn run(&self) -> Result<Ended, RepoError> {
        let mut command = self.command();
        let stdin = if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| self.not_started(source))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        // All three pipes move at once, so that neither side waits for the other for ever.
        let (pid, (over, ended)) = (Pid::from_child(&child), mpsc::channel::<()>());
        let (out, err) = std::thread::scope(|scope| {
            if let Some(at_most) = self.at_most {
                scope.spawn(move || {
                    if ended.recv_timeout(at_most) == Err(mpsc::RecvTimeoutError::Timeout) {
                        let _ = kill_process_group(pid, Signal::KILL);
                    }
                });
            }
            scope.spawn(|| stdin.map(|mut pipe| pipe.write_all(&self.stdin)));
            let err = scope.spawn(|| read(stderr, u64::MAX));
            let out = read(stdout, self.stdout_max);
            let err = err.join().expect("reading a pipe does not panic");
            drop(over);
            (out, err)
        });
        let status = child.wait().map_err(|source| self.not_started(source))?;
        let io = |source| RepoError::Io { what: format!("reading the answer of git {}", self.verb), source };
        let err = String::from_utf8_lossy(&err.map_err(io)?).trim().to_owned();
        Ok(Ended { verb: self.verb.clone(), status, out: out.map_err(io)?, err })
    }

    fn not_started(&self, source: io::Error) -> RepoError {
        if source.kind() == io::ErrorKind::NotFound && self.dir.is_dir() {
            return RepoError::Unusable(
                "git was not found; install git 2.38 or newer and put it on the PATH".to_owned(),
            );
        }
        RepoError::Io { what: format!("starting git {} in {}", self.verb, self.dir.display()), source }
    }
}

impl Ended {
    /// Whether git ended with this code.
    pub fn code(&self, code: i32) -> bool {
        self.status.code() == Some(code)
    }

    /// The answer, or git's words as an error.
    pub fn ok(self) -> Result<Vec<u8>, RepoError> {
        if self.status.success() { Ok(self.out) } else { Err(self.failed()) }
    }

    /// Git's words as an error.
    pub fn failed(self) -> RepoError {
        let said = if self.err.is_empty() { self.status.to_string() } else { self.err };
        RepoError::Git { verb: self.verb, said }
    }

    /// Whether it failed because of what another git was doing at that moment.
    pub fn met_another(&self) -> bool {
        let said = |words| self.err.contains(words);
        let held = said(".lock") && said("File exists") || said("could not lock config file");
        // A worktree that another git is making or removing right now, with its files half there.
        let half_made = said("failed to read") && said("/worktrees/");
        // The folder of all worktrees goes with the last of them, and may go between two steps of another git.
        let pulled_away = (said("could not create directory of") || said("Invalid path") && said("/worktrees"))
            && said("No such file or directory");
        !self.status.success() && (held || half_made || pulled_away)
    }
}

/// Everything in the pipe, or the first `max` bytes of it.
fn read(pipe: Option<impl Read>, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(max).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn what_another_git_caused_is_tried_again_and_nothing_else() {
        let ended = |err: &str| Ended {
            verb: "worktree".to_owned(),
            status: ExitStatus::from_raw(128 << 8),
            out: Vec::new(),
            err: err.to_owned(),
        };
        for words in [
            "fatal: Unable to create '/r/.git/index.lock': File exists.",
            "error: could not lock config file .git/config: File exists",
            "fatal: failed to read /r/.git/worktrees/a/commondir: Success",
            "fatal: could not create directory of '/r/.git/worktrees/a': No such file or directory",
            "fatal: Invalid path '/r/.git/worktrees': No such file or directory",
        ] {
            assert!(ended(words).met_another(), "{words}");
        }
        for words in ["fatal: not a git repository", "fatal: Invalid path '/r/a': No such file or directory", ""] {
            assert!(!ended(words).met_another(), "{words}");
        }
    }
}
