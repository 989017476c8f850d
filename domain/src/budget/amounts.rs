//! Amounts of what can be spent, and limits on them.

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Tokens of a model, read and written.
    Tokens,
    /// Money, in millionths of a dollar.
    UsdMicros,
    /// Time that agents worked, in milliseconds.
    WallMs,
    /// Agents that were started on an item.
    Attempts,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tokens, Self::UsdMicros, Self::WallMs, Self::Attempts];

    /// The measure as one word, with its unit.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::UsdMicros => "usd_micros",
            Self::WallMs => "wall_ms",
            Self::Attempts => "attempts",
        }
    }

    /// The measure called `word`, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.word() == word)
    }
}

/// So much of each measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Millionths of a dollar.
    pub usd_micros: u64,
    /// Milliseconds that agents worked.
    pub wall_ms: u64,
    /// Agents started.
    pub attempts: u64,
}

impl Amounts {
    /// So much of `measure`.
    pub const fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Tokens => self.tokens,
            Measure::UsdMicros => self.usd_micros,
            Measure::WallMs => self.wall_ms,
            Measure::Attempts => self.attempts,
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    /// What is left without `other`; nothing where that is more.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        self.each(other, u64::saturating_sub)
    }

    fn each(self, other: Self, both: fn(u64, u64) -> u64) -> Self {
        Self {
            tokens: both(self.tokens, other.tokens),
            usd_micros: both(self.usd_micros, other.usd_micros),
            wall_ms: both(self.wall_ms, other.wall_ms),
            attempts: both(self.attempts, other.attempts),
        }
    }
}

/// The most of each measure; `None` is without a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of tokens.
    pub tokens: Option<u64>,
    /// Of millionths of a dollar.
    pub usd_micros: Option<u64>,
    /// Of milliseconds that agents work.
    pub wall_ms: Option<u64>,
    /// Of agents started.
    pub attempts: Option<u64>,
}

impl Limits {
    /// The most of `measure`.
    pub const fn of(&self, measure: Measure) -> Option<u64> {
        match measure {
            Measure::Tokens => self.tokens,
            Measure::UsdMicros => self.usd_micros,
            Measure::WallMs => self.wall_ms,
            Measure::Attempts => self.attempts,
        }
    }

    /// The same with `most` of `measure`.
    #[must_use]
    pub const fn with(mut self, measure: Measure, most: Option<u64>) -> Self {
        match measure {
            Measure::Tokens => self.tokens = most,
            Measure::UsdMicros => self.usd_micros = most,
            Measure::WallMs => self.wall_ms = most,
            Measure::Attempts => self.attempts = most,
        }
        self
    }

    /// These, and where they say nothing those of `usual`.
    #[must_use]
    pub fn or(self, usual: Self) -> Self {
        Self {
            tokens: self.tokens.or(usual.tokens),
            usd_micros: self.usd_micros.or(usual.usd_micros),
            wall_ms: self.wall_ms.or(usual.wall_ms),
            attempts: self.attempts.or(usual.attempts),
        }
    }
}
