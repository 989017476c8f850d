//! Why something could not be done, as every door says it: a kind, a stable code, a sentence, fields.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ports::{NeverStarted, RepoError};
use domain::work::{Closed, Refusal};
use store::StoreError;
use store::change::ChangeError;
use store::memory::MemoryError;
use store::message::MessageError;
use store::session::SessionError;
use store::work::WorkError;
use store::workspace::WorkspaceError;

/// What the caller can do about it; decides exit code and HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something failed; asking again may help.
    Failed,
    /// There is no such thing.
    NotFound,
    /// The request makes no sense as it stands.
    Malformed,
    /// The rules say no, or somebody was faster.
    Refused,
    /// There is nothing to give at the moment.
    Nothing,
    /// The hold that was shown is not current.
    LeaseLost,
}

/// A problem, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What the caller can do about it.
    pub kind: Kind,
    /// The stable word; its page is `docs/problems.md`.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// What a program may want to know, such as `holder`.
    pub fields: Map<String, Value>,
}

impl Problem {
    /// A problem without fields.
    pub fn new(kind: Kind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), fields: Map::new() }
    }

    /// This problem with the fields of `object`.
    #[must_use]
    pub fn with(mut self, object: Value) -> Self {
        if let Value::Object(fields) = object {
            self.fields.extend(fields);
        }
        self
    }

    /// The request makes no sense: `message` says why.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, "malformed", message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, "not_found", message)
    }

    /// The rules say no.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, code, message)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Missing(_) => "no_store",
            StoreError::Busy { .. } => "store_busy",
            StoreError::Full => "disk_full",
            StoreError::ReadOnly(_) => "store_read_only",
            StoreError::Damaged { .. } => "store_damaged",
            StoreError::Newer { .. } => "store_newer",
            StoreError::BadUrl { .. } => return Self::new(Kind::Malformed, "bad_database_url", error.to_string()),
            StoreError::NotEmpty(_) => return Self::new(Kind::Refused, "store_not_empty", error.to_string()),
            StoreError::Older { .. } => "store_older",
            StoreError::Unreachable { .. } => "store_unreachable",
            StoreError::Denied(_) => "store_denied",
            StoreError::Tls(_) => "store_tls",
            StoreError::Lost(_) => "store_lost",
            StoreError::Unknown(_) => "store_unknown",
            StoreError::Conflict(_) => "store_conflict",
            StoreError::Slow(_) => "store_slow",
            StoreError::Stopped | StoreError::Broken(_) | StoreError::Failed(_) => "store_failed",
        };
        Self::new(Kind::Failed, code, error.to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (kind, fields) = match &refusal {
            Refusal::Held { holder, fence, until } => (
                Kind::Refused,
                json!({ "holder": holder.as_str(), "fence": fence.number(), "lease_until_ms": until.millis() }),
            ),
            Refusal::LeaseLost { by, fence, holder } => (
                Kind::LeaseLost,
                json!({ "agent": by.as_str(), "fence": fence.number(), "holder": holder.as_ref().map(domain::text::AgentName::as_str) }),
            ),
            Refusal::Finished { state } => (Kind::Refused, json!({ "state": state })),
            Refusal::WrongState { state, needs } => (Kind::Refused, json!({ "state": state, "needs": needs })),
            Refusal::Draining { agent } | Refusal::Retired { agent } => {
                (Kind::Refused, json!({ "agent": agent.as_str() }))
            }
            Refusal::Capacity { agent, held, capacity } => {
                (Kind::Refused, json!({ "agent": agent.as_str(), "held": held, "capacity": capacity }))
            }
            Refusal::Closed(closed) => (Kind::Refused, of_gate(closed)),
        };
        Self::new(kind, refusal.code(), refusal.to_string()).with(fields)
    }
}

fn of_gate(closed: &Closed) -> Value {
    if let Closed::Overlap { id, holder, globs } = closed {
        return json!({ "id": id.as_str(), "holder": holder.as_str(), "globs": globs });
    }
    let (Closed::Paused { part, .. } | Closed::WipLimit { part, .. } | Closed::RateLimited { part, .. }) = closed
    else {
        return Value::Null;
    };
    let (kind, name) = part.words();
    let mut fields = json!({ "gate": kind, "name": name });
    let more = match closed {
        Closed::Paused { reason, .. } => json!({ "reason": reason }),
        Closed::WipLimit { in_flight, limit, .. } => json!({ "in_flight": in_flight, "limit": limit }),
        Closed::Overlap { .. } => Value::Null,
        Closed::RateLimited { rate, opens_at, .. } => {
            json!({ "limit": rate.most, "per_ms": rate.per_ms, "opens_at_ms": opens_at.millis() })
        }
    };
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    fields
}

