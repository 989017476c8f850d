//! What callers were told, against the list that the tool gives at the end: whatever was acknowledged has to be there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What all callers of a race were told.
#[derive(Default)]
pub struct Told {
    /// Items whose addition was acknowledged.
    pub added: BTreeSet<String>,
    /// Items whose completion was acknowledged.
    pub completed: BTreeSet<String>,
    /// The history, a call each.
    pub lines: Vec<Value>,
    /// Calls whose answer was seen.
    pub answered: u64,
    /// Processes that were killed before they ended.
    pub kills: u64,
    /// Processes that were stopped before they ended, and continued.
    pub pauses: u64,
    /// How often a caller stayed away from what it held for longer than a lease.
    pub away: u64,
    /// What the tool complained about last.
    pub complaint: String,
}

/// An item of the tool's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    pub done: bool,
}

/// What was acknowledged and is not there, a sentence each.
pub fn lost(told: &Told, listed: &[Listed]) -> Vec<String> {
    let done: BTreeMap<&str, bool> = listed.iter().map(|item| (item.id.as_str(), item.done)).collect();
    let gone = told.added.iter().filter(|id| !done.contains_key(id.as_str()));
    let gone = gone.map(|id| format!("{id} was added, and is not in the list."));
    let undone = told.completed.iter().filter(|id| done.get(id.as_str()) == Some(&false));
    gone.chain(undone.map(|id| format!("{id} was completed, and is not done in the list."))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(all: &[(&str, bool)]) -> Vec<Listed> {
        all.iter().map(|&(id, done)| Listed { id: id.to_owned(), done }).collect()
    }

    fn told(added: &[&str], completed: &[&str]) -> Told {
        let set = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
        Told { added: set(added), completed: set(completed), ..Told::default() }
    }

    #[test]
    fn what_was_acknowledged_and_is_there_is_not_lost_nor_is_what_nobody_was_told_of() {
        let list = listed(&[("a", true), ("b", false), ("nobody saw it", true)]);
        assert_eq!(lost(&told(&["a", "b"], &["a"]), &list), [""; 0]);
    }

    #[test]
    fn an_addition_that_is_not_listed_is_lost() {
        assert_eq!(lost(&told(&["a", "b"], &[]), &listed(&[("b", false)])), ["a was added, and is not in the list."]);
    }

    #[test]
    fn a_completion_that_is_not_listed_as_done_is_lost() {
        let lost = lost(&told(&["a"], &["a"]), &listed(&[("a", false)]));
        assert_eq!(lost, ["a was completed, and is not done in the list."]);
    }
}
