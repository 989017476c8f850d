//! The repository as it is seen inside: to be read, with a configuration that holds no secret and runs nothing.

use std::path::{Path, PathBuf};

use engine::agent::View;

/// The keys of a repository's configuration that git needs to read it; others can hold addresses with passwords, or
/// name programs.
const KEYS: &[&str] = &[
    "core.repositoryformatversion",
    "core.filemode",
    "core.bare",
    "core.symlinks",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.autocrlf",
    "core.eol",
    "core.quotepath",
];

/// The repository's own folders that a git inside needs, ours in place of what it may not see or has to write.
pub struct Shown {
    /// The folder that all worktrees share.
    pub common: PathBuf,
    /// What git knows of the worktree: its HEAD, its index.
    pub own: Option<PathBuf>,
    /// A copy of that, to be written.
    pub own_copy: PathBuf,
    /// A place for new objects.
    pub objects: PathBuf,
    /// A harmless configuration.
    pub config: PathBuf,
    /// A file with nothing in it.
    pub empty: PathBuf,
}

/// Makes the folders of `view`, and what the git inside is shown. `None`: there is no repository.
pub fn prepare(view: &View) -> std::io::Result<Option<Shown>> {
    for folder in [&view.home.join("tmp"), &view.place] {
        std::fs::create_dir_all(folder)?;
    }
    let Some(common) = &view.common_dir else { return Ok(None) };
    let shown = Shown {
        common: common.clone(),
        own: own_folder(&view.worktree),
        own_copy: view.home.join("git/own"),
        objects: view.home.join("git/objects"),
        config: view.place.join("config"),
        empty: view.place.join("empty"),
    };
    std::fs::create_dir_all(shown.objects.join("info"))?;
    std::fs::create_dir_all(&shown.own_copy)?;
    for name in ["HEAD", "commondir", "gitdir", "index"] {
        if let Some(file) = shown.own.as_ref().map(|own| own.join(name)).filter(|file| file.is_file()) {
            std::fs::copy(file, shown.own_copy.join(name))?;
        }
    }
    let written = std::fs::read_to_string(common.join("config")).unwrap_or_default();
    std::fs::write(&shown.config, harmless(&written))?;
    std::fs::write(&shown.empty, "")?;
    Ok(Some(shown))
}

/// What git keeps of a linked worktree, by way of the file `.git` in it.
fn own_folder(worktree: &Path) -> Option<PathBuf> {
    let file = std::fs::read_to_string(worktree.join(".git")).ok()?;
    let folder = worktree.join(file.strip_prefix("gitdir:")?.trim());
    Some(folder).filter(|folder| folder.is_dir())
}

/// Of a configuration of git, the part that says how files are kept.
fn harmless(config: &str) -> String {
    let (mut kept, mut section) = (String::new(), String::new());
    for line in config.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().to_lowercase();
        } else if let Some((key, value)) = line.split_once('=') {
            let name = format!("{section}.{}", key.trim().to_lowercase());
            let plain = !value.contains('\\');
            if plain && (KEYS.contains(&name.as_str()) || section == "extensions") {
                kept.push_str(&format!("[{section}]\n\t{} = {}\n", key.trim(), value.trim()));
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_configuration_only_what_says_how_files_are_kept_is_seen_inside() {
        let found = harmless(
            "[core]\n\trepositoryformatversion = 1\n\tbare = false\n\tsshCommand = ssh -i key\n\thooksPath = h\n\
             [remote \"origin\"]\n\turl = https://me:secret@example.com/r.git\n[extensions]\n\tobjectFormat = sha256\n\
             [credential]\n\thelper = store\n[core]\n\tautocrlf = x\\\n",
        );
        assert_eq!(
            found,
            "[core]\n\trepositoryformatversion = 1\n[core]\n\tbare = false\n[extensions]\n\tobjectFormat = sha256\n"
        );
    }
}
