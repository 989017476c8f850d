//! Worktrees: listed, made, moved, removed.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use engine::ports::{RepoError, Worktree};

use super::objects::split_once;
use super::place::{Place, absolute};
use super::run::Call;
use super::{Git, objects, refs};

/// What git writes down for the lock of a worktree of ours.
const REASON: &str = "nexus";

/// A worktree in git's list.
pub(super) struct Listed {
    pub worktree: Worktree,
    /// The repository itself, which has no files.
    pub bare: bool,
    /// Made by us, for an agent.
    pub ours: bool,
}

/// Every worktree that git knows of, the main one first; some folders may be gone.
pub(super) fn list(common: &Path) -> Result<Vec<Listed>, RepoError> {
    let call = Call::new("worktree", common).env("GIT_DIR", common);
    let out = call.args(["list", "--porcelain", "-z"]).ok()?;
    let mut listed: Vec<Listed> = Vec::new();
    for line in out.split(|&byte| byte == 0) {
        let (word, rest) = split_once(line, b' ').unwrap_or((line, b""));
        if word == b"worktree" {
            let path = PathBuf::from(std::ffi::OsStr::from_bytes(rest));
            listed.push(Listed { worktree: Worktree { path, head: None, branch: None }, bare: false, ours: false });
            continue;
        }
        let Some(last) = listed.last_mut() else { continue };
        let text = String::from_utf8_lossy(rest);
        match word {
            b"HEAD" if text.bytes().any(|byte| byte != b'0') => last.worktree.head = Some(text.into_owned()),
            b"branch" => last.worktree.branch = text.strip_prefix("refs/heads/").map(str::to_owned),
            b"bare" => last.bare = true,
            b"locked" => last.ours = rest == REASON.as_bytes(),
            _ => {}
        }
    }
    Ok(listed)
}

/// Makes a locked worktree on a new branch. When it fails, neither the branch nor the worktree is there.
pub(super) fn open(git: &Git, path: &Path, branch: &str, at: &str) -> Result<(), RepoError> {
    let path = absolute(path)?;
    let at = objects::commit(git, at)?.ok_or_else(|| RepoError::Unusable(format!("{at:?} names no commit")))?;
    free(&path)?;
    // The branch first and by itself: making it is atomic, so what has to be tried again is only the folder.
    let name = format!("refs/heads/{branch}");
    let none = "0".repeat(at.len());
    let made = git.call("update-ref").args(["-m", "nexus: open", "--", &name, &at, &none]).patient()?;
    if !made.status.success() {
        let taken = refs::find(git, &name)?.is_some();
        let text = format!("the branch {branch:?} exists already; choose another name or delete it");
        return Err(if taken { RepoError::Unusable(text) } else { made.failed() });
    }
    store::failpoint!("git.worktree.branched");
    let opened = add(git, &path, &[], branch);
    if opened.is_err() {
        // The reason why is what the caller needs to hear; what cannot be tidied up is harmless.
        let _ = discard(git, &path);
        let _ = refs::delete(git, &name);
    }
    store::failpoint!("git.worktree.opened");
    opened
}

/// Makes a locked worktree with no branch; what stood there is gone first.
pub(super) fn open_checkout(git: &Git, path: &Path, at: &str) -> Result<(), RepoError> {
    let path = absolute(path)?;
    let at = objects::commit(git, at)?.ok_or_else(|| RepoError::Unusable(format!("{at:?} names no commit")))?;
    remove(git, &path)?;
    let opened = add(git, &path, &["--detach"], &at);
    if opened.is_err() {
        let _ = discard(git, &path);
    }
    store::failpoint!("git.checkout.opened");
    opened
}

/// Calls `git worktree add` for a folder that is free, and again while other calls are in its way.
pub(super) fn add(git: &Git, path: &Path, options: &[&str], at: &str) -> Result<(), RepoError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|source| io("making", parent, source))?;
    }
    let call = git.call("worktree").args(["add", "--quiet", "--force", "--lock", "--reason", REASON]);
    call.args(options).arg("--").arg(path).arg(at).patient()?.ok().map(drop)
}

