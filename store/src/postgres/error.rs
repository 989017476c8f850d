//! What PostgreSQL says, as what the caller can do about it.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let Some(said) = error.as_db_error() else {
            return Self::Lost(with_cause(&error));
        };
        let text = said.message().to_owned();
        match said.code() {
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::UNIQUE_VIOLATION => {
                Self::Conflict(text)
            }
            &SqlState::LOCK_NOT_AVAILABLE | &SqlState::QUERY_CANCELED => Self::Slow(text),
            &SqlState::DISK_FULL => Self::Full,
            &SqlState::READ_ONLY_SQL_TRANSACTION
            | &SqlState::INSUFFICIENT_PRIVILEGE
            | &SqlState::INVALID_PASSWORD
            | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Self::Denied(text),
            &SqlState::ADMIN_SHUTDOWN
            | &SqlState::CRASH_SHUTDOWN
            | &SqlState::CANNOT_CONNECT_NOW
            | &SqlState::TOO_MANY_CONNECTIONS
            | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Self::Lost(text),
            &SqlState::INVALID_CATALOG_NAME => Self::Denied(format!("{text}; create the database first")),
            _ => Self::Failed(format!("{text} ({})", said.code().code())),
        }
    }
}

/// The whole chain of reasons; the client says only "error connecting to server" by itself.
fn with_cause(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let said = deeper.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = deeper.source();
    }
    text
}
