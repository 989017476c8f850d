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
pub struct Words {
    /// In the order of their letters.
    each: Vec<Word>,
    /// Which opposites it has: a bit for each pair of [`OPPOSITES`], of the one side and of the other.
    opposites: (u32, u32),
}

/// A word of it, and its letters by threes; none when it is a number, which is spelled like no other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    text: String,
    threes: Vec<[char; 3]>,
}

impl Words {
    /// The words of `title`.
    pub fn of(title: &str) -> Self {
        let lower = title.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words = words.filter(|word| !SMALL.contains(word)).take(WORDS_MAX);
        let each: BTreeSet<&str> = words.map(stem).collect();
        let has = |word: &str| u32::from(each.contains(word));
        let bits = |side: fn(&(&'static str, &'static str)) -> &'static str| {
            OPPOSITES.iter().rev().fold(0, |bits, pair| (bits << 1) | has(side(pair)))
        };
        let opposites = (bits(|pair| pair.0), bits(|pair| pair.1));
        Self {
            opposites,
            each: each.iter().map(|text| Word { text: (*text).to_owned(), threes: threes(text) }).collect(),
        }
    }

    /// How alike the two are, in percent.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A score is from 0 to 1.
    pub fn likeness(&self, other: &Self) -> u8 {
        (self.score(other) * 100.0).round() as u8
    }

    fn score(&self, other: &Self) -> f64 {
        if self.each.is_empty() || other.each.is_empty() {
            return 0.0;
        }
        let mut score = self.found(other) / (self.weight() + other.weight());
        if self.numbers().ne(other.numbers()) {
            score /= 2.0;
        }
        let ((a, b), (c, d)) = (self.opposites, other.opposites);
        let against = (a & !c & d & !b).count_ones() + (c & !a & b & !d).count_ones();
        score / f64::from(1_u32 << against)
    }

    fn weight(&self) -> f64 {
        self.each.iter().map(|word| weight(&word.text)).sum()
    }

    /// The weight of what is found of each in the other.
    fn found(&self, other: &Self) -> f64 {
        if self.each == other.each {
            return 2.0 * self.weight();
        }
        let mut theirs = vec![0.0; other.each.len()];
        let mut found = 0.0;
        for word in &self.each {
            let mut ours = 0.0;
            for (it, best) in other.each.iter().zip(&mut theirs) {
                let near = word.near(it);
                ours = f64::max(ours, near);
                *best = f64::max(*best, near);
            }
            found += weight(&word.text) * ours;
        }
        found + other.each.iter().zip(theirs).map(|(word, best)| weight(&word.text) * best).sum::<f64>()
    }

    fn numbers(&self) -> impl Iterator<Item = &String> {
        let numbers = self.each.iter().filter(|word| word.text.chars().any(|c| c.is_ascii_digit()));
        numbers.map(|word| &word.text)
    }
}

impl Word {
    /// How nearly the two are spelled alike; 0 below what a slip of the finger does.
    fn near(&self, other: &Self) -> f64 {
        if self.text == other.text {
            return 1.0;
        }
        let (a, b) = (&self.threes, &other.threes);
        let whole = count(a.len() + b.len());
        // Most words are told apart by their lengths.
        if a.is_empty() || b.is_empty() || 2.0 * count(a.len().min(b.len())) < NEAR * whole {
            return 0.0;
        }
        let score = 2.0 * count(in_both(a, b)) / whole;
        if score >= NEAR { score } else { 0.0 }
    }
}

/// How many are in both; each is in order and has none twice.
fn in_both(a: &[[char; 3]], b: &[[char; 3]]) -> usize {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, both) = (i + 1, j + 1, both + 1),
        }
    }
    both
}

fn weight(word: &str) -> f64 {
    if USUAL.contains(&word) { WEAK } else { 1.0 }
}

fn stem(word: &str) -> &str {
    let cut = |ending: &&&str| word.strip_suffix(**ending).is_some_and(|rest| rest.chars().count() >= 3);
    ENDINGS.iter().find(cut).and_then(|ending| word.strip_suffix(*ending)).unwrap_or(word)
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

fn threes(word: &str) -> Vec<[char; 3]> {
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let letters: Vec<char> = [' '].into_iter().chain(word.chars().take(40)).chain([' ']).collect();
    let each: BTreeSet<[char; 3]> = letters.windows(3).map(|it| [it[0], it[1], it[2]]).collect();
    each.into_iter().collect()
}
