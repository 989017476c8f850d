//! A message as every door shows it.

use domain::message::{Delivery, Message};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::message::Sent;

/// The JSON object of a message. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct MessageView {
    pub id: String,
    pub project: String,
    pub thread: String,
    pub from: String,
    pub to_kind: String,
    pub to: Option<String>,
    pub subject: String,
    pub body: String,
    pub priority: String,
    pub class: String,
    pub work: Option<String>,
    pub ack_required: bool,
    pub respond_by_ms: Option<i64>,
    pub sent_at_ms: i64,
    pub copies: Vec<CopyView>,
}

/// The JSON object of one recipient's copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CopyView {
    pub agent: String,
    pub because_of: Option<String>,
    pub read_at_ms: Option<i64>,
    pub acknowledged_at_ms: Option<i64>,
    pub escalated_to: Option<String>,
    pub escalates_at_ms: Option<i64>,
}

impl From<&Sent> for MessageView {
    fn from(Sent { message, copies }: &Sent) -> Self {
        let Message { id, project, thread, from, to, subject, body, priority, class, item, .. } = message;
        Self {
            id: id.to_string(),
            project: project.as_str().to_owned(),
            thread: thread.to_string(),
            from: from.to_string(),
            to_kind: to.word().to_owned(),
            to: to.name().map(str::to_owned),
            subject: subject.clone(),
            body: body.clone(),
            priority: priority.word().to_owned(),
            class: class.word().to_owned(),
            work: item.as_ref().map(ToString::to_string),
            ack_required: message.respond_within_ms.is_some(),
            respond_by_ms: message.respond_by().map(Timestamp::millis),
            sent_at_ms: message.sent_at.millis(),
            copies: copies.iter().map(CopyView::from).collect(),
        }
    }
}

impl From<&Delivery> for CopyView {
    fn from(copy: &Delivery) -> Self {
        Self {
            agent: copy.recipient.to_string(),
            because_of: copy.because_of.as_ref().map(ToString::to_string),
            read_at_ms: copy.read_at.map(Timestamp::millis),
            acknowledged_at_ms: copy.acknowledged_at.map(Timestamp::millis),
            escalated_to: copy.level.word().map(str::to_owned),
            escalates_at_ms: copy.escalate_at.map(Timestamp::millis),
        }
    }
}
