//! Messages, as they are kept: the message once, and a copy's state per recipient.

mod record;

use domain::id::{MessageId, WorkId};
use domain::message::{Address, BadMessage, Delivery, Draft, Message};
use domain::text::{AgentName, Project};
use domain::work::{Fence, Held, Refusal, check_hold};

use crate::audit::{Fact, append};
use crate::work::{Page, WorkError};
use crate::{Scope, StoreError, Tx, agent, sql, work};

/// The most recipients that one message has.
pub const RECIPIENTS_MAX: u32 = 10_000;

/// Why a message could not be sent, read or acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// There is no such message.
    #[error("there is no message {0}")]
    Unknown(MessageId),
    /// The agent has no copy of it.
    #[error("{agent} got no copy of {id}")]
    NotARecipient {
        /// Who asked.
        agent: AgentName,
        /// For which message.
        id: MessageId,
    },
    /// Nobody would get it.
    #[error("nobody would get it: {0}")]
    NoRecipient(Address),
    /// What was written cannot be sent.
    #[error(transparent)]
    Draft(#[from] BadMessage),
    /// The hold that the sender shows is not current.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The item that it is about does not exist.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The store failed; asking again may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A message and all its copies, or the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The message.
    pub message: Message,
    /// The copies, by recipient.
    pub copies: Vec<Delivery>,
}

/// Sends `draft`, with an id from `number` on: one copy for each recipient that is registered now.
///
/// A sender that shows a hold has to have it. What the sender has not acknowledged in the thread is acknowledged
/// with it: an answer is an acknowledgement.
pub async fn send(
    tx: &mut Tx<'_>,
    scope: &Scope,
    draft: Draft,
    fence: Option<Fence>,
    number: u64,
) -> Result<Sent, MessageError> {
    if let Some(id) = &draft.item {
        let found = work::find(tx, scope, id).await?.ok_or_else(|| WorkError::Unknown(id.clone()))?;
        if let Some(fence) = fence {
            check_hold(&found.item, &Held { by: draft.from.clone(), fence })?;
        }
    }
    let thread = match &draft.thread {
        Some(id) => Some(find(tx, &scope.project, id).await?.ok_or_else(|| MessageError::Unknown(id.clone()))?.thread),
        None => None,
    };
    // Whoever speaks can be answered.
    agent::meet(tx, scope, &draft.from).await?;
    let recipients = recipients(tx, scope, &draft.to, &draft.from).await?;
    if recipients.is_empty() {
        return Err(MessageError::NoRecipient(draft.to));
    }
    let sent = post(tx, scope, draft, thread, &recipients, fence, number).await?;
    answer(tx, scope, &sent.message).await?;
    Ok(sent)
}

/// Writes `draft` down with a copy for each of `recipients`; whether the sender may is settled.
pub(crate) async fn post(
    tx: &mut Tx<'_>,
    scope: &Scope,
    draft: Draft,
    thread: Option<MessageId>,
    recipients: &[AgentName],
    fence: Option<Fence>,
    mut number: u64,
) -> Result<Sent, MessageError> {
    let message = loop {
        let id = MessageId::numbered(number);
        let message = draft.clone().sent(id, thread.clone(), scope.project.clone(), scope.now)?;
        if insert(tx, &message).await? {
            break message;
        }
        number += 1;
    };
    for recipient in recipients {
        deliver(tx, &message, recipient, None).await?;
    }
    let data = serde_json::json!({
        "thread": message.thread.as_str(), "to_kind": message.to.word(), "to_name": message.to.name(),
        "recipients": recipients.len(), "class": message.class.word(), "priority": message.priority.word(),
        "subject": message.subject, "item": message.item.as_ref().map(WorkId::as_str),
        "respond_by_ms": message.respond_by().map(domain::time::Timestamp::millis),
    });
    log(tx, scope, "message.sent", &message.id, Some(&message.from), fence, &data).await?;
    let copies = copies(tx, &scope.project, &message.id).await?;
    Ok(Sent { message, copies })
}

