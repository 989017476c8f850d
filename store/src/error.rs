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
        /// The version that was found.
        found: i64,
        /// The latest version known here.
        known: i64,
    },
    /// An older Nexus made the tables of the database.
    #[error(
        "the database has version {found} of the tables, this program needs {known}; run `nexus init` with its address"
    )]
    Older {
        /// The database's version.
        found: i64,
        /// The version needed.
        known: i64,
    },
    /// A store that should be empty is not.
    #[error("the store to copy to is not empty: its table {0} has rows; copy into a new one")]
    NotEmpty(String),
    /// The store was closed, or broke, before it answered. What was asked may or may not have happened.
    #[error("the store stopped before it answered")]
    Stopped,
    /// A row contradicts the rules; the text names it.
    #[error("the store holds what the rules do not allow: {0}")]
    Broken(String),
    /// What was given as the address of a database is none.
    #[error(
        "{url} is no address of a PostgreSQL database: {why}; it looks like postgres://user:password@host/database"
    )]
    BadUrl {
        /// What was given, without its password.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database cannot be reached.
    #[error("cannot reach {url}: {why}; check that the database runs and that the address is right")]
    Unreachable {
        /// The address, without its password.
        url: String,
        /// What the attempt came to.
        why: String,
    },
    /// The database does not let us do this.
    #[error("the database refuses: {0}; check the user, its rights and the address")]
    Denied(String),
    /// The server cannot be spoken to in the way that the address asks for.
    #[error("no connection to the database through TLS: {0}")]
    Tls(String),
    /// The connection was lost, and nothing had happened yet.
    #[error("the connection to the database was lost ({0}); nothing was changed, try again")]
    Lost(String),
    /// The connection was lost while the answer was on its way.
    #[error(
        "the connection to the database was lost ({0}); whether it happened is not known, ask again with the same --key"
    )]
    Unknown(String),
    /// Others were in the way, again and again.
    #[error("others change the same at the same time ({0}); nothing was changed, try again")]
    Conflict(String),
    /// The database took too long.
    #[error("the database takes too long ({0}); nothing was changed, try again")]
    Slow(String),
    /// Anything else that the database says.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let said = error.to_string();
        let twin = [rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY, rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE];
        match error.sqlite_error_code() {
            Some(_) if error.sqlite_error().is_some_and(|it| twin.contains(&it.extended_code)) => Self::Conflict(said),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy { waited_ms: crate::Patience::Minute.millis() }
            }
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Self::ReadOnly(said),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path: "the file of the store".to_owned(), said }
            }
            _ => Self::Failed(said),
        }
    }
}
