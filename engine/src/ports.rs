//! What the engine asks of the outside. `connect` implements these; nothing else has two kinds.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The name of a git object, in full.
pub type Oid = String;

/// Why git could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// The folder is not what is needed; the text says what to do.
    #[error("{0}")]
    Unusable(String),
    /// Git ended with an error; these are its words.
    #[error("git {verb} failed: {said}")]
    Git {
        /// The git command.
        verb: String,
        /// What it printed.
        said: String,
    },
    /// The remote did not answer, or is none; the text says what to do.
    #[error("{0}")]
    Unreachable(String),
    /// The remote answered and took nothing; the text says why, and what to do.
    #[error("{0}")]
    PushRefused(String),
    /// Git did not start, or its files could not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// A worktree that git knows of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worktree {
    /// Its folder.
    pub path: PathBuf,
    /// The commit it is at; `None` before the first.
    pub head: Option<Oid>,
    /// The branch it has checked out, without `refs/heads/`; `None` when detached or bare.
    pub branch: Option<String>,
}

/// What was found in a worktree and is now one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The commit.
    pub commit: Oid,
    /// Its tree.
    pub tree: Oid,
}

/// What a change does to files, seen from its base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The paths it adds, changes or deletes (a rename is one deleted and one added), as git gives them.
    pub paths: Vec<Vec<u8>>,
    /// Bytes in new or changed files, together.
    pub bytes: u64,
}

/// What is kept of a worktree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit that the ref now names. Its tree has every tracked and untracked file; its second parent's tree
    /// is the index.
    pub commit: Oid,
    /// What no commit can hold (nested repositories, files that cannot be read, pipes, sockets). Not empty: the
    /// folder itself has to be kept.
    pub left_out: Vec<String>,
}

/// A merge done in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The merged tree.
    Clean(Oid),
    /// These paths need a decision; the tree has them with conflict markers.
    Conflict {
        /// The tree with markers.
        tree: Oid,
        /// The paths.
        paths: Vec<Vec<u8>>,
    },
}

/// How the move of a branch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The branch, and the index and files of the worktree that has it checked out, are at the new commit.
    Done,
    /// The branch is no longer where it was expected; it is here (`None`: it is gone).
    Elsewhere(Option<Oid>),
    /// Files that somebody changed in the checked-out worktree are in the way; nothing has moved.
    InTheWay(Vec<String>),
}

/// The git repository. Every call blocks until git has answered.
pub trait Repo: Send + Sync {
    /// The folder that all worktrees share (the main worktree's `.git`, or the bare repository), canonical.
    fn common_dir(&self) -> &Path;
    /// The main worktree, or the repository itself when it is bare.
    fn root(&self) -> &Path;
    /// The commit that `rev` names, or `None`.
    fn commit(&self, rev: &str) -> Result<Option<Oid>, RepoError>;
    /// The tree of a commit.
    fn tree(&self, commit: &str) -> Result<Oid, RepoError>;
    /// Whether `older` is `newer` or one of its ancestors.
    fn contains(&self, newer: &str, older: &str) -> Result<bool, RepoError>;
    /// The content of `path` in a commit or tree, or `None` when there is no such file; at most `bytes_max` of it.
    fn read(&self, at: &str, path: &[u8], bytes_max: u64) -> Result<Option<Vec<u8>>, RepoError>;
    /// What changed between two commits or trees.
    fn diff(&self, from: &str, to: &str) -> Result<Diff, RepoError>;

