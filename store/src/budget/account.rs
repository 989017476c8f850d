//! Accounts: limits, what was spent, what is set aside.

use domain::budget::{Account, Amounts, Balance, Kind, Limits, Measure};
use domain::text::Project;
use domain::time::Timestamp;
use serde_json::{Map, Value as Json};

use crate::audit::{Fact, append};
use crate::{Row, Scope, StoreError, Tx, Value, sql};

/// An account as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which one.
    pub account: Account,
    /// Its own limits.
    pub limits: Limits,
    /// What was spent, and what is set aside.
    pub balance: Balance,
    /// Calls of which nobody knows what they cost.
    pub unpriced: u64,
    /// Since when it refuses; `None` while it does not.
    pub refused_at: Option<Timestamp>,
}

/// An account and the limits that count for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limited {
    /// The account.
    pub kept: Kept,
    /// Its own limits, and where it has none those of its level.
    pub limits: Limits,
}

impl Kept {
    /// An account in which nothing was ever spent.
    pub fn new(account: Account) -> Self {
        let (limits, balance) = (Limits::default(), Balance::default());
        Self { account, limits, balance, unpriced: 0, refused_at: None }
    }
}

/// Sets limits of `account`; those of which `changes` says nothing stay. Comes back with the account.
pub async fn set(
    tx: &mut Tx<'_>,
    scope: &Scope,
    account: &Account,
    changes: &[(Measure, Option<u64>)],
) -> Result<Kept, StoreError> {
    let before = open(tx, scope, account).await?;
    let limits = changes.iter().fold(before.limits, |limits, (measure, most)| limits.with(*measure, *most));
    let project = account.kept_in(&scope.project);
    let values = [
        (&project).into(),
        account.kind().word().into(),
        account.name().into(),
        limits.tokens.into(),
        limits.usd_micros.into(),
        limits.wall_ms.into(),
        limits.attempts.into(),
    ];
    tx.execute(&sql::budget::LIMIT, &values).await?;
    let most = |measure: &Measure| (measure.word().to_owned(), limits.of(*measure).map_or(Json::Null, Json::from));
    let data = Json::Object(Measure::ALL.iter().map(most).collect::<Map<_, _>>()).to_string();
    let subject = account.to_string();
    append(tx, scope, Fact { name: "budget.set", subject: &subject, agent: None, fence: None, data: &data }).await?;
    Ok(Kept { limits, refused_at: None, ..before })
}

/// Accounts of `kind` after the name `after`, by name.
pub async fn list(
    tx: &mut Tx<'_>,
    project: &Project,
    kind: Kind,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Kept>, StoreError> {
    // The names of the root and of the project are empty, and come after nothing.
    if matches!(kind, Kind::Org | Kind::Project) {
        let account = if kind == Kind::Org { Account::org() } else { Account::project() };
        return Ok(vec![peek(tx, project, &account).await?.unwrap_or_else(|| Kept::new(account))]);
    }
    let values = [project.into(), kind.word().into(), after.unwrap_or_default().into(), limit.into()];
    tx.query_all(&sql::budget::LIST, &values).await?.iter().map(read).collect()
}

/// The account as it is, without holding others up; `None` when nothing was ever spent in it.
pub async fn peek(tx: &mut Tx<'_>, project: &Project, account: &Account) -> Result<Option<Kept>, StoreError> {
    let project = account.kept_in(project);
    let values = [(&project).into(), account.kind().word().into(), account.name().into()];
    tx.peek_opt(&sql::budget::FIND, &values).await?.as_ref().map(read).transpose()
}

/// The account, locked until the end of the transaction; made when there was none.
pub async fn open(tx: &mut Tx<'_>, scope: &Scope, account: &Account) -> Result<Kept, StoreError> {
    let project = account.kept_in(&scope.project);
    let values = [(&project).into(), account.kind().word().into(), account.name().into()];
    if let Some(row) = tx.query_opt(&sql::budget::FIND, &values).await? {
        return read(&row);
    }
    tx.execute(&sql::budget::OPEN, &values).await?;
    let row = tx.query_opt(&sql::budget::FIND, &values).await?;
    read(&row.ok_or_else(|| StoreError::Conflict(account.to_string()))?)
}

/// The account, locked, with the limits that count for it.
pub async fn limited(tx: &mut Tx<'_>, scope: &Scope, account: &Account) -> Result<Limited, StoreError> {
    let kept = open(tx, scope, account).await?;
    let usual = match account.every() {
        Some(every) => peek(tx, &scope.project, &every).await?.map(|it| it.limits).unwrap_or_default(),
        None => Limits::default(),
    };
    let limits = kept.limits.or(usual);
    Ok(Limited { kept, limits })
}

/// Keeps what became of an account that is locked.
pub async fn save(tx: &mut Tx<'_>, scope: &Scope, kept: &Kept) -> Result<(), StoreError> {
    let project = kept.account.kept_in(&scope.project);
    let (spent, reserved) = (kept.balance.spent, kept.balance.reserved);
    let mut values: Vec<Value<'_>> =
        vec![(&project).into(), kept.account.kind().word().into(), kept.account.name().into()];
    values.extend(Measure::ALL.map(|measure| Value::from(spent.of(measure))));
    values.extend(Measure::ALL.map(|measure| Value::from(reserved.of(measure))));
    values.extend::<[Value<'_>; 2]>([kept.unpriced.into(), kept.refused_at.map(Timestamp::millis).into()]);
    tx.execute(&sql::budget::SAVE, &values).await.map(drop)
}

fn read(row: &Row) -> Result<Kept, StoreError> {
    let (kind, name) = (row.text(0)?, row.text(1)?);
    let text = if name.is_empty() { kind.to_owned() } else { format!("{kind}:{name}") };
    let account = text.parse().map_err(|bad| StoreError::Broken(format!("in the table of budgets: {bad}")))?;
    let amounts = |at: usize| {
        Ok::<_, StoreError>(Amounts {
            tokens: row.count(at)?,
            usd_micros: row.count(at + 1)?,
            wall_ms: row.count(at + 2)?,
            attempts: row.count(at + 3)?,
        })
    };
    Ok(Kept {
        account,
        limits: Limits {
            tokens: row.count_or_null(2)?,
            usd_micros: row.count_or_null(3)?,
            wall_ms: row.count_or_null(4)?,
            attempts: row.count_or_null(5)?,
        },
        balance: Balance { spent: amounts(6)?, reserved: amounts(10)? },
        unpriced: row.count(14)?,
        refused_at: row.time_or_null(15)?,
    })
}
