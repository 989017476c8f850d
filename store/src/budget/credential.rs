//! Credentials: how things stand with the keys of providers, for all processes that use them.

use domain::budget::{Breaker, Gate, Trouble};
use domain::text::Project;
use domain::time::Timestamp;
use serde_json::json;

use crate::audit::{Fact, append};
use crate::{Row, Scope, StoreError, Tx, sql};

/// Where they are kept: a key belongs to no project.
fn org() -> Project {
    Project::RESERVED.parse().expect("the reserved name is a name")
}

/// How things stand with `name`, locked until the end of the transaction.
pub async fn find(tx: &mut Tx<'_>, name: &str) -> Result<Breaker, StoreError> {
    let row = tx.query_opt(&sql::budget::CREDENTIAL, &[(&org()).into(), name.into()]).await?;
    Ok(row.as_ref().map(read).transpose()?.map(|(_, breaker)| breaker).unwrap_or_default())
}

/// Whether a call with `name` may go out now; if so, whether it was in trouble. Whoever is let through when the time
/// of an exhausted one is over tries it for all others.
pub(super) async fn pass(
    tx: &mut Tx<'_>,
    scope: &Scope,
    name: &str,
) -> Result<Result<bool, (Gate, String)>, StoreError> {
    // Nearly always all is well, and then nobody waits for anybody.
    let row = tx.peek_opt(&sql::budget::CREDENTIAL, &[(&org()).into(), name.into()]).await?;
    let Some((_, breaker)) = row.as_ref().map(read).transpose()? else { return Ok(Ok(false)) };
    if breaker.gate(scope.now) == Gate::Open {
        return Ok(Ok(breaker.until.is_some()));
    }
    let breaker = find(tx, name).await?;
    match breaker.gate(scope.now) {
        Gate::Open => Ok(Ok(breaker.until.is_some())),
        Gate::Probe => {
            save(tx, name, &breaker.probing(scope.now)).await?;
            Ok(Ok(true))
        }
        gate => Ok(Err((gate, breaker.why))),
    }
}

/// Writes down that the provider had enough of `name`. Comes back with how things stand then. An exhausted quota is an
/// event; being too fast is none.
pub async fn trip(
    tx: &mut Tx<'_>,
    scope: &Scope,
    name: &str,
    trouble: Trouble,
    why: &str,
) -> Result<Breaker, StoreError> {
    let before = find(tx, name).await?;
    let after = before.clone().tripped(trouble, why, scope.now);
    if after != before {
        save(tx, name, &after).await?;
    }
    // One event for all the calls that were under way when it happened.
    let known = before.exhausted && before.until.is_some_and(|until| until > scope.now);
    if after.exhausted && !known {
        let data = json!({ "until_ms": after.until.map(Timestamp::millis), "why": after.why }).to_string();
        let fact = Fact { name: "budget.tripped", subject: name, agent: None, fence: None, data: &data };
        append(tx, scope, fact).await?;
    }
    Ok(after)
}

/// Writes down that a call with `name` was answered: no more trouble.
pub async fn fine(tx: &mut Tx<'_>, scope: &Scope, name: &str) -> Result<bool, StoreError> {
    let before = find(tx, name).await?;
    // An answer to what was asked before it ran out says nothing.
    if before.until.is_none_or(|until| before.exhausted && until > scope.now) {
        return Ok(false);
    }
    save(tx, name, &Breaker::default()).await?;
    if before.exhausted {
        let fact = Fact { name: "budget.reset", subject: name, agent: None, fence: None, data: "{}" };
        append(tx, scope, fact).await?;
    }
    Ok(true)
}

/// Forgets the trouble of `name`, whatever the provider said.
pub async fn reset(tx: &mut Tx<'_>, scope: &Scope, name: &str) -> Result<bool, StoreError> {
    let before = find(tx, name).await?;
    if before.until.is_none() {
        return Ok(false);
    }
    save(tx, name, &Breaker::default()).await?;
    let fact = Fact { name: "budget.reset", subject: name, agent: None, fence: None, data: "{\"by\":\"operator\"}" };
    append(tx, scope, fact).await?;
    Ok(true)
}

/// All that were ever in trouble, by name.
pub async fn credentials(tx: &mut Tx<'_>) -> Result<Vec<(String, Breaker)>, StoreError> {
    tx.query_all(&sql::budget::CREDENTIALS, &[(&org()).into()]).await?.iter().map(read).collect()
}

async fn save(tx: &mut Tx<'_>, name: &str, it: &Breaker) -> Result<(), StoreError> {
    let org = org();
    let values = [
        (&org).into(),
        name.into(),
        it.exhausted.into(),
        it.until.map(Timestamp::millis).into(),
        it.times.into(),
        it.probe_until.map(Timestamp::millis).into(),
        it.why.as_str().into(),
    ];
    tx.execute(&sql::budget::SAVE_CREDENTIAL, &values).await.map(drop)
}

fn read(row: &Row) -> Result<(String, Breaker), StoreError> {
    let breaker = Breaker {
        exhausted: row.int(1)? == 1,
        until: row.time_or_null(2)?,
        times: row.small(3)?,
        probe_until: row.time_or_null(4)?,
        why: row.text(5)?.to_owned(),
    };
    Ok((row.text(0)?.to_owned(), breaker))
}
