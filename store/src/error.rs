//! Why the store failed, grouped by what the caller can do.

/// Why the store could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no store yet.
    #[error("there is no store at {0}; run `nexus init` first")]
    Missing(String),
    /// Another process held the lock for too long; asking again may help.
    #[error(
        "the store is locked by another process for longer than {waited_ms} ms; try again, or see who has it with `nexus doctor`"
    )]
    Busy {
        /// How long we waited.
        waited_ms: u64,
    },
    /// The disk, or a quota on it, is full. Nothing of the request was kept.
    #[error("the disk with the store is full; nothing was changed, make room and try again")]
    Full,
    /// The file or its folder cannot be written.
    #[error("the store cannot be written: {0}; check the permissions of its folder")]
    ReadOnly(String),
    /// The file is not one of ours, or is damaged.
    #[error(
        "{path} is damaged or no store of Nexus ({said}); move it away and restore a copy, or run `nexus init` for a new one"
    )]
    Damaged {
        /// The file.
        path: String,
        /// What SQLite said.
        said: String,
    },
    /// A newer Nexus wrote the file.
    #[error("the store has version {found}, this program knows versions up to {known}; use a newer nexus")]
    Newer {
        /// The file's version.
        found: i64,
        /// The latest version known here.
        known: i64,
    },
    /// The store was closed, or broke, before it answered. What was asked may or may not have happened.
    #[error("the store stopped before it answered")]
    Stopped,
    /// A row contradicts the rules; the text names it.
    #[error("the store holds what the rules do not allow: {0}")]
    Broken(String),
    /// Anything else that SQLite says.
    #[error("the store failed: {0}")]
    Sqlite(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let said = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy { waited_ms: crate::Patience::Minute.millis() }
            }
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Self::ReadOnly(said),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path: "the file of the store".to_owned(), said }
            }
            _ => Self::Sqlite(said),
        }
    }
}
