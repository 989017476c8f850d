//! Accounts: whose spending is counted.

use std::fmt;
use std::str::FromStr;

use crate::id::WorkId;
use crate::text::Project;
use crate::work::Fence;

/// The levels of the tree, from the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// All projects of the store.
    Org,
    /// One project.
    Project,
    /// One `nexus run`, or whatever else starts agents.
    Run,
    /// One item, over all runs.
    Item,
    /// One grant of an item.
    Attempt,
}

impl Kind {
    /// Every level, from the root.
    pub const ALL: [Self; 5] = [Self::Org, Self::Project, Self::Run, Self::Item, Self::Attempt];

    /// The level as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Project => "project",
            Self::Run => "run",
            Self::Item => "item",
            Self::Attempt => "attempt",
        }
    }

    /// The level called `word`, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One account. As text: `org`, `project`, `run:NAME`, `item:work_1`, `attempt:work_1/2`; `item:*` stands for every item
/// that has no limits of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    kind: Kind,
    name: String,
}

/// Why a text names no account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no account; there are org, project, run:NAME, item:ID, attempt:ID/FENCE, and run:*, item:*, attempt:*"
)]
pub struct BadAccount {
    /// What stood there, cut to 64 characters.
    pub found: String,
}

impl Account {
    /// The longest name of a run, in bytes.
    pub const NAME_BYTES_MAX: usize = 200;
    /// What stands for every account of its level.
    const EVERY: &'static str = "*";

    /// The root.
    pub const fn org() -> Self {
        Self { kind: Kind::Org, name: String::new() }
    }

    /// The project's.
    pub const fn project() -> Self {
        Self { kind: Kind::Project, name: String::new() }
    }

    /// That of the run called `name`, or `None` when that is no name for a run.
    pub fn run(name: &str) -> Option<Self> {
        let fits = !name.trim().is_empty() && name.len() <= Self::NAME_BYTES_MAX && !name.contains(char::is_control);
        (fits && name != Self::EVERY).then(|| Self { kind: Kind::Run, name: name.to_owned() })
    }

    /// The item's.
    pub fn item(id: &WorkId) -> Self {
        Self { kind: Kind::Item, name: id.to_string() }
    }

    /// That of one grant of the item.
    pub fn attempt(id: &WorkId, fence: Fence) -> Self {
        Self { kind: Kind::Attempt, name: format!("{id}/{}", fence.number()) }
    }

    /// Its level.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its name within its level; empty for the root and for the project.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The account whose limits count where this one has none of its own; `None` where there is none.
    pub fn every(&self) -> Option<Self> {
        let many = !matches!(self.kind, Kind::Org | Kind::Project) && !self.is_every();
        many.then(|| Self { kind: self.kind, name: Self::EVERY.to_owned() })
    }

    /// Whether it stands for all of its level, and has only limits.
    pub fn is_every(&self) -> bool {
        self.name == Self::EVERY
    }

    /// In which partition it is kept, seen from `project`.
    pub fn kept_in(&self, project: &Project) -> Project {
        match self.kind {
            Kind::Org => Project::RESERVED.parse().expect("the reserved name is a name"),
            _ => project.clone(),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Org | Kind::Project => f.write_str(self.kind.word()),
            kind => write!(f, "{}:{}", kind.word(), self.name),
        }
    }
}

impl FromStr for Account {
    type Err = BadAccount;

    fn from_str(text: &str) -> Result<Self, BadAccount> {
        let bad = || BadAccount { found: text.chars().take(64).collect() };
        let (word, name) = text.split_once(':').unwrap_or((text, ""));
        let kind = Kind::from_word(word).ok_or_else(bad)?;
        let many = !matches!(kind, Kind::Org | Kind::Project);
        if many && name == Self::EVERY {
            return Ok(Self { kind, name: name.to_owned() });
        }
        match kind {
            Kind::Org | Kind::Project => (text == word).then_some(Self { kind, name: String::new() }),
            Kind::Run => Self::run(name),
            Kind::Item => name.parse().ok().map(|id| Self::item(&id)),
            Kind::Attempt => name.split_once('/').and_then(|(id, fence)| {
                let fence = fence.parse::<i64>().ok().filter(|n| *n > 0)?;
                Some(Self::attempt(&id.parse().ok()?, Fence::new(fence))).filter(|it| it.name == name)
            }),
        }
        .ok_or_else(bad)
    }
}

/// Who spends: under which run, on which item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spender {
    /// The run, if any.
    pub run: Option<String>,
    /// The item and its fence, if any.
    pub item: Option<(WorkId, Fence)>,
}

impl Spender {
    /// The accounts in which its spending counts, from the root. A run whose name is none has no account.
    pub fn accounts(&self) -> Vec<Account> {
        let run = self.run.as_deref().and_then(Account::run);
        let item = self.item.as_ref().map(|(id, _)| Account::item(id));
        let attempt = self.item.as_ref().map(|(id, fence)| Account::attempt(id, *fence));
        [Account::org(), Account::project()].into_iter().chain(run).chain(item).chain(attempt).collect()
    }
}
