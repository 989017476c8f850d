//! `register`: who an agent is.

use std::collections::BTreeSet;

use domain::agent::Agent;
use domain::text::{AgentName, Capability, Role, Team};
use engine::problem::Problem;
use engine::wait;

use super::asked::Asked;
use super::place::Place;
use super::surroundings::{TEAM, named, set};
use crate::cli::Answer;
use crate::terminal::one_line;

/// What an agent can do that says nothing about it.
pub const GENERAL: &str = "general_development";

/// Makes an agent known, or what is known of it this.
pub fn register(place: &Place, asked: &Asked) -> Result<Answer, Problem> {
    asked.at_most(4, "register AGENT [TEAM] [CAPACITY] [SPECIALIZATION]")?;
    let name = asked.at(0).ok_or_else(|| {
        Problem::malformed("No agent ID specified: register AGENT [TEAM] [CAPACITY] [SPECIALIZATION]")
    })?;
    let name: AgentName = named("the agent", name)?;
    let team: Team = named("team", asked.or(1, TEAM))?;
    let capacity = asked.number(2, "capacity", 100, 1, 100)?;
    let can = asked.or(3, GENERAL);
    // To be general asks nothing of an item and adds nothing to what an agent can take.
    let capabilities: BTreeSet<Capability> = match can {
        GENERAL => BTreeSet::new(),
        other => BTreeSet::from([named("specialization", other)?]),
    };
    let role: Option<Role> = set("AGENT_ROLE").map(|role| named("AGENT_ROLE", &role)).transpose()?;
    let scope = place.engine.scope();
    let agent = Agent {
        role,
        team: Some(team.clone()),
        capabilities,
        capacity: Some(capacity),
        ..Agent::unregistered(name.clone(), scope.project, scope.now)
    };
    let known = wait(place.engine.register(agent, None))?;
    let (name, team) = (one_line(name.as_str()), one_line(team.as_str()));
    Ok(Answer::new(&known, format!("🔧 REGISTERED: Agent {name} in team {team} with {capacity}% capacity")))
}
