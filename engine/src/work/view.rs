//! An item as every door shows it: one JSON object, the same on the command line, over HTTP and in kept answers.

use domain::time::Timestamp;
use domain::work::{Conflict, Draft, Json, Needs, Priority, Retry, State, WorkItem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::HandoffView;

use super::similar::Similar;
use crate::problem::Problem;

/// The JSON object of an item. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct WorkView {
    pub id: String,
    pub project: String,
    pub title: String,
    pub state: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub priority: String,
    pub team: Option<String>,
    pub role: Option<String>,
    pub holder: Option<String>,
    pub fence: i64,
    pub lease_until_ms: Option<i64>,
    pub attempts_used: u32,
    pub attempts_max: u32,
    pub progress_percent: Option<u8>,
    pub progress_note: Option<String>,
    pub proof: Option<String>,
    pub change: Option<String>,
    pub reason: Option<String>,
    pub feedback: Option<String>,
    pub result: Option<Value>,
    pub description: String,
    pub acceptance: String,
    pub points: Option<u32>,
    pub business_value: Option<u32>,
    pub labels: Vec<String>,
    pub capabilities: Vec<String>,
    pub payload: Option<Value>,
    pub depends_on: Vec<String>,
    pub open_dependencies: u32,
    pub not_before_ms: Option<i64>,
    pub ports: u32,
    pub databases: u32,
    pub cache: bool,
    #[serde(default)]
    pub rate_key: Option<String>,
    #[serde(default)]
    pub unique: Option<String>,
    #[serde(default)]
    pub writes: Vec<String>,
    #[serde(default)]
    pub exclusive: bool,
    #[serde(default)]
    pub conflicts: Vec<ConflictView>,
    #[serde(default)]
    pub similar: Vec<Similar>,
    #[serde(default)]
    pub retry_delay_ms: Option<i64>,
    #[serde(default)]
    pub retry_cap_ms: Option<i64>,
    pub rank_ms: i64,
    pub trace_id: String,
    /// What the last holder left for the next, when the item is shown by itself and was ever passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Box<HandoffView>>,
    pub added_at_ms: i64,
    pub changed_at_ms: i64,
}

/// Somebody who is writing the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // As above.
pub struct ConflictView {
    pub id: String,
    pub holder: String,
    pub globs: Vec<String>,
}

impl WorkView {
    /// The same, with those who are writing what the item's holder writes.
    #[must_use]
    pub fn beside(self, conflicts: &[Conflict]) -> Self {
        let view = |it: &Conflict| ConflictView {
            id: it.id.to_string(),
            holder: it.holder.to_string(),
            globs: it.globs.clone(),
        };
        Self { conflicts: conflicts.iter().map(view).collect(), ..self }
    }

    /// The view of `item`.
    pub fn of(item: &WorkItem, trace_id: &str) -> Self {
        let plan = &item.plan;
        let (holder, lease_until_ms) = match &item.state {
            State::Leased(lease) => (Some(lease.holder.to_string()), Some(lease.until.millis())),
            _ => (None, None),
        };
        let (proof, change) = match &item.state {
            State::Done(proof) => (Some(proof.word().to_owned()), proof.change().map(ToString::to_string)),
            State::Submitted(change) => (None, Some(change.to_string())),
            _ => (None, None),
        };
        let reason = match &item.state {
            State::Blocked(why) | State::Dead(why) => Some(why.clone()),
            _ => None,
        };
        Self {
            id: item.id.to_string(),
            project: item.project.as_str().to_owned(),
            title: plan.title.clone(),
            state: item.state.word().to_owned(),
            kind: plan.kind.clone(),
            priority: plan.priority.word().to_owned(),
            team: plan.team.as_ref().map(ToString::to_string),
            role: plan.role.as_ref().map(ToString::to_string),
            holder,
            fence: item.fence.number(),
            lease_until_ms,
            attempts_used: item.attempts.used,
            attempts_max: item.attempts.max,
            progress_percent: item.progress.as_ref().map(|p| p.percent.number()),
            progress_note: item.progress.as_ref().and_then(|p| p.note.clone()),
            proof,
            change,
            reason,
            feedback: item.feedback.clone(),
            result: item.result.as_ref().map(parsed),
            description: plan.description.clone(),
            acceptance: plan.acceptance.clone(),
            points: plan.points,
            business_value: plan.business_value,
            labels: plan.labels.iter().map(ToString::to_string).collect(),
            capabilities: plan.capabilities.iter().map(ToString::to_string).collect(),
            payload: plan.payload.as_ref().map(parsed),
            depends_on: plan.depends_on.iter().map(ToString::to_string).collect(),
            open_dependencies: item.open_dependencies,
            not_before_ms: item.not_before.map(Timestamp::millis),
            ports: plan.needs.ports,
            databases: plan.needs.databases,
            cache: plan.needs.cache,
            rate_key: plan.rate_key.as_ref().map(ToString::to_string),
            unique: plan.unique.as_ref().map(ToString::to_string),
            writes: plan.writes.iter().cloned().collect(),
            exclusive: plan.exclusive,
            conflicts: Vec::new(),
            similar: Vec::new(),
            retry_delay_ms: plan.retry.map(|retry| retry.delay_ms),
            retry_cap_ms: plan.retry.map(|retry| retry.cap_ms),
            rank_ms: item.rank.millis(),
            trace_id: trace_id.to_owned(),
            handoff: None,
            added_at_ms: item.added_at.millis(),
            changed_at_ms: item.changed_at.millis(),
        }
    }
}

