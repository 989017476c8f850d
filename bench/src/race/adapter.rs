//! The adapter file: how a tool is told to prepare a place, add, claim, complete and list, and how it answers.
//!
//! Every command is a list of arguments, run as it is, without a shell, in the place. In each argument `{dir}` is the
//! place, `{here}` the folder of the adapter file, `{agent}` the caller, `{title}`, `{id}` and `{fence}` the item's.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Course;
use super::reading::Reading;

/// A tool, as its adapter file describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// What the tool is called.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// The programs that have to be installed.
    #[serde(default)]
    pub(super) needs: Vec<String>,
    /// How long a claim lasts, in milliseconds; 0 when it lasts for ever.
    #[serde(default)]
    pub(super) lease_ms: u64,
    pub(super) prepare: Vec<Vec<String>>,
    pub(super) add: Add,
    pub(super) claim: Claim,
    pub(super) complete: Complete,
    pub(super) list: List,
    #[serde(skip)]
    pub(super) here: PathBuf,
}

/// Adding an item: exit code 0 says that it is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Add {
    pub run: Vec<String>,
    pub id: Reading,
}

/// Claiming whatever comes next: exit code 0 says that the item printed is the caller's; with blank output there was
/// none.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    pub run: Vec<String>,
    pub id: Reading,
    /// Where the fence stands. A tool without fences grants an item once, so all its grants are judged as of fence 1.
    pub fence: Option<Reading>,
    /// Exit codes that say that there is nothing to take.
    #[serde(default)]
    pub nothing: Vec<i32>,
    /// Exit codes that say that the claim was refused.
    #[serde(default)]
    pub refused: Vec<i32>,
}

/// Completing an item: exit code 0 says that it is done.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Complete {
    pub run: Vec<String>,
    /// Exit codes that say that it was refused and had no effect.
    #[serde(default)]
    pub refused: Vec<i32>,
}

/// Listing all items, finished ones too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    pub run: Vec<String>,
    /// Where the array of items stands; without it every line is an item.
    pub items: Option<String>,
    /// What `{after}` is for the first page, of a tool that lists page by page; for the others it is the last id of the
    /// page before. The list ends with an empty page.
    pub after: Option<String>,
    pub id: Reading,
    pub state: Reading,
    /// The states that mean completed.
    pub done: Vec<String>,
}

/// What the placeholders stand for in one call.
#[derive(Clone, Copy, Default)]
pub(super) struct Words<'a> {
    pub agent: &'a str,
    pub title: &'a str,
    pub id: &'a str,
    pub fence: &'a str,
    pub after: &'a str,
}

impl Adapter {
    /// Reads the adapter file at `path`. Fails with what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let mut adapter: Self = toml::from_str(&text).map_err(|error| wrong(&error))?;
        let path = path.canonicalize().map_err(|error| wrong(&error))?;
        path.parent().unwrap_or(Path::new("/")).clone_into(&mut adapter.here);
        let commands = [&adapter.add.run, &adapter.claim.run, &adapter.complete.run, &adapter.list.run];
        if commands.into_iter().chain(&adapter.prepare).any(Vec::is_empty) {
            return Err(wrong(&"a command has no words"));
        }
        Ok(adapter)
    }

    /// Fails with one line when a program that the tool needs is not there.
    pub(super) fn find_programs(&self, course: &Course) -> Result<(), String> {
        let path = path(course);
        let there = |name: &String| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
        match self.needs.iter().find(|name| !there(name)) {
            None => Ok(()),
            Some(name) => Err(format!("{}: {name} is missing; run scripts/need {name}", self.name)),
        }
    }

    /// `command` with its placeholders filled in.
    pub(super) fn filled(&self, command: &[String], dir: &Path, words: Words<'_>) -> Vec<String> {
        let (dir, here) = (dir.to_string_lossy(), self.here.to_string_lossy());
        let pairs = [
            ("{dir}", dir.as_ref()),
            ("{here}", here.as_ref()),
            ("{agent}", words.agent),
            ("{id}", words.id),
            ("{fence}", words.fence),
            ("{after}", words.after),
            ("{title}", words.title),
        ];
        let fill = |argument: &String| pairs.iter().fold(argument.clone(), |text, (name, to)| text.replace(name, to));
        command.iter().map(fill).collect()
    }
}

/// Where programs are looked for.
pub(super) fn path(course: &Course) -> std::ffi::OsString {
    let usual = std::env::var_os("PATH").unwrap_or_default();
    let folders = course.programs.iter().cloned().chain(std::env::split_paths(&usual));
    std::env::join_paths(folders).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters")
    }

    #[test]
    fn every_adapter_that_ships_can_be_read() {
        let entries = std::fs::read_dir(shipped()).expect("the folder is there");
        let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        let adapters: Vec<_> = files.iter().filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
        assert!(adapters.len() >= 3, "{adapters:?}");
        for path in adapters {
            Adapter::read(path).expect("it can be read");
        }
    }

    #[test]
    fn placeholders_are_filled_in_everywhere_in_an_argument() {
        let adapter = Adapter::read(&shipped().join("nexus.toml")).expect("it can be read");
        let words = Words { agent: "a 1", id: "w", fence: "3", ..Words::default() };
        let command = ["--by={agent}".to_owned(), "{id}/{fence}".to_owned(), "{dir}".to_owned()];
        assert_eq!(adapter.filled(&command, Path::new("/p"), words), ["--by=a 1", "w/3", "/p"]);
    }

    #[test]
    fn a_word_that_no_adapter_has_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file can be made");
        std::fs::write(file.path(), "name = \"x\"\nclam = 1\n").expect("it is ours");
        let error = Adapter::read(file.path()).expect_err("there is no such key");
        assert!(error.contains("clam"), "{error}");
    }
}
