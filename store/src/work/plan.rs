//! A plan as JSON, in the row that never changes and in the event that adds an item.

use std::collections::BTreeSet;

use domain::text::{Capability, Label, Name, Role, Team};
use domain::time::Timestamp;
use domain::work::{Draft, Json, Needs, Plan, Priority, Retry};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// The JSON of a plan. Fields that say nothing are left out.
#[derive(Serialize, Deserialize)]
pub struct PlanRecord {
    title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(rename = "type")]
    kind: String,
    priority: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    capabilities: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    points: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    business_value: Option<u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    acceptance: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempts_max: Option<u32>,
    #[serde(default, skip_serializing_if = "is_zero")]
    ports: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    databases: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cache: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unique: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    writes: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    exclusive: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_delay_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_cap_ms: Option<i64>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // The form that serde calls.
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn texts<T: ToString>(set: &BTreeSet<T>) -> Vec<String> {
    set.iter().map(ToString::to_string).collect()
}

impl PlanRecord {
    /// The record of `plan`.
    pub fn of(plan: &Plan) -> Self {
        Self {
            title: plan.title.clone(),
            description: plan.description.clone(),
            kind: plan.kind.clone(),
            priority: plan.priority.word().to_owned(),
            team: plan.team.as_ref().map(Team::to_string),
            role: plan.role.as_ref().map(Role::to_string),
            capabilities: texts(&plan.capabilities),
            labels: texts(&plan.labels),
            points: plan.points,
            business_value: plan.business_value,
            acceptance: plan.acceptance.clone(),
            payload: plan.payload.as_ref().map(|p| p.0.clone()),
            depends_on: texts(&plan.depends_on),
            not_before_ms: plan.not_before.map(Timestamp::millis),
            attempts_max: plan.attempts_max,
            ports: plan.needs.ports,
            databases: plan.needs.databases,
            cache: plan.needs.cache,
            rate_key: plan.rate_key.as_ref().map(Name::to_string),
            unique: plan.unique.as_ref().map(Name::to_string),
            writes: plan.writes.clone(),
            exclusive: plan.exclusive,
            retry_delay_ms: plan.retry.map(|retry| retry.delay_ms),
            retry_cap_ms: plan.retry.map(|retry| retry.cap_ms),
        }
    }

    /// The plan of this record.
    pub fn plan(self) -> Result<Plan, StoreError> {
        Ok(Plan::trusted(Draft {
            priority: Priority::from_word(&self.priority).ok_or_else(|| broken(&self.priority))?,
            title: self.title,
            description: self.description,
            kind: self.kind,
            team: self.team.as_deref().map(parsed::<Team>).transpose()?,
            role: self.role.as_deref().map(parsed::<Role>).transpose()?,
            capabilities: self.capabilities.iter().map(|c| parsed::<Capability>(c)).collect::<Result<_, _>>()?,
            labels: self.labels.iter().map(|l| parsed::<Label>(l)).collect::<Result<_, _>>()?,
            points: self.points,
            business_value: self.business_value,
            acceptance: self.acceptance,
            payload: self.payload.map(Json),
            depends_on: self.depends_on.iter().map(|d| parsed(d)).collect::<Result<_, _>>()?,
            not_before: self.not_before_ms.map(Timestamp::from_millis),
            attempts_max: self.attempts_max,
            needs: Needs { ports: self.ports, databases: self.databases, cache: self.cache },
            rate_key: self.rate_key.as_deref().map(parsed::<Name>).transpose()?,
            unique: self.unique.as_deref().map(parsed::<Name>).transpose()?,
            writes: self.writes,
            exclusive: self.exclusive,
            retry: self.retry_delay_ms.zip(self.retry_cap_ms).map(|(delay_ms, cap_ms)| Retry { delay_ms, cap_ms }),
        }))
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| broken(text))
}

fn broken(found: &str) -> StoreError {
    StoreError::Broken(format!("a plan has {found:?}"))
}