async fn insert(tx: &mut Tx<'_>, message: &Message) -> Result<bool, StoreError> {
    let values = [
        (&message.project).into(),
        (&message.id).into(),
        (&message.thread).into(),
        (&message.from).into(),
        message.to.word().into(),
        message.to.name().into(),
        (&message.subject).into(),
        (&message.body).into(),
        message.priority.word().into(),
        message.class.word().into(),
        message.item.as_ref().into(),
        message.respond_within_ms.into(),
        message.sent_at.into(),
    ];
    Ok(tx.execute(&sql::message::INSERT, &values).await? == 1)
}

/// Gives `recipient` a copy, `because_of` another's silence when there is one. `false`: it has one already.
pub(crate) async fn deliver(
    tx: &mut Tx<'_>,
    message: &Message,
    recipient: &AgentName,
    because_of: Option<&AgentName>,
) -> Result<bool, StoreError> {
    // A copy that an escalation made does not escalate again: the one it stands for does.
    let escalate_at = message.respond_by().filter(|_| because_of.is_none());
    let values = [
        (&message.project).into(),
        (&message.id).into(),
        recipient.into(),
        because_of.into(),
        escalate_at.map(domain::time::Timestamp::millis).into(),
    ];
    Ok(tx.execute(&sql::message::DELIVER, &values).await? == 1)
}

/// The agents behind an address, by name; a sender gets no copy of what it says to a group.
async fn recipients(
    tx: &mut Tx<'_>,
    scope: &Scope,
    to: &Address,
    from: &AgentName,
) -> Result<Vec<AgentName>, StoreError> {
    match to {
        Address::Agent(name) => {
            let found = agent::find(tx, &scope.project, name).await?;
            Ok(found.filter(|agent| agent.standing.registered()).map(|agent| agent.name).into_iter().collect())
        }
        Address::Role(role) => others(agent::with(tx, &scope.project, Some(role), None, RECIPIENTS_MAX).await?, from),
        Address::Team(team) => others(agent::with(tx, &scope.project, None, Some(team), RECIPIENTS_MAX).await?, from),
        Address::All => others(agent::with(tx, &scope.project, None, None, RECIPIENTS_MAX).await?, from),
    }
}

#[allow(clippy::unnecessary_wraps)] // The arms above read alike.
fn others(mut all: Vec<AgentName>, from: &AgentName) -> Result<Vec<AgentName>, StoreError> {
    all.retain(|name| name != from);
    Ok(all)
}

/// Acknowledges for the sender what it has answered.
async fn answer(tx: &mut Tx<'_>, scope: &Scope, message: &Message) -> Result<(), MessageError> {
    let values = [(&scope.project).into(), (&message.thread).into(), (&message.from).into()];
    for row in tx.query_all(&sql::message::OPEN_IN_THREAD, &values).await? {
        let id: MessageId = row.parsed(0)?;
        if id != message.id {
            acknowledge(tx, scope, &id, &message.from).await?;
        }
    }
    Ok(())
}

/// The message `id`, or `None`.
pub async fn find(tx: &mut Tx<'_>, project: &Project, id: &MessageId) -> Result<Option<Message>, StoreError> {
    let row = tx.query_opt(&sql::message::FIND, &[project.into(), id.into()]).await?;
    row.as_ref().map(record::message).transpose()
}

/// The copies of `id`, by recipient.
pub async fn copies(tx: &mut Tx<'_>, project: &Project, id: &MessageId) -> Result<Vec<Delivery>, StoreError> {
    tx.query_all(&sql::message::COPIES, &[project.into(), id.into()]).await?.iter().map(record::copy).collect()
}

/// The message `id` with its copies.
pub async fn look(tx: &mut Tx<'_>, project: &Project, id: &MessageId) -> Result<Sent, MessageError> {
    let message = find(tx, project, id).await?.ok_or_else(|| MessageError::Unknown(id.clone()))?;
    let copies = copies(tx, project, id).await?;
    Ok(Sent { message, copies })
}

/// Notes that `agent` has opened its copy of `id`; the second time changes nothing.
pub async fn read(tx: &mut Tx<'_>, scope: &Scope, id: &MessageId, agent: &AgentName) -> Result<Sent, MessageError> {
    let copy = copy_of(tx, scope, id, agent).await?;
    if copy.read_at.is_none() {
        save(tx, scope, id, &Delivery { read_at: Some(scope.now), ..copy }).await?;
        log(tx, scope, "message.read", id, Some(agent), None, &serde_json::json!({})).await?;
    }
    look(tx, &scope.project, id).await
}

