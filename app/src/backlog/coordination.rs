//! The files of the older coordination tool: `work_claims.json`, and beside it `agent_status.json`, `coordination_log.json` and
//! `backlog.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::agent::Agent;
use domain::text::AgentName;
use domain::work::Draft;
use engine::problem::Problem;
use engine::work::{Incoming, Standing};
use engine::{Engine, wait};
use serde_json::{Map, Value, json};

use super::document;
use super::program;
use super::reading::{Reading, as_word, number, text, word};

const KNOWN: &[&str] = &[
    "work_item_id",
    "agent_id",
    "reactor_id",
    "claimed_at",
    "created_at",
    "created_by",
    "estimated_duration",
    "work_type",
    "priority",
    "description",
    "status",
    "team",
    "telemetry",
    "progress",
    "last_update",
    "completed_at",
    "result",
    "dependencies",
    "story_points",
    "business_value",
];

/// Reads the claims at `path`, or what is planned when it is YAML; from a folder all of it, with who its agents are and what
/// was earned.
pub fn read(engine: &Engine, path: &Path, reading: &mut Reading<'_>) -> Result<(), Problem> {
    if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
        return program::read(path, 0, &BTreeSet::new(), reading);
    }
    let planned = path.join(program::FILE);
    if path.is_dir() && planned.exists() && !path.join("work_claims.json").exists() {
        agents(engine, &path.join("agent_status.json"), reading)?;
        return program::read(&planned, 0, &BTreeSet::new(), reading);
    }
    let (claims, earned) = if path.is_dir() {
        agents(engine, &path.join("agent_status.json"), reading)?;
        (path.join("work_claims.json"), earned(&path.join("coordination_log.json"))?)
    } else {
        (path.to_path_buf(), BTreeMap::new())
    };
    let (all, mut known) = (rows(&claims)?, BTreeSet::new());
    for (at, row) in all.iter().enumerate() {
        known.extend(row["work_item_id"].as_str().map(str::to_owned));
        let made = match row.as_object() {
            Some(claim) => claim_of(at + 1, claim, &earned, reading),
            None => Err("it is no object".to_owned()),
        };
        reading.row(at + 1, made)?;
    }
    if planned.exists() {
        program::read(&planned, all.len(), &known, reading)?;
    }
    Ok(())
}

fn rows(path: &Path) -> Result<Vec<Value>, Problem> {
    match document(path)? {
        Value::Array(rows) => Ok(rows),
        _ => Err(Problem::malformed(format!("{}: it is no array", path.display()))),
    }
}

fn earned(log: &Path) -> Result<BTreeMap<String, u64>, Problem> {
    if !log.exists() {
        return Ok(BTreeMap::new());
    }
    let points = |row: &Value| Some((row["work_item_id"].as_str()?.to_owned(), row["velocity_points"].as_u64()?));
    Ok(rows(log)?.iter().filter_map(points).collect())
}

fn claim_of(
    line: usize,
    claim: &Map<String, Value>,
    earned: &BTreeMap<String, u64>,
    reading: &mut Reading<'_>,
) -> Result<Incoming, String> {
    let key = word(claim, "work_item_id").ok_or("it has no work_item_id")?;
    reading.odd_fields(claim, KNOWN);
    let points = earned.get(&key).copied().or_else(|| number(claim, "story_points").map(u64::from));
    let standing = match text(claim, "status") {
        "completed" => Standing::Done(json!({
            "result": text(claim, "result"), "velocity_points": points, "team": text(claim, "team"),
            "agent": text(claim, "agent_id"), "completed_at": text(claim, "completed_at"),
        })),
        "pending" | "available" | "failed" | "" => Standing::Open,
        "blocked" => Standing::Blocked("it was blocked where it comes from".to_owned()),
        "cancelled" => Standing::Cancelled,
        other => {
            reading.odd(format!("the status {other:?}: the item is open here, and nobody has it"));
            Standing::Open
        }
    };
    let (description, kind) = (text(claim, "description"), text(claim, "work_type"));
    let title = description.lines().find(|it| !it.trim().is_empty()).unwrap_or(kind).trim();
    let team = Some(text(claim, "team")).filter(|team| !team.is_empty());
    let needs = claim.get("dependencies").and_then(Value::as_array).into_iter().flatten().filter_map(as_word).collect();
    let draft = Draft {
        title: title.chars().take(200).collect(),
        description: description.to_owned(),
        kind: kind.to_owned(),
        priority: reading.priority(word(claim, "priority").as_deref()),
        team: team.map(|team| team.parse().map_err(|e| format!("{e}"))).transpose()?,
        points: number(claim, "story_points"),
        business_value: number(claim, "business_value"),
        ..Draft::default()
    };
    let trace = claim.get("telemetry").and_then(|it| it["trace_id"].as_str()).filter(|id| is_trace(id));
    Ok(Incoming {
        line,
        identity: key.clone(),
        key,
        written: Value::Object(claim.clone()).to_string(),
        draft,
        needs,
        standing,
        trace_id: trace.map(str::to_ascii_lowercase),
    })
}

fn is_trace(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) && id.bytes().any(|b| b != b'0')
}

/// Makes those agents known that are not.
fn agents(engine: &Engine, path: &Path, reading: &mut Reading<'_>) -> Result<(), Problem> {
    if !path.exists() {
        return Ok(());
    }
    for row in rows(path)? {
        match agent_of(engine, &row) {
            Some(agent) if wait(engine.agent(&agent.name)).is_err() => drop(wait(engine.register(agent, None))?),
            Some(_) => {}
            None => reading.odd(format!("the agent {}", row["agent_id"])),
        }
    }
    Ok(())
}

fn agent_of(engine: &Engine, row: &Value) -> Option<Agent> {
    let name: AgentName = row["agent_id"].as_str()?.parse().ok()?;
    let scope = engine.scope();
    let can = row["specialization"].as_str().filter(|can| !can.is_empty() && *can != "general_development");
    Some(Agent {
        team: row["team"].as_str().and_then(|team| team.parse().ok()),
        capabilities: can.and_then(|can| can.parse().ok()).into_iter().collect::<BTreeSet<_>>(),
        capacity: row["capacity"].as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0),
        ..Agent::unregistered(name, scope.project, scope.now)
    })
}
