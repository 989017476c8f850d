//! What a text says by the words in it: lines that speak of errors, conflicts, waiting. Nothing else of it is understood.

use super::bottlenecks::{Kind, Severity};
use super::figures::share;

/// Lines of a text that speak of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Of what.
    pub what: &'static str,
    /// Which kind of trouble that is.
    pub kind: Kind,
    /// How many lines do.
    pub lines: usize,
    /// The number of the first of them, from 1.
    pub first: usize,
    /// How bad it is, by the part of all lines.
    pub severity: Severity,
    /// What to do about it.
    pub advice: &'static str,
}

/// What is looked for: a name, beginnings of words of which a line has to have one, and what to do about it. The worst first.
const PATTERNS: [(&str, Kind, &[&str], &str); 6] = [
    ("errors", Kind::Coordination, &["error", "fail", "fatal", "panic", "exception"], "find out why they fail"),
    ("urgent work", Kind::Resource, &["critical", "urgent", "\"p0\"", "blocker"], "give the urgent to somebody now"),
    (
        "time-outs",
        Kind::Resource,
        &["timeout", "timed out", "timed_out", "expired", "lapsed"],
        "see what takes too long",
    ),
    ("conflicts", Kind::Coordination, &["conflict", "locked", "deadlock"], "keep apart what writes the same"),
    ("waiting", Kind::Dependency, &["blocked", "waiting", "pending", "depends"], "finish what others wait for"),
    ("warnings", Kind::Coordination, &["warn", "deprecated", "retry", "stalled"], "look at them when there is time"),
];

/// How many lines that are not empty `text` has, and what they speak of; what is first in the list is worst.
pub fn findings(text: &str) -> (usize, Vec<Finding>) {
    let lines: Vec<(usize, String)> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(n, line)| (n, line.to_lowercase()))
        .collect();
    let found = PATTERNS.iter().filter_map(|(what, kind, words, advice)| {
        let mut hits = lines.iter().filter(|(_, line)| words.iter().any(|word| begins(line, word)));
        let first = hits.next()?.0;
        let count = hits.count() + 1;
        let severity = Severity::of(share(count, lines.len())?);
        Some(Finding { what, kind: *kind, lines: count, first, severity, advice })
    });
    let found = found.collect();
    (lines.len(), found)
}

/// Whether a word of `line` begins with `word`: "blocked" does not speak of something locked.
fn begins(line: &str, word: &str) -> bool {
    let before = |at: usize| line[..at].chars().next_back();
    line.match_indices(word).any(|(at, _)| !before(at).is_some_and(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_what_they_speak_of() {
        let (lines, found) = findings("all well\n\nERROR: x\nit failed: time-out\nit waits: blocked\n");
        assert_eq!(lines, 4);
        let told: Vec<_> = found.iter().map(|it| (it.what, it.lines, it.first, it.severity)).collect();
        assert_eq!(told, [("errors", 2, 3, Severity::Critical), ("waiting", 1, 5, Severity::High)]);
    }

    #[test]
    fn a_text_of_nothing_says_nothing() {
        assert_eq!(findings("\n \n"), (0, vec![]));
        assert_eq!(findings("all is well").1, []);
    }
}
