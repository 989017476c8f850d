//! What stands between a worktree and a new commit of its branch.
//!
//! Git alone would do (`read-tree -m` refuses to overwrite), but it names only the first path, overwrites ignored
//! files, and takes a file that already has its new content for a changed one. So we look first: a path that the
//! move touches is an obstacle when its staged or its actual content is neither the old nor the new one.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use engine::ports::RepoError;

use super::Git;
use super::branch::read_tree;
use super::gather::paths;
use super::objects::{Change, GITLINK, NOTHING, Side, parse_raw};
use super::place::Place;
use super::run::Call;
use super::scratch::Scratch;

/// What was seen.
pub(super) enum Sight {
    /// Nothing is in the way.
    Clear,
    /// These paths are.
    Blocked(Vec<String>),
}

/// Looks at the paths that `changes` would touch. Entries whose file is at its new content already (a move that was
/// cut short, or a user who made the same change) are brought there in the index too.
pub(super) fn clear(git: &Git, place: &Place, changes: &[Change], old: &str, new: &str) -> Result<Sight, RepoError> {
    // Entries are compared by time and size, so these have to be current. Says 1 when files differ, 128 when the
    // index is held; the dry run below says the latter with words.
    place.call("update-index").args(["-q", "--refresh"]).run()?;
    let (mut blocked, doubtful) = sort_out(place, changes, old)?;
    let (settled, others) = at_new_content(git, place, &doubtful)?;
    blocked.extend(others);
    if blocked.is_empty() && !settled.is_empty() {
        let ended = stage(place.call("update-index"), &settled).patient()?;
        if !ended.status.success() {
            return Ok(Sight::Blocked(named(&ended.err, changes)));
        }
        place.call("update-index").args(["-q", "--refresh"]).run()?;
    }
    if blocked.is_empty() {
        let ended = read_tree(place, &["-n", "-u"], old, new)?;
        if ended.status.success() {
            return Ok(Sight::Clear);
        }
        return Ok(Sight::Blocked(named(&ended.err, changes)));
    }
    blocked.sort();
    blocked.dedup();
    Ok(Sight::Blocked(blocked.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect()))
}

/// The paths that git names in its refusal; what it says when it names none.
pub(super) fn named(said: &str, changes: &[Change]) -> Vec<String> {
    if said.contains("index.lock") {
        return vec![".git/index.lock".to_owned()];
    }
    let quoted: Vec<&str> = said.split('\'').skip(1).step_by(2).collect();
    let touched: HashSet<_> = changes.iter().map(|it| String::from_utf8_lossy(&it.path)).collect();
    let mut known: Vec<_> = quoted.iter().filter(|it| touched.contains(**it)).map(|&it| it.to_owned()).collect();
    if known.is_empty() {
        known = quoted.iter().map(|&it| it.to_owned()).collect();
    }
    if known.is_empty() { vec![said.to_owned()] } else { known }
}

/// Sorts the changes: paths that are in the way, and those whose file has to be compared with its new content.
fn sort_out<'a>(place: &Place, changes: &'a [Change], old: &str) -> Result<(Vec<Vec<u8>>, Vec<&'a Change>), RepoError> {
    let staged = place.call("diff-index").args(["--cached", "--raw", "-z", "--no-renames", "--no-abbrev", old]).ok()?;
    let staged: HashMap<Vec<u8>, Side> = parse_raw(&staged).into_iter().map(|it| (it.path, it.new)).collect();
    let dirty = place.call("diff-files").args(["--name-only", "-z", "--ignore-submodules=all"]).ok()?;
    let dirty: HashSet<Vec<u8>> = paths(&dirty).into_iter().collect();
    let leaving: HashSet<&[u8]> = changes.iter().filter(|it| it.new.mode == NOTHING).map(|it| &it.path[..]).collect();
    let (mut blocked, mut doubtful) = (Vec::new(), Vec::new());
    for change in changes {
        let entry = staged.get(&change.path).unwrap_or(&change.old);
        if *entry == change.new && change.new.mode != NOTHING {
            continue;
        }
        if *entry != change.old && *entry != change.new {
            blocked.push(change.path.clone());
        } else if entry.mode != NOTHING {
            if dirty.contains(&change.path) {
                doubtful.push(change);
            }
        } else if change.new.mode != NOTHING {
            match newcomer(place, &change.path, &leaving)? {
                Newcomer::Free => {}
                Newcomer::There => doubtful.push(change),
                Newcomer::Barred(path) => blocked.push(path),
            }
        }
    }
    Ok((blocked, doubtful))
}

/// What stands where a new file is to be.
enum Newcomer {
    Free,
    There,
    Barred(Vec<u8>),
}

fn newcomer(place: &Place, path: &[u8], leaving: &HashSet<&[u8]>) -> Result<Newcomer, RepoError> {
    let on_disk = |path: &[u8]| fs::symlink_metadata(place.path.join(OsStr::from_bytes(path)));
    // From the top down: below something that is not a folder there is nothing of ours.
    for (end, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
        let parent = &path[..end];
        match on_disk(parent) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) if leaving.contains(parent) => return Ok(Newcomer::Free),
            Ok(_) => return Ok(Newcomer::Barred(parent.to_vec())),
            Err(_) => return Ok(Newcomer::Free),
        }
    }
    match on_disk(path) {
        Err(_) => Ok(Newcomer::Free),
        Ok(meta) if meta.is_dir() => {
            // A folder gives way only when everything in it is git's own.
            let others = place.call("ls-files").args(["--others", "-z", "--"]).arg(OsStr::from_bytes(path)).ok()?;
            Ok(paths(&others).into_iter().next().map_or(Newcomer::Free, Newcomer::Barred))
        }
        Ok(_) => Ok(Newcomer::There),
    }
}

/// Of the doubtful: those whose file has its new content and mode, and the paths of the others. Git itself compares,
/// through an index of ours, so that line endings and filters count as they always do.
fn at_new_content<'a>(
    git: &Git,
    place: &Place,
    doubtful: &[&'a Change],
) -> Result<(Vec<&'a Change>, Vec<Vec<u8>>), RepoError> {
    if doubtful.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let index = Scratch::copy(git, place)?;
    stage(index.call("update-index"), doubtful).ok()?;
    index.call("update-index").args(["-q", "--refresh"]).run()?;
    let differs = index.call("diff-files").args(["--name-only", "-z"]).ok()?;
    let differs: HashSet<Vec<u8>> = paths(&differs).into_iter().collect();
    let settled = |it: &Change| match it.new.mode.as_str() {
        NOTHING => !exists(&place.path, &it.path),
        GITLINK => place.path.join(OsStr::from_bytes(&it.path)).is_dir(),
        _ => !differs.contains(&it.path),
    };
    let (settled, others): (Vec<&Change>, Vec<&Change>) = doubtful.iter().partition(|it| settled(it));
    Ok((settled, others.into_iter().map(|it| it.path.clone()).collect()))
}

/// Gives the paths their new entries, without looking at files.
fn stage(call: Call, changes: &[&Change]) -> Call {
    let mut lines = Vec::new();
    for Change { path, new, .. } in changes {
        lines.extend_from_slice(
            format!("{} {}\t", if new.mode == NOTHING { "0" } else { &new.mode }, new.oid).as_bytes(),
        );
        lines.extend_from_slice(path);
        lines.push(0);
    }
    call.args(["-z", "--index-info"]).stdin(lines)
}

fn exists(folder: &Path, path: &[u8]) -> bool {
    fs::symlink_metadata(folder.join(OsStr::from_bytes(path))).is_ok()
}
