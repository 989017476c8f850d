//! Refs that point at what must stay reachable.

use engine::ports::RepoError;

use super::{Git, names};

/// Points `name` at `to`.
pub(super) fn set(git: &Git, name: &str, to: &str) -> Result<(), RepoError> {
    well_formed(name)?;
    git.call("update-ref").args(["-m", "nexus", "--", name, to]).patient()?.ok().map(drop)
}

/// Deletes `name`, if there is such a ref.
pub(super) fn delete(git: &Git, name: &str) -> Result<(), RepoError> {
    well_formed(name)?;
    let ended = git.call("update-ref").args(["-d", "--", name]).patient()?;
    if ended.status.success() || find(git, name)?.is_none() { Ok(()) } else { Err(ended.failed()) }
}

/// What the ref `name` points at, or `None`.
pub(super) fn find(git: &Git, name: &str) -> Result<Option<String>, RepoError> {
    let ended = git.call("rev-parse").args(["--verify", "--quiet", name]).run()?;
    if ended.code(1) {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&ended.ok()?).trim().to_owned()))
}

/// Every ref below `prefix`, and what it points at.
pub(super) fn list(git: &Git, prefix: &str) -> Result<Vec<(String, String)>, RepoError> {
    let out = git.call("for-each-ref").args(["--format=%(objectname) %(refname)", prefix]).ok()?;
    let text = String::from_utf8_lossy(&out);
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.map(|(at, name)| (name.to_owned(), at.to_owned())).collect())
}

pub(super) fn well_formed(name: &str) -> Result<(), RepoError> {
    if names::ref_name_ok(name)? {
        return Ok(());
    }
    Err(RepoError::Unusable(format!(
        "{name:?} is no name for a ref; it starts with refs/ and follows git check-ref-format"
    )))
}
