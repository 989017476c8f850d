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

/// Makes the folders of `view`, an index and a place for objects for the git inside, and a harmless configuration. Comes
/// back with files that stand in for those of the repository: ours, and which one.
pub fn prepare(view: &View) -> std::io::Result<Vec<(PathBuf, PathBuf)>> {
    for folder in [&view.home.join("tmp"), &view.home.join("git/objects"), &view.place] {
        std::fs::create_dir_all(folder)?;
    }
    let Some(common) = &view.common_dir else { return Ok(Vec::new()) };
    if let Some(index) = index_of(&view.worktree) {
        std::fs::copy(index, view.home.join("git/index"))?;
    }
    let written = std::fs::read_to_string(common.join("config")).unwrap_or_default();
    let config = view.place.join("config");
    std::fs::write(&config, harmless(&written))?;
    let empty = view.place.join("empty");
    std::fs::write(&empty, "")?;
    let mut instead = vec![(config, common.join("config"))];
    let worktree_config = common.join("config.worktree");
    for told in [common.join("FETCH_HEAD"), worktree_config] {
        if told.is_file() {
            instead.push((empty.clone(), told));
        }
    }
    Ok(instead)
}

/// The index of a linked worktree, by way of the file `.git` in it.
fn index_of(worktree: &Path) -> Option<PathBuf> {
    let file = std::fs::read_to_string(worktree.join(".git")).ok()?;
    let folder = PathBuf::from(file.strip_prefix("gitdir:")?.trim());
    Some(worktree.join(folder).join("index")).filter(|index| index.is_file())
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
