//! The schema, as steps that only go forward.

use rusqlite::Connection;

use crate::StoreError;

/// The steps; a store of version `n` has had the first `n`.
const STEPS: &[&str] = &[include_str!("../sql/migrations/0001_spine.sqlite.sql")];

/// The version that this program writes.
pub const VERSION: i64 = STEPS.len() as i64;

/// Brings the schema up to [`VERSION`]. Two processes may try at once: the steps run in one transaction, and the
/// version is read again inside it.
pub fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let mut found = version(connection)?;
    if found == VERSION {
        return Ok(());
    }
    connection.execute_batch("begin immediate")?;
    let done = (|| {
        found = version(connection)?;
        if found > VERSION {
            return Err(StoreError::Newer { found, known: VERSION });
        }
        for step in &STEPS[usize::try_from(found).unwrap_or(0)..] {
            connection.execute_batch(step)?;
        }
        connection.execute_batch(&format!("pragma user_version = {VERSION}"))?;
        Ok(())
    })();
    connection.execute_batch(if done.is_ok() { "commit" } else { "rollback" })?;
    done
}

/// The version of the schema in the file; 0 for an empty one.
pub fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("pragma user_version", [], |row| row.get(0))?)
}
