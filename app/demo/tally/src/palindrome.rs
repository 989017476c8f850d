//! Texts that read the same from both ends.
// status: broken

pub fn palindrome(text: &str) -> bool {
    text.chars().eq(text.chars().rev())
}
