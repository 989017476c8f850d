//! Output as lines, none longer than is heard.

use std::collections::VecDeque;

/// Takes in bytes and gives out lines.
pub(super) struct Lines {
    line_bytes_max: usize,
    whole: VecDeque<(Vec<u8>, bool)>,
    begun: Vec<u8>,
    cut: bool,
}

impl Lines {
    /// No lines yet.
    pub fn new(line_bytes_max: usize) -> Self {
        Self { line_bytes_max, whole: VecDeque::new(), begun: Vec::new(), cut: false }
    }

    /// Takes in what was printed.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.extend(&bytes[..end]);
            self.finish_line();
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    /// The output is over: what has no end so far is a line too.
    pub fn finish(&mut self) {
        if !self.begun.is_empty() || self.cut {
            self.finish_line();
        }
    }

    /// The next line, and whether it was cut.
    pub fn next(&mut self) -> Option<(Vec<u8>, bool)> {
        self.whole.pop_front()
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = self.line_bytes_max - self.begun.len();
        self.cut |= bytes.len() > room;
        self.begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn finish_line(&mut self) {
        if self.begun.last() == Some(&b'\r') {
            self.begun.pop();
        }
        self.whole.push_back((std::mem::take(&mut self.begun), std::mem::take(&mut self.cut)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]], line_bytes_max: usize) -> Vec<(String, bool)> {
        let mut lines = Lines::new(line_bytes_max);
        pieces.iter().for_each(|piece| lines.take(piece));
        lines.finish();
        std::iter::from_fn(|| lines.next()).map(|(it, cut)| (String::from_utf8_lossy(&it).into_owned(), cut)).collect()
    }

    #[test]
    fn pieces_become_lines_wherever_they_are_cut() {
        let expected = [("one", false), ("", false), ("two", false), ("three", false)];
        let expected: Vec<_> = expected.iter().map(|(it, cut)| ((*it).to_owned(), *cut)).collect();
        assert_eq!(all(&[b"one\n\ntwo\r\nthree"], 100), expected);
        assert_eq!(all(&[b"on", b"e\n", b"\ntwo\r", b"\nth", b"ree\n"], 100), expected);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_takes_no_more_room() {
        let long = vec![b'x'; 1_000_000];
        let lines = all(&[&long, &long, b"\nnext"], 10);
        assert_eq!(lines, [("x".repeat(10), true), ("next".to_owned(), false)]);
    }
}
