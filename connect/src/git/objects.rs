//! Reading and writing objects: commits, trees, files, differences.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use engine::ports::{Diff, Oid, RepoError};

use super::{Git, author};

/// The mode of a nested repository in a tree.
pub(super) const GITLINK: &str = "160000";
/// The mode of nothing at all: the side of a difference that has no file.
pub(super) const NOTHING: &str = "000000";

/// One side of a changed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Side {
    pub mode: String,
    pub oid: Oid,
}

/// One changed path, as git's raw format has it.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub path: Vec<u8>,
    pub old: Side,
    pub new: Side,
}

/// The commit that `rev` names, or `None`.
pub(super) fn commit(git: &Git, rev: &str) -> Result<Option<Oid>, RepoError> {
    if rev.is_empty() || rev.starts_with('-') || rev.contains('\0') {
        return Ok(None);
    }
    let ended = git.call("rev-parse").args(["--verify", "--quiet", &format!("{rev}^{{commit}}")]).run()?;
    if ended.code(1) {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&ended.ok()?).trim().to_owned()))
}

/// The tree of a commit (or of a tree: itself).
pub(super) fn tree(git: &Git, commit: &str) -> Result<Oid, RepoError> {
    not_an_option(commit)?;
    git.call("rev-parse").args(["--verify", &format!("{commit}^{{tree}}")]).line()
}

/// The parents of a commit, first one first.
pub(super) fn parents(git: &Git, commit: &str) -> Result<Vec<Oid>, RepoError> {
    not_an_option(commit)?;
    let line = git.call("rev-list").args(["--parents", "--max-count=1", commit]).line()?;
    Ok(line.split(' ').skip(1).map(str::to_owned).collect())
}

/// Whether `older` is `newer` or one of its ancestors.
pub(super) fn contains(git: &Git, newer: &str, older: &str) -> Result<bool, RepoError> {
    let ended = git.call("merge-base").args(["--is-ancestor", "--", older, newer]).run()?;
    if ended.code(1) {
        return Ok(false);
    }
    ended.ok().map(|_| true)
}

/// The first `bytes_max` bytes of the file `path`; `None` when there is none, or a folder.
pub(super) fn read(git: &Git, at: &str, path: &[u8], bytes_max: u64) -> Result<Option<Vec<u8>>, RepoError> {
    not_an_option(at)?;
    // Git would take these as relative to some folder, or as a folder.
    let odd = |part: &[u8]| matches!(part, b"" | b"." | b"..") || part.contains(&0);
    if path.split(|&byte| byte == b'/').any(odd) {
        return Ok(None);
    }
    let listed = git.call("ls-tree").args(["-z", "--full-tree", at, "--"]).arg(OsStr::from_bytes(path)).ok()?;
    let Some((info, name)) = listed.split(|&byte| byte == 0).next().and_then(|entry| split_once(entry, b'\t')) else {
        return Ok(None);
    };
    let info = String::from_utf8_lossy(info);
    match info.split(' ').collect::<Vec<_>>()[..] {
        [_, "blob", oid] if name == path => {
            let ended = git.call("cat-file").args(["blob", oid]).stdout_max(bytes_max).run()?;
            // A git that was not heard to the end dies of the closed pipe; that is no failure.
            let cut = ended.out.len() as u64 == bytes_max;
            if cut { Ok(Some(ended.out)) } else { ended.ok().map(Some) }
        }
        _ => Ok(None),
    }
}

/// What changed between two commits or trees, and how many bytes are new.
pub(super) fn diff(git: &Git, from: &str, to: &str) -> Result<Diff, RepoError> {
    let changes = changes(git, from, to)?;
    let mut asked = String::new();
    for change in changes.iter().filter(|it| it.new.mode != NOTHING && it.new.mode != GITLINK) {
        let _ = writeln!(asked, "{}", change.new.oid);
    }
    let sizes = if asked.is_empty() {
        Vec::new()
    } else {
        git.call("cat-file").arg("--batch-check=%(objectsize)").stdin(asked.into_bytes()).ok()?
    };
    let bytes = String::from_utf8_lossy(&sizes).lines().filter_map(|line| line.parse::<u64>().ok()).sum();
    Ok(Diff { paths: changes.into_iter().map(|it| it.path).collect(), bytes })
}

/// Every path that differs between two commits or trees, with both sides.
pub(super) fn changes(git: &Git, from: &str, to: &str) -> Result<Vec<Change>, RepoError> {
    not_an_option(from)?;
    not_an_option(to)?;
    Ok(parse_raw(&git.call("diff-tree").args(["-r", "-z", "--raw", "--no-renames", "--no-abbrev", from, to]).ok()?))
}

/// Reads `:MODE MODE OID OID LETTER NUL PATH NUL …`.
pub(super) fn parse_raw(out: &[u8]) -> Vec<Change> {
    let mut parts = out.split(|&byte| byte == 0);
    let mut changes = Vec::new();
    while let (Some(info), Some(path)) = (parts.next(), parts.next()) {
        let info = String::from_utf8_lossy(info);
        if let [old_mode, new_mode, old_oid, new_oid, ..] =
            info.trim_start_matches(':').split(' ').collect::<Vec<_>>()[..]
        {
            let side = |mode: &str, oid: &str| Side { mode: mode.to_owned(), oid: oid.to_owned() };
            changes.push(Change { path: path.to_vec(), old: side(old_mode, old_oid), new: side(new_mode, new_oid) });
        }
    }
    changes
}

/// A commit of `tree` on `parents`, named by nothing yet.
pub(super) fn commit_tree(
    git: &Git,
    tree: &str,
    parents: &[&str],
    message: &str,
    author: &str,
) -> Result<Oid, RepoError> {
    not_an_option(tree)?;
    let (name, address) = author::identity(author);
    let parents = parents.iter().flat_map(|parent| ["-p", parent]);
    git.call("commit-tree")
        .arg(tree)
        .args(parents)
        .args(["-F", "-"])
        .env("GIT_AUTHOR_NAME", name)
        .env("GIT_AUTHOR_EMAIL", address)
        .stdin(format!("{}\n", message.replace('\0', "").trim_end()).into_bytes())
        .line()
}

/// The bytes before and after the first `at`.
pub(super) fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let index = bytes.iter().position(|&byte| byte == at)?;
    Some((&bytes[..index], &bytes[index + 1..]))
}

fn not_an_option(rev: &str) -> Result<(), RepoError> {
    if rev.is_empty() || rev.starts_with('-') || rev.contains('\0') {
        return Err(RepoError::Unusable(format!("{rev:?} names no commit")));
    }
    Ok(())
}
