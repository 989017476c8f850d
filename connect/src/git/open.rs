//! Finding the repository, and saying in plain words why there is none.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use engine::ports::RepoError;

use super::run::Call;
use super::worktrees;

/// The oldest git that has what we ask for (`merge-tree --write-tree`).
const OLDEST: (u32, u32) = (2, 38);

/// What there is to know about a repository: the folder all worktrees share, the main worktree or the bare
/// repository itself, and the version of git.
pub(super) struct Found {
    pub common: PathBuf,
    pub root: PathBuf,
    pub version: (u32, u32),
}

/// The repository that `path` is in.
pub(super) fn find(path: &Path) -> Result<Found, RepoError> {
    let path = fs::canonicalize(path).map_err(|source| unreachable_folder(path, source))?;
    if !path.is_dir() {
        return Err(RepoError::Unusable(format!("{} is not a folder", path.display())));
    }
    let version = usable_version(&path)?;
    let git_dir = rev_parse_path(&path, "--absolute-git-dir")?;
    let common = rev_parse_path(&path, "--git-common-dir")?;
    let root = if git_dir == common { top_level(&path) } else { None };
    let root = root.map_or_else(|| first_worktree(&common), Ok)?;
    Ok(Found { common, root, version })
}

/// What `git --version` says, without the words before the number.
pub(super) fn version_text(dir: &Path) -> Result<String, RepoError> {
    let said = Call::new("version", dir).line()?;
    Ok(said.strip_prefix("git version ").unwrap_or(&said).to_owned())
}

fn usable_version(dir: &Path) -> Result<(u32, u32), RepoError> {
    let text = version_text(dir)?;
    let version = parse_version(&text)
        .ok_or_else(|| RepoError::Unusable(format!("git says its version is {text:?}; install git 2.38 or newer")))?;
    if version < OLDEST {
        return Err(RepoError::Unusable(format!("git {text} is too old; install git 2.38 or newer")));
    }
    Ok(version)
}

/// The first two numbers of a version such as `2.47.3` or `2.39.5 (Apple Git-154)`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn rev_parse_path(dir: &Path, question: &str) -> Result<PathBuf, RepoError> {
    let ended = Call::new("rev-parse", dir).args(["--path-format=absolute", question]).run()?;
    if !ended.status.success() {
        return Err(plain(dir, &ended.err).unwrap_or_else(|| ended.failed()));
    }
    let path = path_of(ended.out);
    fs::canonicalize(&path).map_err(|source| unreachable_folder(&path, source))
}

/// The top of the main worktree; `None` in a bare repository and inside `.git`.
fn top_level(dir: &Path) -> Option<PathBuf> {
    let ended = Call::new("rev-parse", dir).args(["--path-format=absolute", "--show-toplevel"]).run().ok()?;
    if ended.status.success() { fs::canonicalize(path_of(ended.out)).ok() } else { None }
}

fn first_worktree(common: &Path) -> Result<PathBuf, RepoError> {
    let bare = |it: &worktrees::Listed| it.bare || !it.worktree.path.is_dir();
    let first = worktrees::list(common)?.into_iter().next();
    let path = first.filter(|it| !bare(it)).map_or_else(|| common.to_owned(), |it| it.worktree.path);
    fs::canonicalize(&path).map_err(|source| unreachable_folder(&path, source))
}

/// A path as git prints it: its bytes and one newline.
fn path_of(mut out: Vec<u8>) -> PathBuf {
    if out.last() == Some(&b'\n') {
        out.pop();
    }
    OsString::from_vec(out).into()
}

/// The words of git that a user meets first, with what to do about them.
fn plain(dir: &Path, said: &str) -> Option<RepoError> {
    let dir = dir.display();
    let text = if said.contains("dubious ownership") {
        format!(
            "git does not trust {dir}, because another user owns it; run: git config --global --add safe.directory '{dir}'"
        )
    } else if said.contains("not a git repository") {
        format!("{dir} is not in a git repository; run `git init` there, or go to a folder that is in one")
    } else if said.contains("Permission denied") {
        format!("the git repository of {dir} cannot be read: {said}; change its permissions or its owner")
    } else {
        return None;
    };
    Some(RepoError::Unusable(text))
}

fn unreachable_folder(path: &Path, source: io::Error) -> RepoError {
    match source.kind() {
        io::ErrorKind::NotFound => RepoError::Unusable(format!("{} does not exist", path.display())),
        io::ErrorKind::PermissionDenied => {
            RepoError::Unusable(format!("{} cannot be read; change its permissions or its owner", path.display()))
        }
        _ => RepoError::Io { what: format!("finding {}", path.display()), source },
    }
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn a_version_is_read_from_what_distributions_print() {
        assert_eq!(parse_version("2.47.3"), Some((2, 47)));
        assert_eq!(parse_version("2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(parse_version("2.50.rc1"), Some((2, 50)));
        assert_eq!(parse_version("unknown"), None);
    }
}