/// Notes that `agent` acknowledges its copy of `id`, which ends its escalation, and that of whoever it stands in for;
/// the second time changes nothing.
pub async fn acknowledge(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &MessageId,
    agent: &AgentName,
) -> Result<Sent, MessageError> {
    let copy = copy_of(tx, scope, id, agent).await?;
    if copy.acknowledged_at.is_none() {
        let read_at = copy.read_at.or(Some(scope.now));
        if let Some(silent) = &copy.because_of {
            let other = copy_of(tx, scope, id, silent).await?;
            save(tx, scope, id, &Delivery { escalate_at: None, ..other }).await?;
        }
        let acknowledged = Delivery { read_at, acknowledged_at: Some(scope.now), escalate_at: None, ..copy };
        save(tx, scope, id, &acknowledged).await?;
        log(tx, scope, "message.acknowledged", id, Some(agent), None, &serde_json::json!({})).await?;
    }
    look(tx, &scope.project, id).await
}

/// The copy of `id` that `agent` got.
pub(crate) async fn copy_of(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &MessageId,
    agent: &AgentName,
) -> Result<Delivery, MessageError> {
    match tx.query_opt(&sql::message::COPY, &[(&scope.project).into(), id.into(), agent.into()]).await? {
        Some(row) => Ok(record::copy(&row)?),
        None if find(tx, &scope.project, id).await?.is_none() => Err(MessageError::Unknown(id.clone())),
        None => Err(MessageError::NotARecipient { agent: agent.clone(), id: id.clone() }),
    }
}

pub(crate) async fn save(tx: &mut Tx<'_>, scope: &Scope, id: &MessageId, copy: &Delivery) -> Result<(), StoreError> {
    let ms = |at: Option<domain::time::Timestamp>| at.map(domain::time::Timestamp::millis);
    let values = [
        (&scope.project).into(),
        id.into(),
        (&copy.recipient).into(),
        ms(copy.read_at).into(),
        ms(copy.acknowledged_at).into(),
        copy.level.number().into(),
        ms(copy.escalate_at).into(),
    ];
    tx.execute(&sql::message::SAVE_COPY, &values).await?;
    Ok(())
}

/// What `agent` got, oldest first: what it has not acknowledged, or `whole`.
pub async fn inbox(
    tx: &mut Tx<'_>,
    project: &Project,
    agent: &AgentName,
    whole: bool,
    page: &Page,
) -> Result<Vec<Sent>, StoreError> {
    let statement = if whole { &sql::message::INBOX_WHOLE } else { &sql::message::INBOX };
    let values = [project.into(), agent.into(), (&page.after).into(), page.limit.into()];
    let rows = tx.query_all(statement, &values).await?;
    rows.iter()
        .map(|row| Ok(Sent { message: record::message(row)?, copies: vec![record::copy_in_inbox(row)?] }))
        .collect()
}

/// The last `limit` messages about an item, newest first.
pub async fn about(tx: &mut Tx<'_>, project: &Project, item: &WorkId, limit: u32) -> Result<Vec<Message>, StoreError> {
    let rows = tx.query_all(&sql::message::ABOUT, &[project.into(), item.into(), limit.into()]).await?;
    rows.iter().map(record::message).collect()
}

/// The messages of a thread, oldest first, with their copies.
pub async fn thread(
    tx: &mut Tx<'_>,
    project: &Project,
    thread: &MessageId,
    page: &Page,
) -> Result<Vec<Sent>, StoreError> {
    let values = [project.into(), thread.into(), (&page.after).into(), page.limit.into()];
    let mut all = Vec::new();
    for row in tx.query_all(&sql::message::THREAD, &values).await? {
        let message = record::message(&row)?;
        let copies = copies(tx, project, &message.id).await?;
        all.push(Sent { message, copies });
    }
    Ok(all)
}

pub(crate) async fn log(
    tx: &mut Tx<'_>,
    scope: &Scope,
    name: &str,
    id: &MessageId,
    agent: Option<&AgentName>,
    fence: Option<Fence>,
    data: &serde_json::Value,
) -> Result<(), StoreError> {
    append(tx, scope, Fact { name, subject: id.as_str(), agent, fence, data: &data.to_string() }).await
}
