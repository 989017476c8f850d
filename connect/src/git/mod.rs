//! Git, over its command line: worktrees that agents work in, commits of what they left there, snapshots before
//! anything is thrown away, merges in memory, and the move of a branch together with the files that show it.
//!
//! What an agent does to its worktree decides nothing here: it may commit, merge halfway, switch branches, leave a
//! lock behind or replace `.git` by a repository of its own. A worktree is found through the folder that the
//! repository keeps for it, never through what stands in the worktree itself, and its files are read through an
//! index of our own (`scratch`).

mod author;
mod branch;
mod collect;
mod exclude;
mod file;
mod gather;
mod merge;
mod names;
mod objects;
mod obstacles;
mod open;
mod place;
mod raw;
mod reachable;
mod refs;
mod remote;
mod restore;
mod run;
mod scratch;
mod snapshot;
mod walk;
mod worktrees;

use std::path::{Path, PathBuf};

use engine::ports::{Diff, Merge, Moved, Observed, Oid, Repo, RepoError, Snapshot, Worktree};

pub use names::{branch_name_ok, ref_name_ok};
use run::Call;

/// A git repository with all its worktrees.
#[derive(Clone, Debug)]
pub struct Git {
    common: PathBuf,
    root: PathBuf,
    version: (u32, u32),
}

impl Git {
    /// The repository that `path` is in: its top, a sub-folder, a linked worktree, `.git` or a bare repository.
    ///
    /// Fails with a text that says what to do when there is no repository, no git, a git older than 2.38, or no
    /// access.
    pub fn open(path: &Path) -> Result<Self, RepoError> {
        let found = open::find(path)?;
        Ok(Self { common: found.common, root: found.root, version: found.version })
    }

    /// Whether the repository has no commit yet, on any branch.
    pub fn has_no_commit(&self) -> Result<bool, RepoError> {
        let any = self.call("rev-list").args(["--all", "--max-count=1"]).ok()?;
        Ok(any.is_empty() && self.commit("HEAD")?.is_none())
    }

    /// Adds `pattern` as a line to what git ignores in all worktrees (`info/exclude`), unless it is there.
    pub fn exclude(&self, pattern: &str) -> Result<(), RepoError> {
        exclude::add(&self.common, pattern)
    }

    /// A call of git about the repository as a whole; no worktree has a say in it.
    fn call(&self, verb: &str) -> Call {
        Call::new(verb, &self.common).env("GIT_DIR", &self.common)
    }
}

impl Repo for Git {
    fn common_dir(&self) -> &Path {
        &self.common
    }

    fn root(&self) -> &Path {
        &self.root
    }

    fn commit(&self, rev: &str) -> Result<Option<Oid>, RepoError> {
        objects::commit(self, rev)
    }

    fn tree(&self, commit: &str) -> Result<Oid, RepoError> {
        objects::tree(self, commit)
    }

    fn contains(&self, newer: &str, older: &str) -> Result<bool, RepoError> {
        objects::contains(self, newer, older)
    }

    fn read(&self, at: &str, path: &[u8], bytes_max: u64) -> Result<Option<Vec<u8>>, RepoError> {
        objects::read(self, at, path, bytes_max)
    }

    fn diff(&self, from: &str, to: &str) -> Result<Diff, RepoError> {
        objects::diff(self, from, to)
    }

    fn worktrees(&self) -> Result<Vec<Worktree>, RepoError> {
        Ok(worktrees::list(&self.common)?.into_iter().map(|it| it.worktree).collect())
    }

    fn open_worktree(&self, path: &Path, branch: &str, at: &str) -> Result<(), RepoError> {
        worktrees::open(self, path, branch, at)
    }

    fn open_checkout(&self, path: &Path, at: &str) -> Result<(), RepoError> {
        worktrees::open_checkout(self, path, at)
    }

    fn move_worktree(&self, from: &Path, to: &Path) -> Result<(), RepoError> {
        worktrees::relocate(self, from, to)
    }

    fn remove_worktree(&self, path: &Path) -> Result<(), RepoError> {
        worktrees::remove(self, path)
    }

    fn observe(&self, worktree: &Path, base: &str, message: &str, author: &str) -> Result<Option<Observed>, RepoError> {
        collect::observe(self, worktree, base, message, author)
    }

    fn snapshot(&self, worktree: &Path, at: &str) -> Result<Snapshot, RepoError> {
        snapshot::keep(self, worktree, at)
    }

    fn restore(&self, path: &Path, branch: &str, at: &str) -> Result<(), RepoError> {
        restore::restore(self, path, branch, at)
    }

    fn merge(&self, ours: &str, theirs: &str, base: Option<&str>) -> Result<Merge, RepoError> {
        merge::merge(self, ours, theirs, base)
    }

    fn commit_tree(&self, tree: &str, parent: &str, message: &str, author: &str) -> Result<Oid, RepoError> {
        objects::commit_tree(self, tree, &[parent], message, author)
    }

    fn set_ref(&self, name: &str, to: &str) -> Result<(), RepoError> {
        refs::set(self, name, to)
    }

    fn commit_file(
        &self,
        name: &str,
        file: &str,
        bytes: &[u8],
        message: &str,
        old: Option<&str>,
    ) -> Result<bool, RepoError> {
        file::commit(self, name, (file, bytes), message, old)
    }

    fn refs(&self, prefix: &str) -> Result<Vec<(String, Oid)>, RepoError> {
        refs::list(self, prefix)
    }

    fn delete_ref(&self, name: &str) -> Result<(), RepoError> {
        refs::delete(self, name)
    }

    fn move_branch(&self, branch: &str, old: &str, new: &str) -> Result<Moved, RepoError> {
        branch::advance(self, branch, old, new)
    }

    fn fetch(&self, remote: &str, name: &str, keep: &str) -> Result<Option<Oid>, RepoError> {
        remote::fetch(self, remote, name, keep)
    }

    fn push(&self, remote: &str, name: &str, old: Option<&str>, new: &str) -> Result<Moved, RepoError> {
        remote::push(self, remote, name, old, new)
    }

    fn delete_remote_refs(&self, remote: &str, names: &[String]) -> Result<(), RepoError> {
        remote::delete(self, remote, names)
    }

    fn version(&self) -> Result<String, RepoError> {
        open::version_text(&self.common)
    }
}