impl From<WorkError> for Problem {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Store(error) => error.into(),
            WorkError::Refused(refusal) => refusal.into(),
            WorkError::Unknown(id) => {
                Self::not_found(format!("there is no item {id}; `nexus work list` shows those there are"))
            }
            WorkError::Draft(bad) => Self::malformed(bad.to_string()),
            WorkError::NotUnique { ref name, ref id } => {
                Self::refused("not_unique", error.to_string()).with(json!({ "name": name.as_str(), "id": id.as_str() }))
            }
            WorkError::Gate(bad) => Self::malformed(bad.to_string()),
            WorkError::UnknownAgent(name) => Self::not_found(format!(
                "there is no agent {name}; `nexus agent list` shows those there are, `nexus agent register` makes one known"
            )),
            WorkError::NoAgentForRole(roles) => {
                let roles: Vec<&str> = roles.iter().map(domain::text::Role::as_str).collect();
                let message = format!(
                    "nobody who is registered and free has the role {}; register an agent with it",
                    roles.join(", nor ")
                );
                Self::refused("no_agent_for_role", message).with(json!({ "roles": roles }))
            }
            WorkError::UnknownDependency(_) => Self::not_found(error.to_string()),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Store(error) => error.into(),
            ChangeError::Unknown(_) => Self::not_found(error.to_string()),
            ChangeError::Refused(refusal) => Self::refused(refusal.code(), refusal.to_string()),
        }
    }
}

impl From<MessageError> for Problem {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Store(error) => error.into(),
            MessageError::Work(error) => error.into(),
            MessageError::Refused(refusal) => refusal.into(),
            MessageError::Draft(bad) => Self::malformed(bad.to_string()),
            MessageError::Unknown(_) | MessageError::NotARecipient { .. } => Self::not_found(error.to_string()),
            MessageError::NoRecipient(to) => {
                let message = format!(
                    "nobody would get it: {to} is nobody that is registered, other than the sender; \
                     `nexus agent list` shows who is"
                );
                Self::refused("no_recipient", message).with(json!({ "to_kind": to.word(), "to": to.name() }))
            }
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        match error {
            SessionError::Store(error) => error.into(),
            SessionError::Work(error) => error.into(),
            SessionError::Refused(refusal) => refusal.into(),
            SessionError::Unknown(_) | SessionError::NoneOpen(_) => Self::not_found(message),
            SessionError::UnknownRole { role, known } => {
                let known: Vec<&str> = known.iter().map(domain::text::Role::as_str).collect();
                Self::not_found(message).with(json!({ "role": role.as_str(), "known": known }))
            }
            SessionError::Open { agent, id, role } => Self::refused("session_open", message)
                .with(json!({ "agent": agent.as_str(), "session": id.as_str(), "role": role.as_str() })),
            SessionError::Over(over) => Self::refused("session_ended", message)
                .with(json!({ "session": over.id.as_str(), "ended_at_ms": over.ended_at.millis() })),
        }
    }
}

impl From<MemoryError> for Problem {
    fn from(error: MemoryError) -> Self {
        match error {
            MemoryError::Store(error) => error.into(),
            MemoryError::Work(error) => error.into(),
            MemoryError::Session(error) => error.into(),
            MemoryError::Draft(bad) => Self::malformed(bad.to_string()),
            MemoryError::Unknown(_) => Self::not_found(error.to_string()),
        }
    }
}

impl From<WorkspaceError> for Problem {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::Store(error) => error.into(),
            WorkspaceError::Unknown(_) => Self::not_found(error.to_string()),
            WorkspaceError::Refused(refusal) => Self::refused("wrong_state", refusal.to_string()),
        }
    }
}

impl From<RepoError> for Problem {
    fn from(error: RepoError) -> Self {
        let code = match &error {
            RepoError::Unusable(_) => "repository_unusable",
            RepoError::Git { .. } => "git_failed",
            RepoError::Unreachable(_) => "remote_unreachable",
            RepoError::PushRefused(_) => "push_refused",
            RepoError::Io { .. } => "io_failed",
        };
        Self::new(Kind::Failed, code, error.to_string())
    }
}

impl From<NeverStarted> for Problem {
    fn from(error: NeverStarted) -> Self {
        Self::new(Kind::Failed, "never_started", error.0)
    }
}
