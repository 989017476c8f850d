//! An index of our own, beside the one of a worktree.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::ports::{Oid, RepoError};

use super::Git;
use super::place::Place;
use super::run::Call;

/// An index file in the repository's folder, outside every worktree. It is gone when dropped.
pub(super) struct Scratch<'a> {
    place: &'a Place,
    file: PathBuf,
}

impl<'a> Scratch<'a> {
    /// A copy of the worktree's index. When there is none, or none that git can read, it is that of HEAD.
    pub fn copy(git: &Git, place: &'a Place) -> Result<Self, RepoError> {
        let scratch = Self::empty(git, place)?;
        let there = match scratch.fill() {
            Ok(()) => scratch.call("ls-files").args(["--cached", "-z", "--", ".git"]).run()?.status.success(),
            Err(source) if source.kind() == io::ErrorKind::NotFound => false,
            Err(source) => return Err(RepoError::Io { what: format!("copying {}", place.index().display()), source }),
        };
        if !there {
            let _ = fs::remove_file(&scratch.file);
            if let Some(head) = place.head()? {
                scratch.call("read-tree").arg(head).ok()?;
            }
        }
        Ok(scratch)
    }

    /// An index without entries.
    pub fn empty(git: &Git, place: &'a Place) -> Result<Self, RepoError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let folder = git.common.join("nexus-index");
        fs::create_dir_all(&folder)
            .map_err(|source| RepoError::Io { what: format!("making {}", folder.display()), source })?;
        let file = folder.join(format!("{}.{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        // A process of the same number may have died here before us.
        let _ = fs::remove_file(&file);
        let _ = fs::remove_file(file.with_extension("lock"));
        Ok(Self { place, file })
    }

    /// A call of git about the worktree, with this index.
    pub fn call(&self, verb: &str) -> Call {
        self.place.call(verb).env("GIT_INDEX_FILE", &self.file)
    }

    /// Whether the worktree is one of those beside the main one.
    pub fn is_linked(&self) -> bool {
        self.place.git_dir.parent().is_some_and(|it| it.ends_with("worktrees"))
    }

    /// The tree of what is in this index; git's words when it has conflicts.
    pub fn write_tree(&self) -> Result<Oid, RepoError> {
        self.call("write-tree").line()
    }

    /// The copy keeps the time of the original: git takes an entry for unchanged only when its file is older than
    /// the index, so a younger copy would hide a file written in the same instant as the index.
    fn fill(&self) -> io::Result<()> {
        let from = fs::File::open(self.place.index())?;
        let meta = from.metadata()?;
        let mut to = fs::File::create(&self.file)?;
        io::copy(&mut &from, &mut to)?;
        to.set_times(fs::FileTimes::new().set_modified(meta.modified()?))
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
        let mut lock = self.file.clone().into_os_string();
        lock.push(".lock");
        let _ = fs::remove_file(lock);
    }
}
