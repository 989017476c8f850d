//! What an agent left in its worktree, as one commit.

use std::path::Path;

use engine::ports::{Observed, RepoError};

use super::gather::{gather, missing, paths};
use super::objects::{self, GITLINK, parse_raw};
use super::place::Place;
use super::scratch::Scratch;
use super::{Git, walk};

/// Commits all that is in the worktree on top of `base`, as one commit that nothing names yet; `None` when that is
/// the tree of `base`.
///
/// The worktree, its index, its HEAD and its branch stay as they are, and none of them matters: the files do.
/// Fails with the paths when there are nested repositories, or files that git cannot hold: to leave them out
/// silently would call work done that is not in the commit.
pub(super) fn observe(
    git: &Git,
    worktree: &Path,
    base: &str,
    message: &str,
    author: &str,
) -> Result<Option<Observed>, RepoError> {
    let place = Place::of(git, worktree)?;
    let base = objects::commit(git, base)?.ok_or_else(|| RepoError::Unusable(format!("{base:?} names no commit")))?;
    let index = Scratch::copy(git, &place)?;
    let untracked = index.call("ls-files").args(["--others", "--exclude-standard", "-z"]).ok()?;
    // Git ends the name of a nested repository with a slash, and lists no other folder.
    refuse_nested(&paths(&untracked).into_iter().filter(|path| path.ends_with(b"/")).collect::<Vec<_>>())?;
    gather(&index, &place.path)?;
    let raw = index.call("diff-index").args(["--cached", "--raw", "-z", "--no-renames", "--no-abbrev", &base]).ok()?;
    let new_link = |it: &objects::Change| it.new.mode == GITLINK && it.old.mode != GITLINK;
    refuse_nested(&parse_raw(&raw).into_iter().filter(new_link).map(|it| it.path).collect::<Vec<_>>())?;
    let left = missing(&index)?;
    if !left.is_empty() {
        let text = format!("git cannot hold these files: {}; make them readable or remove them", walk::list(&left));
        return Err(RepoError::Unusable(text));
    }
    let tree = index.write_tree()?;
    if tree == objects::tree(git, &base)? {
        return Ok(None);
    }
    let commit = objects::commit_tree(git, &tree, &[&base], message, author)?;
    Ok(Some(Observed { commit, tree }))
}

fn refuse_nested(paths: &[Vec<u8>]) -> Result<(), RepoError> {
    if paths.is_empty() {
        return Ok(());
    }
    let list = walk::list(paths);
    let text =
        format!("there is a git repository inside the worktree, at {list}; remove its .git folder, or ignore it");
    Err(RepoError::Unusable(text))
}
