//! Earmarks: what is set aside for something that is under way.

use domain::budget::{Amounts, Gate, Refusal, Spender, Want};
use domain::id::{EarmarkId, WorkId};
use domain::time::Timestamp;
use domain::work::Fence;
use serde_json::json;

use super::account::{Kept, limited, open, save};
use super::credential;
use crate::audit::{Fact, append};
use crate::{Row, Scope, StoreError, Tx, sql};

/// What somebody asks to have set aside.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The name that it will have.
    pub id: EarmarkId,
    /// The process that asks.
    pub owner: String,
    /// For what: `dispatch` or `call`.
    pub what: &'static str,
    /// On whose accounts.
    pub spender: Spender,
    /// How much.
    pub want: Want,
    /// Until when at the longest.
    pub until: Timestamp,
    /// The credential that is used for it, if any; nothing is set aside while its provider wants no more calls.
    pub credential: Option<String>,
    /// Only while the item is held under the spender's fence.
    pub while_held: bool,
}

/// What is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earmark {
    /// Its name.
    pub id: EarmarkId,
    /// The process that has it.
    pub owner: String,
    /// For what.
    pub what: String,
    /// On whose accounts.
    pub spender: Spender,
    /// How much.
    pub kept: Amounts,
    /// Since when.
    pub at: Timestamp,
    /// Until when at the longest.
    pub until: Timestamp,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It is set aside. `troubled`: the credential was in trouble, and an answer would tell that it is over.
    Earmarked {
        /// What is set aside.
        earmark: Earmark,
        /// Whether the credential was in trouble.
        troubled: bool,
    },
    /// This account does not let it through.
    Refused {
        /// Which.
        account: domain::budget::Account,
        /// Why.
        refusal: Refusal,
    },
    /// The provider wants no more calls for now.
    Paused {
        /// Until when, and whether it is the quota or the pace.
        gate: Gate,
        /// What the provider said.
        why: String,
    },
    /// The item is not held under that fence any more.
    LeaseOver,
}

/// What was really used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// How much.
    pub amounts: Amounts,
    /// Nobody knows what it cost.
    pub unpriced: bool,
}

/// Sets aside what is asked for in every account of the spender, or in none. The first refusal of an account is
/// written into the log.
pub async fn reserve(tx: &mut Tx<'_>, scope: &Scope, asked: &Asked) -> Result<Reserved, StoreError> {
    if let (Some((id, fence)), true) = (&asked.spender.item, asked.while_held) {
        let values = [(&scope.project).into(), id.into(), (*fence).into()];
        if tx.peek_opt(&sql::budget::HELD, &values).await?.is_none() {
            return Ok(Reserved::LeaseOver);
        }
    }
    let mut all = Vec::new();
    for account in asked.spender.accounts() {
        all.push(limited(tx, scope, &account).await?);
    }
    let mut after = Vec::new();
    for one in all {
        match one.kept.balance.reserve(&one.limits, &asked.want) {
            Ok(balance) => after.push(Kept { balance, refused_at: None, ..one.kept }),
            Err(refusal) => return refuse(tx, scope, asked, one.kept, refusal).await,
        }
    }
    // Last, because a probe is taken by asking: whoever takes it has room to make it.
    let troubled = match &asked.credential {
        Some(name) => match credential::pass(tx, scope, name).await? {
            Ok(troubled) => troubled,
            Err((gate, why)) => return Ok(Reserved::Paused { gate, why }),
        },
        None => false,
    };
    for kept in &after {
        save(tx, scope, kept).await?;
    }
    let earmark = Earmark {
        id: asked.id.clone(),
        owner: asked.owner.clone(),
        what: asked.what.to_owned(),
        spender: asked.spender.clone(),
        kept: asked.want.keep,
        at: scope.now,
        until: asked.until,
    };
    insert(tx, scope, &earmark).await?;
    Ok(Reserved::Earmarked { earmark, troubled })
}

