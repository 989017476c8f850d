//! Settings: written in five places, checked once, passed by value.
//!
//! ```text
//! defaults ◀─ profile ◀─ config.toml ◀─ its [profile.…] section ◀─ environment ◀─ flags      the right one wins
//!     │                                                                              │
//!     └────────────────────────────── Written ──check──▶ Settings ◀──────────────────┘
//! ```
//!
//! [`table`] describes every setting once; the file's template, the names in the environment, the errors and
//! `nexus config show` all come from it. Whatever is wrong is refused with the key, the place, what was found there
//! and what may stand there.

mod bad;
mod checked;
mod file;
mod kind;
mod nearest;
mod table;
mod template;
#[cfg(test)]
mod tests;
mod written;

use std::path::Path;

pub use bad::BadSetting;
pub use checked::{AdviceSettings, ModelSettings, SandboxSettings, Settings, day};
pub use nearest::nearest;
pub use template::template;

use kind::Raw;
use table::Spec;
use written::{Said, Written};

/// The settings in force, and where each comes from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the program works with.
    pub settings: Settings,
    /// One row a setting, in the order of the template.
    pub rows: Vec<Row>,
}

/// One setting as `nexus config show` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its dotted name, such as `lease.ttl`.
    pub key: &'static str,
    /// The value in force, as it was written.
    pub value: String,
    /// Where that was: `default`, `profile prod`, `file /x/config.toml:3`, `environment NEXUS_LEASE_TTL`, `flag --ttl`.
    pub source: String,
    /// What it is for, in one sentence.
    pub doc: &'static str,
}

/// Reads every layer and checks it.
///
/// A `file` that is not there is an empty layer. What stands in the file is checked even where another layer or
/// another profile takes its place, so that a mistake shows on the day it is written. A variable that is set to
/// nothing counts as not set. `flags` are pairs of a key of the table and a value; a flag is called after the last
/// word of its key.
pub fn load(
    profile_flag: Option<&str>,
    file: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    flags: &[(&'static str, String)],
) -> Result<Loaded, BadSetting> {
    let mut said = file::read(file)?;
    said.extend(from_environment(env)?);
    said.extend(from_flags(profile_flag, flags)?);
    let written = Written::layered(said)?;
    Ok(Loaded { settings: Settings::check(&written)?, rows: written.rows() })
}

fn from_environment(env: &dyn Fn(&str) -> Option<String>) -> Result<Vec<Said>, BadSetting> {
    let set = table::ALL.iter().filter_map(|spec| Some((spec, env(&spec.env()).filter(|text| !text.is_empty())?)));
    set.map(|(spec, text)| Said::new(spec, Raw::plain(text), format!("environment {}", spec.env()))).collect()
}

fn from_flags(profile: Option<&str>, flags: &[(&'static str, String)]) -> Result<Vec<Said>, BadSetting> {
    let profile = profile.map(|text| ("profile", text.to_owned()));
    let all = flags.iter().cloned().chain(profile);
    all.map(|(key, text)| {
        let spec = Spec::named(key).expect("a flag sets a key of the table");
        Said::new(spec, Raw::plain(text), format!("flag {}", spec.flag()))
    })
    .collect()
}
