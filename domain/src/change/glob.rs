//! Patterns for paths in a repository.
//!
//! `*` and `?` stay within one segment, `**` crosses them, `[a-z]` and `{one,two}` choose. A pattern without a
//! slash fits at any depth; one that ends in `/` fits all below. A pattern for all below a folder fits the folder's
//! own path too, so that replacing the folder by a file or a link does not slip past.

/// A pattern that paths either fit or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    written: String,
    pattern: String,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGlob {
    /// Nothing to match.
    #[error("a pattern is empty")]
    Empty,
    /// Longer than [`Glob::BYTES_MAX`].
    #[error("the pattern {start:?}… has {bytes} bytes; the most is {}", Glob::BYTES_MAX)]
    TooLong {
        /// How it begins.
        start: String,
        /// How long it is.
        bytes: usize,
    },
    /// A bracket or brace that does not close, or braces in braces.
    #[error("the pattern {0:?} has a bracket or brace that does not close, or braces within braces")]
    Unbalanced(String),
    /// Begins with `!` or `/`.
    #[error("the pattern {0:?} begins with `!` or `/`; patterns name what they fit, from the top of the repository")]
    Start(String),
}

impl Glob {
    /// The longest pattern, in bytes.
    pub const BYTES_MAX: usize = 1_000;

    /// Whether the pattern fits `path`, as git gives it: bytes, `/` between segments, none in front.
    pub fn fits(&self, path: &[u8]) -> bool {
        let folder = self.pattern.strip_suffix("/**");
        fast_glob::glob_match(&self.pattern, path) || folder.is_some_and(|f| fast_glob::glob_match(f, path))
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl std::str::FromStr for Glob {
    type Err = BadGlob;

    fn from_str(text: &str) -> Result<Self, BadGlob> {
        if text.trim().is_empty() {
            return Err(BadGlob::Empty);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(BadGlob::TooLong { start: text.chars().take(40).collect(), bytes: text.len() });
        }
        if text.starts_with(['!', '/']) {
            return Err(BadGlob::Start(text.to_owned()));
        }
        if !balanced(text) {
            return Err(BadGlob::Unbalanced(text.to_owned()));
        }
        let below = if text.ends_with('/') { format!("{text}**") } else { text.to_owned() };
        let inner = text.trim_end_matches('/');
        let pattern = if inner.contains('/') { below } else { format!("**/{below}") };
        Ok(Self { written: text.to_owned(), pattern })
    }
}

fn balanced(text: &str) -> bool {
    let (mut brace, mut bracket, mut chars) = (false, false, text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next().is_none() => return false,
            '[' if !bracket => bracket = true,
            ']' => bracket = false,
            '{' if !bracket && brace => return false,
            '{' if !bracket => brace = true,
            '}' if !bracket => brace = false,
            _ => {}
        }
    }
    !brace && !bracket
}
