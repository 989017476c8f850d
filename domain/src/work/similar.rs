//! How alike two titles are.
//!
//! A title is read as a set of words: small ones are left out, endings are cut, so that "uploads" and "uploading" are
//! one word. A word of one title counts as far as the other title has it, or one that is spelled nearly like it (the
//! Dice coefficient of their letters by threes); words that stand in every other title, such as "fix", count less. The
//! score is the part of both titles that is found in the other. It is halved when the titles have different numbers,
//! and when one says the opposite of the other ("enable", "disable"): those share all words but one and mean two things.
//!
//! What this is worth on titles that people write is measured by `bench/src/bin/similar.rs`. It knows no synonyms: two
//! titles without a word in common are never alike.

use std::collections::BTreeSet;

/// From here on, in percent, two titles are said to be alike.
pub const ALIKE: u8 = 75;

/// What is read of a title, in words.
const WORDS_MAX: usize = 40;
/// From here on two words are taken for spellings of one.
const NEAR: f64 = 0.6;
/// What a word counts that stands in every other title.
const WEAK: f64 = 0.4;

const SMALL: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "i", "in", "into", "is", "it",
    "its", "my", "not", "of", "on", "or", "our", "out", "should", "so", "that", "the", "their", "them", "they", "this",
    "to", "too", "up", "us", "was", "we", "when", "with", "after", "your",
];
const USUAL: &[&str] = &[
    "add",
    "bug",
    "chang",
    "creat",
    "error",
    "fix",
    "implement",
    "improv",
    "issu",
    "mak",
    "new",
    "support",
    "updat",
    "work",
    "writ",
];
const OPPOSITES: &[(&str, &str)] = &[
    ("add", "delet"),
    ("add", "drop"),
    ("add", "remov"),
    ("backup", "restor"),
    ("clos", "open"),
    ("decreas", "increas"),
    ("decrypt", "encrypt"),
    ("disabl", "enabl"),
    ("doc", "test"),
    ("document", "test"),
    ("export", "import"),
    ("grant", "revok"),
    ("hid", "show"),
    ("lock", "unlock"),
    ("start", "stop"),
];
/// Longer ones first.
const ENDINGS: &[&str] =
    &["ations", "ation", "ating", "ings", "ing", "ies", "ied", "ions", "ion", "ed", "es", "s", "e", "y"];

/// A title as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// The words of `title`.
    pub fn of(title: &str) -> Self {
        let lower = title.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words = words.filter(|word| !SMALL.contains(word)).take(WORDS_MAX);
        Self(words.map(|word| stem(word).to_owned()).collect())
    }

    /// How alike the two are, in percent.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A score is from 0 to 1.
    pub fn likeness(&self, other: &Self) -> u8 {
        (self.score(other) * 100.0).round() as u8
    }

    fn score(&self, other: &Self) -> f64 {
        let whole = self.weight() + other.weight();
        if self.0.is_empty() || other.0.is_empty() {
            return 0.0;
        }
        let mut score = (self.found_in(other) + other.found_in(self)) / whole;
        if self.numbers().ne(other.numbers()) {
            score /= 2.0;
        }
        let only = |a: &Self, b: &Self, word: &str| a.0.contains(word) && !b.0.contains(word);
        for (a, b) in OPPOSITES {
            let against = |left: &Self, right: &Self| only(left, right, a) && only(right, left, b);
            if against(self, other) || against(other, self) {
                score /= 2.0;
            }
        }
        score
    }

    fn weight(&self) -> f64 {
        self.0.iter().map(|word| weight(word)).sum()
    }

    fn found_in(&self, other: &Self) -> f64 {
        let best = |word: &String| {
            if other.0.contains(word) {
                return 1.0;
            }
            other.0.iter().map(|it| near(word, it)).fold(0.0, f64::max)
        };
        self.0.iter().map(|word| weight(word) * best(word)).sum()
    }

    fn numbers(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter(|word| word.chars().any(|c| c.is_ascii_digit()))
    }
}

fn weight(word: &str) -> f64 {
    if USUAL.contains(&word) { WEAK } else { 1.0 }
}

fn stem(word: &str) -> &str {
    let cut = |ending: &&&str| word.strip_suffix(**ending).is_some_and(|rest| rest.chars().count() >= 3);
    ENDINGS.iter().find(cut).and_then(|ending| word.strip_suffix(*ending)).unwrap_or(word)
}

/// How nearly two words are spelled alike; 0 below what a slip of the finger does.
fn near(a: &str, b: &str) -> f64 {
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    if number(a) || number(b) {
        return 0.0;
    }
    let (a, b) = (threes(a), threes(b));
    let both = a.intersection(&b).count();
    let score = 2.0 * count(both) / count(a.len() + b.len());
    if score >= NEAR { score } else { 0.0 }
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

fn threes(word: &str) -> BTreeSet<[char; 3]> {
    let letters: Vec<char> = [' '].into_iter().chain(word.chars().take(40)).chain([' ']).collect();
    letters.windows(3).map(|it| [it[0], it[1], it[2]]).collect()
}
