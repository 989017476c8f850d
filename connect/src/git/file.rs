//! A file under a ref of its own, with its history.

use engine::ports::RepoError;

use super::{Git, objects, refs};

/// Points `name` at a commit on top of `old`, whose tree is the one file. `false`: the ref is elsewhere.
pub(super) fn commit(
    git: &Git,
    name: &str,
    (file, bytes): (&str, &[u8]),
    message: &str,
    old: Option<&str>,
) -> Result<bool, RepoError> {
    refs::well_formed(name)?;
    let blob = git.call("hash-object").args(["-w", "--stdin"]).stdin(bytes.to_vec()).line()?;
    let tree = git.call("mktree").arg("-z").stdin(format!("100644 blob {blob}\t{file}\0").into_bytes()).line()?;
    let parents: Vec<&str> = old.into_iter().collect();
    let commit = objects::commit_tree(git, &tree, &parents, message, "nexus")?;
    // An empty text stands for a ref that is not there.
    let moved = git.call("update-ref").args(["-m", "nexus", "--", name, &commit, old.unwrap_or_default()]).patient()?;
    if moved.status.success() {
        return Ok(true);
    }
    if refs::find(git, name)?.as_deref() == old { Err(moved.failed()) } else { Ok(false) }
}
