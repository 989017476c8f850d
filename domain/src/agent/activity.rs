//! What an agent does, in lines that are kept: short, of a known kind, and no more than somebody may want to read.

use super::event::AgentEvent;
use crate::budget::Usage;

/// The longest line, in characters.
pub const LINE_CHARS_MAX: usize = 400;
/// How many lines of one attempt are kept: the last ones.
pub const LINES_MAX: u32 = 500;

/// One line. The text is the agent's own and not to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Of what kind: one of [`KINDS`].
    pub kind: &'static str,
    /// What it says, without line ends.
    pub text: String,
}

/// The kinds of lines.
pub const KINDS: [&str; 10] =
    ["started", "text", "tool", "result", "asked", "denied", "plan", "usage", "retry", "notice"];

/// The kind called `word`, or `None`.
pub fn kind(word: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|kind| *kind == word)
}

impl Line {
    fn new(kind: &'static str, text: &str) -> Self {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut shown: String = words.chars().filter(|c| !c.is_control()).take(LINE_CHARS_MAX + 1).collect();
        if shown.chars().count() > LINE_CHARS_MAX {
            shown = shown.chars().take(LINE_CHARS_MAX - 1).collect::<String>() + "…";
        }
        Self { kind, text: shown }
    }
}

/// Lines that wait to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    lines: Vec<Line>,
    /// What the last of them is made of, when more of it may come.
    open: Option<String>,
}

impl Lines {
    /// Takes `event` down. What comes in pieces becomes one line, and of what it used the last is enough; thoughts and
    /// what we do not understand are in the transcript alone.
    pub fn take(&mut self, event: &AgentEvent) {
        if let AgentEvent::Text(piece) = event {
            let mut text = self.open.take().inspect(|_| drop(self.lines.pop())).unwrap_or_default();
            // Of an endless text the beginning is enough.
            if text.len() < 8 * LINE_CHARS_MAX {
                text.push_str(piece);
            }
            self.lines.push(Line::new("text", &text));
            self.open = Some(text);
            return;
        }
        let Some(line) = line(event) else { return };
        self.open = None;
        if line.kind == "usage" {
            self.lines.retain(|it| it.kind != "usage");
        }
        self.lines.push(line);
    }

    /// What there is, the last [`LINES_MAX`]; nothing is left. A text whose rest comes later begins a line of its own.
    pub fn drain(&mut self) -> Vec<Line> {
        self.open = None;
        let mut lines = std::mem::take(&mut self.lines);
        lines.retain(|line| !line.text.is_empty());
        let from = lines.len().saturating_sub(LINES_MAX as usize);
        lines.split_off(from)
    }
}

fn line(event: &AgentEvent) -> Option<Line> {
    Some(match event {
        AgentEvent::Started(started) => {
            let known = [started.model.as_str(), started.version.as_str(), started.session.as_str()];
            let known: Vec<&str> = known.into_iter().filter(|it| !it.is_empty()).collect();
            Line::new("started", &known.join(" "))
        }
        AgentEvent::ToolCall(call) => Line::new("tool", &format!("{} {}", call.name, call.input)),
        AgentEvent::ToolResult { ok, summary, .. } => {
            Line::new("result", &format!("{}{summary}", if *ok { "" } else { "failed: " }))
        }
        AgentEvent::PermissionAsked(question) => Line::new("asked", &format!("{} {}", question.tool, question.input)),
        AgentEvent::Denied { tool } => Line::new("denied", tool),
        AgentEvent::Plan(steps) => Line::new("plan", &steps.join("; ")),
        AgentEvent::Usage(usage) => Line::new("usage", &used(usage)),
        AgentEvent::Retry { attempt, of, status } => {
            let of = if *of > 0 { format!(" of {of}") } else { String::new() };
            let status = status.map(|it| format!(", HTTP {it}")).unwrap_or_default();
            Line::new("retry", &format!("{attempt}{of}{status}"))
        }
        AgentEvent::Notice(text) => Line::new("notice", text),
        AgentEvent::Text(_) | AgentEvent::Turn | AgentEvent::Thinking(_) | AgentEvent::Raw(_) => return None,
    })
}

fn used(usage: &Usage) -> String {
    let money = usage.usd_micros.map(|micros| format!(", ${}.{:04}", micros / 1_000_000, micros % 1_000_000 / 100));
    format!("{} tokens{}", usage.tokens(), money.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> AgentEvent {
        AgentEvent::Text(text.to_owned())
    }

    fn taken(events: &[AgentEvent]) -> Vec<(&'static str, String)> {
        let mut lines = Lines::default();
        events.iter().for_each(|event| lines.take(event));
        lines.drain().into_iter().map(|line| (line.kind, line.text)).collect()
    }

    #[test]
    fn pieces_of_a_text_are_one_line_until_something_else_happens() {
        let denied = AgentEvent::Denied { tool: "Bash".to_owned() };
        let events = [text("I lo"), text("ok\naround"), AgentEvent::Turn, text("."), denied, text("So.")];
        let lines = [("text", "I look around."), ("denied", "Bash"), ("text", "So.")];
        assert_eq!(taken(&events), lines.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn of_what_it_used_the_last_is_kept() {
        let usage =
            |output_tokens| AgentEvent::Usage(Usage { output_tokens, usd_micros: Some(1_234_567), ..Usage::default() });
        assert_eq!(taken(&[usage(1), text("a"), usage(2)]).last(), Some(&("usage", "2 tokens, $1.2345".to_owned())));
    }

    proptest! {
        #[test]
        fn a_line_is_short_and_is_one_line(pieces in proptest::collection::vec(".{0,900}", 0..8), tool in any::<bool>()) {
            let events: Vec<_> = pieces.iter().map(|piece| {
                if tool { AgentEvent::Denied { tool: piece.clone() } } else { text(piece) }
            }).collect();
            for (kind, line) in taken(&events) {
                prop_assert!(super::kind(kind).is_some());
                prop_assert!(line.chars().count() <= LINE_CHARS_MAX && !line.contains(char::is_control), "{line:?}");
            }
        }

        #[test]
        fn no_more_lines_are_kept_than_there_is_room_for(count in 0_usize..1_200) {
            let events: Vec<_> = (0..count).map(|n| AgentEvent::Notice(n.to_string())).collect();
            let lines = taken(&events);
            prop_assert_eq!(lines.len(), count.min(LINES_MAX as usize));
            prop_assert_eq!(lines.last().map(|it| it.1.clone()), count.checked_sub(1).map(|n| n.to_string()));
        }
    }
}
