//! What PostgreSQL says, as what the caller can do about it.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use tokio_rustls::rustls::Error as Tls;

use super::trust::advice;
use crate::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let Some(said) = error.as_db_error() else {
            return tls(&error).unwrap_or_else(|| Self::Lost(with_cause(&error)));
        };
        let text = said.message().to_owned();
        match said.code() {
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::UNIQUE_VIOLATION => {
                Self::Conflict(text)
            }
            &SqlState::LOCK_NOT_AVAILABLE | &SqlState::QUERY_CANCELED => Self::Slow(text),
            &SqlState::DISK_FULL => Self::Full,
            // There is no code of its own for it.
            &SqlState::INVALID_AUTHORIZATION_SPECIFICATION if text.ends_with("no encryption") => {
                Self::Denied(format!("{text}; it wants TLS: sslmode=require, or verify-full"))
            }
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

/// What is wrong with the TLS of a connection that was not made; trying again would not help.
fn tls(error: &Error) -> Option<StoreError> {
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let inside = deeper.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        match inside.and_then(|it| it.downcast_ref::<Tls>()) {
            Some(why @ (Tls::InvalidCertificate(_) | Tls::AlertReceived(_) | Tls::PeerIncompatible(_))) => {
                return Some(StoreError::Tls(format!("{} ({why})", advice(why))));
            }
            _ => cause = deeper.source(),
        }
    }
    let text = with_cause(error);
    text.contains("server does not support TLS").then(|| {
        StoreError::Tls("the server speaks no TLS; switch it on there (ssl = on), or use sslmode=disable".to_owned())
    })
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
