//! Finding notes by words, the same whatever keeps them.
//!
//! Text is taken apart where a character is neither letter nor digit, in small letters. A word that is looked for is
//! found at the beginning of a word; one in a script without spaces between words (no letter of it has a capital),
//! anywhere. A note that has more of the words comes first; of two that have as many, the newer one.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Note;
use crate::text::{BadText, filled};

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    words: Vec<String>,
}

/// A note that has at least one of the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The note.
    pub note: Note,
    /// The words that it has, in the order in which they were asked for.
    pub matched: Vec<String>,
}

impl Query {
    /// The longest text that is looked for, in bytes.
    pub const BYTES_MAX: usize = 2_000;
    /// The most words of it that count; the first ones do.
    pub const WORDS_MAX: usize = 50;

    /// What `text` asks for. Fails when there is no word in it.
    pub fn new(text: &str) -> Result<Self, BadText> {
        let words = words(&filled("what is looked for", text, Self::BYTES_MAX)?);
        if words.is_empty() {
            return Err(BadText::Empty { what: "what is looked for" });
        }
        Ok(Self::of(words))
    }

    /// The words of what somebody is going to do, without the shortest, which say nothing; there may be none.
    pub fn about<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let long = |word: &String| !word.is_ascii() || word.len() > 3;
        Self::of(texts.into_iter().flat_map(words).filter(long).collect())
    }

    fn of(words: Vec<String>) -> Self {
        let mut seen = BTreeSet::new();
        Self { words: words.into_iter().filter(|word| seen.insert(word.clone())).take(Self::WORDS_MAX).collect() }
    }

    /// The words.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The words that `note` has, in its text or its tags.
    pub fn matched(&self, note: &Note) -> Vec<String> {
        let mut has = words(&note.text);
        has.extend(note.tags.iter().flat_map(|tag| words(tag.as_str())));
        self.words.iter().filter(|word| found(word, &has)).cloned().collect()
    }
}

fn found(word: &str, among: &[String]) -> bool {
    let anywhere = !word.chars().any(|c| c.is_numeric() || c.is_lowercase());
    among.iter().any(|other| other.starts_with(word) || (anywhere && other.contains(word)))
}

/// Up to `limit` of `notes` that have a word of `query`, the best first.
pub fn search(notes: impl IntoIterator<Item = Note>, query: &Query, limit: usize) -> Vec<Found> {
    let matched = notes.into_iter().map(|note| Found { matched: query.matched(&note), note });
    let mut found: Vec<Found> = matched.filter(|found| !found.matched.is_empty()).collect();
    found.sort_by_key(|found| (Reverse(found.matched.len()), Reverse((found.note.at, found.note.id.number()))));
    found.truncate(limit);
    found
}

/// The words of `text` in small letters, in their order.
pub fn words(text: &str) -> Vec<String> {
    let small = |c: char| c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c });
    let text: String = text.chars().flat_map(small).collect();
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
