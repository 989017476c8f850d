//! Title case.

pub fn title(text: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect())
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