    /// Every worktree that git knows of, the main one first.
    fn worktrees(&self) -> Result<Vec<Worktree>, RepoError>;
    /// Makes a locked worktree at `path`, on a new branch that starts at `at`.
    fn open_worktree(&self, path: &Path, branch: &str, at: &str) -> Result<(), RepoError>;
    /// Makes a locked worktree at `path` with no branch; what stood there is gone first.
    fn open_checkout(&self, path: &Path, at: &str) -> Result<(), RepoError>;
    /// Moves a worktree's folder, and tells git.
    fn move_worktree(&self, from: &Path, to: &Path) -> Result<(), RepoError>;
    /// Removes a worktree with all that is in it; fine when it is gone already.
    fn remove_worktree(&self, path: &Path) -> Result<(), RepoError>;
    /// Commits all that is in the worktree (tracked and untracked, not what is ignored) on its branch, on top of
    /// `base`, as one commit with that tree whatever the agent committed in between. `None` when the tree is that
    /// of `base`.
    fn observe(&self, worktree: &Path, base: &str, message: &str, author: &str) -> Result<Option<Observed>, RepoError>;
    /// Keeps index, tracked and untracked files of a worktree under the ref `at`, without touching any of them.
    fn snapshot(&self, worktree: &Path, at: &str) -> Result<Snapshot, RepoError>;
    /// Makes a worktree at `path` with the files of the snapshot `at`; its HEAD is the snapshot's first parent.
    fn restore(&self, path: &Path, branch: &str, at: &str) -> Result<(), RepoError>;

    /// Every ref below `prefix`, which ends with a slash, and the commit it points at.
    fn refs(&self, prefix: &str) -> Result<Vec<(String, Oid)>, RepoError>;

    /// Merges `theirs` into `ours` in memory. `base` overrides the merge base.
    fn merge(&self, ours: &str, theirs: &str, base: Option<&str>) -> Result<Merge, RepoError>;
    /// A commit of `tree` on `parent`, named by nothing yet.
    fn commit_tree(&self, tree: &str, parent: &str, message: &str, author: &str) -> Result<Oid, RepoError>;
    /// Points the ref at a commit, whatever it named.
    fn set_ref(&self, name: &str, to: &str) -> Result<(), RepoError>;
    /// Points the ref at a new commit on top of `old`, whose tree holds nothing but `file` with these bytes. `false`:
    /// the ref is not at `old` (`None`: it is there), and nothing has moved.
    fn commit_file(
        &self,
        name: &str,
        file: &str,
        bytes: &[u8],
        message: &str,
        old: Option<&str>,
    ) -> Result<bool, RepoError>;
    /// Deletes a ref; fine when it is gone already.
    fn delete_ref(&self, name: &str) -> Result<(), RepoError>;
    /// Moves `branch` from `old` to `new`, and where it is checked out its index and files too. All or nothing as
    /// long as this process lives; doing it again after a crash finishes it.
    fn move_branch(&self, branch: &str, old: &str, new: &str) -> Result<Moved, RepoError>;

    /// Brings the commit that a ref of `remote` points at, with all that it stands on, and keeps it under the ref
    /// `keep`. `None`: the remote has no such ref, and nothing has changed here.
    fn fetch(&self, remote: &str, name: &str, keep: &str) -> Result<Option<Oid>, RepoError>;
    /// Points a ref of `remote` from `old` (`None`: it is not there) at `new`, by compare-and-set at the remote. It
    /// is `Done` too when the ref is at `new` already.
    fn push(&self, remote: &str, name: &str, old: Option<&str>, new: &str) -> Result<Moved, RepoError>;
    /// Deletes refs of `remote`; fine when they are gone already.
    fn delete_remote_refs(&self, remote: &str, names: &[String]) -> Result<(), RepoError>;

    /// The version of git.
    fn version(&self) -> Result<String, RepoError>;
}

/// A program to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program and its arguments; looked up on the PATH of `env` or ours.
    pub argv: Vec<String>,
    /// Where it runs.
    pub dir: PathBuf,
    /// Set on top of our environment.
    pub env: Vec<(String, OsString)>,
    /// Taken out of our environment.
    pub env_remove: Vec<String>,
    /// Whether our environment is passed on at all.
    pub inherit: Inherit,
    /// What it reads on its standard input.
    pub stdin: Vec<u8>,
    /// The file that gets its output and its errors; made anew.
    pub output: PathBuf,
    /// How many bytes of output are kept: the first half and the last half of them.
    pub output_bytes_max: u64,
    /// What the kernel is to keep it to.
    pub caps: Caps,
    /// How it is talked to while it runs; `None`: it reads `stdin` to its end, and errors go where output goes.
    pub talk: Option<Talk>,
}

