//! Whether some path could fit two patterns.
//!
//! Nobody has to find such a path: both patterns are read side by side, once segment by segment and within a segment
//! character by character, and every pair of places that one text could reach is marked. The answer errs on the side
//! of an overlap: a class in brackets counts as any text.

use super::glob::Glob;

/// A piece of a segment: a byte, any one byte, or any text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    One,
    Many,
}

/// A segment of a path: any number of whole segments, or a text made of pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Any,
    Text(Vec<Piece>),
}

/// A pattern without braces, ready to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flat(Vec<Segment>);

impl Flat {
    /// Whether some path could fit both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let pieces = |a: &Vec<Piece>, b: &Vec<Piece>| {
            meet(a, b, &|piece| *piece == Piece::Many, &|a, b| a == b || *a == Piece::One || *b == Piece::One)
        };
        meet(&self.0, &other.0, &|segment| *segment == Segment::Any, &|a, b| match (a, b) {
            (Segment::Text(a), Segment::Text(b)) => pieces(a, b),
            _ => true,
        })
    }
}

/// Whether `a` and `b` can read the same text; what `many` says of reads any number of parts.
fn meet<T>(a: &[T], b: &[T], many: &dyn Fn(&T) -> bool, same: &dyn Fn(&T, &T) -> bool) -> bool {
    // Whether `a[..i]` and `b[..j]` can have read the same.
    let mut reached = vec![vec![false; b.len() + 1]; a.len() + 1];
    reached[0][0] = true;
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if !reached[i][j] {
                continue;
            }
            let (left, right) = (a.get(i), b.get(j));
            let (left_many, right_many) = (left.is_some_and(many), right.is_some_and(many));
            if left_many || (right_many && left.is_some()) {
                reached[i + 1][j] = true;
            }
            if right_many || (left_many && right.is_some()) {
                reached[i][j + 1] = true;
            }
            if let (Some(left), Some(right), false) = (left, right, left_many || right_many)
                && same(left, right)
            {
                reached[i + 1][j + 1] = true;
            }
        }
    }
    reached[a.len()][b.len()]
}

impl Glob {
    /// The pattern without its braces: one for each way to choose, or `None` when there are more than `most`.
    pub fn flat(&self, most: usize) -> Option<Vec<Flat>> {
        let mut open = vec![(Vec::new(), self.full().as_bytes())];
        let mut flat = Vec::new();
        while let Some((mut head, rest)) = open.pop() {
            match braces(rest) {
                None => {
                    head.extend_from_slice(rest);
                    flat.push(segments(&head));
                }
                Some((before, choices, after)) => {
                    head.extend_from_slice(before);
                    open.extend(choices.into_iter().map(|choice| ([head.as_slice(), choice].concat(), after)));
                }
            }
            if flat.len() + open.len() > most {
                return None;
            }
        }
        Some(flat)
    }
}

/// A text cut at its first pair of braces: what is before, the choices, what is after.
type Cut<'a> = (&'a [u8], Vec<&'a [u8]>, &'a [u8]);

/// What is before the first pair of braces, its choices, and what is after; `None` without one.
fn braces(text: &[u8]) -> Option<Cut<'_>> {
    let (mut begun, mut choices, mut from) = (None, Vec::new(), 0);
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            b'[' => at = class_end(text, at),
            b'{' => (begun, from) = (Some(at), at + 1),
            b',' if begun.is_some() => {
                choices.push(&text[from..at]);
                from = at + 1;
            }
            b'}' => {
                if let Some(begun) = begun {
                    choices.push(&text[from..at]);
                    return Some((&text[..begun], choices, &text[at + 1..]));
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the class that begins at `at` ends.
fn class_end(text: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    if matches!(text.get(end), Some(b'!' | b'^')) {
        end += 1;
    }
    // What comes first in a class is a member of it, a closing bracket too.
    end += 1;
    while text.get(end).is_some_and(|byte| *byte != b']') {
        end += 1;
    }
    end.min(text.len().saturating_sub(1))
}

fn segments(text: &[u8]) -> Flat {
    let (mut all, mut pieces, mut stars) = (Vec::new(), Vec::new(), false);
    let mut at = 0;
    while at <= text.len() {
        match text.get(at) {
            None | Some(b'/') => {
                let pieces = std::mem::take(&mut pieces);
                all.push(if std::mem::take(&mut stars) { Segment::Any } else { Segment::Text(pieces) });
            }
            Some(b'*') => {
                // Two of them cross segments; so does, for us, whatever stands beside them.
                stars |= pieces.last() == Some(&Piece::Many) && text.get(at.wrapping_sub(1)) == Some(&b'*');
                pieces.push(Piece::Many);
            }
            Some(b'?') => pieces.push(Piece::One),
            Some(b'[') => {
                let end = class_end(text, at);
                stars |= text[at..end].contains(&b'/');
                pieces.push(Piece::Many);
                at = end;
            }
            Some(b'\\') => {
                at += 1;
                pieces.extend(text.get(at).map(|byte| Piece::Byte(*byte)));
            }
            Some(byte) => pieces.push(Piece::Byte(*byte)),
        }
        at += 1;
    }
    Flat(all)
}
