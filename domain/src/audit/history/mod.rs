//! The judge of histories. What it judges in prose is the cover of [`audit`](crate::audit).
//!
//! Every rule sorts once and then looks up, so a history of n calls and log entries takes n log n.

mod both;
mod call;
mod callers;
mod log;
#[cfg(test)]
mod properties;
mod request;
#[cfg(test)]
mod tests;

pub use call::{Call, Logged, Op, Saw};

use request::Request;

/// What the judge found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Calls in the history.
    pub calls: usize,
    /// Entries in the log; 0 without one.
    pub events: usize,
    /// Claims that were granted, repeats of one request counted once.
    pub grants: usize,
    /// Other calls under a fence that succeeded, repeats counted once.
    pub effects: usize,
    /// Calls that were refused.
    pub refused: usize,
    /// Calls whose outcome nobody saw.
    pub unknown: usize,
    /// Calls that succeeded but name no item or no fence where one is needed, so that fewer rules reach them.
    pub unjudged: usize,
    /// Violations of [`Rule::DoubleGrant`] and [`Rule::HeldTwice`].
    pub double_grants: usize,
    /// Violations of [`Rule::StaleEffect`].
    pub stale_effects: usize,
    /// Effects under a lost lease that were refused, as they should be: by the code `lease_lost`, or because a later
    /// grant had been answered before.
    pub stale_effects_refused: usize,
    /// Acknowledged calls that the log does not have.
    pub lost_updates: usize,
    /// Everything that no correct queue can have done, in the order of the rules.
    pub violations: Vec<Violation>,
}

impl Judgement {
    /// Whether a correct queue can have done all this.
    pub fn sound(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Something that no correct queue can have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which rule it breaks.
    pub rule: Rule,
    /// On which item; empty when the log as a whole is meant.
    pub item: String,
    /// The lines of the calls that show it.
    pub lines: Vec<usize>,
    /// The log entries that show it.
    pub seqs: Vec<i64>,
    /// What happened, as a sentence.
    pub text: String,
}

/// What a history must keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A fence of an item is granted once.
    DoubleGrant,
    /// A later grant of an item has a higher fence.
    FenceNotIncreasing,
    /// Nothing succeeds under a hold that is over.
    StaleEffect,
    /// What was acknowledged is in the log.
    LostUpdate,
    /// Nothing succeeds under a hold that never was.
    EffectWithoutGrant,
    /// A grant that was acknowledged is in the log.
    GrantNotInLog,
    /// The numbers of the log rise.
    LogOutOfOrder,
    /// A hold ends before the next one of the item begins.
    HeldTwice,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::DoubleGrant,
        Self::FenceNotIncreasing,
        Self::StaleEffect,
        Self::LostUpdate,
        Self::EffectWithoutGrant,
        Self::GrantNotInLog,
        Self::LogOutOfOrder,
        Self::HeldTwice,
    ];

    /// The rule as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DoubleGrant => "double_grant",
            Self::FenceNotIncreasing => "fence_not_increasing",
            Self::StaleEffect => "stale_effect",
            Self::LostUpdate => "lost_update",
            Self::EffectWithoutGrant => "effect_without_grant",
            Self::GrantNotInLog => "grant_not_in_log",
            Self::LogOutOfOrder => "log_out_of_order",
            Self::HeldTwice => "held_twice",
        }
    }
}

/// Judges what callers wrote down, the event log, or both.
///
/// Without a log only what callers saw is judged; with no calls only the log is. A log given beside calls has to
/// reach back to before the first of them: it decides what was granted and what got lost.
pub fn judge(calls: &[Call], log: Option<&[Logged]>) -> Judgement {
    let requests = request::requests(calls);
    let stale = callers::Marks::of(&requests);
    let mut found = callers::grants(&requests, &stale);
    found.extend(callers::stale_effects(&requests, &stale));
    found.extend(callers::effects_without_grant(calls, &requests, log));
    let mut lost = 0;
    if let Some(log) = log {
        found.extend(log::one_holder_at_a_time(log));
        let (violations, n) = both::lost(&requests, log);
        found.extend(violations);
        lost = n;
    }
    found.sort_by_key(|violation| violation.rule);
    let of = |rules: &[Rule]| found.iter().filter(|violation| rules.contains(&violation.rule)).count();
    let saw = |wanted: fn(&Saw) -> bool| calls.iter().filter(|call| wanted(&call.saw)).count();
    Judgement {
        calls: calls.len(),
        events: log.map_or(0, <[Logged]>::len),
        grants: requests.iter().filter(|r| r.call.op == Op::Claim).count(),
        effects: requests.iter().filter(|r| r.effect().is_some()).count(),
        refused: saw(|s| matches!(s, Saw::Refused { .. })),
        unknown: saw(|s| *s == Saw::Unknown),
        unjudged: requests.iter().filter(|r| r.unjudged()).count(),
        double_grants: of(&[Rule::DoubleGrant, Rule::HeldTwice]),
        stale_effects: of(&[Rule::StaleEffect]),
        stale_effects_refused: calls.iter().filter(|call| stale.refused(call)).count(),
        lost_updates: lost,
        violations: found,
    }
}

/// "line 3" or "lines 3, 4 and 9"; of more than eight only the first ones.
fn lines(requests: &[&Request<'_>]) -> String {
    let shown: Vec<String> = requests.iter().take(8).map(|r| r.call.line.to_string()).collect();
    match shown.as_slice() {
        [one] => format!("line {one}"),
        many if requests.len() > many.len() => format!("lines {} and more", many.join(", ")),
        [first @ .., last] => format!("lines {} and {last}", first.join(", ")),
        [] => String::from("no line"),
    }
}
