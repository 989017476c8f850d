//! Escalation, as it is kept: who was told of what, and what a person is still to hear of.

use domain::escalation::{Cause, Level, Target, Thresholds, cause, next};
use domain::id::{MessageId, NotificationId, WorkId};
use domain::message::{Address, Delivery, Draft};
use domain::text::{AgentName, Role};
use domain::time::Timestamp;
use domain::work::{Priority, WorkItem};
use serde_json::{Value, json};

use crate::audit::{Fact, append};
use crate::message::{self, MessageError, RECIPIENTS_MAX};
use crate::{Scope, StoreError, Tx, agent, sql, work};

/// How many of each kind one visit tends to; the rest is left to the next.
const VISIT_MAX: u32 = 100;
/// The least time that a role has for a message, in milliseconds: some classes leave none to the first recipient.
const ROLE_MS_MIN: i64 = 15 * 60 * 1_000;
/// Who speaks when nobody in particular does.
const SYSTEM: &str = "nexus";

/// Something that was escalated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalated {
    /// The message or item.
    pub subject: String,
    /// What happened, as the log names it.
    pub event: &'static str,
    /// Who was told.
    pub target: Target,
}

/// Escalates what is due, up to a bound: messages that nobody acknowledged, items that failed, died, or sit blocked.
/// `number` gives numbers for new ids.
pub async fn escalate(
    tx: &mut Tx<'_>,
    scope: &Scope,
    thresholds: &Thresholds,
    number: &(dyn Fn() -> u64 + Send + Sync),
) -> Result<Vec<Escalated>, MessageError> {
    let mut all = Vec::new();
    for (id, silent) in due_messages(tx, scope).await? {
        all.extend(escalate_message(tx, scope, thresholds, number, &id, &silent).await?);
    }
    for id in due_items(tx, scope, thresholds).await? {
        all.extend(escalate_item(tx, scope, thresholds, number, &id).await?);
    }
    Ok(all)
}

/// Whether a visit would find anything to do.
pub async fn anything_due(tx: &mut Tx<'_>, scope: &Scope, thresholds: &Thresholds) -> Result<bool, StoreError> {
    Ok(!due_messages(tx, scope).await?.is_empty() || !due_items(tx, scope, thresholds).await?.is_empty())
}

