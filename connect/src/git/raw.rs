//! Files byte by byte.
//!
//! Git may turn line endings or run filters between a file and its blob, and back. A commit for others wants that;
//! a snapshot does not, for a file that is turned twice need not be the file that was written. So the files that
//! a snapshot holds beyond its HEAD go in and come out as they are. Files that are as in HEAD come out the way they
//! came into the worktree.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use engine::ports::{Oid, RepoError};

use super::Git;
use super::objects::{Change, changes, parse_raw};
use super::place::Place;
use super::scratch::Scratch;

/// Puts the bytes of all files that differ from `head` into `index`; not those in `without`.
pub(super) fn take_in(
    git: &Git,
    place: &Place,
    index: &Scratch<'_>,
    head: Option<&str>,
    without: &[Vec<u8>],
) -> Result<(), RepoError> {
    let head = head.map_or_else(|| empty_tree(git), |it| Ok(it.to_owned()))?;
    let call = index.call("diff-index").args(["--cached", "--raw", "-z", "--no-renames", "--no-abbrev", &head]);
    let mut files = parse_raw(&call.ok()?);
    files.retain(|it| is_file(it) && !without.contains(&it.path));
    let mut lines = Vec::new();
    for (file, oid) in files.iter().zip(names(place, &files, true)?) {
        if file.new.oid != oid {
            lines.extend([format!("{} {oid}\t", file.new.mode).as_bytes(), &file.path, b"\0"].concat());
        }
    }
    if lines.is_empty() {
        Ok(())
    } else {
        index.call("update-index").args(["-z", "--index-info"]).stdin(lines).ok().map(drop)
    }
}

/// Gives all files in which `at` differs from `head` the bytes that `at` has for them.
pub(super) fn bring_out(git: &Git, place: &Place, head: Option<&str>, at: &str) -> Result<(), RepoError> {
    let head = head.map_or_else(|| empty_tree(git), |it| Ok(it.to_owned()))?;
    let mut files = changes(git, &head, at)?;
    files.retain(is_file);
    for (file, oid) in files.iter().zip(names(place, &files, false)?) {
        if file.new.oid != oid {
            let path = place.path.join(OsStr::from_bytes(&file.path));
            let bytes = git.call("cat-file").args(["blob", &file.new.oid]).ok()?;
            let io = |source| RepoError::Io { what: format!("writing {}", path.display()), source };
            fs::write(&path, bytes).map_err(io)?;
        }
    }
    Ok(())
}

fn is_file(change: &Change) -> bool {
    change.new.mode.starts_with("100")
}

/// What the bytes of each file are called; `keep` writes them to the repository too.
fn names(place: &Place, files: &[Change], keep: bool) -> Result<Vec<Oid>, RepoError> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let asked: String = files.iter().map(|it| quoted(&it.path)).collect();
    let call = place.call("hash-object").args(["--no-filters", "--stdin-paths"]).args(keep.then_some("-w"));
    let out = call.stdin(asked.into_bytes()).ok()?;
    Ok(String::from_utf8_lossy(&out).lines().map(str::to_owned).collect())
}

/// A path on a line of its own, whatever is in it.
fn quoted(path: &[u8]) -> String {
    let mut line = "\"".to_owned();
    for byte in path {
        let _ = write!(line, "\\{byte:03o}");
    }
    line + "\"\n"
}

fn empty_tree(git: &Git) -> Result<Oid, RepoError> {
    git.call("hash-object").args(["-t", "tree", "-w", "--stdin"]).line()
}
