//! All of it in a line.

use crate::lines::lines;
use crate::longest::longest;
use crate::words::words;

pub fn summary(text: &str) -> String {
    format!("{} lines, {} words, longest {:?}", lines(text), words(text), longest(text).unwrap_or_default())
}