/// What the kernel is asked to keep a program to, with all that it starts, where it lets us ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// Threads of all processes together.
    pub tasks: Option<u32>,
}

impl Caps {
    /// Caps somewhat above limits that are counted, so that those are noticed first.
    pub fn above(memory_bytes: Option<u64>, processes: Option<u32>) -> Self {
        Self {
            memory_bytes: memory_bytes.map(|bytes| bytes.saturating_add(bytes / 8)),
            // A process has a few threads.
            tasks: processes.map(|processes| processes.saturating_mul(4).saturating_add(64)),
        }
    }
}

/// What the kernel refused a program because of its caps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Memory: something of it was killed for it.
    pub memory: bool,
    /// Another thread or process.
    pub tasks: bool,
}

/// What is passed on of our own environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inherit {
    /// All of it.
    #[default]
    All,
    /// Nothing: what a launch sets is all there is.
    Nothing,
}

/// A program that reads and prints lines as long as it runs.
#[derive(Clone, Debug)]
pub struct Talk {
    /// The file that gets its errors; made anew.
    pub errors: PathBuf,
    /// How many bytes of a line are heard; what is longer is cut there.
    pub line_bytes_max: usize,
}

/// What a program said, if anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A line of its output, without its end.
    Line {
        /// The line, or its beginning.
        bytes: Vec<u8>,
        /// Whether it was longer than is heard.
        cut: bool,
    },
    /// Nothing so far.
    Silence,
    /// It and all that it started have ended, and all its lines were heard.
    Ended(Exit),
}

/// What a program and all that it started take up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Memory that they do not share with others.
    pub memory_bytes: u64,
    /// How many processes they are.
    pub processes: u32,
}

/// A program could not be started; the text says why and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NeverStarted(pub String);

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code; 128 + the signal's number when a signal ended it.
    pub code: i32,
    /// SHA-256 of all its output, in hex.
    pub output_digest: String,
    /// How many bytes of output it had, kept or not.
    pub output_bytes: u64,
    /// What the kernel refused it.
    pub refused: Refused,
}

/// Starts programs.
pub trait Launcher: Send + Sync {
    /// Starts `launch`, with everything it will start in turn under one hand.
    fn launch(&self, launch: &Launch) -> Result<Box<dyn Running>, NeverStarted>;
}

/// A program that was started. What it prints is taken in only while somebody waits or hears, in their thread. Dropping
/// it stops it and all that it started.
pub trait Running: Send {
    /// The process id to look for.
    fn pid(&self) -> u32;
    /// Waits until it has said something, at most this long. Only what was started to be talked to says lines.
    fn hear(&mut self, at_most: Duration) -> Heard;
    /// Sends it this; in the background, as it reads. Nothing once its input is closed or it has ended.
    fn say(&mut self, bytes: &[u8]);
    /// Ends its input when all has been sent.
    fn close_input(&mut self);
    /// How many bytes it printed so far, errors among them.
    fn printed_bytes(&self) -> u64;
    /// What it takes up now.
    fn footprint(&self) -> Footprint;
    /// Interrupts the program alone, as Ctrl-C does.
    fn interrupt(&mut self);
    /// Ends the program and all that it started: asks first, kills what is left after `grace`. Returns at once;
    /// wait for the end.
    fn stop(&mut self, grace: Duration);

    /// Waits until the program and all that it started have ended, at most this long. `None`: still running.
    fn wait(&mut self, at_most: Duration) -> Option<Exit> {
        let began = Instant::now();
        loop {
            match self.hear(at_most.saturating_sub(began.elapsed())) {
                Heard::Ended(exit) => return Some(exit),
                Heard::Silence => return None,
                Heard::Line { .. } => {}
            }
        }
    }
}

/// An address that takes JSON.
pub trait Post: Send + Sync {
    /// Posts `body`, one JSON object, within a few seconds; fails with the reason when it was not taken.
    fn post(&self, body: &str) -> Result<(), String>;
    /// Its address, as far as it may be shown.
    fn place(&self) -> String;
    /// All of its address.
    fn identity(&self) -> String;
}
