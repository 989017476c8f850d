//! Changes as rows, and back.

use domain::change::{Approval, Change, State};
use domain::work::Fence;

use crate::{Row, StoreError, Value};

/// The columns that a state fills: reason, landing, landed commit, verified, reverted by.
pub fn landed_columns(state: &State) -> [Value<'_>; 5] {
    let mut columns = [Value::Null; 5];
    match state {
        State::Queued | State::Withdrawn => {}
        State::Refused(reason) | State::Rejected(reason) => columns[0] = reason.into(),
        State::Landing(landing) => columns[1] = landing.into(),
        State::Landed { commit, verified } => {
            columns[2] = commit.into();
            columns[3] = i64::from(*verified).into();
        }
        State::Reverted { commit, by } => {
            columns[2] = commit.into();
            columns[4] = by.into();
        }
    }
    columns
}

/// The change of a row.
pub fn read(row: &Row) -> Result<Change, StoreError> {
    let reason = || row.text_or_null(16).map(|r| r.unwrap_or_default().to_owned());
    let state = match row.text(15)? {
        "queued" => State::Queued,
        "refused" => State::Refused(reason()?),
        "landing" => State::Landing(row.parsed(17)?),
        "landed" => State::Landed { commit: row.text(18)?.to_owned(), verified: row.int_or_null(19)? == Some(1) },
        "rejected" => State::Rejected(reason()?),
        "reverted" => State::Reverted { commit: row.text(18)?.to_owned(), by: row.parsed(20)? },
        "withdrawn" => State::Withdrawn,
        other => return Err(StoreError::Broken(format!("a change is {other:?}"))),
    };
    let approval = match row.parsed_or_null(13)? {
        Some(by) => Some(Approval { by, role: row.parsed(14)? }),
        None => None,
    };
    Ok(Change {
        project: row.parsed(0)?,
        id: row.parsed(1)?,
        item: row.parsed(2)?,
        fence: Fence::new(row.int(3)?),
        author: row.parsed(4)?,
        author_role: row.parsed_or_null(5)?,
        target: row.text(6)?.to_owned(),
        base: row.text(7)?.to_owned(),
        commit: row.text(8)?.to_owned(),
        tree: row.text(9)?.to_owned(),
        write_set: serde_json::from_str(row.text(10)?).map_err(|e| StoreError::Broken(format!("a write set: {e}")))?,
        workspace: row.parsed_or_null(11)?,
        reverts: row.parsed_or_null(12)?,
        approval,
        state,
        submitted_at: row.time(21)?,
        changed_at: row.time(22)?,
    })
}
