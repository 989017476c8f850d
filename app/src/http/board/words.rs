//! Small pieces of text: what people wrote, times, ids, commands.

use maud::{Markup, html};

/// How many characters of a title are shown.
const TITLE_MAX: usize = 200;
/// How many characters of a reason or note are shown on a card.
const SAID_MAX: usize = 600;
/// How many characters of either are shown within a sentence.
const QUOTED_MAX: usize = 120;

/// A title that somebody gave, on one line and in its own direction of writing.
pub fn title(text: &str) -> Markup {
    html! { bdi dir="auto" { (clipped(text, TITLE_MAX)) } }
}

/// What somebody said, in its own direction of writing.
pub fn said(text: &str) -> Markup {
    html! { bdi .said dir="auto" { (clipped(text, SAID_MAX)) } }
}

/// A title within a sentence, in quotation marks.
pub fn titled(text: &str) -> Markup {
    html! { q { bdi dir="auto" { (clipped(text, QUOTED_MAX)) } } }
}

/// What somebody said, within a sentence: the beginning of it.
pub fn quoted(text: &str) -> Markup {
    html! { bdi .said dir="auto" { (clipped(text, QUOTED_MAX)) } }
}

/// The name of an agent.
pub fn name(text: &str) -> Markup {
    html! { bdi .name { (clipped(text, TITLE_MAX)) } }
}

/// `text` on one line, without control characters, with an ellipsis when it has more than `most` characters.
fn clipped(text: &str, most: usize) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(most).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// The moment `at_ms`; without the day when that is the day of `now_ms`. The script says how long ago it was.
pub fn moment(at_ms: i64, now_ms: i64) -> Markup {
    html! { time datetime=(iso(at_ms)) data-ago=(at_ms) { (clock(at_ms, now_ms)) } }
}

/// When a lease ends. The script says how long that is from now.
pub fn until(at_ms: i64, now_ms: i64) -> Markup {
    html! { time datetime=(iso(at_ms)) data-until=(at_ms) { "until " (clock(at_ms, now_ms)) } }
}

fn clock(at_ms: i64, now_ms: i64) -> String {
    let (at, now) = (stamp(at_ms), stamp(now_ms));
    let same_day = at.strftime("%F").to_string() == now.strftime("%F").to_string();
    at.strftime(if same_day { "%H:%M:%S UTC" } else { "%F %H:%M UTC" }).to_string()
}

fn iso(at_ms: i64) -> String {
    stamp(at_ms).to_string()
}

fn stamp(at_ms: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default()
}

/// A command to type.
pub fn command(text: &str) -> Markup {
    html! { code .command { (text) } }
}

/// An id.
pub fn id(text: &str) -> Markup {
    html! { code .id { (text) } }
}

/// The beginning of a commit's name, which is enough for git and for people.
pub fn commit(name: &str) -> Markup {
    html! { code .id title=(name) { (name.get(..10).unwrap_or(name)) } }
}

/// A word in a box.
pub fn badge(kind: &str, text: &str) -> Markup {
    html! { span class={ "badge " (kind) } { (text) } }
}

/// `n` of something: "1 file", "3 files".
pub fn several(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", grouped(n as u64)) }
}

/// A number with its digits in groups of three.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_one_line_of_text_and_never_markup() {
        let odd = "<script>\r\nalert(1)\u{0}</script>\t&";
        assert_eq!(title(odd).into_string(), "<bdi dir=\"auto\">&lt;script&gt; alert(1) &lt;/script&gt; &amp;</bdi>");
        assert_eq!(clipped(&"é".repeat(300), 3), "ééé…");
        assert_eq!(clipped("short", 5), "short");
    }

    #[test]
    fn a_time_of_another_day_says_which() {
        let noon = 1_795_262_400_000;
        assert_eq!(clock(noon, noon + 1_000), "12:00:00 UTC");
        assert_eq!(clock(noon, noon + 86_400_000), "2026-11-21 12:00 UTC");
    }

    #[test]
    fn large_numbers_are_read_in_groups_of_three() {
        assert_eq!((grouped(0), grouped(999), grouped(1_000_000)), ("0".into(), "999".into(), "1,000,000".into()));
        assert_eq!((several(1, "file"), several(2_000, "file")), ("1 file".into(), "2,000 files".into()));
    }
}
