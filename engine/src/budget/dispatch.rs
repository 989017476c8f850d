//! What an agent may use is set aside before it is started.

use std::time::{Duration, Instant};

use domain::budget::{Account, Amounts, Refusal, Spender, Want};
use domain::id::{EarmarkId, WorkId};
use domain::work::Fence;
use store::budget::{Reserved, Used};

use super::Request;
use crate::Engine;
use crate::problem::Problem;

/// How long an earmark for an agent outlasts the agent's own time limit: ending it and its tree takes a while.
const SLACK: Duration = Duration::from_mins(10);

/// What an agent may be expected to use.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    /// How long it may work at the most.
    pub wall: Duration,
    /// How many tokens there must be room for. Its calls set aside their own, so these are only looked for.
    pub tokens: u64,
}

/// Whether an agent may be started.
#[derive(Debug)]
pub enum Dispatch {
    /// Yes; give this back when it has ended.
    Go(Dispatched),
    /// No: this account does not let it through. `for_good`: nothing changes until somebody sets another limit.
    No {
        /// The account.
        account: Account,
        /// Whether asking again is of no use.
        for_good: bool,
        /// The whole reason, for a person.
        reason: String,
    },
}

/// What is set aside for an agent that works.
#[derive(Debug)]
pub struct Dispatched {
    /// What to settle.
    pub earmark: EarmarkId,
    began: Instant,
}

impl Engine {
    /// Sets aside one attempt and its time for an agent that is to work on `item` for `run`, in every account of both;
    /// `None`: on no item, as it is only asked something. Called after the claim and before anything is started.
    pub async fn budget_dispatch(
        &self,
        run: &str,
        item: Option<(WorkId, Fence)>,
        estimate: Estimate,
    ) -> Result<Dispatch, Problem> {
        let wall_ms = u64::try_from(estimate.wall.as_millis()).unwrap_or(u64::MAX);
        let request = Request {
            what: "dispatch",
            spender: Spender { run: Some(run.to_owned()), item },
            want: Want {
                keep: Amounts { attempts: 1, wall_ms, ..Amounts::default() },
                // An agent that could not make one call is not started.
                room: Amounts { tokens: estimate.tokens.max(1), usd_micros: 1, ..Amounts::default() },
                unpriced: false,
            },
            for_at_most: estimate.wall.saturating_add(SLACK),
            credential: None,
            while_held: false,
        };
        Ok(match self.reserve(&request).await? {
            Reserved::Earmarked { earmark, .. } => {
                Dispatch::Go(Dispatched { earmark: earmark.id, began: Instant::now() })
            }
            Reserved::Refused { account, refusal } => {
                let reason = format!("the budget of {account} does not let it through: {refusal}");
                // What an agent that works has set aside may come back.
                let waits = match &refusal {
                    Refusal::Spent { limit, spent, .. } => spent < limit,
                    Refusal::Busy { .. } => true,
                    Refusal::Unpriced { .. } => false,
                };
                Dispatch::No { account, for_good: !waits, reason }
            }
            Reserved::Paused { .. } | Reserved::LeaseOver => unreachable!("neither was asked about"),
        })
    }

    /// Settles what was set aside for an agent that has ended: one attempt, and the time that went by. `false` for `counts`:
    /// it gave its item back, or never started, and that is no attempt.
    pub async fn budget_settle(&self, dispatched: &Dispatched, counts: bool) -> Result<(), Problem> {
        let wall_ms = u64::try_from(dispatched.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let amounts = Amounts { wall_ms, attempts: u64::from(counts), ..Amounts::default() };
        self.settle(&dispatched.earmark, Used { amounts, unpriced: false }).await.map(drop)
    }
}
