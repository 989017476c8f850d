//! What happened: the log as sentences, newest first.

use engine::status::{Board, Told};
use maud::{Markup, html};

use super::columns::empty;
use super::sentences;
use super::words::{command, moment};

/// How many are in sight before the rest is folded away.
const IN_SIGHT: usize = 14;

/// The event stream.
pub fn draw(board: &Board) -> Markup {
    let (seen, rest) = board.events.split_at(board.events.len().min(IN_SIGHT));
    let now_ms = board.status.at_ms;
    html! {
        header .head { h2 { "What happened" } p { "The end of the log, newest first: " (command("nexus events --follow")) } }
        @if seen.is_empty() {
            (empty(("Nothing has happened yet. Add work:", Some("nexus work add 'Fix the parser'"))))
        }
        (list(seen, now_ms))
        @if !rest.is_empty() {
            details #more-events { summary { "Show " (rest.len()) " more" } (list(rest, now_ms)) }
        }
    }
}

fn list(events: &[Told], now_ms: i64) -> Markup {
    html! {
        @if !events.is_empty() {
            ol .events {
                @for told in events {
                    li class=(sentences::tone(&told.event.name)) data-seq=(told.event.seq) {
                        span .sentence { (sentences::sentence(told)) }
                        " " span .when { (moment(told.event.at_ms, now_ms)) }
                    }
                }
            }
        }
    }
}
