//! Tidying white space.

pub fn tidy(text: &str) -> String {
    text.trim().to_string()
}
