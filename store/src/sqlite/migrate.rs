//! The schema, as steps that only go forward.
//!
//! A step is a number and a word: `sql/migrations/0002_message.sql` has the tables, written once for all engines
//! (`integer`, `text`, `check`, partial indexes; `strict` and `without rowid` are for SQLite and left out elsewhere),
//! and `0002_message.sqlite.sql` what only SQLite is told: how many rows its planner should expect.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::StoreError;

/// The steps; a store of version `n` has had the first `n`.
pub const STEPS: &[Step] =
    steps!["0001_spine", "0002_message", "0003_audit", "0004_claims", "0005_budget", "0006_session", "0008_activity"];

/// One of them.
pub struct Step {
    /// The tables, for every engine.
    pub tables: &'static str,
    /// What only SQLite is told.
    pub sqlite: &'static str,
}

macro_rules! steps {
    ($($name:literal),*) => {
        &[$(Step {
            tables: include_str!(concat!("../../sql/migrations/", $name, ".sql")),
            sqlite: include_str!(concat!("../../sql/migrations/", $name, ".sqlite.sql")),
        }),*]
    };
}
use steps;

/// What a store of ours says it is in the header of its file: `Nexu`.
pub const APPLICATION: i64 = 0x4e65_7875;

/// The version that this program writes.
#[allow(clippy::cast_possible_wrap)] // Nobody writes that many steps.
pub const VERSION: i64 = STEPS.len() as i64;

/// Brings the schema up to [`VERSION`]. Two processes may try at once: the steps run in one transaction, and the
/// version is read again inside it.
pub fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = version(&tx)?;
    if found > VERSION {
        return Err(StoreError::Newer { found, known: VERSION });
    }
    for step in &STEPS[usize::try_from(found).unwrap_or(0)..] {
        tx.execute_batch(step.tables)?;
        tx.execute_batch(step.sqlite)?;
    }
    tx.execute_batch(&format!("pragma application_id = {APPLICATION}; pragma user_version = {VERSION}"))?;
    Ok(tx.commit()?)
}

/// Whose the file is: [`APPLICATION`] for a store of ours, 0 when nobody said.
pub fn application(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("pragma application_id", [], |row| row.get(0))?)
}

/// The version of the schema in the file; 0 for an empty one.
pub fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("pragma user_version", [], |row| row.get(0))?)
}
