//! Several clones that share one bare repository, and work on one store.

use std::path::{Path, PathBuf};

use super::{Engine, World};

impl World {
    /// A repository with a store, whose changes land through a bare repository beside it.
    pub fn sharing(engine: Engine) -> Self {
        let mut world = Self::on(engine);
        world.shared = true;
        let remote = world.remote();
        let remote = remote.to_string_lossy();
        world.git(&["clone", "-q", "--bare", ".", &remote]);
        world.git(&["remote", "add", "origin", &remote]);
        world
    }

    /// The bare repository that clones share.
    pub fn remote(&self) -> PathBuf {
        self.beside("remote.git")
    }

    /// Another clone, beside the first.
    pub fn clone_to(&self, name: &str) -> PathBuf {
        let path = self.beside(name);
        self.git(&["clone", "-q", &self.remote().to_string_lossy(), &path.to_string_lossy()]);
        path
    }

    /// Runs git in another folder.
    pub fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        self.git(&[&["-C", &folder.to_string_lossy()], args].concat())
    }

    /// Where the branch `main` of the bare repository is.
    pub fn remote_tip(&self) -> String {
        self.git_in(&self.remote(), &["rev-parse", "refs/heads/main"])
    }

    /// Commits a file in a clone of somebody who knows nothing of Nexus, and pushes it.
    pub fn foreign_push(&self, name: &str) {
        let clone = self.beside("foreign");
        if !clone.exists() {
            self.clone_to("foreign");
        }
        self.git_in(&clone, &["pull", "-q", "--rebase"]);
        std::fs::write(clone.join(name), "not ours\n").expect("the folder is ours");
        self.git_in(&clone, &["add", "-A"]);
        self.git_in(&clone, &["commit", "-q", "-m", name]);
        self.git_in(&clone, &["push", "-q"]);
    }

    /// Whether the store is a database.
    pub(super) const fn on_a_server(&self) -> bool {
        self.database.is_some()
    }

    /// The clones in which Nexus has worked.
    pub fn clones(&self) -> Vec<PathBuf> {
        [self.repo(), self.beside("second")].into_iter().filter(|path| path.exists()).collect()
    }
}
