//! Answers that older scripts want in other words: made of what the rules of advice say.

use domain::text::Team;
use engine::advice::Question;
use engine::problem::Problem;
use engine::wait;
use serde_json::{Value, json};

use super::analyse::since;
use super::place::Place;
use super::words::Topic;
use crate::cli::advise::{self, Finished};

/// Adds the fields that `topic` has beside those of its question.
pub fn complete(place: &Place, topic: Topic, team: Option<&Team>, told: &mut Finished) -> Result<(), Problem> {
    match topic {
        Topic::Performance => {
            let (from, engine) = (since(place), &place.engine);
            let flow = wait(engine.metrics(from, team.cloned()))?;
            told.json["flow"] = serde_json::to_value(&flow).expect("figures can be written as JSON");
            let found = wait(engine.advise(&Question::Bottlenecks, from, team))?;
            told.json["bottlenecks"] = found.answer["bottlenecks"].clone();
        }
        Topic::Distribution => told.json["assignments"] = distribution(&told.json),
        Topic::Rebalance => {
            told.json["advised"] = told.json["actions"].take();
            told.json["actions"] = moves(&told.json);
        }
        Topic::Scaling => {
            let question = Question::Assignments { factor: 1 };
            let best = wait(place.engine.advise(&question, since(place), team))?.answer;
            let actions = scaling(&told.json, &best);
            told.lines.extend(actions.iter().map(line));
            told.json["scaling_actions"] = actions.into();
        }
        _ => {}
    }
    Ok(())
}

/// Which item should go to whom.
fn distribution(answer: &Value) -> Value {
    let row = |it: &Value| {
        json!({
            "work_item_id": it["work_item"], "assigned_agent": it["to_agent"], "confidence_score": it["confidence"],
            "reasoning": it["reasoning"],
        })
    };
    advise::list(answer, "assignment_changes").iter().map(row).collect()
}

/// What should change hands. Nobody's capacity is changed by this, and no worktree belongs to an agent.
fn moves(answer: &Value) -> Value {
    let row = |it: &Value| {
        json!({
            "type": "reassign_work", "from_agent": it["from_agent"], "to_agent": it["to_agent"],
            "work_item": it["work_item"], "worktree": null, "new_capacity": null,
        })
    };
    advise::list(answer, "assignment_changes").iter().map(row).collect()
}

/// Where agents are missing, who has nothing to do even when work is spread as well as it can be, and whether it should
/// be spread anew.
fn scaling(teams: &Value, best: &Value) -> Vec<Value> {
    let action = |kind: &str, team: Value, more: Value, focus: Value, remove: Vec<Value>| {
        json!({
            "type": kind, "worktree": null, "team": team, "additional_agents": more, "specialization": focus,
            "agents_to_remove": remove,
        })
    };
    let missing = advise::list(teams, "suggested_teams").iter();
    let mut all: Vec<Value> = missing
        .map(|it| {
            let (team, more, focus) = (&it["team_name"], &it["members_needed"], &it["focus"]);
            action("scale_up", team.clone(), more.clone(), focus.clone(), Vec::new())
        })
        .collect();
    let idle = |it: &&Value| it["work_items"].as_array().is_some_and(Vec::is_empty);
    let idle: Vec<Value> =
        advise::list(best, "assignments").iter().filter(idle).map(|it| it["agent_id"].clone()).collect();
    if all.is_empty() && !idle.is_empty() {
        all.push(action("scale_down", Value::Null, 0.into(), Value::Null, idle));
    }
    if !advise::list(best, "assignment_changes").is_empty() {
        all.push(action("rebalance", Value::Null, 0.into(), Value::Null, Vec::new()));
    }
    all
}

fn line(it: &Value) -> String {
    match it["type"].as_str() {
        Some("scale_up") => {
            format!("{} more agents for {}", it["additional_agents"], advise::text(it, "specialization"))
        }
        Some("scale_down") => {
            let idle = advise::list(it, "agents_to_remove").iter().filter_map(Value::as_str);
            let idle: Vec<String> = idle.map(crate::terminal::one_line).collect();
            format!("there is nothing for {}", idle.join(", "))
        }
        _ => "work should be spread anew: claude-rebalance-recommendations".to_owned(),
    }
}

/// What to do about how work is spread, and about teams, for a stream.
pub fn recommendations(place: &Place) -> Result<Vec<Value>, Problem> {
    let ask = |question| wait(place.engine.advise(&question, since(place), None)).map(|it| it.answer);
    let (best, teams) = (ask(Question::Assignments { factor: 1 })?, ask(Question::Teams)?);
    let mut all = Vec::new();
    if !advise::list(&best, "assignment_changes").is_empty() {
        let priority = match best["efficiency_gain"].as_f64() {
            Some(gain) if gain >= 0.5 => "high",
            Some(gain) if gain >= 0.25 => "medium",
            _ => "low",
        };
        all.push(json!({ "action": "rebalance_workload", "priority": priority, "team": null }));
    }
    for it in advise::list(&teams, "suggested_teams") {
        let there = advise::list(&teams, "teams").iter().find(|team| team["team_name"] == it["team_name"]);
        let nobody = there.is_none_or(|team| team["available"] == 0);
        let priority = if nobody { "high" } else { "medium" };
        all.push(
            json!({ "action": "scale_team", "priority": priority, "team": it["team_name"], "focus": it["focus"] }),
        );
    }
    Ok(all)
}
