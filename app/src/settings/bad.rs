//! What can be wrong with settings. All of it is for the user to put right, so all of it says where.

use std::path::PathBuf;

/// Why the settings cannot be used as they are.
#[derive(Debug, thiserror::Error)]
pub enum BadSetting {
    /// A value that the setting does not take.
    #[error("{key}: {found} ({place}); it takes {wanted}")]
    Value {
        /// The setting.
        key: &'static str,
        /// What stands there and what is wrong with it.
        found: String,
        /// Where it stands.
        place: String,
        /// What may stand there.
        wanted: String,
    },
    /// A key that no setting has.
    #[error("{key} is not a setting ({place}); {}", did_you_mean(*.nearest))]
    Unknown {
        /// The key as it was written.
        key: String,
        /// Where it stands.
        place: String,
        /// The setting that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A section for a profile that there is not.
    #[error("[profile.{found}] names no profile ({place}); there are dev, staging and prod")]
    UnknownProfile {
        /// The name as it was written.
        found: String,
        /// Where it stands.
        place: String,
    },
    /// A range of ports that ends before it starts.
    #[error("ports.first is {first} ({first_place}) but ports.last is {last} ({last_place}); it takes first <= last")]
    PortsReversed {
        /// The first port.
        first: u64,
        /// Where it is set.
        first_place: String,
        /// The last port.
        last: u64,
        /// Where it is set.
        last_place: String,
    },
    /// The file is not TOML.
    #[error("{place} is not TOML: {why}")]
    Syntax {
        /// The file and, where known, the line.
        place: String,
        /// What the parser says, with a hint for what is often meant.
        why: String,
    },
    /// The file cannot be read.
    #[error("cannot read the settings in {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    match nearest {
        Some(key) => format!("did you mean {key}?"),
        None => "`nexus config show` lists them all".to_owned(),
    }
}
