//! The verdict: the first fact that speaks decides.

use super::{By, Cause, End, Facts, Failure, Fault, Named, Outcome, hints};
use crate::budget::Metered;

/// What keepers and shells exit with when a program cannot be started.
const CANNOT_START: i32 = 127;

/// How the run ended of which `facts` are known.
///
/// Our own cause beats all that the agent says. After that it has failed when it died or said no last word, when its
/// last word is a failure, when its exit code speaks against its last word, when the gateway saw no call of it
/// succeed or turned its last one down, when a server that it needs was not there, and when the form or the change that was asked for is missing.
pub fn verdict(facts: &Facts) -> Outcome {
    if let Some(cause) = &facts.cause {
        return ours(cause);
    }
    let Some(terminal) = &facts.terminal else { return without_a_word(facts) };
    if let Some(End::Signal(_)) = facts.end {
        return Outcome::Failed(Failure::Crash);
    }
    if let Some(fault) = &terminal.fault {
        return accused(fault, facts.metered.as_ref());
    }
    match facts.end {
        Some(End::Code(0) | End::PutDown) => {}
        Some(End::Code(code)) => return Outcome::Failed(hints::of_text(&facts.errors).unwrap_or(Failure::Exit(code))),
        Some(End::Signal(_)) | None => return Outcome::Failed(Failure::Crash),
    }
    if let Some(metered) = &facts.metered
        && (metered.answered == 0 || metered.cut_short)
    {
        return Outcome::Failed(unanswered(metered));
    }
    if !facts.servers_down.is_empty() {
        return Outcome::Failed(Failure::McpDown);
    }
    match (facts.schema_met, facts.changed) {
        (Some(false), _) => Outcome::Failed(Failure::SchemaUnmet),
        (_, Some(false)) => Outcome::Failed(Failure::NoChange),
        _ => Outcome::Completed,
    }
}

fn ours(cause: &Cause) -> Outcome {
    match cause {
        Cause::Cancelled(by) => Outcome::Cancelled { by: *by },
        Cause::Limit(limit) => Outcome::LimitHit(*limit),
        Cause::NeverStarted(why) => Outcome::NeverStarted(why.clone()),
        Cause::Sandbox => Outcome::Failed(Failure::Sandbox),
    }
}

/// It said nothing at the end. What it printed as errors may tell more than "crash", but is never good news.
fn without_a_word(facts: &Facts) -> Outcome {
    match facts.end {
        Some(End::Code(CANNOT_START)) => Outcome::NeverStarted(hints::last_line(&facts.errors)),
        Some(End::Code(_)) => {
            let hint = hints::of_text(&facts.errors);
            Outcome::Failed(hint.filter(|it| *it == Failure::Auth).unwrap_or(Failure::Crash))
        }
        Some(End::Signal(_) | End::PutDown) | None => Outcome::Failed(Failure::Crash),
    }
}

/// It says itself that it failed: what kind of failure, by its name, by the status, by its words.
fn accused(fault: &Fault, metered: Option<&Metered>) -> Outcome {
    match fault.named {
        Some(Named::Limit(limit)) => return Outcome::LimitHit(limit),
        Some(Named::Failure(failure)) => return Outcome::Failed(failure),
        Some(Named::Interrupted) => return Outcome::Cancelled { by: By::Outside },
        None => {}
    }
    // The gateway answers with a status that agents do not repeat; it means the quota or the budget and not the key.
    if let Some(failure) = metered.and_then(turned_down) {
        return Outcome::Failed(failure);
    }
    // What the gateway saw is known; what an agent says of it is not.
    if let Some(metered) = metered.filter(|it| it.answered == 0 && it.failed > 0) {
        let seen = metered.last_failure.map_or(Some(Failure::Network), |status| hints::of_status(status, &fault.text));
        if let Some(failure) = seen {
            return Outcome::Failed(failure);
        }
    }
    let text = hints::of_text(&fault.text);
    let status =
        fault.status.or_else(|| hints::status_in(&fault.text)).and_then(|it| hints::of_status(it, &fault.text));
    let seen = metered.and_then(|it| it.last_failure).and_then(|it| hints::of_status(it, ""));
    // Providers call many things a bad request.
    let precise = text.filter(|it| *it != Failure::BadRequest);
    Outcome::Failed(status.or(precise).or(seen).or(text).unwrap_or(Failure::Other))
}

/// It had a gateway, and not one call of it was answered, or its last ones were turned down.
fn unanswered(metered: &Metered) -> Failure {
    if let Some(failure) = turned_down(metered) {
        return failure;
    }
    metered.last_failure.and_then(|status| hints::of_status(status, "")).unwrap_or(Failure::Network)
}

/// Why the gateway turned calls down, if it did.
fn turned_down(metered: &Metered) -> Option<Failure> {
    match (metered.exhausted, metered.over_budget) {
        (0, 0) => None,
        (0, _) => Some(Failure::OverBudget),
        _ => Some(Failure::Quota),
    }
}
