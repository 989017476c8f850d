//! The rule.

use super::{Facts, Phase, Wanted};
use crate::text::Role;

/// Where a project stands, in the words of the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was asked for yet.
    Nothing,
    /// Something cannot go on, and nothing else can.
    Blocked,
    /// This phase is complete, and the next one is not.
    Complete(Phase),
    /// None of these.
    UnderWay,
}

impl Stage {
    /// Where a project with these facts stands. A complete deployment is no stage of its own: everything is done, and
    /// what comes next is open.
    pub fn of(facts: &Facts) -> Self {
        if facts.items() == 0 {
            return Self::Nothing;
        }
        if facts.stuck > 0 && facts.moving == 0 {
            return Self::Blocked;
        }
        match facts.complete() {
            Some(phase) if phase != Phase::Deployment => Self::Complete(phase),
            _ => Self::UnderWay,
        }
    }

    /// The stage as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Blocked => "blocked",
            Self::Complete(Phase::Requirements) => "requirements_complete",
            Self::Complete(Phase::Architecture) => "architecture_complete",
            Self::Complete(Phase::Implementation) => "implementation_complete",
            Self::Complete(Phase::Testing) => "testing_complete",
            Self::Complete(Phase::Deployment) => "deployment_complete",
            Self::UnderWay => "under_way",
        }
    }

    /// The usual role for it; `None` where roles take turns.
    pub const fn role(self) -> Option<&'static str> {
        match self {
            Self::Nothing => Some(Phase::Requirements.role()),
            Self::Complete(Phase::Requirements) => Some(Phase::Architecture.role()),
            Self::Blocked | Self::Complete(Phase::Architecture) => Some(Phase::Implementation.role()),
            Self::Complete(Phase::Implementation) => Some(Phase::Testing.role()),
            Self::Complete(Phase::Testing) => Some(Phase::Deployment.role()),
            Self::Complete(Phase::Deployment) | Self::UnderWay => None,
        }
    }
}

/// A role, and why it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The role.
    pub role: Role,
    /// Where the project stands.
    pub stage: Stage,
    /// The reason as a sentence.
    pub reason: String,
}

/// Which role a session gets that asks for `wanted`. `None`: it was named, is no usual one, and nobody has it or asks
/// for it.
pub fn decide(wanted: &Wanted, facts: &Facts) -> Option<Decision> {
    let stage = Stage::of(facts);
    let (role, reason) = match (wanted, stage.role()) {
        (Wanted::Named(role), _) => (named(role, facts)?, "asked for".to_owned()),
        (Wanted::Auto, Some(usual)) => (spelt(usual, facts), because(stage, facts)),
        (Wanted::Auto, None) => turn(facts),
    };
    Some(Decision { role, stage, reason })
}

fn named(role: &Role, facts: &Facts) -> Option<Role> {
    if Role::USUAL.iter().any(|usual| same(usual, role)) {
        return Some(spelt(role.as_str(), facts));
    }
    facts
        .known
        .iter()
        .find(|known| *known == role)
        .or_else(|| facts.known.iter().find(|known| same(role.as_str(), known)))
        .cloned()
}

/// Whether two roles differ in large and small letters at most.
pub fn same(one: &str, other: &Role) -> bool {
    one.to_lowercase() == other.as_str().to_lowercase()
}

/// The usual role as this project spells it: an item for `developer` is for nobody who is a `Developer`.
fn spelt(usual: &str, facts: &Facts) -> Role {
    let usual: Role = usual.parse().expect("a usual role is a role");
    if facts.known.contains(&usual) {
        return usual;
    }
    facts.known.iter().find(|role| same(usual.as_str(), role)).cloned().unwrap_or(usual)
}

fn because(stage: Stage, facts: &Facts) -> String {
    match stage {
        Stage::Nothing => "nothing has been asked for yet".to_owned(),
        Stage::Blocked => {
            format!("{} blocked or dead, and nothing else can go on", items(facts.stuck))
        }
        Stage::Complete(phase) => {
            let later = Phase::ALL.into_iter().filter(|later| *later > phase);
            let open: u32 = later.map(|later| facts.tally(later).open).sum();
            let (word, done) = (phase.word(), facts.tally(phase).done);
            format!("{word}: complete, {} done; after it: {open} open", items(done))
        }
        Stage::UnderWay => "roles take turns".to_owned(),
    }
}

fn items(count: u32) -> String {
    if count == 1 { "1 item is".to_owned() } else { format!("{count} items are") }
}

/// Roles take turns: of those that work waits for (of all usual ones when it waits for none), one that the fewest open
/// sessions have; of these the next after the one that was given last.
fn turn(facts: &Facts) -> (Role, String) {
    let mut circle: Vec<Role> = Role::USUAL.iter().map(|usual| spelt(usual, facts)).collect();
    circle.extend(facts.waiting.keys().filter(|role| !Role::USUAL.iter().any(|usual| same(usual, role))).cloned());
    let held = |role: &Role| {
        let like = facts.sessions.iter().filter(|(other, _)| same(role.as_str(), other));
        like.map(|(_, count)| *count).sum::<u32>()
    };
    let wanted = |role: &Role| facts.waiting.keys().any(|other| same(role.as_str(), other));
    let begin = facts.last.as_ref().and_then(|last| circle.iter().position(|role| same(last.as_str(), role)));
    let begin = begin.map_or(0, |at| at + 1);
    let in_turn = || (0..circle.len()).map(|n| &circle[(begin + n) % circle.len()]);
    let asked = in_turn().any(wanted);
    let fewest = in_turn().filter(|role| !asked || wanted(role)).map(held).min().unwrap_or(0);
    let role = in_turn().find(|role| (!asked || wanted(role)) && held(role) == fewest);
    let role = role.expect("somebody is next in a circle").clone();
    let waiting: u32 = facts.waiting.iter().filter(|(other, _)| same(role.as_str(), other)).map(|(_, n)| *n).sum();
    let work =
        if asked { format!("{} ready for it", items(waiting)) } else { "nothing is ready for anybody".to_owned() };
    let others = match fewest {
        0 => "nobody has it now".to_owned(),
        1 => "one open session has it".to_owned(),
        n => format!("{n} open sessions have it"),
    };
    (role, format!("it is its turn: {work}, {others}"))
}