/// Moves the folder of a worktree. It stays locked, and on no branch: one that an agent went onto would be in use there.
pub(super) fn relocate(git: &Git, from: &Path, to: &Path) -> Result<(), RepoError> {
    let (place, to) = (Place::of(git, from)?, absolute(to)?);
    // Git would move it to a folder inside an existing one.
    if fs::symlink_metadata(&to).is_ok() {
        return Err(RepoError::Unusable(format!("{} exists already; move it away first", to.display())));
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(|source| io("making", parent, source))?;
    }
    place.detach()?;
    let call = git.call("worktree").args(["move", "--force", "--force", "--"]);
    if call.arg(&place.path).arg(&to).patient()?.status.success() {
        return Ok(());
    }
    // Git does not move a worktree with submodules, or one whose `.git` an agent has broken.
    fs::rename(&place.path, &to).map_err(|source| io("moving", &place.path, source))?;
    point(&place.git_dir.join("gitdir"), b"", &to.join(".git"))?;
    // A repository that an agent made there stays as it is; we find the worktree without its `.git`.
    if to.join(".git").is_dir() { Ok(()) } else { point(&to.join(".git"), b"gitdir: ", &place.git_dir) }
}

/// Writes a file that says where another one is, as git has them on both sides of a worktree.
fn point(file: &Path, words: &[u8], to: &Path) -> Result<(), RepoError> {
    let text = [words, to.as_os_str().as_bytes(), b"\n"].concat();
    fs::write(file, text).map_err(|source| io("writing", file, source))
}

/// Removes a worktree with all that is in it; fine when it is gone already.
pub(super) fn remove(git: &Git, path: &Path) -> Result<(), RepoError> {
    let path = absolute(path)?;
    if git.common.starts_with(&path) || git.root.starts_with(&path) {
        let text = format!("{} holds the repository itself; it is not removed", path.display());
        return Err(RepoError::Unusable(text));
    }
    discard(git, &path)
}

fn discard(git: &Git, path: &Path) -> Result<(), RepoError> {
    let place = Place::find(git, path)?;
    let link = fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink());
    if place.is_some() && !link {
        let call = git.call("worktree").args(["remove", "--force", "--force", "--"]).arg(path);
        // What git leaves (read-only folders, a broken `.git`) goes the hard way below.
        let _ = call.patient()?;
    }
    if fs::symlink_metadata(path).is_ok() {
        clear(path).map_err(|source| io("removing", path, source))?;
    }
    match place {
        Some(place) if place.git_dir.is_dir() => {
            clear(&place.git_dir).map_err(|source| io("removing", &place.git_dir, source))
        }
        _ => Ok(()),
    }
}

/// Removes a file or a folder, also one whose folders do not allow it.
fn clear(path: &Path) -> std::io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_file(path);
    }
    if fs::remove_dir_all(path).is_ok() {
        return Ok(());
    }
    allow(path);
    fs::remove_dir_all(path)
}

/// Gives us every right to a folder and those below it. What fails here fails again, with a reason, at the removal.
fn allow(folder: &Path) {
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|it| it.is_dir()) {
            allow(&entry.path());
        }
    }
}

/// An error when something stands at `path` that git would not use.
fn free(path: &Path) -> Result<(), RepoError> {
    let taken = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => fs::symlink_metadata(path).is_ok(),
    };
    let text = || format!("{} exists already and is not empty; choose another folder", path.display());
    if taken { Err(RepoError::Unusable(text())) } else { Ok(()) }
}

fn io(doing: &str, path: &Path, source: std::io::Error) -> RepoError {
    RepoError::Io { what: format!("{doing} {}", path.display()), source }
}
