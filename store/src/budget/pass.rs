//! Passes: who may call models through a server.

use domain::id::WorkId;
use domain::text::{AgentName, Project};
use domain::time::Timestamp;
use domain::work::Fence;

use crate::{Scope, StoreError, Tx, sql};

/// What a token allows. The token itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// The partition.
    pub project: Project,
    /// The run that spends.
    pub run: String,
    /// The item that it is for, while that is held.
    pub item: Option<(WorkId, Fence)>,
    /// Who calls.
    pub agent: AgentName,
    /// The trace that the calls belong to.
    pub trace_id: String,
    /// Until when.
    pub until: Timestamp,
}

/// Keeps `pass` under the digest of its token; those that are over are forgotten.
pub async fn add_pass(tx: &mut Tx<'_>, scope: &Scope, digest: &str, pass: &Pass) -> Result<(), StoreError> {
    tx.execute(&sql::budget::PRUNE_PASSES, &[(&scope.project).into(), scope.now.into()]).await?;
    let values = [
        (&pass.project).into(),
        digest.into(),
        pass.run.as_str().into(),
        pass.item.as_ref().map(|(id, _)| id).into(),
        pass.item.as_ref().map(|(_, fence)| *fence).into(),
        (&pass.agent).into(),
        pass.trace_id.as_str().into(),
        pass.until.into(),
    ];
    tx.execute(&sql::budget::INSERT_PASS, &values).await.map(drop)
}

/// The pass with this digest of a token, whatever its project; `None` when there is none or its time is over.
pub async fn pass(tx: &mut Tx<'_>, digest: &str, now: Timestamp) -> Result<Option<Pass>, StoreError> {
    let Some(row) = tx.query_opt(&sql::budget::FIND_PASS, &[digest.into()]).await? else { return Ok(None) };
    let item: Option<WorkId> = row.parsed_or_null(2)?;
    let pass = Pass {
        project: row.parsed(0)?,
        run: row.text(1)?.to_owned(),
        item: item.zip(row.int_or_null(3)?.map(Fence::new)),
        agent: row.parsed(4)?,
        trace_id: row.text(5)?.to_owned(),
        until: row.time(6)?,
    };
    Ok(Some(pass).filter(|it| it.until > now))
}

/// Ends the pass with this digest. `false`: there was none.
pub async fn forget_pass(tx: &mut Tx<'_>, digest: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&sql::budget::REMOVE_PASS, &[digest.into()]).await? == 1)
}
