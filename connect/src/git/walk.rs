//! What stands in a worktree that git passes over without a word.

use std::collections::HashSet;
use std::fs::{self, FileType};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use engine::ports::RepoError;

use super::gather::paths;
use super::scratch::Scratch;

/// How many paths a message names.
const NAMED_MAX: usize = 10;

/// What is not ignored and no index can hold: nested repositories, folders that cannot be read, pipes, sockets,
/// devices. Each with what it is, as a text for a person.
pub(super) fn unholdable(index: &Scratch<'_>, folder: &Path) -> Result<Vec<String>, RepoError> {
    let out = index.call("ls-files").args(["--others", "--ignored", "--exclude-standard", "--directory", "-z"]).ok()?;
    let ignored = paths(&out).into_iter().collect();
    let mut found = Vec::new();
    // A linked worktree has a file there; a folder is a repository that somebody made in its place.
    if index.is_linked() && folder.join(".git").is_dir() {
        found.push(".git (a repository of its own)".to_owned());
    }
    visit(folder, &[], &ignored, &mut found);
    found.sort();
    Ok(found)
}

/// The first few of `paths` in one line.
pub(super) fn list(paths: &[Vec<u8>]) -> String {
    let named: Vec<_> = paths.iter().take(NAMED_MAX).map(|path| String::from_utf8_lossy(path)).collect();
    let more = paths.len().saturating_sub(NAMED_MAX);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", named.join(", "))
}

fn visit(folder: &Path, inside: &[u8], ignored: &HashSet<Vec<u8>>, found: &mut Vec<String>) {
    let mut tell = |path: &[u8], what: &str| found.push(format!("{} ({what})", String::from_utf8_lossy(path)));
    let Ok(entries) = fs::read_dir(folder) else { return tell(inside, "a folder that cannot be read") };
    let mut folders = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let path = if inside.is_empty() { name.as_bytes().to_vec() } else { [inside, b"/", name.as_bytes()].concat() };
        let Ok(kind) = entry.file_type() else { continue };
        if name == ".git" {
            if !inside.is_empty() {
                tell(inside, "a nested repository");
            }
        } else if kind.is_dir() {
            if !ignored.contains(&[&path[..], b"/"].concat()) {
                folders.push((entry.path(), path));
            }
        } else if let Some(what) = special(kind) {
            tell(&path, what);
        }
    }
    for (folder, path) in folders {
        visit(&folder, &path, ignored, found);
    }
}

fn special(kind: FileType) -> Option<&'static str> {
    if kind.is_fifo() {
        Some("a pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_block_device() || kind.is_char_device() {
        Some("a device")
    } else {
        None
    }
}
