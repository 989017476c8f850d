//! One item as a card: the title, then what matters in its state.

use engine::change::ChangeView;
use engine::status::{Card, Refused};
use engine::work::WorkView;
use maud::{Markup, html};

use super::words::{badge, command, commit, id, moment, name, said, several, title, until};

/// The card of an item.
pub fn draw(card: &Card, now_ms: i64) -> Markup {
    let item = &card.item;
    html! {
        p .title { (title(&item.title)) }
        @match item.state.as_str() {
            "leased" => (held(item, now_ms)),
            "submitted" => (submitted(card, now_ms)),
            "done" => (done(card, now_ms)),
            "pending" => (pending(item, now_ms)),
            "blocked" => (stuck(item, "nexus work unblock")),
            "dead" => (stuck(item, "nexus work requeue")),
            _ => (ready(item)),
        }
        p .small { (id(&item.id)) }
    }
}

fn ready(item: &WorkView) -> Markup {
    html! {
        (wants(item))
        @if let Some(feedback) = &item.feedback {
            details id={ "back-" (item.id) } {
                summary { "Came back after attempt " (item.attempts_used) " of " (item.attempts_max) }
                p { (said(feedback)) }
            }
        }
    }
}

/// How urgent it is, what kind of work, for whom.
fn wants(item: &WorkView) -> Markup {
    html! {
        p .badges {
            @if matches!(item.priority.as_str(), "critical" | "high") { (badge("urgent", &item.priority)) }
            @if item.priority == "low" { (badge("quiet", "low")) }
            @if item.kind != "task" { (badge("quiet", &item.kind)) }
            @if let Some(role) = &item.role { span .badge.quiet { "for " (name(role)) } }
            @if let Some(team) = &item.team { span .badge.quiet { "team " (name(team)) } }
        }
    }
}

fn held(item: &WorkView, now_ms: i64) -> Markup {
    html! {
        p { "by " (name(item.holder.as_deref().unwrap_or_default())) }
        @if let Some(at) = item.lease_until_ms { p .small { "Lease " (until(at, now_ms)) " · fence " (item.fence) } }
        @match item.progress_percent {
            Some(percent) => {
                p .progress {
                    progress max="100" value=(percent) aria-label="Progress" { (percent) " %" }
                    span { (percent) " %" }
                }
                @if let Some(note) = &item.progress_note { p .small { (said(note)) } }
            }
            None => p .small { "No progress told yet" },
        }
    }
}

fn submitted(card: &Card, now_ms: i64) -> Markup {
    html! {
        @if let Some(change) = &card.change {
            p .badges { (state(change)) span .small { (several(change.write_set.len(), "file")) } }
            p .small { "by " (name(&change.author)) " · onto " (name(&change.target)) }
            p .small { "since " (moment(change.submitted_at_ms, now_ms)) " · " (commit(&change.commit)) }
        }
    }
}

fn state(change: &ChangeView) -> Markup {
    match change.state.as_str() {
        "queued" => badge("wait", "queued"),
        "landing" => badge("busy", "landing"),
        other => badge("quiet", other),
    }
}

fn done(card: &Card, now_ms: i64) -> Markup {
    let proof = card.item.proof.as_deref().unwrap_or("reported");
    let kind = if proof == "verified" { "good" } else { "wait" };
    html! {
        p .badges {
            (badge(kind, proof))
            @if let Some(landed) = card.change.as_ref().and_then(|change| change.landed_commit.as_deref()) {
                (commit(landed))
            }
        }
        p .small {
            @if let Some(change) = &card.change { "by " (name(&change.author)) " · " }
            (moment(card.item.changed_at_ms, now_ms))
        }
    }
}

fn pending(item: &WorkView, now_ms: i64) -> Markup {
    html! {
        (wants(item))
        @if item.open_dependencies > 0 {
            p .reason { "Waits for " (several(item.open_dependencies as usize, "other item")) }
        }
        @if let Some(at) = item.not_before_ms { p .reason { "Not before " (moment(at, now_ms)) } }
    }
}

fn stuck(item: &WorkView, way_out: &str) -> Markup {
    html! {
        @if let Some(reason) = &item.reason { p .reason { (said(reason)) } }
        details id={ "out-" (item.id) } {
            summary { "What to do" }
            p { (command(&format!("{way_out} {}", item.id))) }
        }
    }
}

/// The changes that somebody has to look at before they can land.
pub fn awaiting_approval(refused: &[Refused], now_ms: i64) -> Markup {
    html! {
        @if !refused.is_empty() {
            ul .cards {
                @for Refused { change, title: of } in refused {
                    li .card {
                        p .title { (title(of.as_deref().unwrap_or(&change.item))) }
                        p .badges { (badge("bad", "refused")) span .small { "needs an approval" } }
                        @if let Some(reason) = &change.reason { p .reason { (said(reason)) } }
                        p .small { "by " (name(&change.author)) " · " (moment(change.changed_at_ms, now_ms)) }
                        details id={ "approve-" (change.id) } {
                            summary { "What to do" }
                            p { (command(&format!("nexus change show {}", change.id))) }
                            p { (command(&format!("nexus change approve {}", change.id))) }
                        }
                    }
                }
            }
        }
    }
}
