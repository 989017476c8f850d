//! Bringing back what a snapshot kept.

use std::path::Path;

use engine::ports::RepoError;

use super::place::{Place, absolute};
use super::{Git, objects, raw, refs, worktrees};

/// How many names are tried for the branch.
const NAMES_MAX: u32 = 1_000;

/// Makes a worktree at `path` with the files and the index of the snapshot `at`.
///
/// Its branch is `branch`, unless that one has commits which the snapshot does not know: then it is the first free
/// one of `branch-2`, `branch-3`, …
pub(super) fn restore(git: &Git, path: &Path, branch: &str, at: &str) -> Result<(), RepoError> {
    let path = absolute(path)?;
    let parents = objects::parents(git, at)?;
    let (Some(head), Some(index)) = (parents.first(), parents.last()) else {
        return Err(RepoError::Unusable(format!("{at:?} is not a snapshot; a snapshot has one or two parents")));
    };
    let branch = free_branch(git, branch, head)?;
    worktrees::add(git, &path, &["--no-checkout", "-B", &branch], head)?;
    // With one parent there was no HEAD, and that parent is the index.
    let base = (parents.len() > 1).then_some(head.as_str());
    let filled = Place::of(git, &path).and_then(|place| fill(git, &place, base, at, index));
    if filled.is_err() {
        // Half of it is worse than nothing, and the snapshot is still there.
        let _ = worktrees::remove(git, &path);
    }
    filled
}

/// All files first; then the index as it was, over the same files.
fn fill(git: &Git, place: &Place, base: Option<&str>, at: &str, index: &str) -> Result<(), RepoError> {
    place.call("read-tree").args(["--reset", "-u", &format!("{at}^{{tree}}")]).ok()?;
    raw::bring_out(git, place, base, at)?;
    place.call("read-tree").args(["--reset", &format!("{index}^{{tree}}")]).ok()?;
    // Says 1 when files differ from the index, which here is to be expected.
    place.call("update-index").args(["-q", "--refresh"]).run().map(drop)
}

fn free_branch(git: &Git, branch: &str, head: &str) -> Result<String, RepoError> {
    let listed = worktrees::list(&git.common)?;
    for count in 1..NAMES_MAX {
        let name = if count == 1 { branch.to_owned() } else { format!("{branch}-{count}") };
        let Some(tip) = refs::find(git, &format!("refs/heads/{name}"))? else { return Ok(name) };
        let shown = listed.iter().any(|it| it.worktree.branch.as_deref() == Some(&name));
        if !shown && objects::contains(git, head, &tip)? {
            return Ok(name);
        }
    }
    Err(RepoError::Unusable(format!("the branch {branch:?} and all names like it are taken; delete some of them")))
}
