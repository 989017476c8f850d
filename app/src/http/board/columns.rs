//! The columns: items in one state, the first few in sight and the others one key away.

use engine::status::{Board, Card};
use maud::{Markup, html};

use super::cards;
use super::words::{command, grouped};

/// How many cards are in sight before the rest is folded away.
const IN_SIGHT: usize = 8;

/// One column.
pub struct Column {
    /// Its id on the page.
    pub id: &'static str,
    /// What it is called there.
    pub name: &'static str,
    /// The state of its items.
    pub state: &'static str,
    /// What goes there, in a line.
    what: &'static str,
    /// What to say when it is empty, and a command that changes that.
    empty: (&'static str, Option<&'static str>),
}

/// Every column, in the order of an item's life.
pub const ALL: [Column; 7] = [
    Column {
        id: "ready",
        name: "Ready",
        state: "ready",
        what: "Free to claim, next one first",
        empty: ("Nothing is free to claim. Add work:", Some("nexus work add 'Fix the parser'")),
    },
    Column {
        id: "held",
        name: "Held",
        state: "leased",
        what: "An agent has it under a lease",
        empty: ("Nobody holds anything. Let agents work:", Some("nexus run --agent 'CMD …'")),
    },
    Column {
        id: "submitted",
        name: "Submitted",
        state: "submitted",
        what: "A change waits for checks and landing",
        empty: ("No change waits to land.", None),
    },
    Column {
        id: "done",
        name: "Done",
        state: "done",
        what: "Landed or reported, latest first",
        empty: ("Nothing is done yet. What lands comes here, with its commit.", None),
    },
    Column {
        id: "pending",
        name: "Pending",
        state: "pending",
        what: "Waits for other items or for its time",
        empty: ("Nothing waits for other items or for its time.", None),
    },
    Column {
        id: "blocked",
        name: "Blocked",
        state: "blocked",
        what: "Somebody said why it cannot go on",
        empty: ("Nothing is blocked.", None),
    },
    Column {
        id: "dead",
        name: "Dead",
        state: "dead",
        what: "Its attempts are spent",
        empty: ("No item has spent its attempts.", None),
    },
];

/// The column with its items.
pub fn draw(column: &Column, board: &Board) -> Markup {
    let found = board.column(column.state);
    let now_ms = board.status.at_ms;
    let draw = |card: &Card| cards::draw(card, now_ms);
    let hidden = found.total.saturating_sub(found.cards.len() as u64);
    html! {
        header .head { h2 { (column.name) " " span .count { (grouped(found.total)) } } p { (column.what) } }
        @if column.id == "submitted" && !board.refused.is_empty() {
            (cards::awaiting_approval(&board.refused, now_ms))
        } @else if found.total == 0 {
            (empty(column.empty))
        }
        (folded(column.id, &found.cards, draw))
        @if hidden > 0 {
            p .more { (grouped(hidden)) " more: " (command(&format!("nexus work list --state {}", column.state))) }
        }
    }
}

/// What to say where there is nothing.
pub fn empty((said, todo): (&str, Option<&str>)) -> Markup {
    html! { p .empty { (said) @if let Some(todo) = todo { " " (command(todo)) } } }
}

/// The first few of `all` as a list, the others in a fold under it.
pub fn folded<T>(id: &str, all: &[T], draw: impl Fn(&T) -> Markup) -> Markup {
    let (seen, rest) = all.split_at(all.len().min(IN_SIGHT));
    html! {
        @if !seen.is_empty() { ul .cards { @for one in seen { li .card { (draw(one)) } } } }
        @if !rest.is_empty() {
            details id={ "more-" (id) } {
                summary { "Show " (rest.len()) " more" }
                ul .cards { @for one in rest { li .card { (draw(one)) } } }
            }
        }
    }
}
