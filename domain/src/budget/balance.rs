//! One account's balance: what may be set aside, and what becomes of it.

use super::{Amounts, Limits, Measure};

/// What was spent of an account, and what is set aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What was really used.
    pub spent: Amounts,
    /// What is set aside for what is under way.
    pub reserved: Amounts,
}

/// What somebody wants to spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// What is set aside for it: the most that it can use.
    pub keep: Amounts,
    /// What else there must be room for, though others will set it aside: the calls of an agent that is to be started.
    pub room: Amounts,
    /// Nobody knows what it costs. Then no account with a limit on money lets it through.
    pub unpriced: bool,
}

/// Why an account does not let it through.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is spent.
    #[error("{} is spent: {spent} of {limit} ({reserved} more set aside)", .measure.word())]
    Spent {
        /// Of which measure.
        measure: Measure,
        /// The most.
        limit: u64,
        /// What was used.
        spent: u64,
        /// What is set aside for what is under way.
        reserved: u64,
    },
    /// There may be enough when what is under way has ended.
    #[error("{} may be spent by what is under way: {spent} of {limit}, {reserved} set aside, {wanted} wanted", .measure.word())]
    Busy {
        /// Of which measure.
        measure: Measure,
        /// The most.
        limit: u64,
        /// What was used.
        spent: u64,
        /// What is set aside for what is under way.
        reserved: u64,
        /// What was asked for.
        wanted: u64,
    },
    /// There is a limit on money, and nobody said what it costs.
    #[error("there is a limit on money ({limit} usd_micros), and no price for this model: set model.prices")]
    Unpriced {
        /// The most.
        limit: u64,
    },
}

impl Refusal {
    /// The reason as one word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Spent { .. } => "budget_spent",
            Self::Busy { .. } => "budget_busy",
            Self::Unpriced { .. } => "no_price",
        }
    }
}

impl Balance {
    /// The balance once `want` is set aside, or why `limits` do not allow that.
    ///
    /// What is alone may go over the limit, or the rest of a budget could never be used; what is not alone has to
    /// fit. So an account is overspent by one call at most, if no call uses more than was set aside for it.
    pub fn reserve(self, limits: &Limits, want: &Want) -> Result<Self, Refusal> {
        if let (Some(limit), true) = (limits.usd_micros, want.unpriced) {
            return Err(Refusal::Unpriced { limit });
        }
        for measure in Measure::ALL {
            let Some(limit) = limits.of(measure) else { continue };
            let wanted = want.keep.of(measure).max(want.room.of(measure));
            let (spent, reserved) = (self.spent.of(measure), self.reserved.of(measure));
            let used = spent.saturating_add(reserved);
            if wanted == 0 || used < limit && (reserved == 0 || used.saturating_add(wanted) <= limit) {
                continue;
            }
            return Err(if spent >= limit || measure == Measure::Attempts {
                Refusal::Spent { measure, limit, spent, reserved }
            } else {
                Refusal::Busy { measure, limit, spent, reserved, wanted }
            });
        }
        Ok(Self { reserved: self.reserved.and(want.keep), ..self })
    }

    /// The balance once what was set aside has become what was really `used`.
    #[must_use]
    pub fn settle(self, kept: Amounts, used: Amounts) -> Self {
        Self { spent: self.spent.and(used), reserved: self.reserved.without(kept) }
    }

    /// The balance once what was set aside is free again.
    #[must_use]
    pub fn release(self, kept: Amounts) -> Self {
        self.settle(kept, Amounts::default())
    }
}

/// What something counts for whose owner is gone after `ran_ms`: all that was set aside, since that may have been used;
/// but no more time than went by.
pub fn abandoned(kept: Amounts, ran_ms: u64) -> Amounts {
    Amounts { wall_ms: kept.wall_ms.min(ran_ms), ..kept }
}
