//! The agents that hold something: who, what, until when, where.

use engine::status::{Board, Card};
use maud::{Markup, html};

use super::columns::{empty, folded};
use super::words::{grouped, name, title, until};

/// The agents at work.
pub fn draw(board: &Board) -> Markup {
    let held = board.column("leased");
    let now_ms = board.status.at_ms;
    html! {
        header .head {
            h2 { "Agents at work " span .count { (grouped(board.status.agents.active as u64)) } }
            p { "Who works on what, until when, and where" }
        }
        @if held.total == 0 {
            (empty(("No agent is at work. Start some:", Some("nexus run --workers 4 --agent 'CMD …'"))))
        }
        (folded("agents", &held.cards, |card| agent(card, now_ms)))
    }
}

fn agent(card: &Card, now_ms: i64) -> Markup {
    let item = &card.item;
    html! {
        p .title { (name(item.holder.as_deref().unwrap_or_default())) " → " (title(&item.title)) }
        dl .terms {
            div { dt { "Lease" } dd { @if let Some(at) = item.lease_until_ms { (until(at, now_ms)) } } }
            div { dt { "Fence" } dd { (item.fence) } }
            div .wide {
                dt { "Workspace" }
                dd {
                    @match &card.workspace {
                        Some(workspace) => code .path { (workspace.path) },
                        None => "none opened",
                    }
                }
            }
        }
    }
}
