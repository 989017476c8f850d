//! `claim`: work that the caller adds for itself.

use domain::agent::Agent;
use domain::text::{AgentName, Role, Team};
use domain::work::{Draft, Limits, Priority};
use engine::problem::{Kind, Problem};
use engine::wait;

use super::asked::Asked;
use super::hold::Grant;
use super::place::Place;
use super::surroundings::{self, TEAM, named, set};
use crate::cli::Answer;
use crate::terminal::one_line;

const USAGE: &str = "claim TYPE DESCRIPTION [PRIORITY] [TEAM] [TRACE_ID]";

/// Adds work and takes it. `intelligent`: the caller wanted a model's opinion first, and is told that there is none.
pub fn claim(place: &Place, asked: &Asked, intelligent: bool) -> Result<Answer, Problem> {
    asked.at_most(5, USAGE)?;
    let kind = asked.at(0).ok_or_else(|| Problem::malformed(format!("No work type specified: {USAGE}")))?;
    let team: Team = named("team", asked.or(3, TEAM))?;
    let by = newcomer(place, &team)?;
    let draft = draft(kind, asked.or(1, kind), priority(asked.or(2, "medium"))?, team.clone());
    let trace = surroundings::trace(asked.at(4))?;
    let ttl = place.here.settings().dropin_ttl;
    let taken = wait(place.engine.add_taken(draft, by.clone(), ttl, trace, None)).map_err(raced)?;
    let item = &taken.item;
    Grant { agent: by.name.to_string(), fence: item.fence }.keep(place, &item.id)?;
    let mut lines = Vec::new();
    if intelligent {
        lines.push("🎯 Claude Intelligence: no model was asked; this is a plain claim".to_owned());
        lines.push("⚠️ Claude work recommendation unavailable: Nexus has no model behind this word yet".to_owned());
    }
    let (agent, of) = (by.name.as_str(), taken.team.as_deref().unwrap_or(team.as_str()));
    let capacity = taken.capacity.unwrap_or(100);
    lines.push(format!("🔍 Trace ID: {}", item.trace_id));
    lines.push(format!("🤖 Agent {} claiming work: {}", one_line(agent), item.id));
    lines.push(format!("✅ SUCCESS: Claimed work item {} for team {}", item.id, one_line(team.as_str())));
    lines.push(format!("🔧 REGISTERED: Agent {} in team {} with {capacity}% capacity", one_line(agent), one_line(of)));
    let mut json = serde_json::to_value(item).expect("an item can be written as JSON");
    json["model_asked"] = false.into();
    Ok(Answer::new(&json, lines.join("\n")))
}

/// The caller as it becomes known when it is not: with a name of its own, its team, and its role if it has one.
fn newcomer(place: &Place, team: &Team) -> Result<Agent, Problem> {
    let name: AgentName = surroundings::agent()?.unwrap_or_else(surroundings::new_agent);
    let role: Option<Role> = set("AGENT_ROLE").map(|role| named("AGENT_ROLE", &role)).transpose()?;
    let scope = place.engine.scope();
    Ok(Agent { role, team: Some(team.clone()), ..Agent::unregistered(name, scope.project, scope.now) })
}

fn draft(kind: &str, description: &str, priority: Priority, team: Team) -> Draft {
    let first = description.lines().find(|line| !line.trim().is_empty()).unwrap_or(kind).trim();
    let mut title = first.to_owned();
    if title.len() > Limits::TITLE_BYTES_MAX {
        let end = (0..=Limits::TITLE_BYTES_MAX - 3).rev().find(|at| title.is_char_boundary(*at)).unwrap_or(0);
        title.truncate(end);
        title.push('…');
    }
    Draft {
        title,
        description: description.to_owned(),
        kind: kind.to_owned(),
        priority,
        team: Some(team),
        ..Draft::default()
    }
}

/// The priority that `word` means: Nexus's words, or P0 to P3.
fn priority(word: &str) -> Result<Priority, Problem> {
    let lower = word.to_lowercase();
    let by_number = lower.strip_prefix('p').and_then(|n| n.parse().ok()).and_then(|n: usize| Priority::ALL.get(n));
    by_number.copied().or_else(|| Priority::from_word(&lower)).ok_or_else(|| {
        let shown: String = word.chars().take(60).collect();
        Problem::malformed(format!("priority is {shown:?}; it can be critical, high, medium, low, or P0 to P3"))
    })
}

/// What scripts look for when another was faster.
fn raced(problem: Problem) -> Problem {
    match problem.kind {
        Kind::Failed if problem.code == "store_busy" => {
            let message = format!("Another process is updating work claims: {}", problem.message);
            Problem { kind: Kind::Refused, message, ..problem }
        }
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_have_words_and_numbers() {
        assert_eq!(priority("P0"), Ok(Priority::Critical));
        assert_eq!(priority("p3"), Ok(Priority::Low));
        assert_eq!(priority("HIGH"), Ok(Priority::High));
        for bad in ["p4", "urgent", "p", "p-1"] {
            assert!(priority(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_title_is_the_first_line_of_a_description_and_never_too_long() {
        let team: Team = TEAM.parse().expect("a team");
        assert_eq!(draft("bug", "\n  one \n two", Priority::Low, team.clone()).title, "one");
        let long = draft("bug", &"ö".repeat(2_000), Priority::Low, team).title;
        assert!(long.len() <= Limits::TITLE_BYTES_MAX && long.ends_with('…'));
    }
}
