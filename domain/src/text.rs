//! Text that came in: any Unicode, kept to the letter, with a limit that is said when it is passed.

/// Why a text cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing but white space.
    #[error("{what} is empty")]
    Empty {
        /// What the text was to be, such as `title`.
        what: &'static str,
    },
    /// More bytes than the limit.
    #[error("{what} has {bytes} bytes; the most is {bytes_max}")]
    TooLong {
        /// What the text was to be.
        what: &'static str,
        /// How many bytes came.
        bytes: usize,
        /// How many are taken.
        bytes_max: usize,
    },
    /// A character that a name cannot carry (control characters; in names of projects also `/`).
    #[error("{what} has the character {found:?}, which a name cannot have")]
    BadCharacter {
        /// What the text was to be.
        what: &'static str,
        /// The character.
        found: char,
    },
}

/// `text` itself when it has at most `bytes_max` bytes.
pub fn bounded(what: &'static str, text: &str, bytes_max: usize) -> Result<String, BadText> {
    if text.len() > bytes_max {
        return Err(BadText::TooLong { what, bytes: text.len(), bytes_max });
    }
    Ok(text.to_owned())
}

/// `text` itself when it has something to read and at most `bytes_max` bytes.
pub fn filled(what: &'static str, text: &str, bytes_max: usize) -> Result<String, BadText> {
    if text.trim().is_empty() {
        return Err(BadText::Empty { what });
    }
    bounded(what, text, bytes_max)
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The longest such name, in bytes.
            pub const BYTES_MAX: usize = 200;

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadText;

            fn from_str(text: &str) -> Result<Self, BadText> {
                let text = filled($what, text, Self::BYTES_MAX)?;
                match text.chars().find(|c| c.is_control()) {
                    Some(found) => Err(BadText::BadCharacter { what: $what, found }),
                    None => Ok(Self(text)),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name by which an agent goes; unique within its project.
    AgentName, "agent name"
);
name!(
    /// What an agent is for, such as `Developer` or `QA`; any name, the usual ones are [`Role::USUAL`].
    Role, "role"
);

impl Role {
    /// The roles that most projects have.
    pub const USUAL: [&'static str; 5] = ["PM", "Architect", "Developer", "QA", "DevOps"];
}

name!(
    /// A group of agents.
    Team, "team"
);
name!(
    /// Something an agent can do and an item may ask for, such as `rust`.
    Capability, "capability"
);
name!(
    /// A word put on an item to find it by.
    Label, "label"
);
name!(
    /// A name that is none of the others: of a type, a rate, a lock, or an item that is to be the only one.
    Name, "name"
);

/// The partition every row carries; nothing reads across two of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Project(String);

impl Project {
    /// What spans projects is kept under this name.
    pub const RESERVED: &'static str = "_org";

    /// The project's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Project {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl std::str::FromStr for Project {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        let text = filled("project", text, 100)?;
        match text.chars().find(|c| c.is_control() || *c == '/') {
            Some(found) => Err(BadText::BadCharacter { what: "project", found }),
            None => Ok(Self(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_any_unicode_but_no_control_characters() {
        for good in ["Zoë", "агент 7", "名前", "a/b", "\"quoted\"", "🤖"] {
            assert_eq!(good.parse::<AgentName>().expect(good).as_str(), good);
        }
        assert_eq!("a\nb".parse::<AgentName>(), Err(BadText::BadCharacter { what: "agent name", found: '\n' }));
        assert_eq!(" \t".parse::<Role>(), Err(BadText::Empty { what: "role" }));
        assert!(matches!("x".repeat(201).parse::<Team>(), Err(BadText::TooLong { bytes: 201, bytes_max: 200, .. })));
    }

    #[test]
    fn a_project_is_one_path_segment() {
        assert!("a/b".parse::<Project>().is_err());
        assert_eq!(Project::default().as_str(), "default");
    }
}
