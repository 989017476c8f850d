//! Log entries as sentences for people. `docs/events.md` says what each entry carries.

use engine::status::Told;
use maud::{Markup, html};
use serde_json::Value;

use super::words::{commit, name, quoted, several, titled};

/// How an entry is to be taken: `good`, `bad`, `busy` or `plain`.
pub fn tone(event: &str) -> &'static str {
    match event {
        "work.landed" | "work.reported" | "change.landed" | "landing.finished" => "good",
        "work.failed"
        | "work.escalated"
        | "message.escalated"
        | "work.lapsed"
        | "work.blocked"
        | "work.rejected"
        | "work.reverted"
        | "change.refused"
        | "change.rejected"
        | "change.reverted"
        | "landing.undone"
        | "change.landing_undone" => "bad",
        "permission.asked" | "work.claimed" | "work.handed_off" | "work.progressed" | "work.submitted"
        | "change.landing" => "busy",
        _ => "plain",
    }
}

/// The entry as a sentence.
pub fn sentence(told: &Told) -> Markup {
    let event = &told.event;
    match event.name.split_once('.') {
        Some(("work", what)) => work(what, told),
        Some(("change", what)) => change(what, told),
        Some(("landing", what)) => landing(what, told),
        Some(("workspace", what)) => workspace(what, told),
        Some(("gate", what)) => gate(what, told),
        Some(("lock", what)) => lock(what, told),
        Some(("message", what)) => message(what, told),
        Some(("permission", what)) => permission(what, told),
        Some(("session", what)) => session(what, told),
        Some(("memory", what)) => memory(what, told),
        Some(("agent", "registered")) => html! { (name(&event.subject)) " is known now" },
        Some(("agent", "drained")) => html! { (name(&event.subject)) " takes nothing new" },
        Some(("agent", "resumed")) => html! { (name(&event.subject)) " takes work again" },
        Some(("agent", "retired")) => html! { (name(&event.subject)) " has retired" },
        _ => other(told),
    }
}

fn permission(what: &str, told: &Told) -> Markup {
    let (by, tool) = (agent(told), quoted(text(told, "tool").unwrap_or_default()));
    match what {
        "asked" => html! { (by) " asks whether it may use " (tool) },
        "answered" => {
            let allowed = told.event.data.get("allow").and_then(Value::as_bool).unwrap_or(false);
            let who = name(text(told, "by").unwrap_or_default());
            html! { (who) @if allowed { " lets " } @else { " does not let " } (by) " use " (tool) }
        }
        _ => other(told),
    }
}

fn lock(what: &str, told: &Told) -> Markup {
    let (it, by) = (name(&told.event.subject), agent(told));
    match what {
        "acquired" => html! { (by) " took the lock " (it) },
        "renewed" => html! { (by) " keeps the lock " (it) },
        "released" => html! { (by) " gave the lock " (it) " back" },
        _ => other(told),
    }
}

fn gate(what: &str, told: &Told) -> Markup {
    let it = name(&told.event.subject);
    match what {
        "paused" => html! { "No more work of " (it) " is given out" (because(told, "reason")) },
        "resumed" => html! { "Work of " (it) " is given out again" },
        "limited" => html! { "The limit of " (it) " is now " (number(told, "limit")) },
        _ => other(told),
    }
}

fn work(what: &str, told: &Told) -> Markup {
    let (it, by) = (item(told), agent(told));
    let fence = html! { @if let Some(fence) = told.event.fence { " (fence " (fence) ")" } };
    match what {
        "added" => html! { (it) " was added" },
        "promoted" => html! { (it) " is ready: what it waited for has come" },
        "claimed" => html! { (by) " took " (it) (fence) },
        "progressed" => html! { (by) " is at " (number(told, "percent")) " % with " (it) (because(told, "note")) },
        "result_kept" => html! { (by) " left a result for " (it) },
        "reported" => html! { (by) " reported " (it) " done" },
        "submitted" => html! { (by) " submitted a change for " (it) },
        "resubmitted" => html! { "The change for " (it) " waits to land again" },
        "failed" => html! { (by) " failed at " (it) (goes(told)) (because(told, "reason")) },
        "released" => html! { (by) " gave " (it) " back" (because(told, "reason")) },
        "handed_off" => html! { (by) " handed " (it) " off to " (name(text(told, "to").unwrap_or("another"))) },
        "offered" => {
            html! { (by) " handed " (it) " off to the role " (name(text(told, "role").unwrap_or("of another"))) }
        }
        "escalated" => html! { (it) " needs somebody; " (heard(told)) (because(told, "reason")) },
        "assigned" => html! { (it) " is kept for " (name(text(told, "to").unwrap_or("somebody"))) },
        "lapsed" => html! { "The lease on " (it) " ran out" (goes(told)) },
        "blocked" => html! { (it) " is blocked" (because(told, "reason")) },
        "unblocked" => html! { (it) " is no longer blocked" },
        "cancelled" => html! { (it) " was called off" (because(told, "reason")) },
        "requeued" => html! { (it) " was raised from the dead" },
        "landed" => html! { (it) " is done" @if let Some(proof) = text(told, "proof") { ", " (proof) } },
        "rejected" => html! { "The change for " (it) " cannot land" (goes(told)) (because(told, "reason")) },
        "reverted" => html! { "What was landed for " (it) " was taken back" (because(told, "reason")) },
        "dependency_done" => html! { "Something that " (it) " waits for is done" },
        "dependency_reopened" => html! { "Something that " (it) " needs is open again" },
        _ => other(told),
    }
}

