//! Items as rows, events as JSON, and back.

use domain::text::AgentName;
use domain::time::Timestamp;
use domain::work::{Attempts, Event, Fence, Json, Lease, Next, Percent, Progress, Proof, State, WorkItem, apply};
use serde::{Deserialize, Serialize};

use super::plan::PlanRecord;
use crate::audit::Entry;
use crate::{Row, StoreError, Value};

/// The item of a row, its columns as `work/find.sql` names them, and its trace id.
pub fn item(row: &Row) -> Result<(WorkItem, String), StoreError> {
    let plan: PlanRecord = serde_json::from_str(row.text(20)?).map_err(|e| broken(&e))?;
    let why = || row.text_or_null(10).map(|r| r.unwrap_or_default().to_owned());
    let state = match row.text(7)? {
        "pending" => State::Pending,
        "ready" => State::Ready,
        "leased" => State::Leased(Lease { holder: row.parsed(8)?, until: row.time(9)? }),
        "blocked" => State::Blocked(why()?),
        "submitted" => State::Submitted(row.parsed(11)?),
        "done" => State::Done(proof(row.text(12)?, row.text_or_null(11)?)?),
        "dead" => State::Dead(why()?),
        "cancelled" => State::Cancelled,
        other => return Err(broken(&other)),
    };
    let percent = row.int_or_null(13)?.map(percent).transpose()?;
    let progress = match percent {
        Some(percent) => Some(Progress { percent, note: row.text_or_null(14)?.map(str::to_owned) }),
        None => None,
    };
    let item = WorkItem {
        project: row.parsed(0)?,
        id: row.parsed(1)?,
        attempts: Attempts { used: row.small(2)?, max: row.small(3)? },
        fence: Fence::new(row.int(4)?),
        open_dependencies: row.small(5)?,
        rank: row.time(6)?,
        state,
        progress,
        result: row.text_or_null(15)?.map(|text| Json(text.to_owned())),
        feedback: row.text_or_null(16)?.map(str::to_owned),
        added_at: row.time(18)?,
        changed_at: row.time(19)?,
        not_before: row.int_or_null(21)?.map(Timestamp::from_millis),
        plan: plan.plan()?,
    };
    Ok((item, row.text(17)?.to_owned()))
}

/// The columns that a state fills: holder, lease until, reason, change, proof.
pub fn columns(state: &State) -> [Value<'_>; 5] {
    let mut columns = [Value::Null; 5];
    match state {
        State::Pending | State::Ready | State::Cancelled => {}
        State::Leased(lease) => {
            columns[0] = (&lease.holder).into();
            columns[1] = lease.until.into();
        }
        State::Blocked(why) | State::Dead(why) => columns[2] = why.into(),
        State::Submitted(change) => columns[3] = change.into(),
        State::Done(proof) => {
            columns[3] = proof.change().into();
            columns[4] = proof.word().into();
        }
    }
    columns
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Box<PlanRecord>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_dependencies: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_fence: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_fence: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
}

impl Body {
    fn to(then: Next) -> Self {
        match then {
            Next::Ready { rank } => Self { then: word("ready"), rank_ms: Some(rank.millis()), ..Self::default() },
            Next::Pending => Self { then: word("pending"), ..Self::default() },
            Next::Later { until } => Self { then: word("pending"), until_ms: Some(until.millis()), ..Self::default() },
            Next::Dead => Self { then: word("dead"), ..Self::default() },
        }
    }

    fn next(&self) -> Result<Next, StoreError> {
        match (self.then.as_deref(), self.rank_ms) {
            (Some("ready"), Some(rank)) => Ok(Next::Ready { rank: Timestamp::from_millis(rank) }),
            (Some("pending"), _) => Ok(match self.until_ms {
                Some(until) => Next::Later { until: Timestamp::from_millis(until) },
                None => Next::Pending,
            }),
            (Some("dead"), _) => Ok(Next::Dead),
            (other, _) => Err(broken(&format!("then {other:?}"))),
        }
    }
}

