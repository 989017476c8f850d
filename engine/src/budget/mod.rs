//! Budgets: limits are set and shown; what is to be spent is reserved before, and settled after.

mod dispatch;
mod history;
mod view;

use std::time::Duration;

use domain::budget::{Account, Kind, Measure, Spender, Want, abandoned};
use domain::id::EarmarkId;
use domain::time::Timestamp;
use store::budget::{self as kept, Asked, Earmark, Reserved, Used};

use crate::agent::Caller;
use crate::problem::Problem;
use crate::{Engine, Key, alive};

pub use dispatch::{Dispatch, Dispatched, Estimate};
pub use history::{CallView, CostsView};
pub use store::budget::By;
pub use view::{AmountsView, BudgetView, BudgetsView, CredentialView, EarmarkView, LimitsView};

/// How many accounts of a level are shown at most.
const SHOWN_MAX: u32 = 1_000;
/// How many earmarks are looked through at once.
const PAGE: u32 = 500;

/// What somebody wants to have set aside.
#[derive(Clone, Debug)]
pub struct Request {
    /// For what: `dispatch` or `call`.
    pub what: &'static str,
    /// On whose accounts.
    pub spender: Spender,
    /// How much.
    pub want: Want,
    /// For how long at the most.
    pub for_at_most: Duration,
    /// The credential that is used for it, if any.
    pub credential: Option<String>,
    /// Only while the item is held.
    pub while_held: bool,
}

impl Engine {
    /// Sets limits of `account`; `None` takes one away. What is not named stays.
    pub async fn set_budget(
        &self,
        account: Account,
        changes: Vec<(Measure, Option<u64>)>,
        key: Option<Key>,
    ) -> Result<BudgetView, Problem> {
        let unbounded = changes.iter().filter_map(|(_, most)| *most).any(|most| i64::try_from(most).is_err());
        if unbounded {
            return Err(Problem::malformed("a limit can be at most 9,223,372,036,854,775,807"));
        }
        self.keyed(key, async move |tx, scope| {
            Ok(BudgetView::of(&kept::set(tx, scope, &account, &changes).await?, domain::budget::Limits::default()))
        })
        .await
    }

    /// Every account with limits or spending, `account` alone when it is named; credentials that were ever in trouble; and
    /// what is set aside. What nobody has any more is settled first.
    pub async fn budgets(&self, account: Option<Account>) -> Result<BudgetsView, Problem> {
        self.settle_abandoned().await?;
        let scope = self.scope();
        self.store
            .read(async |tx| {
                let mut all = Vec::new();
                for kind in Kind::ALL {
                    if account.as_ref().is_none_or(|it| it.kind() == kind) {
                        all.extend(kept::list(tx, &scope.project, kind, None, SHOWN_MAX).await?);
                    }
                }
                let usual: Vec<_> = all.iter().filter(|it| it.account.is_every()).cloned().collect();
                let mut shown = Vec::new();
                for it in all.iter().filter(|it| account.as_ref().is_none_or(|account| *account == it.account)) {
                    let every = it.account.every();
                    let of = usual.iter().find(|one| every.as_ref() == Some(&one.account));
                    shown.push(BudgetView::of(it, of.map(|it| it.limits).unwrap_or_default()));
                }
                let credentials = kept::credentials(tx).await?;
                let credentials =
                    credentials.iter().map(|(name, it)| CredentialView::of(name, it, scope.now)).collect();
                let under_way = kept::earmarks(tx, &scope.project, "", SHOWN_MAX).await?;
                let under_way = under_way.iter().map(EarmarkView::of).collect();
                Ok::<_, Problem>(BudgetsView { accounts: shown, credentials, under_way })
            })
            .await
    }

    /// Lets whoever has the token of this `digest` call models for `caller` through any server of this store, for `span`.
    pub async fn add_pass(&self, digest: String, caller: Caller, span: Duration) -> Result<Timestamp, Problem> {
        if Account::run(&caller.run).is_none() {
            return Err(Problem::malformed(format!("{:?} is no name for a run", caller.run)));
        }
        let scope = self.scope();
        let until = scope.now.plus_millis(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        let Caller { project, run, item, agent, trace_id } = caller;
        let pass = kept::Pass { project, run, item, agent, trace_id, until };
        self.store.write(async move |tx| kept::add_pass(tx, &scope, &digest, &pass).await).await?;
        Ok(until)
    }

    /// Forgets that the provider of `credential` had enough, so that it is asked again at once. `false`: it was in no
    /// trouble.
    pub async fn reset_credential(&self, credential: String, key: Option<Key>) -> Result<bool, Problem> {
        self.keyed(key, async move |tx, scope| Ok(kept::reset(tx, scope, &credential).await?)).await
    }

    /// Sets aside what `request` wants in every account, or in none of them and says why. What nobody has any more is
    /// settled before anybody is refused because of it.
    pub async fn reserve(&self, request: &Request) -> Result<Reserved, Problem> {
        let first = self.reserve_once(request).await?;
        if !matches!(first, Reserved::Refused { .. }) || self.settle_abandoned().await? == 0 {
            return Ok(first);
        }
        self.reserve_once(request).await
    }

    async fn reserve_once(&self, request: &Request) -> Result<Reserved, Problem> {
        let scope = self.scope();
        let ms = i64::try_from(request.for_at_most.as_millis()).unwrap_or(i64::MAX);
        let asked = Asked {
            id: EarmarkId::numbered(self.number()),
            owner: owner(),
            what: request.what,
            spender: request.spender.clone(),
            want: request.want,
            until: scope.now.plus_millis(ms),
            credential: request.credential.clone(),
            while_held: request.while_held,
        };
        Ok(self.store.write(async move |tx| kept::reserve(tx, &scope, &asked).await).await?)
    }

    /// Puts what was really `used` in the place of what was set aside. `false`: that was done before.
    pub async fn settle(&self, earmark: &EarmarkId, used: Used) -> Result<bool, Problem> {
        let (scope, id) = (self.scope(), earmark.clone());
        Ok(self.store.write(async move |tx| kept::settle(tx, &scope, &id, used).await).await?)
    }

    /// Frees what was set aside, as nothing of it was used. `false`: that was done before.
    pub async fn release(&self, earmark: &EarmarkId) -> Result<bool, Problem> {
        self.settle(earmark, Used::default()).await
    }

    /// Settles what is set aside for processes that have died, or for longer than they said: as all used, because it
    /// may have been. Comes back with how many.
    pub async fn settle_abandoned(&self) -> Result<u64, Problem> {
        let (scope, mut after, mut settled) = (self.scope(), String::new(), 0);
        loop {
            let page = self.store.read(async |tx| kept::earmarks(tx, &scope.project, &after, PAGE).await).await?;
            for earmark in page.iter().filter(|it| it.until <= scope.now || alive::died(&it.owner)) {
                let used = Used { amounts: abandoned(earmark.kept, ran_ms(earmark, scope.now)), unpriced: false };
                settled += u64::from(self.settle(&earmark.id, used).await?);
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = last.id.to_string(),
                _ => return Ok(settled),
            }
        }
    }
}

fn ran_ms(earmark: &Earmark, now: Timestamp) -> u64 {
    u64::try_from(now.millis().saturating_sub(earmark.at.millis())).unwrap_or(0)
}

/// This process, as the owner of what it sets aside.
fn owner() -> String {
    alive::name().unwrap_or_else(|| format!("{}-unknown", std::process::id()))
}
