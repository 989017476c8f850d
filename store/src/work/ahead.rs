//! What a claim finds before it takes an item. One look says that there is nothing, as there mostly is.

use super::{WorkError, verbs};
use crate::{Scope, Tx, sql};

/// What is to be looked at for each item that might be taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ahead {
    /// Gates.
    pub gates: bool,
    /// What is being written.
    pub reserved: bool,
    /// Items that are kept for somebody.
    pub kept: bool,
}

/// Tends to what is due, and says what else there is.
pub async fn look(tx: &mut Tx<'_>, scope: &Scope) -> Result<Ahead, WorkError> {
    let values = [(&scope.project).into(), scope.now.into()];
    let Some(row) = tx.query_opt(&sql::work::AHEAD, &values).await? else { return Ok(Ahead::default()) };
    let any = |at| row.int(at).map(|count| count > 0);
    if any(0)? || any(1)? {
        verbs::tend(tx, scope).await?;
    }
    Ok(Ahead { gates: any(2)?, reserved: any(3)?, kept: any(4)? })
}
