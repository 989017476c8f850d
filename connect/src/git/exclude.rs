//! What all worktrees ignore without a line in any `.gitignore`.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use engine::ports::RepoError;

/// Adds `pattern` as a line to `info/exclude`, unless it is there. Others may do the same at the same time.
pub(super) fn add(common: &Path, pattern: &str) -> Result<(), RepoError> {
    if pattern.is_empty() || pattern.contains(['\n', '\r', '\0']) {
        return Err(RepoError::Unusable(format!("{pattern:?} is no pattern to ignore; it has to be one line")));
    }
    let file = common.join("info").join("exclude");
    append_once(&file, pattern).map_err(|source| RepoError::Io { what: format!("writing {}", file.display()), source })
}

fn append_once(path: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    // Looking and writing are one step for everybody who comes through here.
    file.lock()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    if text.split(|&byte| byte == b'\n').any(|it| it == line.as_bytes()) {
        return Ok(());
    }
    let start = if text.last().is_some_and(|&last| last != b'\n') { "\n" } else { "" };
    file.write_all(format!("{start}{line}\n").as_bytes())
}
