//! The breaker of one credential: who may call while its provider is tired of us.
//!
//! ```text
//! closed ──throttled──▶ backing off ──its time is over──▶ closed
//!    └──exhausted──▶ open ──its time is over──▶ one probe ──answered──▶ closed
//!                      ▲                          └──exhausted again──┘
//! ```

use crate::time::Timestamp;

/// How long a 429 asks to wait at most to be taken for throttling, in milliseconds; who asks for longer is exhausted.
const SHORT_MS: i64 = 2 * 60 * 1_000;
/// How long throttling lasts when the provider does not say, at first and at most, in milliseconds.
const BACK_OFF_MS: i64 = 1_000;
const BACK_OFF_MAX_MS: i64 = 60_000;
/// How long an exhausted quota is left alone when the provider does not say, in milliseconds.
const EXHAUSTED_MS: i64 = 15 * 60 * 1_000;
/// The longest that a provider is believed, in milliseconds: a month and a bit.
const BELIEVED_MS: i64 = 35 * 24 * 3_600 * 1_000;
/// How long one probe may take, in milliseconds, before somebody else may try.
const PROBE_MS: i64 = 2 * 60 * 1_000;
/// What providers write when it is the quota, and not the pace.
const QUOTA_WORDS: [&str; 9] = [
    "insufficient_quota",
    "exceeded your current quota",
    "credit balance",
    "billing",
    "usage limit",
    "spend limit",
    "spending limit",
    "quota exceeded for quota metric",
    "monthly limit",
];

/// What a provider answered, as far as it says whether it has had enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reply<'a> {
    /// The HTTP status.
    pub status: u16,
    /// For how long it wants to be left alone, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// When it says that a quota begins anew.
    pub resets_at: Option<Timestamp>,
    /// The beginning of the body.
    pub text: &'a str,
}

/// What kind of trouble an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Too fast, or too many others; `for_ms` if it said so.
    Throttled {
        /// For how long it wants to be left alone.
        for_ms: Option<i64>,
    },
    /// The quota is used up, or nobody has paid.
    Exhausted {
        /// Until when, if it said so.
        until: Option<Timestamp>,
    },
}

/// What trouble with the credential `reply` is; `None` when it is none, or the request's own.
pub fn classify(reply: &Reply<'_>, now: Timestamp) -> Option<Trouble> {
    let text = reply.text.to_lowercase();
    let words = QUOTA_WORDS.iter().any(|word| text.contains(word));
    let waits = reply.retry_after_ms.filter(|ms| *ms >= 0);
    let resets = reply.resets_at.filter(|at| *at > now);
    let exhausted = || {
        let until = waits.map(|ms| now.plus_millis(ms)).max(resets);
        Some(Trouble::Exhausted { until: until.map(|at| at.min(now.plus_millis(BELIEVED_MS))) })
    };
    match reply.status {
        402 => exhausted(),
        403 if words => exhausted(),
        // Anthropic says with status 400 that the credit balance is too low.
        400 if text.contains("credit balance") => exhausted(),
        429 if words || waits.is_some_and(|ms| ms > SHORT_MS) => exhausted(),
        429 | 503 | 529 => Some(Trouble::Throttled { for_ms: waits.map(|ms| ms.min(SHORT_MS)) }),
        _ => None,
    }
}

/// How things stand with one credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Whether its quota is used up; if not, and there is a time, it is throttled.
    pub exhausted: bool,
    /// Until when nobody calls; `None` when all is well.
    pub until: Option<Timestamp>,
    /// How often in a row it was in trouble.
    pub times: u32,
    /// Until when somebody is trying whether it is over.
    pub probe_until: Option<Timestamp>,
    /// What the provider said, cut.
    pub why: String,
}

/// Whether a call may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Open,
    /// Yes, as the one that tries whether the trouble is over.
    Probe,
    /// Not before this time, because it is throttled.
    BackOff(Timestamp),
    /// Not before this time, because its quota is used up.
    Exhausted(Timestamp),
}

impl Breaker {
    /// Whether a call may go out at `now`.
    pub fn gate(&self, now: Timestamp) -> Gate {
        let Some(until) = self.until else { return Gate::Open };
        if until > now {
            return if self.exhausted { Gate::Exhausted(until) } else { Gate::BackOff(until) };
        }
        match self.probe_until {
            _ if !self.exhausted => Gate::Open,
            // The others wait for what the one that tries it hears.
            Some(probe) if probe > now => Gate::Exhausted(probe),
            _ => Gate::Probe,
        }
    }

    /// The breaker while somebody tries whether it is over.
    #[must_use]
    pub fn probing(self, now: Timestamp) -> Self {
        Self { probe_until: Some(now.plus_millis(PROBE_MS)), ..self }
    }

    /// The breaker after `trouble`; `why` is what the provider said.
    #[must_use]
    pub fn tripped(self, trouble: Trouble, why: &str, now: Timestamp) -> Self {
        let times = self.times.saturating_add(1);
        let (exhausted, until) = match trouble {
            // What is known to be exhausted does not become better by being asked too fast.
            Trouble::Throttled { .. } if self.exhausted && self.until.is_some_and(|until| until > now) => return self,
            Trouble::Throttled { for_ms } => {
                let usual = BACK_OFF_MS.saturating_mul(1 << times.saturating_sub(1).min(6)).min(BACK_OFF_MAX_MS);
                (false, now.plus_millis(for_ms.unwrap_or(usual)))
            }
            Trouble::Exhausted { until } => (true, until.unwrap_or_else(|| now.plus_millis(EXHAUSTED_MS))),
        };
        let why = why.chars().take(300).collect();
        Self { exhausted, until: Some(until), times, probe_until: None, why }
    }

    /// The state as one word at `now`.
    pub fn word(&self, now: Timestamp) -> &'static str {
        match self.gate(now) {
            Gate::Open => "closed",
            Gate::Probe => "half_open",
            Gate::BackOff(_) => "backing_off",
            Gate::Exhausted(_) => "open",
        }
    }
}
