//! The rows of the older coordination tool's files, with its field names.

use engine::agent::{AgentView, RecordView};
use engine::work::WorkView;
use serde_json::{Value, json};

/// The team of whoever names none.
const TEAM: &str = "autonomous_team";

/// A row of `work_claims.json`.
pub fn claim(item: &WorkView) -> Value {
    let status = match item.state.as_str() {
        "leased" if item.progress_percent.is_some() => "in_progress",
        "leased" => "active",
        "submitted" => "in_progress",
        "done" => "completed",
        "dead" => "failed",
        "blocked" => "blocked",
        "cancelled" => "cancelled",
        _ => "pending",
    };
    let said = |field: &str| item.result.as_ref().and_then(|result| result.get(field));
    let (added, changed) = (moment(item.added_at_ms), moment(item.changed_at_ms));
    let held = matches!(status, "active" | "in_progress");
    let mut row = json!({
        "work_item_id": item.id, "agent_id": item.holder, "reactor_id": "shell_agent",
        "claimed_at": held.then_some(&changed), "estimated_duration": "30m", "work_type": item.kind,
        "priority": item.priority,
        "description": if item.description.is_empty() { &item.title } else { &item.description },
        "status": status, "team": item.team.as_deref().unwrap_or(TEAM),
        "telemetry": {
            "trace_id": item.trace_id, "span_id": item.trace_id.get(..16), "operation": "s2s.work.claim",
            "service": "nexus",
        },
    });
    if status == "pending" {
        row["created_at"] = added.into();
        row["created_by"] = "nexus".into();
    }
    if let Some(percent) = item.progress_percent {
        row["progress"] = percent.into();
        row["last_update"] = changed.clone().into();
        row["status"] = item.progress_note.as_deref().filter(|_| held).unwrap_or(status).into();
    }
    if status == "completed" {
        row["completed_at"] = said("completed_at").cloned().unwrap_or_else(|| changed.into());
        row["result"] = said("result").cloned().unwrap_or_else(|| "success".into());
        row["agent_id"] = said("agent").cloned().unwrap_or(Value::Null);
    }
    if !item.depends_on.is_empty() {
        row["dependencies"] = json!(item.depends_on);
    }
    if let Some(points) = item.points {
        row["story_points"] = points.into();
    }
    if let Some(value) = item.business_value {
        row["business_value"] = value.into();
    }
    row
}

/// A row of `agent_status.json`. `record` is what its last holds came to, when that was looked up.
pub fn agent(agent: &AgentView, record: Option<&RecordView>) -> Value {
    let took = record.and_then(|it| it.mean_time_to_report_ms).map(|ms| format!("{}m", ms / 60_000));
    json!({
        "agent_id": agent.name, "team": agent.team.as_deref().unwrap_or(TEAM), "status": agent.standing,
        "capacity": agent.capacity.unwrap_or(100), "current_workload": agent.held.len(),
        "specialization": agent.capabilities.first().map_or("general_development", String::as_str),
        "last_heartbeat": moment(agent.seen_at_ms),
        "performance_metrics": {
            "tasks_completed": record.map_or(0, |it| it.completed),
            "average_completion_time": took,
            "success_rate": record.and_then(|it| it.success_rate).map(|rate| rate * 100.0),
        },
    })
}

/// A row of `coordination_log.json`.
pub fn completion(item: &WorkView) -> Value {
    let row = claim(item);
    json!({
        "work_item_id": item.id, "completed_at": row["completed_at"], "agent_id": row["agent_id"],
        "result": row["result"], "velocity_points": points(item),
    })
}

/// A line of `velocity_log.txt`.
pub fn velocity(item: &WorkView) -> String {
    let team = item.result.as_ref().and_then(|result| result["team"].as_str()).or(item.team.as_deref());
    let at = moment(item.changed_at_ms);
    let team: String = team.unwrap_or(TEAM).chars().filter(|c| !c.is_control()).collect();
    format!("{at}: Team {team} +{} velocity points", points(item))
}

/// The velocity points of a finished item: those it was completed with, else its size.
pub fn points(item: &WorkView) -> u64 {
    let said = item.result.as_ref().and_then(|result| result.get("velocity_points")).and_then(Value::as_u64);
    said.unwrap_or_else(|| item.points.map_or(0, u64::from))
}

/// A moment in UTC, to the second.
fn moment(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
