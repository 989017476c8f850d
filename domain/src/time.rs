//! Moments and spans, in whole milliseconds.

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `ms` milliseconds after the Unix epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The moment `ms` milliseconds later (earlier when negative); stops at the ends of the range.
    #[must_use]
    pub const fn plus_millis(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// How long a lease lasts, in milliseconds; between one second and one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(i64);

impl Ttl {
    /// The shortest lease, in milliseconds.
    pub const MIN_MS: i64 = 1_000;
    /// The longest lease, in milliseconds.
    pub const MAX_MS: i64 = 24 * 60 * 60 * 1_000;

    /// A time-to-live, or `None` outside one second to one day.
    pub const fn from_millis(ms: i64) -> Option<Self> {
        if ms >= Self::MIN_MS && ms <= Self::MAX_MS { Some(Self(ms)) } else { None }
    }

    /// The span in milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }
}
