//! A repository with one commit, and git as a user would run it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use connect::git::Git;
use engine::ports::Repo;
use tempfile::TempDir;

/// A folder with a repository `repo` in it; other things have room beside.
pub struct Fixture {
    folder: TempDir,
    pub git: Git,
}

impl Fixture {
    /// A repository whose branch `main` has the files `a` and `dir/b`.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let root = folder.path().join("repo");
        fs::create_dir(&root).expect("the folder is ours");
        git(&root, &["init", "-q", "-b", "main"]);
        write(&root, "a", "one\n");
        write(&root, "dir/b", "two\n");
        write(&root, ".gitignore", "*.ignored\nbuild/\n");
        commit_all(&root, "first");
        let git = Git::open(&root).expect("it is a repository");
        Self { folder, git }
    }

    /// The main worktree.
    pub fn root(&self) -> PathBuf {
        self.git.root().to_owned()
    }

    /// A path beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there").join(name)
    }

    /// A worktree for the branch of the same name, at `main`.
    pub fn worktree(&self, name: &str) -> PathBuf {
        let path = self.beside(name);
        self.git.open_worktree(&path, name, "main").expect("nothing is in the way");
        path
    }

    /// The commit that `rev` names.
    pub fn at(&self, rev: &str) -> String {
        self.git.commit(rev).expect("git answers").expect("the commit is there")
    }

    /// A commit on top of `base` with these files changed; it is on no branch.
    pub fn commit_on(&self, base: &str, files: &[(&str, Option<&str>)]) -> String {
        let path = self.beside("scratch");
        self.git.open_checkout(&path, base).expect("nothing is in the way");
        for (name, text) in files {
            if let Some(text) = text {
                write(&path, name, text);
                continue;
            }
            let file = path.join(name);
            fs::remove_file(&file).expect("it was there");
            // A folder that is empty now makes room for a file; another one stays.
            let _ = fs::remove_dir(file.parent().expect("it is in a folder"));
        }
        git(&path, &["add", "-A"]);
        git(&path, &["commit", "-q", "--allow-empty", "-m", "next"]);
        let commit = git(&path, &["rev-parse", "HEAD"]);
        self.git.remove_worktree(&path).expect("it can be removed");
        commit
    }
}

/// Runs git and gives back what it prints, without the last newline.
pub fn git(dir: &Path, args: &[&str]) -> String {
    let output = command(dir).args(args).output().expect("git is installed");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Runs git, which may fail.
pub fn git_may_fail(dir: &Path, args: &[&str]) {
    command(dir).args(args).output().expect("git is installed");
}

fn command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "User").env(format!("GIT_{who}_EMAIL"), "user@localhost");
    }
    command
}

pub fn commit_all(dir: &Path, message: &str) {
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-q", "-m", message]);
}

pub fn write(dir: &Path, name: impl AsRef<Path>, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder is ours");
    fs::write(path, text).expect("the folder is ours");
}

pub fn text(dir: &Path, name: impl AsRef<Path>) -> String {
    fs::read_to_string(dir.join(name)).expect("the file is there")
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
}

/// Every file below `dir` but `.git`: its name, whether it is executable or a link, and its bytes.
pub fn files(dir: &Path) -> Vec<(PathBuf, String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let entry = entry.expect("the folder can be read");
            let (path, kind) = (entry.path(), entry.file_type().expect("linux tells"));
            if entry.file_name() == ".git" {
            } else if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() {
                let target = fs::read_link(&path).expect("it is a link").into_os_string().into_encoded_bytes();
                found.push((path, "link".to_owned(), target));
            } else {
                let bytes = fs::read(&path).expect("the file can be read");
                let kind = if mode(&path) & 0o100 == 0 { "file" } else { "program" };
                found.push((path, kind.to_owned(), bytes));
            }
        }
    }
    let short = |path: PathBuf| path.strip_prefix(dir).expect("it is below").to_owned();
    let mut found: Vec<_> = found.into_iter().map(|(path, kind, bytes)| (short(path), kind, bytes)).collect();
    found.sort();
    found
}
