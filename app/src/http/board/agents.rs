//! The agents that hold something: who, what, until when, where.

use engine::agent::{ActivityView, QuestionView};
use engine::status::{Board, Card};
use maud::{Markup, html};

use super::columns::{empty, folded};
use super::words::{command, grouped, name, quoted, said, title, titled, until};

/// The agents at work.
pub fn draw(board: &Board) -> Markup {
    let held = board.column("leased");
    let now_ms = board.status.at_ms;
    html! {
        header .head {
            h2 { "Agents at work " span .count { (grouped(board.status.agents.active as u64)) } }
            p { "Who works on what, until when, and where" }
        }
        @if !board.questions.is_empty() {
            ul .cards .questions { @for asked in &board.questions { li .card .question { (question(asked, now_ms)) } } }
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
            @if !card.activity.is_empty() {
                div .wide {
                    dt { "Does" }
                    dd { ul .lines { @for line in &card.activity { li { (does(line)) } } } }
                }
            }
        }
    }
}

/// A line of what an agent does. The words are its own.
fn does(line: &ActivityView) -> Markup {
    html! { span .kind { (line.kind) } " " (quoted(&line.text)) }
}

/// What an agent asks, with its two answers. Without scripts they are commands.
fn question(asked: &QuestionView, now_ms: i64) -> Markup {
    let with = format!("nexus agent answer {} allow", asked.id);
    html! {
        p .title { (name(&asked.agent)) " asks whether it may use " (titled(&asked.tool)) }
        p { (said(&asked.input)) }
        p .answers {
            button type="button" data-question=(asked.id) data-allow="true" { "Allow" }
            button type="button" data-question=(asked.id) data-allow="false" { "Deny" }
            span .hint { "no answer means no; time to answer " (until(asked.until_ms, now_ms)) }
        }
        noscript { p .hint { (command(&with)) } }
    }
}
