//! Names that only one open item may have.
//!
//! A row says which item had a name last; whether it still counts is that item's state. So nothing has to be done when
//! an item ends, and two who add at the same time meet at the row.

use domain::id::WorkId;
use domain::text::Name;

use super::WorkError;
use crate::{Scope, Tx, sql};

/// Gives `name` to the item `id`. Refused while another item that has it is open.
pub(super) async fn take(tx: &mut Tx<'_>, scope: &Scope, name: &Name, id: &WorkId) -> Result<(), WorkError> {
    let values = [(&scope.project).into(), name.into(), id.into()];
    if tx.execute(&sql::work::TAKE_NAME, &values).await? == 1 {
        return Ok(());
    }
    let Some(row) = tx.query_opt(&sql::work::NAMED, &values[..2]).await? else { return Ok(()) };
    let other: WorkId = row.parsed(0)?;
    if other == *id {
        return Ok(());
    }
    let state = tx.query_opt(&sql::work::STATE_OF, &[(&scope.project).into(), (&other).into()]).await?;
    let state = state.map(|row| row.text(0).map(str::to_owned)).transpose()?;
    if !matches!(state.as_deref(), None | Some("done" | "dead" | "cancelled")) {
        return Err(WorkError::NotUnique { name: name.clone(), id: other });
    }
    tx.execute(&sql::work::PASS_NAME, &values).await?;
    Ok(())
}
