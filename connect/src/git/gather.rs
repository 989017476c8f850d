//! Everything in a worktree that is not ignored, in one index of our own.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use engine::ports::RepoError;

use super::scratch::Scratch;

/// Brings `index` up to what stands in the worktree: tracked and untracked files, not those that are ignored.
///
/// What cannot be read is passed over; `missing` tells what that was.
pub(super) fn gather(index: &Scratch<'_>, folder: &Path) -> Result<(), RepoError> {
    see_everything(index, folder)?;
    let ended = index.call("add").args(["--all", "--sparse", "--ignore-errors"]).run()?;
    // One file that cannot be added is code 1; anything above means that git gave up.
    if ended.status.success() || ended.code(1) { Ok(()) } else { Err(ended.failed()) }
}

/// The paths that are in the worktree and not in `index` as they are there.
pub(super) fn missing(index: &Scratch<'_>) -> Result<Vec<Vec<u8>>, RepoError> {
    let others = index.call("ls-files").args(["--others", "--exclude-standard", "-z"]).ok()?;
    let changed = index.call("diff-files").args(["--name-only", "-z", "--ignore-submodules=all"]).ok()?;
    let mut paths: Vec<Vec<u8>> = [paths(&others), paths(&changed)].concat();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// NUL-terminated paths.
pub(super) fn paths(out: &[u8]) -> Vec<Vec<u8>> {
    out.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect()
}

/// Takes back what an agent may have told git not to look at: `--assume-unchanged`, and `--skip-worktree` on files
/// that are there.
fn see_everything(index: &Scratch<'_>, folder: &Path) -> Result<(), RepoError> {
    let out = index.call("ls-files").args(["-v", "-z"]).ok()?;
    let (mut assumed, mut skipped) = (Vec::new(), Vec::new());
    for entry in out.split(|&byte| byte == 0).filter(|entry| entry.len() > 2) {
        let (tag, path) = (entry[0], &entry[2..]);
        if tag.is_ascii_lowercase() {
            assumed.extend([path, b"\0"].concat());
        }
        let there = || fs::symlink_metadata(folder.join(std::ffi::OsStr::from_bytes(path))).is_ok();
        if tag.eq_ignore_ascii_case(&b'S') && there() {
            skipped.extend([path, b"\0"].concat());
        }
    }
    for (flag, paths) in [("--no-assume-unchanged", assumed), ("--no-skip-worktree", skipped)] {
        if !paths.is_empty() {
            index.call("update-index").args([flag, "-z", "--stdin"]).stdin(paths).ok()?;
        }
    }
    Ok(())
}
