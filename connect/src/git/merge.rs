//! Merging in memory.

use engine::ports::{Merge, RepoError};

use super::{Git, objects};

/// From this version on git can be told whose `.gitattributes` count.
const ATTR_SOURCE: (u32, u32) = (2, 41);

/// Merges `theirs` into `ours`; no file, index or ref changes.
pub(super) fn merge(git: &Git, ours: &str, theirs: &str, base: Option<&str>) -> Result<Merge, RepoError> {
    let (ours, theirs) = match base {
        Some(base) => on_base(git, ours, theirs, base)?,
        None => (ours.to_owned(), theirs.to_owned()),
    };
    let call = git.call("merge-tree");
    // Merge drivers come from our side of the merge, not from whatever happens to be checked out.
    let call = if git.version >= ATTR_SOURCE { call.env("GIT_ATTR_SOURCE", &ours) } else { call };
    let ended = call.args(["--write-tree", "-z", "--name-only", "--no-messages", &ours, &theirs]).run()?;
    let conflict = ended.code(1);
    let out = if conflict { ended.out } else { ended.ok()? };
    let mut parts = out.split(|&byte| byte == 0).filter(|part| !part.is_empty());
    let tree = String::from_utf8_lossy(parts.next().unwrap_or_default()).trim().to_owned();
    if !conflict {
        return Ok(Merge::Clean(tree));
    }
    let mut paths: Vec<Vec<u8>> = parts.map(<[u8]>::to_vec).collect();
    paths.sort();
    paths.dedup();
    Ok(Merge::Conflict { tree, paths })
}

/// Both sides as commits whose only common ancestor is `base`. Git has `--merge-base` only since 2.40, and this
/// gives the same merge with every version.
fn on_base(git: &Git, ours: &str, theirs: &str, base: &str) -> Result<(String, String), RepoError> {
    let on = |rev: &str, parents: &[&str]| {
        let tree = objects::tree(git, rev)?;
        objects::commit_tree(git, &tree, parents, "nexus: a side of a merge", "Nexus")
    };
    let root = on(base, &[])?;
    Ok((on(ours, &[&root])?, on(theirs, &[&root])?))
}
