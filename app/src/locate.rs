//! Where the repository and its store are, found without starting git: a short command has no time for that.

use std::path::{Path, PathBuf};

use engine::problem::{Kind, Problem};
use engine::sha256_hex;

/// The store's file within its folder.
pub const STORE: &str = "nexus.db";

/// The folder that all worktrees of the repository around `from` share, canonical; `None` outside a repository.
pub fn common_dir(from: &Path) -> Option<PathBuf> {
    let from = from.canonicalize().ok()?;
    from.ancestors().find_map(git_dir_of).and_then(|git_dir| {
        let common = match std::fs::read_to_string(git_dir.join("commondir")) {
            Ok(relative) => git_dir.join(relative.trim()),
            Err(_) => git_dir,
        };
        common.canonicalize().ok()
    })
}

fn git_dir_of(folder: &Path) -> Option<PathBuf> {
    let inside = folder.join(".git");
    if inside.is_dir() {
        return Some(inside);
    }
    if inside.is_file() {
        let text = std::fs::read_to_string(&inside).ok()?;
        return Some(folder.join(text.strip_prefix("gitdir:")?.trim()));
    }
    let bare = folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir();
    bare.then(|| folder.to_path_buf())
}

/// The folder of the store that belongs to a repository: `.nexus` beside its common git folder, within a bare one.
pub fn data_dir(common: &Path) -> PathBuf {
    let beside = if common.file_name().is_some_and(|name| name == ".git") { common.parent() } else { None };
    beside.unwrap_or(common).join(".nexus")
}

/// The folder of the store that a command works with: what was said, else what belongs to the repository around
/// `from`.
pub fn find_data_dir(said: Option<&Path>, from: &Path) -> Result<PathBuf, Problem> {
    if let Some(said) = said {
        return Ok(std::path::absolute(said).unwrap_or_else(|_| said.to_path_buf()));
    }
    common_dir(from).map(|common| data_dir(&common)).ok_or_else(|| {
        let from = std::path::absolute(from).unwrap_or_else(|_| from.to_path_buf());
        let message = if from.exists() {
            format!(
                "{} is in no git repository; go into one, name one with --repo, or a store with --data-dir or NEXUS_DIR",
                from.display()
            )
        } else {
            format!("{} does not exist; name a folder that does with --repo", from.display())
        };
        Problem::new(Kind::Failed, "no_repository", message)
    })
}

/// The folder for worktrees of the repository with this common git folder: outside of it, where no tool that looks
/// upwards finds two projects.
pub fn state_dir(said: Option<&Path>, common: &Path) -> Result<PathBuf, Problem> {
    let repository = if common.file_name().is_some_and(|name| name == ".git") { common.parent() } else { None };
    let name = repository.unwrap_or(common).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let digest = sha256_hex(common.as_os_str().as_encoded_bytes());
    let base = match said {
        Some(said) => said.to_path_buf(),
        None => usual_state_dir()?,
    };
    Ok(real(&base).join(format!("{name}-{}", &digest[..12])))
}

/// `path` without symbolic links on the way, as git shows it; what is not there yet stays as it is.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    there.map_or_else(
        || path.to_path_buf(),
        |(part, real)| path.strip_prefix(part).map_or_else(|_| path.to_path_buf(), |rest| real.join(rest)),
    )
}

/// Where programs of this person keep what they can make again: `$XDG_STATE_HOME/nexus`.
pub fn usual_state_dir() -> Result<PathBuf, Problem> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set("XDG_STATE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("nexus"))
        .ok_or_else(|| {
            let message = "neither XDG_STATE_HOME nor HOME is set; set one, or state_dir in the settings";
            Problem::new(Kind::Failed, "no_state_dir", message)
        })
}
