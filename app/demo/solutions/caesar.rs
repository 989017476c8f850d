//! The oldest cipher.

pub fn caesar(text: &str, by: u8) -> String {
    let shift = |c: char, first: u8| char::from((c as u8 - first + by % 26) % 26 + first);
    let turn = |c: char| match c {
        'a'..='z' => shift(c, b'a'),
        'A'..='Z' => shift(c, b'A'),
        other => other,
    };
    text.chars().map(turn).collect()
}