#[allow(clippy::unnecessary_wraps)] // Every field of a body may be left out.
fn word(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// The JSON object of an event, with the trace id for the one that adds the item.
pub fn data(event: &Event, trace_id: &str) -> String {
    let json = |result: &Option<Json>| result.as_ref().map(|j| j.0.clone());
    let body = match event {
        Event::Added { plan, open_dependencies, then } => Body {
            plan: Some(Box::new(PlanRecord::of(plan))),
            trace_id: word(trace_id),
            open_dependencies: Some(*open_dependencies),
            ..Body::to(*then)
        },
        Event::Promoted { rank } => Body { rank_ms: Some(rank.millis()), ..Body::default() },
        Event::Claimed { until, .. } | Event::Renewed { until } => {
            Body { until_ms: Some(until.millis()), ..Body::default() }
        }
        Event::Progressed { percent, note } => {
            Body { percent: Some(percent.number()), note: note.clone(), ..Body::default() }
        }
        Event::ResultKept { result } => Body { result: Some(result.0.clone()), ..Body::default() },
        Event::Reported { result } => Body { result: json(result), ..Body::default() },
        Event::Submitted { change, fence, result } => Body {
            change: word(change.as_str()),
            queue_fence: Some(fence.number()),
            result: json(result),
            ..Body::default()
        },
        Event::Failed { reason, then } | Event::Rejected { reason, then } | Event::Reverted { reason, then } => {
            Body { reason: word(reason), ..Body::to(*then) }
        }
        Event::Released { reason, then } => Body { reason: reason.clone(), ..Body::to(*then) },
        Event::HandedOff { to, fence, until } => Body {
            to: word(to.as_str()),
            to_fence: Some(fence.number()),
            until_ms: Some(until.millis()),
            ..Body::default()
        },
        Event::Offered { role, then } => Body { role: word(role.as_str()), ..Body::to(*then) },
        Event::Lapsed { then } | Event::Unblocked { then } | Event::Requeued { then } => Body::to(*then),
        Event::Blocked { reason } => Body { reason: word(reason), ..Body::default() },
        Event::Cancelled { reason } => Body { reason: reason.clone(), ..Body::default() },
        Event::Landed { proof } => {
            Body { proof: word(proof.word()), change: proof.change().map(ToString::to_string), ..Body::default() }
        }
        Event::Resubmitted { change, fence } => {
            Body { change: word(change.as_str()), queue_fence: Some(fence.number()), ..Body::default() }
        }
        Event::DependencyDone | Event::DependencyReopened => Body::default(),
    };
    serde_json::to_string(&body).expect("an event can be written as JSON")
}

/// The event of a log entry, or `None` when it is not about work.
pub fn event_of(entry: &Entry) -> Result<Option<Event>, StoreError> {
    if !entry.name.starts_with("work.") {
        return Ok(None);
    }
    let body: Body = serde_json::from_str(&entry.data).map_err(|e| broken(&e))?;
    let missing = |what: &str| broken(&format!("event {} has no {what}", entry.seq));
    let reason = || body.reason.clone().ok_or_else(|| missing("reason"));
    let time = |ms: Option<i64>, what| ms.map(Timestamp::from_millis).ok_or_else(|| missing(what));
    let change = || parsed(body.change.as_deref().unwrap_or_default());
    let fence = |n: Option<i64>| n.map(Fence::new).ok_or_else(|| missing("fence"));
    let json = || body.result.clone().map(Json);
    Ok(Some(match entry.name.as_str() {
        "work.added" => Event::Added {
            open_dependencies: body.open_dependencies.unwrap_or(0),
            then: body.next()?,
            plan: Box::new(body.plan.ok_or_else(|| missing("plan"))?.plan()?),
        },
        "work.promoted" => Event::Promoted { rank: time(body.rank_ms, "rank")? },
        "work.claimed" => Event::Claimed {
            by: parsed::<AgentName>(entry.agent.as_deref().unwrap_or_default())?,
            fence: fence(entry.fence)?,
            until: time(body.until_ms, "end")?,
        },
        "work.renewed" => Event::Renewed { until: time(body.until_ms, "end")? },
        "work.progressed" => Event::Progressed {
            percent: percent(body.percent.ok_or_else(|| missing("percent"))?.into())?,
            note: body.note.clone(),
        },
        "work.result_kept" => Event::ResultKept { result: json().ok_or_else(|| missing("result"))? },
        "work.reported" => Event::Reported { result: json() },
        "work.submitted" => Event::Submitted { change: change()?, fence: fence(body.queue_fence)?, result: json() },
        "work.failed" => Event::Failed { reason: reason()?, then: body.next()? },
        "work.released" => Event::Released { reason: body.reason.clone(), then: body.next()? },
        "work.handed_off" => Event::HandedOff {
            to: parsed(body.to.as_deref().unwrap_or_default())?,
            fence: fence(body.to_fence)?,
            until: time(body.until_ms, "end")?,
        },
        "work.offered" => {
            Event::Offered { role: parsed(body.role.as_deref().unwrap_or_default())?, then: body.next()? }
        }
        "work.lapsed" => Event::Lapsed { then: body.next()? },
        "work.blocked" => Event::Blocked { reason: reason()? },
        "work.unblocked" => Event::Unblocked { then: body.next()? },
        "work.cancelled" => Event::Cancelled { reason: body.reason.clone() },
        "work.requeued" => Event::Requeued { then: body.next()? },
        "work.landed" => {
            Event::Landed { proof: proof(body.proof.as_deref().unwrap_or_default(), body.change.as_deref())? }
        }
        "work.rejected" => Event::Rejected { reason: reason()?, then: body.next()? },
        "work.resubmitted" => Event::Resubmitted { change: change()?, fence: fence(body.queue_fence)? },
        "work.reverted" => Event::Reverted { reason: reason()?, then: body.next()? },
        "work.dependency_done" => Event::DependencyDone,
        "work.dependency_reopened" => Event::DependencyReopened,
        _ => return Ok(None),
    }))
}

/// The item that its log `entries` (all of them, oldest first) tell of, or `None` without a beginning.
pub fn replay(entries: &[Entry], project: &domain::text::Project) -> Result<Option<WorkItem>, StoreError> {
    let mut item: Option<WorkItem> = None;
    for entry in entries {
        let Some(event) = event_of(entry)? else { continue };
        item = match item {
            None => WorkItem::added(parsed(&entry.subject)?, project.clone(), &event, entry.at),
            Some(item) => Some(apply(&item, &event, entry.at)),
        };
    }
    Ok(item)
}

fn proof(word: &str, change: Option<&str>) -> Result<Proof, StoreError> {
    match (word, change) {
        ("reported", _) => Ok(Proof::Reported),
        ("observed", Some(change)) => Ok(Proof::Observed(parsed(change)?)),
        ("verified", Some(change)) => Ok(Proof::Verified(parsed(change)?)),
        (other, _) => Err(broken(&format!("proof {other:?}"))),
    }
}

fn percent(n: i64) -> Result<Percent, StoreError> {
    u8::try_from(n).ok().and_then(Percent::new).ok_or_else(|| broken(&format!("{n} percent")))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| broken(&format!("{text:?}")))
}

fn broken(what: &impl std::fmt::Display) -> StoreError {
    StoreError::Broken(format!("work: {what}"))
}
