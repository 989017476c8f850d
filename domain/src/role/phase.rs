//! The phases of a piece of software, and to which an item belongs.

use crate::text::Role;
use crate::work::Draft;

/// A phase; each has a role of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// What is wanted.
    Requirements,
    /// How it is cut.
    Architecture,
    /// The thing itself; whatever belongs to no other phase.
    Implementation,
    /// Whether it does what is wanted.
    Testing,
    /// Bringing it to where it runs.
    Deployment,
}

/// Types of work that say to which phase they belong.
const TYPES: [(&str, Phase); 21] = [
    ("requirement", Phase::Requirements),
    ("requirements", Phase::Requirements),
    ("analysis", Phase::Requirements),
    ("planning", Phase::Requirements),
    ("discovery", Phase::Requirements),
    ("architecture", Phase::Architecture),
    ("design", Phase::Architecture),
    ("decision", Phase::Architecture),
    ("test", Phase::Testing),
    ("tests", Phase::Testing),
    ("testing", Phase::Testing),
    ("qa", Phase::Testing),
    ("verification", Phase::Testing),
    ("deploy", Phase::Deployment),
    ("deployment", Phase::Deployment),
    ("release", Phase::Deployment),
    ("ops", Phase::Deployment),
    ("operations", Phase::Deployment),
    ("devops", Phase::Deployment),
    ("infrastructure", Phase::Deployment),
    ("monitoring", Phase::Deployment),
];

impl Phase {
    /// All, in their order.
    pub const ALL: [Self; 5] =
        [Self::Requirements, Self::Architecture, Self::Implementation, Self::Testing, Self::Deployment];

    /// The phase as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requirements => "requirements",
            Self::Architecture => "architecture",
            Self::Implementation => "implementation",
            Self::Testing => "testing",
            Self::Deployment => "deployment",
        }
    }

    /// The role that works in it, one of [`Role::USUAL`].
    pub const fn role(self) -> &'static str {
        Role::USUAL[self as usize]
    }

    /// The phase that an item belongs to: that of the usual role that it asks for, else that of its type, else the
    /// implementation.
    pub fn of(item: &Draft) -> Self {
        let asked = item.role.as_ref().and_then(|role| {
            let usual = Role::USUAL.iter().position(|usual| usual.eq_ignore_ascii_case(role.as_str()));
            usual.map(|at| Self::ALL[at])
        });
        let kind = || TYPES.iter().find(|(word, _)| item.kind.eq_ignore_ascii_case(word)).map(|(_, phase)| *phase);
        asked.or_else(kind).unwrap_or(Self::Implementation)
    }
}
