//! Small tools for text; some are missing, some are broken.

pub mod caesar;
pub mod frequency;
pub mod known;
pub mod lines;
pub mod longest;
pub mod palindrome;
pub mod roman;
pub mod slug;
pub mod summary;
pub mod tidy;
pub mod title;
pub mod top;
pub mod words;
pub mod wrap;
