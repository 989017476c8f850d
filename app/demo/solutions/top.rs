//! The most frequent words.

use crate::frequency::frequency;

pub fn top(text: &str, n: usize) -> Vec<(String, usize)> {
    let mut counts: Vec<_> = frequency(text).into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(n);
    counts
}