async fn due_messages(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<(MessageId, AgentName)>, StoreError> {
    let values = [(&scope.project).into(), scope.now.into(), VISIT_MAX.into()];
    let rows = tx.query_all(&sql::message::DUE, &values).await?;
    rows.iter().map(|row| Ok((row.parsed(0)?, row.parsed(1)?))).collect()
}

async fn due_items(tx: &mut Tx<'_>, scope: &Scope, thresholds: &Thresholds) -> Result<Vec<WorkId>, StoreError> {
    let (project, limit) = ((&scope.project).into(), VISIT_MAX.into());
    let blocked_before = scope.now.plus_millis(-thresholds.blocked_ms);
    let mut rows = tx.query_all(&sql::escalation::DUE, &[project, scope.now.into(), limit]).await?;
    rows.extend(tx.query_all(&sql::escalation::BLOCKED, &[project, blocked_before.into(), limit]).await?);
    rows.extend(tx.query_all(&sql::escalation::DEAD, &[project, scope.now.into(), limit]).await?);
    let values = [project, scope.now.into(), limit, thresholds.failures.into()];
    rows.extend(tx.query_all(&sql::escalation::FAILED, &values).await?);
    rows.iter().map(|row| row.parsed(0)).collect()
}

async fn escalate_message(
    tx: &mut Tx<'_>,
    scope: &Scope,
    thresholds: &Thresholds,
    number: &(dyn Fn() -> u64 + Send + Sync),
    id: &MessageId,
    silent: &AgentName,
) -> Result<Option<Escalated>, MessageError> {
    let copy = message::copy_of(tx, scope, id, silent).await?;
    // Somebody else may have done it since we looked.
    if copy.escalate_at.is_none_or(|at| at > scope.now) {
        return Ok(None);
    }
    let of = message::find(tx, &scope.project, id).await?.ok_or_else(|| MessageError::Unknown(id.clone()))?;
    let own: Option<Role> = of.class.escalates_to().map(|role| role.parse().expect("the table has roles"));
    let mut roles = Vec::new();
    for role in own.iter().chain([&thresholds.role]) {
        roles.push((role, others(tx, scope, role, silent).await?));
    }
    let Some(target) = next(copy.level, roles.iter().map(|(role, who)| (*role, !who.is_empty()))) else {
        return Ok(None);
    };
    let escalate_at = match &target {
        Target::Role(role) => {
            for who in roles.iter().filter(|(of, _)| *of == role).flat_map(|(_, who)| who) {
                message::deliver(tx, &of, who, Some(silent)).await?;
            }
            Some(scope.now.plus_millis(of.respond_within_ms.unwrap_or(0).max(ROLE_MS_MIN)))
        }
        Target::Human => None,
    };
    message::save(tx, scope, id, &Delivery { level: target.level(), escalate_at, ..copy }).await?;
    let data = json!({
        "level": target.level().word(), "to": name_of(&target), "recipient": silent.as_str(), "from": of.from.as_str(),
        "subject": of.subject, "class": of.class.word(), "priority": of.priority.word(),
        "item": of.item.as_ref().map(WorkId::as_str), "sent_at_ms": of.sent_at.millis(),
    });
    message::log(tx, scope, "message.escalated", id, Some(silent), None, &data).await?;
    if target == Target::Human {
        notify(tx, scope, "message.escalated", id.as_str(), data, number).await?;
    }
    Ok(Some(Escalated { subject: id.to_string(), event: "message.escalated", target }))
}

/// Who has `role`, but for the one whose silence this is about.
async fn others(tx: &mut Tx<'_>, scope: &Scope, role: &Role, silent: &AgentName) -> Result<Vec<AgentName>, StoreError> {
    let mut who = agent::with(tx, &scope.project, Some(role), None, RECIPIENTS_MAX).await?;
    who.retain(|name| name != silent);
    Ok(who)
}

async fn escalate_item(
    tx: &mut Tx<'_>,
    scope: &Scope,
    thresholds: &Thresholds,
    number: &(dyn Fn() -> u64 + Send + Sync),
    id: &WorkId,
) -> Result<Option<Escalated>, MessageError> {
    let Some(found) = work::find(tx, scope, id).await? else { return Ok(None) };
    let item = found.item;
    let row = tx.query_opt(&sql::escalation::FIND, &[(&scope.project).into(), id.into()]).await?;
    let level = match &row {
        Some(row) if row.time(0)? == item.changed_at => Level::from_number(row.int(1)?).unwrap_or_default(),
        _ => Level::None,
    };
    let who = agent::with(tx, &scope.project, Some(&thresholds.role), None, RECIPIENTS_MAX).await?;
    let why = cause(&item, thresholds, scope.now);
    let Some((why, target)) = why.zip(next(level, [(&thresholds.role, !who.is_empty())])) else {
        // It went on since, or everybody has heard of it.
        tx.execute(&sql::escalation::SETTLE, &[(&scope.project).into(), id.into()]).await?;
        return Ok(None);
    };
    let escalate_at = (target != Target::Human).then(|| scope.now.plus_millis(thresholds.role_ms));
    let values = [
        (&scope.project).into(),
        id.into(),
        why.word().into(),
        item.changed_at.into(),
        target.level().number().into(),
        scope.now.into(),
        escalate_at.map(Timestamp::millis).into(),
    ];
    tx.execute(&sql::escalation::SAVE, &values).await?;
    let data = json!({
        "cause": why.word(), "level": target.level().word(), "to": name_of(&target), "title": item.plan.title,
        "state": item.state.word(), "attempts_used": item.attempts.used, "attempts_max": item.attempts.max,
        "feedback": item.feedback, "reason": reason(&item), "since_ms": item.changed_at.millis(),
    });
    let text = data.to_string();
    let fact = Fact { name: "work.escalated", subject: id.as_str(), agent: None, fence: None, data: &text };
    append(tx, scope, fact).await?;
    match &target {
        Target::Human => notify(tx, scope, "work.escalated", id.as_str(), data, number).await?,
        Target::Role(role) => tell_role(tx, scope, &item, why, role, &who, number()).await?,
    }
    Ok(Some(Escalated { subject: id.to_string(), event: "work.escalated", target }))
}

fn reason(item: &WorkItem) -> Option<&str> {
    match &item.state {
        domain::work::State::Blocked(why) | domain::work::State::Dead(why) => Some(why),
        _ => None,
    }
}

/// Puts a message about `item` into the inbox of whoever has `role`.
async fn tell_role(
    tx: &mut Tx<'_>,
    scope: &Scope,
    item: &WorkItem,
    why: Cause,
    role: &Role,
    who: &[AgentName],
    number: u64,
) -> Result<(), MessageError> {
    let said = match why {
        Cause::Failures => format!("failed {} times", item.attempts.used),
        Cause::Dead => "has no attempt left".to_owned(),
        Cause::Blocked => "has been blocked for long".to_owned(),
    };
    let from = SYSTEM.parse().expect("the name of the system is a name");
    let subject: String = format!("{said}: {}", item.plan.title).chars().take(200).collect();
    let body = reason(item).or(item.feedback.as_deref()).unwrap_or_default().to_owned();
    let draft = Draft {
        body,
        priority: Some(Priority::Critical),
        item: Some(item.id.clone()),
        ..Draft::note(from, Address::Role(role.clone()), subject)
    };
    message::post(tx, scope, draft, None, who, None, number).await?;
    Ok(())
}

fn name_of(target: &Target) -> Option<&str> {
    match target {
        Target::Role(role) => Some(role.as_str()),
        Target::Human => None,
    }
}

/// Writes down what a person is to hear of, in the transaction in which it happens: no crash loses it.
pub(crate) async fn notify(
    tx: &mut Tx<'_>,
    scope: &Scope,
    event: &str,
    subject: &str,
    data: Value,
    number: &(dyn Fn() -> u64 + Send + Sync),
) -> Result<(), StoreError> {
    loop {
        let id = NotificationId::numbered(number());
        let body = json!({
            "id": id.as_str(), "event": event, "project": scope.project.as_str(), "subject": subject,
            "at_ms": scope.now.millis(), "data": data,
        });
        let body = body.to_string();
        let values = [(&scope.project).into(), (&id).into(), (&body).into(), scope.now.into()];
        if tx.execute(&sql::escalation::NOTIFY, &values).await? == 1 {
            return Ok(());
        }
    }
}

/// Something that a person is to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Its id; the same however often it is tried.
    pub id: NotificationId,
    /// A JSON object.
    pub body: String,
    /// How often it was tried.
    pub tries: u32,
}