async fn refuse(
    tx: &mut Tx<'_>,
    scope: &Scope,
    asked: &Asked,
    kept: Kept,
    refusal: Refusal,
) -> Result<Reserved, StoreError> {
    let account = kept.account.clone();
    // What is only busy lets others through in a moment.
    if kept.refused_at.is_none() && !matches!(refusal, Refusal::Busy { .. }) {
        let subject = account.to_string();
        let data = json!({
            "reason": refusal.code(), "message": refusal.to_string(), "what": asked.what, "run": asked.spender.run,
            "item": asked.spender.item.as_ref().map(|(id, _)| id.as_str()),
        })
        .to_string();
        let fact = Fact { name: "budget.refused", subject: &subject, agent: None, fence: None, data: &data };
        append(tx, scope, fact).await?;
        save(tx, scope, &Kept { refused_at: Some(scope.now), ..kept }).await?;
    }
    Ok(Reserved::Refused { account, refusal })
}

async fn insert(tx: &mut Tx<'_>, scope: &Scope, it: &Earmark) -> Result<(), StoreError> {
    let (item, fence) = (it.spender.item.as_ref().map(|(id, _)| id), it.spender.item.as_ref().map(|(_, fence)| *fence));
    let values = [
        (&scope.project).into(),
        (&it.id).into(),
        (&it.owner).into(),
        it.what.as_str().into(),
        it.spender.run.as_deref().into(),
        item.into(),
        fence.into(),
        it.kept.tokens.into(),
        it.kept.usd_micros.into(),
        it.kept.wall_ms.into(),
        it.kept.attempts.into(),
        it.at.into(),
        it.until.into(),
    ];
    tx.execute(&sql::budget::EARMARK, &values).await.map(drop)
}

/// Puts what was really `used` in the place of what was set aside. `false`: somebody has done that before.
pub async fn settle(tx: &mut Tx<'_>, scope: &Scope, id: &EarmarkId, used: Used) -> Result<bool, StoreError> {
    let key = [(&scope.project).into(), id.into()];
    let Some(row) = tx.query_opt(&sql::budget::FIND_EARMARK, &key).await? else { return Ok(false) };
    let earmark = read(&row)?;
    if tx.execute(&sql::budget::REMOVE_EARMARK, &key).await? != 1 {
        return Ok(false);
    }
    for account in earmark.spender.accounts() {
        let kept = open(tx, scope, &account).await?;
        let balance = kept.balance.settle(earmark.kept, used.amounts);
        let unpriced = kept.unpriced + u64::from(used.unpriced);
        save(tx, scope, &Kept { balance, unpriced, ..kept }).await?;
    }
    Ok(true)
}

/// Frees what was set aside, as nothing of it was used.
pub async fn release(tx: &mut Tx<'_>, scope: &Scope, id: &EarmarkId) -> Result<bool, StoreError> {
    settle(tx, scope, id, Used::default()).await
}

/// What is set aside, the oldest first, after the id `after`.
pub async fn earmarks(
    tx: &mut Tx<'_>,
    project: &domain::text::Project,
    after: &str,
    limit: u32,
) -> Result<Vec<Earmark>, StoreError> {
    let values = [project.into(), after.into(), limit.into()];
    tx.query_all(&sql::budget::LIST_EARMARKS, &values).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Earmark, StoreError> {
    let item: Option<WorkId> = row.parsed_or_null(4)?;
    Ok(Earmark {
        id: row.parsed(0)?,
        owner: row.text(1)?.to_owned(),
        what: row.text(2)?.to_owned(),
        spender: Spender {
            run: row.text_or_null(3)?.map(str::to_owned),
            item: item.zip(row.int_or_null(5)?.map(Fence::new)),
        },
        kept: Amounts {
            tokens: row.count(6)?,
            usd_micros: row.count(7)?,
            wall_ms: row.count(8)?,
            attempts: row.count(9)?,
        },
        at: row.time(10)?,
        until: row.time(11)?,
    })
}
