//! Answers as JSON, with the fields that scripts of the older tool read. Null is "no data".

use std::time::Duration;

use domain::advice::{
    self as rules, Action, Assignments, Bottleneck, Group, Recommendation, Snapshot, Suggestion, What, confidence, gaps,
};
use domain::text::{AgentName, Team};
use domain::work::Priority;
use serde_json::{Map, Value, json};

use super::{Engine, Question};

/// The version of the rules; it rises when an answer means something else.
const VERSION: &str = "rules-1";

/// What every answer has.
pub fn common(
    engine: &Engine,
    whole: &Snapshot,
    question: &Question,
    team: Option<&Team>,
    actions: &[Action],
    took: Duration,
) -> Map<String, Value> {
    let gaps = gaps(whole);
    let common = json!({
        "question": question.word(),
        "project": engine.project.as_str(),
        "team": team.map(Team::as_str),
        "at_ms": whole.now.millis(),
        "engine": "rules",
        "actions": list_of(actions),
        "applied": null,
        "analysis_metadata": {
            "analysis_version": VERSION,
            "duration_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "data_quality_score": gaps.quality,
            "missing": gaps.missing,
        },
    });
    match common {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// What can be done, as JSON.
pub fn list_of(actions: &[Action]) -> Value {
    let action = |it: &Action| json!({ "action": it.word(), "told": it.told() });
    actions.iter().map(action).collect()
}

pub fn priorities(whole: &Snapshot) -> Value {
    let groups = rules::priorities(whole);
    let found = rules::bottlenecks(whole);
    let best = rules::assignments(whole, 1);
    let sure = confidence(whole.items.len() + whole.finished.len());
    let of = |priority: Priority| {
        let open = whole.open().filter(|item| item.plan.priority == priority);
        open.map(|item| item.id.to_string()).collect::<Vec<_>>()
    };
    let group = |it: &Group| {
        json!({
            "work_type": it.work_type, "priority_score": it.score, "reasoning": it.reasoning,
            "recommended_action": it.action, "observability_focus": it.watch, "ready": ids(&it.ready),
        })
    };
    let opportunity = |it: &Bottleneck| {
        json!({
            "type": it.kind.word(), "description": it.description, "impact_score": it.impact,
            "observability_metrics": it.watch,
        })
    };
    json!({
        "system_health": rules::health(whole).standing.word(),
        "priorities": {
            "critical": of(Priority::Critical), "high": of(Priority::High), "medium": of(Priority::Medium),
            "low": of(Priority::Low),
        },
        "recommendations": groups.iter().map(group).collect::<Vec<_>>(),
        "optimization_opportunities": found.iter().map(opportunity).collect::<Vec<_>>(),
        "performance_insights": {
            "coordination_efficiency": best.current_efficiency,
            "trace_correlation_points": whole.items.len() + whole.finished.len(),
            "metric_collection_gaps": gaps(whole).missing,
        },
        "team_formation": { "suggested_teams": rules::suggestions(whole).iter().map(suggestion).collect::<Vec<_>>() },
        "bottlenecks": found.iter().map(bottleneck).collect::<Vec<_>>(),
        "confidence": sure,
        "confidence_score": sure,
    })
}

pub fn health(whole: &Snapshot) -> Value {
    let it = rules::health(whole);
    let alert = |it: &rules::Alert| json!({ "severity": it.severity.word(), "message": it.text });
    let advice = |it: &Group| {
        let priority = match it.score {
            75.. => "high",
            40.. => "medium",
            _ => "low",
        };
        json!({ "priority": priority, "action": it.action, "description": format!("{}: {}", it.work_type, it.reasoning) })
    };
    json!({
        "health_score": it.score,
        "system_health": it.standing.word(),
        "component_health": {
            "agent_performance": it.agent_performance, "work_distribution": it.work_distribution,
            "coordination": it.coordination, "resource_utilization": it.resource_utilization,
        },
        "alerts": it.alerts.iter().map(alert).collect::<Vec<_>>(),
        "recommendations": rules::priorities(whole).iter().map(advice).collect::<Vec<_>>(),
        "confidence": confidence(it.samples),
    })
}

pub fn assignments(whole: &Snapshot, best: &Assignments, factor: usize) -> Value {
    let change = |it: &rules::Change| {
        json!({
            "work_item": it.item.as_str(), "from_agent": it.from.as_ref().map(AgentName::as_str),
            "to_agent": it.to.as_str(), "confidence": it.confidence, "reasoning": it.reasoning,
            "can_be_given": it.can_be_given,
        })
    };
    let desk = |(name, items): (&AgentName, &Vec<domain::id::WorkId>)| {
        let record = whole.agents.iter().find(|it| it.agent.name == *name).map(|it| it.record).unwrap_or_default();
        let items_ms = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let ends = record.mean_time_to_report_ms.filter(|_| !items.is_empty());
        let ends = ends.map(|each| whole.now.millis().saturating_add(each.saturating_mul(items_ms)));
        let tried = usize::try_from(record.completed + record.failed).unwrap_or(usize::MAX);
        json!({
            "agent_id": name.as_str(), "work_items": ids(items), "estimated_completion": ends,
            "confidence": confidence(tried),
        })
    };
    json!({
        "optimization_type": "busy_agents",
        "workload_factor": factor,
        "current_efficiency": best.current_efficiency,
        "optimized_efficiency": best.optimized_efficiency,
        "efficiency_gain": best.gain(),
        "assignment_changes": best.changes.iter().map(change).collect::<Vec<_>>(),
        "assignments": best.held.iter().map(desk).collect::<Vec<_>>(),
        "optimization_metrics": {
            "load_balance_score": best.balance, "skill_match_score": best.skill_match,
            "estimated_efficiency_gain": best.gain(),
        },
        "confidence": confidence(whole.items.len().min(whole.agents.len())),
    })
}

pub fn teams(whole: &Snapshot) -> Value {
    let team = |it: &rules::Team| {
        json!({
            "team_name": it.name.as_ref().map(Team::as_str), "agents": it.agents, "available": it.available,
            "ready": it.ready, "leased": it.leased, "stopped": it.stopped, "done": it.done,
            "utilization": it.utilization,
            "missing_capabilities": it.missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    };
    json!({
        "teams": rules::teams(whole).iter().map(team).collect::<Vec<_>>(),
        "suggested_teams": rules::suggestions(whole).iter().map(suggestion).collect::<Vec<_>>(),
        "confidence": confidence(whole.agents.len()),
    })
}

pub fn bottlenecks(whole: &Snapshot) -> Value {
    json!({
        "bottlenecks": rules::bottlenecks(whole).iter().map(bottleneck).collect::<Vec<_>>(),
        "confidence": confidence(whole.items.len()),
    })
}

pub fn recommend(it: &Recommendation, kind: Option<&str>, agent: Option<&AgentName>) -> Value {
    let suited = |(name, has): &(AgentName, usize)| json!({ "agent_id": name.as_str(), "has": has });
    json!({
        "work_type": kind,
        "agent": agent.map(AgentName::as_str),
        "recommendation": {
            "action": it.what.word(), "work_item": it.what.item().map(domain::id::WorkId::as_str),
            "reasoning": it.reasoning,
        },
        "candidates": ids(&it.candidates),
        "suited_agents": it.suited.iter().map(suited).collect::<Vec<_>>(),
        "confidence": confidence(it.candidates.len()),
    })
}

/// What can be done about a recommendation: what is to be claimed is kept for the agent, what is dead is requeued.
pub fn of_recommendation(whole: &Snapshot, it: &Recommendation, agent: Option<&AgentName>) -> Vec<Action> {
    let role = |agent: &AgentName| whole.agents.iter().any(|it| it.agent.name == *agent && it.agent.role.is_some());
    match (&it.what, agent) {
        (What::Claim(item), Some(to)) if role(to) => vec![Action::Reassign { item: item.clone(), to: to.clone() }],
        (What::Requeue(item), _) => vec![Action::Requeue { item: item.clone() }],
        _ => Vec::new(),
    }
}

fn suggestion(it: &Suggestion) -> Value {
    let members: Vec<_> = it.members.iter().map(AgentName::as_str).collect();
    json!({ "team_name": it.name, "focus": it.focus, "members_needed": it.members_needed, "members": members })
}

fn bottleneck(it: &Bottleneck) -> Value {
    json!({
        "type": it.kind.word(), "description": it.description, "severity": it.severity.word(), "impact": it.impact,
        "items": ids(&it.items),
    })
}

fn ids(items: &[domain::id::WorkId]) -> Vec<&str> {
    items.iter().map(domain::id::WorkId::as_str).collect()
}
