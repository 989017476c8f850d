//! The move of a branch, together with the files of the worktrees that show it.
//!
//! ```text
//! look for obstacles ─▶ lock the ref at OLD ─▶ index and files OLD ─▶ NEW ─▶ move the ref
//!        │                      │                       │
//!    in the way             elsewhere          in the way: put back what moved, unlock
//! ```
//!
//! A crash in between leaves the ref at OLD with files at NEW. The same call then finds nothing to do for the files
//! and moves the ref.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use engine::ports::{Moved, RepoError};

use super::obstacles::{self, Sight};
use super::place::Place;
use super::run::Ended;
use super::{Git, objects, refs, worktrees};

/// How often a ref or an index that somebody holds is tried again, and the pause between.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Moves `branch` from `old` to `new`, and the files where it is checked out.
pub(super) fn advance(git: &Git, branch: &str, old: &str, new: &str) -> Result<Moved, RepoError> {
    let name = format!("refs/heads/{branch}");
    let full =
        |rev: &str| objects::commit(git, rev)?.ok_or_else(|| RepoError::Unusable(format!("{rev:?} names no commit")));
    let (old, new) = (full(old)?, full(new)?);
    match refs::find(git, &name)? {
        // Files go before the ref, so a ref that is there has its files with it.
        Some(at) if at == new => return Ok(Moved::Done),
        Some(at) if at == old => {}
        other => return Ok(Moved::Elsewhere(other)),
    }
    let places = shown_in(git, branch)?;
    let changes = if places.is_empty() { Vec::new() } else { objects::changes(git, &old, &new)? };
    for place in &places {
        if let Sight::Blocked(paths) = obstacles::clear(git, place, &changes, &old, &new)? {
            return Ok(Moved::InTheWay(paths));
        }
    }
    let held = match Held::lock(git, &name, &old, &new)? {
        Ok(held) => held,
        Err(said) => {
            let at = refs::find(git, &name)?;
            let moved = at.as_deref() != Some(&old);
            return if moved { Ok(Moved::Elsewhere(at)) } else { Err(failed(said)) };
        }
    };
    store::failpoint!("git.move_branch.prepared");
    if let Some(blocked) = move_files(&places, &changes, &old, &new)? {
        return Ok(blocked);
    }
    store::failpoint!("git.move_branch.files_moved");
    if let Err(error) = held.commit() {
        put_back(&places, &old, &new);
        return Err(error);
    }
    store::failpoint!("git.move_branch.done");
    Ok(Moved::Done)
}

/// The worktrees that have `branch` checked out and whose folder is there. An agent that went onto the branch in its
/// own worktree is taken off it: neither do its files move under its hands, nor do they hold up a landing.
fn shown_in(git: &Git, branch: &str) -> Result<Vec<Place>, RepoError> {
    let mut places = Vec::new();
    for it in worktrees::list(&git.common)? {
        if it.bare || it.worktree.branch.as_deref() != Some(branch) || !it.worktree.path.is_dir() {
            continue;
        }
        // The main worktree of a repository inside another one is listed under its `.git` folder.
        let path = if it.worktree.path == git.common { &git.root } else { &it.worktree.path };
        match Place::find(git, path)? {
            Some(place) if it.ours => place.detach()?,
            found => places.extend(found),
        }
    }
    Ok(places)
}

/// Moves index and files everywhere, or nowhere.
fn move_files(places: &[Place], changes: &[objects::Change], old: &str, new: &str) -> Result<Option<Moved>, RepoError> {
    for (moved, place) in places.iter().enumerate() {
        // Git looks at all paths before it touches the first, so a refusal has changed nothing here.
        let ended = read_tree(place, &["-u"], old, new)?;
        if !ended.status.success() {
            put_back(&places[..moved], old, new);
            return Ok(Some(Moved::InTheWay(obstacles::named(&ended.err, changes))));
        }
    }
    Ok(None)
}

/// Back to `old`, where files had moved already. What fails here a later call finds and finishes.
fn put_back(places: &[Place], old: &str, new: &str) {
    for place in places {
        let _ = read_tree(place, &["-u"], new, old);
    }
}

/// `git read-tree -m`, and again while somebody holds the index.
pub(super) fn read_tree(place: &Place, options: &[&str], from: &str, to: &str) -> Result<Ended, RepoError> {
    place.call("read-tree").arg("-m").args(options).args([from, to]).patient()
}

/// A ref that is locked at its old value, ready to move. Dropped, it is unlocked where it was.
struct Held {
    git: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Held {
    /// Locks `name` at `old`; inside, git's words when it could not.
    fn lock(git: &Git, name: &str, old: &str, new: &str) -> Result<Result<Self, String>, RepoError> {
        for _ in 1..TRIES {
            match Self::lock_once(git, name, old, new)? {
                Err(said) if said.contains(".lock") && said.contains("File exists") => std::thread::sleep(PAUSE),
                other => return Ok(other),
            }
        }
        Self::lock_once(git, name, old, new)
    }

    fn lock_once(git: &Git, name: &str, old: &str, new: &str) -> Result<Result<Self, String>, RepoError> {
        let call = git.call("update-ref").args(["-m", "nexus: land", "--stdin", "-z"]);
        let mut command = call.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(io)?;
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("the pipe was asked for"));
        let mut held = Self { git: child, orders, answers };
        let lines = format!("start\0update {name}\0{new}\0{old}\0prepare\0");
        let sent = held.send(&lines).and_then(|()| held.hear("start")).and_then(|()| held.hear("prepare"));
        match sent {
            Ok(()) => Ok(Ok(held)),
            Err(_) => Ok(Err(held.last_words())),
        }
    }

    /// Moves the ref.
    fn commit(mut self) -> Result<(), RepoError> {
        match self.send("commit\0").and_then(|()| self.hear("commit")) {
            Ok(()) => Ok(()),
            Err(_) => Err(failed(self.last_words())),
        }
    }

    fn send(&mut self, lines: &str) -> std::io::Result<()> {
        let orders = self.orders.as_mut().expect("it takes orders until it is dropped");
        orders.write_all(lines.as_bytes())?;
        orders.flush()
    }

    /// Waits for git to say that it has done what was ordered.
    fn hear(&mut self, order: &str) -> std::io::Result<()> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.trim_end() == format!("{order}: ok") { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
    }

    /// What git had to say before it ended.
    fn last_words(mut self) -> String {
        self.orders = None;
        let mut said = String::new();
        if let Some(mut pipe) = self.git.stderr.take() {
            let _ = pipe.read_to_string(&mut said);
        }
        said.trim().to_owned()
    }
}

impl Drop for Held {
    /// Without further orders git unlocks the ref and ends.
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.git.wait();
    }
}

fn failed(said: String) -> RepoError {
    RepoError::Git { verb: "update-ref".to_owned(), said }
}

fn io(source: std::io::Error) -> RepoError {
    RepoError::Io { what: "locking a branch".to_owned(), source }
}