fn heard(told: &Told) -> Markup {
    html! { @match text(told, "to") { Some(role) => { "the role " (name(role)) " hears of it" }, None => "a person hears of it" } }
}

fn message(what: &str, told: &Told) -> Markup {
    let by = agent(told);
    match what {
        "sent" => html! {
            (by) " wrote to "
            @match text(told, "to_name") { Some(to) => (name(to)), None => "all agents" }
            @if let Some(subject) = text(told, "subject") { ": " (quoted(subject)) }
        },
        "read" => html! { (by) " read a message" },
        "acknowledged" => html! { (by) " acknowledged a message" },
        "escalated" => html! { (by) " did not answer; " (heard(told)) },
        _ => other(told),
    }
}

fn session(what: &str, told: &Told) -> Markup {
    let by = agent(told);
    match what {
        "started" => html! {
            (by) " began as " (name(text(told, "role").unwrap_or("somebody"))) (because(told, "reason"))
        },
        "ended" => html! { (by) " ended a session and left a hand-off" },
        _ => other(told),
    }
}

fn memory(what: &str, told: &Told) -> Markup {
    let by = agent(told);
    match what {
        "added" => html! { (by) " made a note" },
        "removed" => html! { "A note of " (by) " was removed" },
        _ => other(told),
    }
}

fn change(what: &str, told: &Told) -> Markup {
    let (it, by) = (item(told), agent(told));
    match what {
        "queued" => html! { "The change of " (by) " for " (it) " waits to land" (files(told)) },
        "refused" => html! { "The change for " (it) " needs an approval" (because(told, "reason")) },
        "approved" => html! {
            @if let Some(who) = text(told, "approved_by") { (name(who)) } @else { "Somebody" }
            " approved the change for " (it)
        },
        "rejected" => html! { "The change for " (it) " was sent back" (because(told, "reason")) },
        "landing" => html! { "The change for " (it) " is landing" },
        "landing_undone" => html! { "The landing of the change for " (it) " did not happen; it waits again" },
        "landed" => html! {
            "The change for " (it) " landed on " (name(text(told, "target").unwrap_or("the branch")))
            @if let Some(at) = text(told, "landed_commit") { " as " (commit(at)) }
        },
        "reverted" => html! { "The change for " (it) " was taken back" },
        "withdrawn" => html! { "The change for " (it) " was withdrawn" },
        "checked" => checked(told),
        _ => other(told),
    }
}

fn checked(told: &Told) -> Markup {
    let passed = told.event.data.get("passed").and_then(Value::as_bool) == Some(true);
    html! {
        "Check " (name(text(told, "check").unwrap_or("without a name"))) " "
        @if passed { "passed" } @else { "did not pass" }
        @if let Some(took) = told.event.data.get("duration_ms").and_then(Value::as_i64) {
            " after " (took / 1_000) "." (took % 1_000 / 100) " s"
        }
    }
}

fn landing(what: &str, told: &Told) -> Markup {
    let carried = told.event.data.get("changes").and_then(Value::as_array).map_or(0, Vec::len);
    let (carried, onto) = (several(carried, "change"), name(text(told, "target").unwrap_or("the branch")));
    match what {
        "begun" => html! { "A landing of " (carried) " on " (onto) " began" },
        "finished" => html! { "A landing of " (carried) " on " (onto) " is finished" },
        "undone" => html! { "A landing of " (carried) " on " (onto) " was undone" },
        _ => other(told),
    }
}

fn workspace(what: &str, told: &Told) -> Markup {
    let it = item(told);
    match what {
        "opened" => html! { "A workspace was opened for " (it) },
        "snapshot" => html! { "The workspace of " (it) " was kept as a snapshot" },
        "set_aside" => html! { "The workspace of " (it) " was set aside in quarantine" },
        "removed" => html! { "The workspace of " (it) " was removed; its snapshot stays" },
        "restored" => html! { "The workspace of " (it) " was restored" },
        _ => other(told),
    }
}

/// An entry that nobody has found words for yet.
fn other(told: &Told) -> Markup {
    html! { code { (told.event.name) } " " (name(&told.event.subject)) }
}

fn item(told: &Told) -> Markup {
    html! { @match &told.title { Some(of) => (titled(of)), None => (name(&told.event.subject)) } }
}

fn agent(told: &Told) -> Markup {
    html! { @match &told.event.agent { Some(by) => (name(by)), None => "Somebody" } }
}

/// Where the item goes, when that is worth a word.
fn goes(told: &Told) -> Markup {
    html! {
        @match text(told, "then") {
            Some("dead") => ", and no attempt is left",
            Some("ready") => "; it is ready again",
            _ => "",
        }
    }
}

fn because(told: &Told, key: &str) -> Markup {
    html! { @if let Some(why) = text(told, key) { ": " (quoted(why)) } }
}

fn files(told: &Told) -> Markup {
    let files = told.event.data.get("files").and_then(Value::as_u64);
    html! { @if let Some(files) = files { " (" (several(usize::try_from(files).unwrap_or(0), "file")) ")" } }
}

fn number(told: &Told, key: &str) -> i64 {
    told.event.data.get(key).and_then(Value::as_i64).unwrap_or(0)
}

fn text<'t>(told: &'t Told, key: &str) -> Option<&'t str> {
    told.event.data.get(key).and_then(Value::as_str)
}
