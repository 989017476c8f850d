//! Roles: which one a session should have, from how the project stands.
//!
//! ```text
//! items, gates, open sessions ──▶ Facts ──▶ Stage ──▶ role, and why
//! ```
//!
//! | stage | role |
//! |---|---|
//! | nothing has been asked for yet | PM |
//! | something is blocked, and nothing else can go on | Developer |
//! | requirements, architecture, implementation, testing are complete | Architect, Developer, QA, DevOps |
//! | anything else is under way | they take turns, those that work waits for first |

mod decide;
mod facts;
mod phase;
#[cfg(test)]
mod tests;

pub use decide::{Decision, Stage, decide, same};
pub use facts::{Facts, Tally};
pub use phase::Phase;

use std::str::FromStr;

use crate::text::{BadText, Role};

/// Which role somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Whichever is needed most.
    #[default]
    Auto,
    /// This one.
    Named(Role),
}

impl Wanted {
    /// The word for whichever is needed most.
    pub const AUTO: &'static str = "auto";

    /// What was asked for, as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Auto => Self::AUTO,
            Self::Named(role) => role.as_str(),
        }
    }
}

impl FromStr for Wanted {
    type Err = BadText;

    /// The usual roles may be written in small letters.
    fn from_str(text: &str) -> Result<Self, BadText> {
        let role: Role = text.parse()?;
        if text.eq_ignore_ascii_case(Self::AUTO) {
            return Ok(Self::Auto);
        }
        let usual = Role::USUAL.iter().find(|usual| usual.eq_ignore_ascii_case(text));
        Ok(Self::Named(usual.map_or(Ok(role), |usual| usual.parse())?))
    }
}
