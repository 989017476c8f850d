//! Counting lines.

pub fn lines(text: &str) -> usize {
    text.lines().count()
}
