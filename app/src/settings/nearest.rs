//! Did you mean?

/// The candidate that a writer of `word` most probably meant, or `None` when all are far from it.
pub fn nearest(word: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let far = word.chars().count() / 3 + 1;
    candidates.map(|it| (steps(word, it), it)).filter(|(steps, _)| *steps <= far).min().map(|(_, it)| it)
}

/// 0 when one is a whole part of the other (`ttl` or `lease` of `lease.ttl`), else how many letters to change.
fn steps(word: &str, candidate: &str) -> usize {
    let part = candidate.strip_prefix(word).is_some_and(|rest| rest.starts_with('.'))
        || candidate.strip_suffix(word).is_some_and(|rest| rest.ends_with('.'));
    if part { 0 } else { distance(word, candidate) }
}

/// How many letters must be put in, taken out or replaced to make `b` of `a` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut above: Vec<usize> = (0..=b.chars().count()).collect();
    for (row, from) in a.chars().enumerate() {
        let mut corner = above[0];
        above[0] = row + 1;
        for (column, to) in b.chars().enumerate() {
            let replaced = corner + usize::from(from != to);
            corner = above[column + 1];
            above[column + 1] = replaced.min(corner + 1).min(above[column] + 1);
        }
    }
    above[b.chars().count()]
}
