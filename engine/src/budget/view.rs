//! Budgets as JSON.

use domain::budget::{Amounts, Breaker, Limits, Measure};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::budget::{Earmark, Kept};

/// So much of each measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct AmountsView {
    pub tokens: u64,
    pub usd_micros: u64,
    pub wall_ms: u64,
    pub attempts: u64,
}

/// The most of each measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct LimitsView {
    pub tokens: Option<u64>,
    pub usd_micros: Option<u64>,
    pub wall_ms: Option<u64>,
    pub attempts: Option<u64>,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BudgetView {
    pub account: String,
    pub limits: LimitsView,
    /// The limits that count: its own, and where it has none those of its level.
    pub effective: LimitsView,
    pub spent: AmountsView,
    pub reserved: AmountsView,
    pub unpriced_calls: u64,
    pub refused_at_ms: Option<i64>,
}

/// The key of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CredentialView {
    pub name: String,
    pub state: String,
    pub until_ms: Option<i64>,
    pub times: u32,
    pub why: Option<String>,
}

/// What is set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EarmarkView {
    pub id: String,
    pub what: String,
    pub run: Option<String>,
    pub item: Option<String>,
    pub fence: Option<i64>,
    pub reserved: AmountsView,
    pub at_ms: i64,
    pub until_ms: i64,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BudgetsView {
    pub accounts: Vec<BudgetView>,
    pub credentials: Vec<CredentialView>,
    pub under_way: Vec<EarmarkView>,
}

impl From<Amounts> for AmountsView {
    fn from(it: Amounts) -> Self {
        Self { tokens: it.tokens, usd_micros: it.usd_micros, wall_ms: it.wall_ms, attempts: it.attempts }
    }
}

impl From<Limits> for LimitsView {
    fn from(it: Limits) -> Self {
        Self { tokens: it.tokens, usd_micros: it.usd_micros, wall_ms: it.wall_ms, attempts: it.attempts }
    }
}

impl LimitsView {
    /// The most of `measure`.
    pub const fn of(&self, measure: Measure) -> Option<u64> {
        match measure {
            Measure::Tokens => self.tokens,
            Measure::UsdMicros => self.usd_micros,
            Measure::WallMs => self.wall_ms,
            Measure::Attempts => self.attempts,
        }
    }
}

impl AmountsView {
    /// So much of `measure`.
    pub const fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Tokens => self.tokens,
            Measure::UsdMicros => self.usd_micros,
            Measure::WallMs => self.wall_ms,
            Measure::Attempts => self.attempts,
        }
    }
}

impl BudgetView {
    pub(super) fn of(kept: &Kept, usual: Limits) -> Self {
        Self {
            account: kept.account.to_string(),
            limits: kept.limits.into(),
            effective: kept.limits.or(usual).into(),
            spent: kept.balance.spent.into(),
            reserved: kept.balance.reserved.into(),
            unpriced_calls: kept.unpriced,
            refused_at_ms: kept.refused_at.map(Timestamp::millis),
        }
    }
}

impl CredentialView {
    pub(super) fn of(name: &str, it: &Breaker, now: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            state: it.word(now).to_owned(),
            until_ms: it.until.filter(|until| *until > now).map(Timestamp::millis),
            times: it.times,
            why: Some(it.why.clone()).filter(|why| !why.is_empty()),
        }
    }
}

impl EarmarkView {
    pub(super) fn of(it: &Earmark) -> Self {
        Self {
            id: it.id.to_string(),
            what: it.what.clone(),
            run: it.spender.run.clone(),
            item: it.spender.item.as_ref().map(|(id, _)| id.to_string()),
            fence: it.spender.item.as_ref().map(|(_, fence)| fence.number()),
            reserved: it.kept.into(),
            at_ms: it.at.millis(),
            until_ms: it.until.millis(),
        }
    }
}
