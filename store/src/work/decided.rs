//! One transition of an item, as the rules have it.

use domain::work::{Command, Event, Refusal, WorkItem, apply, decide};

use crate::Scope;
use crate::broken::{self, Rule};

/// What `command` does to `before`, and the item after it; or why the rules refuse.
pub fn decided(before: &WorkItem, command: &Command, scope: &Scope) -> Result<(Event, WorkItem), Refusal> {
    if cfg!(debug_assertions) {
        return breakable(before, command, scope);
    }
    let event = decide(before, command, scope.head_start, scope.now)?;
    let after = apply(before, &event, scope.now);
    Ok((event, after))
}

/// The same, where a test may have broken a rule.
fn breakable(before: &WorkItem, command: &Command, scope: &Scope) -> Result<(Event, WorkItem), Refusal> {
    let event = match broken::bent(before, command, scope.now) {
        Some(event) => event,
        None => decide(before, &broken::unfenced(before, command), scope.head_start, scope.now)?,
    };
    let mut after = apply(before, &event, scope.now);
    if Rule::Attempts.broken() && matches!(event, Event::Claimed { .. }) {
        after.attempts = before.attempts;
    }
    Ok((event, after))
}
