//! Title case.
// status: broken

pub fn title(text: &str) -> String {
    text.to_uppercase()
}
