//! Who is given what: the choice of an agent for a role, and moves that even out the load.
//!
//! An assignment keeps an item for an agent until a moment; it gives nobody a hold. Both rules look only at agents that
//! are active and present, have the role, and can do what the item asks for; of those the one with the least load is
//! taken, by name where several have as little.

use std::collections::BTreeSet;

use super::presence::Presence;
use super::{Agent, Standing};
use crate::id::WorkId;
use crate::text::{AgentName, Capability, Role, Team};

/// An agent with what it does and has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// The agent.
    pub agent: Agent,
    /// What it seems to be doing.
    pub presence: Presence,
    /// How many items it holds or has been assigned.
    pub load: u32,
}

/// An item that needs an agent in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The item.
    pub item: WorkId,
    /// The role.
    pub role: Role,
    /// The team that the item is for, if it is for one.
    pub team: Option<Team>,
    /// What the item asks for.
    pub capabilities: BTreeSet<Capability>,
}

impl Desk {
    /// Whether this agent can be given one more item like this.
    pub fn fits(&self, need: &Need) -> bool {
        let Agent { role, team, capabilities, capacity, standing, .. } = &self.agent;
        *standing == Standing::Active
            && self.presence.present()
            && role.as_ref() == Some(&need.role)
            && (team.is_none() || need.team.is_none() || *team == need.team)
            && (capabilities.is_empty() || need.capabilities.is_subset(capabilities))
            && capacity.is_none_or(|capacity| self.load < capacity)
    }
}

/// The agent for `need`, or `None` when nobody fits.
pub fn choose<'a>(desks: &'a [Desk], need: &Need) -> Option<&'a Desk> {
    desks.iter().filter(|desk| desk.fits(need)).min_by(|a, b| (a.load, &a.agent.name).cmp(&(b.load, &b.agent.name)))
}

/// An assignment as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// What is needed.
    pub need: Need,
    /// Who has it.
    pub agent: AgentName,
}

/// An assignment that should change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The item.
    pub item: WorkId,
    /// In which role.
    pub role: Role,
    /// Whose it was.
    pub from: AgentName,
    /// Whose it should be.
    pub to: AgentName,
}

/// The moves that even out the load.
///
/// First whatever is with an agent that is not there any more (gone, zombie, stalled, draining) goes to whoever fits.
/// Then, as long as an idle agent that fits has at least two items fewer than the one whose item it could be, it is
/// given that item. Each assignment moves at most once, so it ends.
pub fn rebalance(mut desks: Vec<Desk>, seats: &[Seat]) -> Vec<Move> {
    let mut moves = Vec::new();
    for only_lost in [true, false] {
        for seat in seats {
            if moves.iter().any(|made: &Move| made.item == seat.need.item && made.role == seat.need.role) {
                continue;
            }
            let owner = desks.iter().position(|desk| desk.agent.name == seat.agent);
            let there =
                owner.is_some_and(|at| desks[at].agent.standing == Standing::Active && desks[at].presence.present());
            let best = choose(&desks, &seat.need).map(|desk| (desk.agent.name.clone(), desk.load, desk.presence));
            let Some((to, load, presence)) = best.filter(|(to, ..)| *to != seat.agent) else { continue };
            let lighter = owner.is_some_and(|at| presence == Presence::Idle && load + 2 <= desks[at].load);
            if if only_lost { there } else { !lighter } {
                continue;
            }
            if let Some(at) = owner {
                desks[at].load = desks[at].load.saturating_sub(1);
            }
            if let Some(desk) = desks.iter_mut().find(|desk| desk.agent.name == to) {
                desk.load += 1;
            }
            let Need { item, role, .. } = seat.need.clone();
            moves.push(Move { item, role, from: seat.agent.clone(), to });
        }
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Project;
    use crate::time::Timestamp;

    fn name(text: &str) -> AgentName {
        text.parse().expect("a name")
    }

    fn desk(who: &str, load: u32) -> Desk {
        let agent = Agent::unregistered(name(who), Project::default(), Timestamp::from_millis(0));
        let role = Some("QA".parse().expect("a role"));
        Desk { agent: Agent { role, ..agent }, presence: Presence::Idle, load }
    }

    fn need(item: u64) -> Need {
        let role = "QA".parse().expect("a role");
        Need { item: WorkId::numbered(item), role, team: None, capabilities: BTreeSet::new() }
    }

    fn seat(item: u64, who: &str) -> Seat {
        Seat { need: need(item), agent: name(who) }
    }

    fn chosen(desks: &[Desk], need: &Need) -> Option<String> {
        choose(desks, need).map(|desk| desk.agent.name.to_string())
    }

    #[test]
    fn the_agent_with_the_least_load_is_chosen_by_name_where_several_have_as_little() {
        assert_eq!(chosen(&[desk("b", 1), desk("c", 0), desk("a", 1)], &need(1)).as_deref(), Some("c"));
        assert_eq!(chosen(&[desk("b", 0), desk("a", 0)], &need(1)).as_deref(), Some("a"));
        assert_eq!(chosen(&[], &need(1)), None);
    }

    #[test]
    fn whoever_is_gone_draining_full_or_of_another_kind_is_not_chosen() {
        let gone = Desk { presence: Presence::Gone, ..desk("a", 0) };
        let draining = Desk { agent: Agent { standing: Standing::Draining, ..desk("b", 0).agent }, ..desk("b", 0) };
        let full = Desk { agent: Agent { capacity: Some(1), ..desk("c", 1).agent }, ..desk("c", 1) };
        let other =
            Desk { agent: Agent { role: Some("PM".parse().expect("a role")), ..desk("d", 0).agent }, ..desk("d", 0) };
        assert_eq!(chosen(&[gone, draining, full, other], &need(1)), None);
    }

    #[test]
    fn what_is_with_an_agent_that_is_gone_moves_and_what_is_fairly_shared_stays() {
        let gone = Desk { presence: Presence::Gone, ..desk("a", 1) };
        let moves = rebalance(vec![gone, desk("b", 1)], &[seat(1, "a"), seat(2, "b")]);
        let told: Vec<_> = moves.iter().map(|it| (it.item.number(), it.from.as_str(), it.to.as_str())).collect();
        assert_eq!(told, [(1, "a", "b")]);
        assert_eq!(rebalance(vec![desk("a", 2), desk("b", 1)], &[seat(1, "a"), seat(2, "a"), seat(3, "b")]), []);
    }

    #[test]
    fn an_idle_agent_takes_from_the_one_that_has_too_much_until_it_is_fair() {
        let seats: Vec<Seat> = (1..=5).map(|item| seat(item, "a")).collect();
        let moves = rebalance(vec![desk("a", 5), desk("b", 0)], &seats);
        assert_eq!(moves.len(), 2);
        assert!(moves.iter().all(|it| it.to == name("b")));
    }
}