/// Up to `limit` notifications that are due and nobody has taken yet.
pub async fn unsent(tx: &mut Tx<'_>, scope: &Scope, limit: u32) -> Result<Vec<Notification>, StoreError> {
    let values = [(&scope.project).into(), scope.now.into(), limit.into()];
    let rows = tx.query_all(&sql::escalation::UNSENT, &values).await?;
    let one =
        |row: &crate::Row| Ok(Notification { id: row.parsed(0)?, body: row.text(1)?.to_owned(), tries: row.small(2)? });
    rows.iter().map(one).collect()
}

/// Notes that `id` was taken.
pub async fn sent(tx: &mut Tx<'_>, scope: &Scope, id: &NotificationId) -> Result<(), StoreError> {
    tx.execute(&sql::escalation::SENT, &[(&scope.project).into(), id.into(), scope.now.into()]).await?;
    Ok(())
}

/// Notes that `id` was not taken, because of `trouble`; it is tried again at `next`.
pub async fn trouble(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &NotificationId,
    next: Timestamp,
    trouble: &str,
) -> Result<(), StoreError> {
    let values = [(&scope.project).into(), id.into(), next.into(), trouble.into()];
    tx.execute(&sql::escalation::TROUBLE, &values).await?;
    Ok(())
}

/// Forgets notifications from before `before`, taken or not.
pub async fn prune(tx: &mut Tx<'_>, scope: &Scope, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&sql::escalation::PRUNE, &[(&scope.project).into(), before.into()]).await
}
