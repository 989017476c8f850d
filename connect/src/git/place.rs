//! Where a worktree is kept, on both sides: its folder, and the folder that the repository has for it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use engine::ports::{Oid, RepoError};

use super::Git;
use super::run::Call;

/// One worktree, whatever stands in it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its folder.
    pub path: PathBuf,
    /// Where its HEAD and its index are.
    pub git_dir: PathBuf,
}

impl Place {
    /// The worktree at `path`; an error that says so when git knows of none there, or its folder is gone.
    pub fn of(git: &Git, path: &Path) -> Result<Self, RepoError> {
        let found = Self::find(git, path)?;
        let found = found.filter(|it| fs::symlink_metadata(&it.path).is_ok_and(|it| it.is_dir()));
        found.ok_or_else(|| RepoError::Unusable(format!("{} is not a worktree of this repository", path.display())))
    }

    /// The worktree at `path`, even when its folder is gone; `None` when git knows of none there.
    pub fn find(git: &Git, path: &Path) -> Result<Option<Self>, RepoError> {
        if git.root != git.common && fs::canonicalize(path).is_ok_and(|it| it == git.root) {
            return Ok(Some(Self { path: git.root.clone(), git_dir: git.common.clone() }));
        }
        let path = absolute(path)?;
        let Ok(entries) = fs::read_dir(git.common.join("worktrees")) else { return Ok(None) };
        for entry in entries.flatten() {
            let git_dir = entry.path();
            if folder_of(&git_dir).is_some_and(|it| it == path) {
                return Ok(Some(Self { path, git_dir }));
            }
        }
        Ok(None)
    }

    /// A call of git about this worktree.
    pub fn call(&self, verb: &str) -> Call {
        Call::new(verb, &self.path).env("GIT_DIR", &self.git_dir).env("GIT_WORK_TREE", &self.path)
    }

    /// The commit it is at; `None` before the first.
    pub fn head(&self) -> Result<Option<Oid>, RepoError> {
        let ended = self.call("rev-parse").args(["--verify", "--quiet", "HEAD^{commit}"]).run()?;
        if ended.code(1) {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&ended.ok()?).trim().to_owned()))
    }

    /// Takes its HEAD off the branch that it is on. Index and files stay as they are.
    pub fn detach(&self) -> Result<(), RepoError> {
        let Some(head) = self.head()? else { return Ok(()) };
        self.call("update-ref").args(["--no-deref", "-m", "nexus: detach", "HEAD", &head]).ok().map(drop)
    }

    /// Its index.
    pub fn index(&self) -> PathBuf {
        self.git_dir.join("index")
    }
}

/// The folder of the worktree that `git_dir` belongs to; it may be gone.
fn folder_of(git_dir: &Path) -> Option<PathBuf> {
    let mut text = fs::read(git_dir.join("gitdir")).ok()?;
    while text.last().is_some_and(u8::is_ascii_whitespace) {
        text.pop();
    }
    // Newer versions of git may write it relative to their own folder.
    let pointer = git_dir.join(OsString::from_vec(text));
    absolute(pointer.parent()?).ok()
}

/// `path` in full, without symbolic links on the way to it. Its last part stays as it is: where an agent has put a
/// link in place of its worktree, the link is meant and not what it points to.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, RepoError> {
    let io = |source| RepoError::Io { what: format!("finding {}", path.display()), source };
    let path = std::path::absolute(path).map_err(io)?;
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(fs::canonicalize(parent).or_else(|_| absolute(parent))?.join(name)),
        _ => fs::canonicalize(&path).map_err(io),
    }
}
