//! Agents: who works, and how much one may hold at a time.
//!
//! An agent needs no registration: its first claim makes it known, with no limit. Registering says what it is for.

pub mod activity;
pub mod assign;
pub mod event;
pub mod permission;
pub mod presence;
mod record;
mod standing;
pub mod verdict;

use std::collections::BTreeSet;

pub use record::{End, How, Record};
pub use standing::{Duty, Retired, Standing};

use crate::text::{AgentName, Capability, Project, Role, Team};
use crate::time::Timestamp;
use crate::work::{Draft, Refusal};

/// An agent as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its name, unique within the project.
    pub name: AgentName,
    /// The partition it belongs to.
    pub project: Project,
    /// What it is for.
    pub role: Option<Role>,
    /// Whom it belongs to.
    pub team: Option<Team>,
    /// What it can do.
    pub capabilities: BTreeSet<Capability>,
    /// How many items it may hold at once; no limit when `None`.
    pub capacity: Option<u32>,
    /// When it was first seen.
    pub registered_at: Timestamp,
    /// Whether it takes work.
    pub standing: Standing,
}

impl Agent {
    /// An agent of whom nothing is known but the name.
    pub fn unregistered(name: AgentName, project: Project, now: Timestamp) -> Self {
        Self {
            name,
            project,
            role: None,
            team: None,
            capabilities: BTreeSet::new(),
            capacity: None,
            registered_at: now,
            standing: Standing::Active,
        }
    }

    /// Whether it takes work at all: one that is draining or retired does not.
    pub fn take_work(&self) -> Result<(), Refusal> {
        match self.standing {
            Standing::Active => Ok(()),
            Standing::Draining => Err(Refusal::Draining { agent: self.name.clone() }),
            Standing::Retired => Err(Refusal::Retired { agent: self.name.clone() }),
        }
    }

    /// Whether an agent that holds `held` items may take one more.
    pub fn admit(&self, held: u32) -> Result<(), Refusal> {
        match self.capacity {
            Some(capacity) if held >= capacity => Err(Refusal::Capacity { agent: self.name.clone(), held, capacity }),
            _ => Ok(()),
        }
    }
}

/// What a claimer can take. What is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Items for this role or for any.
    pub role: Option<Role>,
    /// Items for this team or for any.
    pub team: Option<Team>,
    /// Items that ask for nothing beyond these; `None` for a claimer of whom nothing is known.
    pub capabilities: Option<BTreeSet<Capability>>,
}

impl Filter {
    /// Whether an item that asks for this fits.
    pub fn fits(&self, item: &Draft) -> bool {
        let role = self.role.is_none() || item.role.is_none() || self.role == item.role;
        let team = self.team.is_none() || item.team.is_none() || self.team == item.team;
        let able = self.capabilities.as_ref().is_none_or(|have| item.capabilities.is_subset(have));
        role && team && able
    }

    /// This filter, with what it leaves open taken from what is known of `agent`.
    #[must_use]
    pub fn or_of(self, agent: &Agent) -> Self {
        let known = !agent.capabilities.is_empty();
        Self {
            role: self.role.or_else(|| agent.role.clone()),
            team: self.team.or_else(|| agent.team.clone()),
            capabilities: self.capabilities.or_else(|| known.then(|| agent.capabilities.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(capacity: Option<u32>) -> Agent {
        let name = "a".parse().expect("a name");
        Agent { capacity, ..Agent::unregistered(name, Project::default(), Timestamp::from_millis(0)) }
    }

    #[test]
    fn an_agent_takes_up_to_its_capacity_and_without_one_any_number() {
        assert_eq!(agent(Some(2)).admit(1), Ok(()));
        assert!(matches!(agent(Some(2)).admit(2), Err(Refusal::Capacity { held: 2, capacity: 2, .. })));
        assert_eq!(agent(None).admit(1_000_000), Ok(()));
    }

    #[test]
    fn a_filter_narrows_only_where_both_sides_say_something() {
        let role = |r: &str| Some(r.parse::<Role>().expect("a role"));
        let item = |r: Option<Role>| Draft { role: r, ..Draft::default() };
        let filter = Filter { role: role("qa"), ..Filter::default() };
        assert!(filter.fits(&item(None)));
        assert!(filter.fits(&item(role("qa"))));
        assert!(!filter.fits(&item(role("dev"))));
        assert!(Filter::default().fits(&item(role("dev"))));
    }

    #[test]
    fn an_item_that_asks_for_more_than_an_agent_can_does_not_fit() {
        let can =
            |list: &[&str]| list.iter().map(|c| c.parse().expect("a capability")).collect::<BTreeSet<Capability>>();
        let item = Draft { capabilities: can(&["rust", "sql"]), ..Draft::default() };
        let filter = |list: &[&str]| Filter { capabilities: Some(can(list)), ..Filter::default() };
        assert!(filter(&["rust", "sql", "css"]).fits(&item));
        assert!(!filter(&["rust"]).fits(&item));
        assert!(Filter::default().fits(&item));
    }
}
