//! Landings, as they are kept: written down before the branch moves, ended after.

use domain::change::{Landing, LandingState};
use domain::id::LandingId;
use domain::text::Project;

use crate::audit::{Fact, append};
use crate::{Row, Scope, StoreError, Tx, sql};

/// Keeps a landing that is about to move its branch. Its id is `landing.id`, or the next one that is free.
pub async fn begin_landing(tx: &mut Tx<'_>, scope: &Scope, mut landing: Landing) -> Result<Landing, StoreError> {
    let carries: Vec<(&str, &str)> = landing.carries.iter().map(|(id, c)| (id.as_str(), c.as_str())).collect();
    let carries = serde_json::to_string(&carries).expect("text can be written as JSON");
    loop {
        let values = [
            (&landing.project).into(),
            (&landing.id).into(),
            (&landing.target).into(),
            (&landing.old).into(),
            (&landing.new).into(),
            (&carries).into(),
            i64::from(landing.verified).into(),
            scope.now.into(),
        ];
        if tx.execute(&sql::change::INSERT_LANDING, &values).await? == 1 {
            break;
        }
        landing.id = LandingId::numbered(landing.id.number() + 1);
    }
    log(tx, scope, &landing, "landing.begun").await?;
    Ok(landing)
}

/// Ends a landing that was begun. `false`: it had ended already.
pub async fn end_landing(
    tx: &mut Tx<'_>,
    scope: &Scope,
    landing: &Landing,
    state: LandingState,
) -> Result<bool, StoreError> {
    let values = [(&landing.project).into(), (&landing.id).into(), state.word().into()];
    if tx.execute(&sql::change::END_LANDING, &values).await? == 0 {
        return Ok(false);
    }
    log(tx, scope, landing, &format!("landing.{}", state.word())).await?;
    Ok(true)
}

/// The landings on `target` that were begun and not ended.
pub async fn begun_landings(tx: &mut Tx<'_>, project: &Project, target: &str) -> Result<Vec<Landing>, StoreError> {
    tx.query_all(&sql::change::BEGUN_LANDINGS, &[project.into(), target.into()]).await?.iter().map(read).collect()
}

/// The branches that have something to land, or a landing to finish.
pub async fn targets(tx: &mut Tx<'_>, project: &Project) -> Result<Vec<String>, StoreError> {
    let rows = tx.query_all(&sql::change::TARGETS, &[project.into()]).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

async fn log(tx: &mut Tx<'_>, scope: &Scope, landing: &Landing, name: &str) -> Result<(), StoreError> {
    let data = serde_json::json!({
        "target": landing.target, "old": landing.old, "new": landing.new, "verified": landing.verified,
        "changes": landing.carries.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
    });
    let subject = landing.id.as_str();
    append(tx, scope, Fact { name, subject, agent: None, fence: None, data: &data.to_string() }).await
}

fn read(row: &Row) -> Result<Landing, StoreError> {
    let broken = |what: String| StoreError::Broken(format!("a landing: {what}"));
    let carries: Vec<(String, String)> = serde_json::from_str(row.text(5)?).map_err(|e| broken(e.to_string()))?;
    let carry = |(id, commit): (String, String)| {
        id.parse().map(|id| (id, commit)).map_err(|e: domain::id::NotAnId| broken(e.to_string()))
    };
    Ok(Landing {
        project: row.parsed(0)?,
        id: row.parsed(1)?,
        target: row.text(2)?.to_owned(),
        old: row.text(3)?.to_owned(),
        new: row.text(4)?.to_owned(),
        carries: carries.into_iter().map(carry).collect::<Result<_, _>>()?,
        verified: row.int(6)? != 0,
        state: LandingState::from_word(row.text(7)?).ok_or_else(|| broken("its state".to_owned()))?,
        begun_at: row.time(8)?,
    })
}
