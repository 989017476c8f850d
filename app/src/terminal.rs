//! What a person sees: tables that fit, colours that know when to stay away, times in words.

use anstyle::{AnsiColor, Style};
use comfy_table::{ColumnConstraint, ContentArrangement, Table};

/// The least width in columns in which the first column of a table, mostly an id to be copied, stays in one piece.
const COLUMNS_MIN: u16 = 60;
/// What is narrower than this is no width, and the width that is taken instead.
const COLUMNS_ODD: u16 = 20;
const COLUMNS_USUAL: u16 = 80;

/// A table with `head` as its first line, as wide as the terminal (or as COLUMNS says) at most.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(columns) = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|n| *n > 0) {
        table.set_width(columns);
    }
    // Some terminals, such as those of a CI, have no size and say 0.
    if table.width().is_some_and(|columns| columns < COLUMNS_ODD) {
        table.set_width(COLUMNS_USUAL);
    }
    table.set_header(head.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| one_line(cell)));
    }
    if table.width().is_some_and(|columns| columns >= COLUMNS_MIN)
        && let Some(first) = table.column_mut(0)
    {
        first.set_constraint(ColumnConstraint::ContentWidth);
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Text on one line, with control characters shown as what they are.
pub fn one_line(text: &str) -> String {
    let escaped = text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] });
    escaped.take(300).collect()
}

/// Text that may have lines of its own, without what would move a terminal's cursor or change its colours.
pub fn harmless(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let shown = |c: char| !c.is_control() || c == '\n' || c == '\t';
    plain.chars().flat_map(|c| if shown(c) { vec![c] } else { c.escape_default().collect() }).collect()
}

/// The colour of a state.
pub fn colour(state: &str) -> Style {
    let colour = match state {
        "done" | "landed" | "verified" => AnsiColor::Green,
        "leased" | "submitted" | "queued" | "landing" | "open" => AnsiColor::Cyan,
        "dead" | "refused" | "rejected" | "cancelled" => AnsiColor::Red,
        "blocked" | "pending" | "quarantined" | "reverted" => AnsiColor::Yellow,
        _ => return Style::new(),
    };
    Style::new().fg_color(Some(colour.into()))
}

/// `text` in the colour of `state`.
pub fn painted(state: &str, text: &str) -> String {
    let style = colour(state);
    format!("{style}{text}{style:#}")
}

/// How long from `now_ms` to `at_ms`, such as `in 12 s` or `3 min ago`.
pub fn when(at_ms: i64, now_ms: i64) -> String {
    let span = at_ms - now_ms;
    let words = match span.abs() / 1_000 {
        s @ 0..=119 => format!("{s} s"),
        s @ 120..=7_199 => format!("{} min", s / 60),
        s @ 7_200..=172_799 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    };
    if span >= 0 { format!("in {words}") } else { format!("{words} ago") }
}
