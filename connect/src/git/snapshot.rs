//! Keeping all of a worktree before something happens to it.
//!
//! ```text
//! HEAD ◀── index ◀──┐        C's tree       every tracked and untracked file
//!   ▲───────────────C ◀─ at  index's tree   what was staged; all files when it has conflicts
//! ```
//!
//! In a worktree without a commit there is no HEAD, and the commit of the index is the only parent.

use std::path::Path;

use engine::ports::{RepoError, Snapshot};

use super::gather::{gather, missing};
use super::place::Place;
use super::scratch::Scratch;
use super::{Git, objects, raw, refs, walk};

const AUTHOR: &str = "Nexus";

/// Keeps index, tracked and untracked files of a worktree under the ref `at`, without touching any of them.
pub(super) fn keep(git: &Git, worktree: &Path, at: &str) -> Result<Snapshot, RepoError> {
    let place = Place::of(git, worktree)?;
    let head = place.head()?;
    let files = Scratch::copy(git, &place)?;
    gather(&files, &place.path)?;
    let lost = missing(&files)?;
    let mut left_out = walk::unholdable(&files, &place.path)?;
    raw::take_in(git, &place, &files, head.as_deref(), &lost)?;
    let tree = files.write_tree()?;
    for path in lost {
        let path = String::from_utf8_lossy(&path).into_owned();
        let name = path.trim_end_matches('/');
        if !left_out.iter().any(|it| it.strip_prefix(name).is_some_and(|rest| rest.starts_with(" ("))) {
            left_out.push(format!("{path} (cannot be read)"));
        }
    }
    // An index with conflicts is no tree; its conflicted files are in the other one, with their markers.
    let staged = Scratch::copy(git, &place)?.write_tree().unwrap_or_else(|_| tree.clone());
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let index = objects::commit_tree(git, &staged, &head, "nexus: the index of a snapshot", AUTHOR)?;
    let parents: Vec<&str> = head.iter().copied().chain([index.as_str()]).collect();
    let commit = objects::commit_tree(git, &tree, &parents, "nexus: a snapshot of a worktree", AUTHOR)?;
    refs::set(git, at, &commit)?;
    store::failpoint!("git.snapshot.kept");
    Ok(Snapshot { commit, left_out })
}