fn parsed(json: &Json) -> Value {
    serde_json::from_str(&json.0).unwrap_or_else(|_| Value::String(json.0.clone()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftRecord {
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default, rename = "type")]
    kind: String,
    priority: Option<String>,
    team: Option<String>,
    role: Option<String>,
    #[serde(default)]
    capabilities: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
    points: Option<u32>,
    business_value: Option<u32>,
    #[serde(default)]
    acceptance: String,
    payload: Option<Value>,
    #[serde(default)]
    depends_on: Vec<String>,
    not_before_ms: Option<i64>,
    attempts_max: Option<u32>,
    #[serde(default)]
    ports: u32,
    #[serde(default)]
    databases: u32,
    #[serde(default)]
    cache: bool,
    rate_key: Option<String>,
    unique: Option<String>,
    #[serde(default)]
    writes: Vec<String>,
    #[serde(default)]
    exclusive: bool,
    retry_delay_ms: Option<i64>,
    retry_cap_ms: Option<i64>,
    key: Option<String>,
}

/// A draft from a JSON object with the keys of `nexus work add`: the draft, what it depends on as written (ids or
/// keys), and its own `key`.
pub fn draft_from_json(text: &str) -> Result<(Draft, Vec<String>, Option<String>), Problem> {
    let record: DraftRecord = serde_json::from_str(text).map_err(|e| Problem::malformed(e.to_string()))?;
    let draft = Draft {
        priority: match &record.priority {
            None => Priority::default(),
            Some(word) => priority(word)?,
        },
        title: record.title,
        description: record.description,
        kind: record.kind,
        team: record.team.as_deref().map(name).transpose()?,
        role: record.role.as_deref().map(name).transpose()?,
        capabilities: record.capabilities.iter().map(|c| name(c)).collect::<Result<_, _>>()?,
        labels: record.labels.iter().map(|l| name(l)).collect::<Result<_, _>>()?,
        points: record.points,
        business_value: record.business_value,
        acceptance: record.acceptance,
        payload: record.payload.map(|p| Json(p.to_string())),
        depends_on: std::collections::BTreeSet::new(),
        not_before: record.not_before_ms.map(Timestamp::from_millis),
        attempts_max: record.attempts_max,
        needs: Needs { ports: record.ports, databases: record.databases, cache: record.cache },
        rate_key: record.rate_key.as_deref().map(name).transpose()?,
        unique: record.unique.as_deref().map(name).transpose()?,
        writes: record.writes.into_iter().collect(),
        exclusive: record.exclusive,
        retry: retry(record.retry_delay_ms, record.retry_cap_ms),
    };
    Ok((draft, record.depends_on, record.key))
}

/// The waits that somebody asks for; a cap alone asks for none.
fn retry(delay_ms: Option<i64>, cap_ms: Option<i64>) -> Option<Retry> {
    delay_ms.map(|delay_ms| Retry { delay_ms, cap_ms: cap_ms.unwrap_or(Retry::CAP_MS.max(delay_ms)) })
}

fn name<T: std::str::FromStr<Err = E>, E: ToString>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|e: E| Problem::malformed(e.to_string()))
}

fn priority(word: &str) -> Result<Priority, Problem> {
    Priority::from_word(word)
        .ok_or_else(|| Problem::malformed(format!("priority {word:?}: it can be critical, high, medium or low")))
}
