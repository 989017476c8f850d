//! What a project asks of a change: its checks, the paths it protects, its limits.

use super::glob::Glob;

/// What `nexus.toml` on the target branch says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What has to pass, in order. Empty: changes land observed.
    pub checks: Vec<Check>,
    /// Paths that need another role's approval.
    pub protected: Vec<Glob>,
    /// How large a change may be.
    pub limits: ChangeLimits,
}

/// One check: a command that has to exit with 0 in a clean checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, unique among the project's checks.
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
    /// Programs whose version the receipt records.
    pub tools: Vec<String>,
}

/// How large a change may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeLimits {
    /// Most paths.
    pub files_max: u64,
    /// Most bytes in new or changed files, together.
    pub bytes_max: u64,
}

impl Default for ChangeLimits {
    fn default() -> Self {
        Self { files_max: 5_000, bytes_max: 100_000_000 }
    }
}

/// How large a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Paths it changes.
    pub files: u64,
    /// Bytes in new or changed files.
    pub bytes: u64,
}

/// What a change does that it may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trespass {
    /// Touches these protected paths; an approval lets it.
    Protected(Vec<String>),
    /// Is larger than allowed; no approval helps.
    TooLarge(Size),
}

impl Policy {
    /// Where the policy itself is written; always protected, for whoever changes the checks passes any of them.
    pub const FILE: &'static str = "nexus.toml";

    /// What a change to `paths` of this size does that it may not; `None` when it is fine. `approved` lifts the
    /// protection of paths, not the limits.
    pub fn trespass(&self, paths: &[Vec<u8>], size: Size, approved: bool) -> Option<Trespass> {
        if size.files > self.limits.files_max || size.bytes > self.limits.bytes_max {
            return Some(Trespass::TooLarge(size));
        }
        if approved {
            return None;
        }
        let guarded =
            |path: &&Vec<u8>| path.as_slice() == Self::FILE.as_bytes() || self.protected.iter().any(|g| g.fits(path));
        let touched: Vec<String> =
            paths.iter().filter(guarded).map(|p| String::from_utf8_lossy(p).into_owned()).collect();
        (!touched.is_empty()).then_some(Trespass::Protected(touched))
    }
}

impl std::fmt::Display for Trespass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Protected(paths) => {
                let shown = paths.iter().take(5).map(|p| format!("{p:?}")).collect::<Vec<_>>().join(", ");
                let more = paths.len().saturating_sub(5);
                write!(f, "protected: the change touches {shown}")?;
                if more > 0 {
                    write!(f, " and {more} more")?;
                }
                f.write_str("; leave these as they are, or have another role approve it")
            }
            Self::TooLarge(size) => {
                write!(f, "too large: the change has {} files and {} bytes", size.files, size.bytes)
            }
        }
    }
}
