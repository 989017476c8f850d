//! What an agent leaves in a worktree for itself: histories and caches that are no work.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// The names in a folder that an agent makes for itself, and those that were there before it.
pub(super) struct Litter {
    folder: PathBuf,
    prefix: &'static str,
    before: BTreeSet<OsString>,
}

impl Litter {
    /// What is in `folder` now and begins with `prefix`, and so is not the agent's.
    pub fn watched(folder: PathBuf, prefix: &'static str) -> Self {
        let mut litter = Self { folder, prefix, before: BTreeSet::new() };
        litter.before = litter.names().collect();
        litter
    }

    /// Removes what came since; what cannot be removed stays and shows up in the change.
    pub fn take_away(&self) {
        for name in self.names().filter(|name| !self.before.contains(name)) {
            let path = self.folder.join(name);
            // A link is removed, not what it leads to.
            let _ = if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }

    fn names(&self) -> impl Iterator<Item = OsString> {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.filter(|name| name.as_encoded_bytes().starts_with(self.prefix.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_goes_and_what_was_there_stays() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let at = |name: &str| folder.path().join(name);
        fs::write(at(".agent.conf"), "theirs").expect("a file can be written");
        fs::write(at("kept"), "theirs").expect("a file can be written");
        let litter = Litter::watched(folder.path().to_owned(), ".agent");
        fs::write(at(".agent.history"), "it said").expect("a file can be written");
        fs::create_dir_all(at(".agent.cache/deep")).expect("a folder can be made");
        std::os::unix::fs::symlink(at("kept"), at(".agent.link")).expect("a link can be made");
        fs::write(at("made"), "work").expect("a file can be written");
        litter.take_away();
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).expect("it is there").flatten().map(|it| it.file_name()).collect();
        left.sort();
        assert_eq!(left, [".agent.conf", "kept", "made"]);
    }
}
