//! Patterns for paths in a repository.
//!
//! `*` and `?` (one byte) stay within one segment, `**` crosses them, `[a-z]` and `{one,two}` choose. A pattern
//! without a slash fits at any depth; one that ends in `/` fits all below. A pattern for all below a folder fits the
//! folder's own path too, so that replacing the folder by a file or a link does not slip past. What could never fit
//! is refused: a pattern that protects nothing looks just like one that does.

/// A pattern that paths either fit or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    written: String,
    pattern: String,
    /// For the folder itself, when the pattern is one for all below it.
    folder: Option<String>,
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
    /// A bracket or brace that does not close, braces in braces, or more than ten pairs of them.
    #[error("the pattern {0:?} has a bracket or brace that does not close, braces within braces, or over ten pairs")]
    Unbalanced(String),
    /// Begins with `!`, `/`, `./` or `../`.
    #[error(
        "the pattern {0:?} begins with `!`, `/` or `.`; patterns name what they fit, from the top of the repository"
    )]
    Start(String),
}

impl Glob {
    /// The longest pattern, in bytes.
    pub const BYTES_MAX: usize = 1_000;

    /// Whether the pattern fits `path`, as git gives it: bytes, `/` between segments, none in front.
    pub fn fits(&self, path: &[u8]) -> bool {
        let fits = |pattern: &String| fast_glob::glob_match(pattern, path);
        fits(&self.pattern) || self.folder.as_ref().is_some_and(fits)
    }

    /// The pattern in full: from the top of the repository, with what is implied spelled out.
    pub(super) fn full(&self) -> &str {
        &self.pattern
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
        if ["!", "/", "./", "../"].iter().any(|start| text.starts_with(start)) {
            return Err(BadGlob::Start(text.to_owned()));
        }
        if !balanced(text) {
            return Err(BadGlob::Unbalanced(text.to_owned()));
        }
        let inner = text.trim_end_matches('/');
        let below = if inner == text { text.to_owned() } else { format!("{inner}/**") };
        let pattern = if inner.contains('/') { below } else { format!("**/{below}") };
        let folder = folder(&pattern);
        Ok(Self { written: text.to_owned(), pattern, folder })
    }
}

/// The pattern for the folder of which `pattern` fits all that is below; also in the alternatives at its end.
fn folder(pattern: &str) -> Option<String> {
    let choices = pattern.strip_suffix('}').and_then(|open| open.rsplit_once('{'));
    let folder = match choices {
        Some((head, choices)) => {
            let each: Vec<&str> = choices.split(',').map(without_below).collect();
            format!("{head}{{{}}}", each.join(","))
        }
        None => without_below(pattern).to_owned(),
    };
    (folder != pattern && !folder.is_empty()).then_some(folder)
}

fn without_below(pattern: &str) -> &str {
    let shorter = pattern.strip_suffix("/**").or_else(|| pattern.strip_suffix("/**/*"));
    shorter.map_or(pattern, without_below)
}

/// Whether brackets and braces close, with at most one brace open at a time and no more than the matcher takes.
fn balanced(text: &str) -> bool {
    let (mut brace, mut bracket, mut chars) = (false, false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next().is_none() => return false,
            '[' if !bracket => {
                bracket = true;
                // What comes first in a class is a member of it, a closing bracket too.
                chars.next_if(|c| matches!(c, '!' | '^'));
                chars.next_if_eq(&']');
            }
            ']' => bracket = false,
            '{' if !bracket && brace => return false,
            '{' if !bracket => brace = true,
            '}' if !bracket => brace = false,
            _ => {}
        }
    }
    !brace && !bracket && fast_glob::validate(text).is_ok()
}
