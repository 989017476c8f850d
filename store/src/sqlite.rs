//! One SQLite file: how a connection is opened, and how commits of others are noticed.
//!
//! The file is in WAL mode with `synchronous=full`: a commit is on the disk before it is answered. Closing does not
//! checkpoint (that is five syncs, for every short command); instead whoever finds the log past
//! [`LOG_BYTES_MAX`] folds it into the file and truncates it, so that no process ever has much of it to read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::{StoreError, migrate};

/// How long a connection waits for the lock, in milliseconds.
pub const BUSY_MS: u64 = 60_000;
/// How large the write-ahead log of short commands may grow, in bytes.
const LOG_BYTES_MAX: u64 = 1_000_000;

/// Opens the store at `path` for writing; makes it when `create`.
pub fn open(path: &Path, create: bool) -> Result<Connection, StoreError> {
    if !create && !path.exists() {
        return Err(StoreError::Missing(path.display().to_string()));
    }
    let named = |error| named(error, path);
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut connection = Connection::open_with_flags(path, flags).map_err(|e| named(e.into()))?;
    prepare(&mut connection).map_err(named)?;
    if connection.is_readonly("main")? {
        return Err(StoreError::ReadOnly(format!("{} is read-only", path.display())));
    }
    let version = migrate::version(&connection).map_err(named)?;
    if version > migrate::VERSION {
        return Err(StoreError::Newer { found: version, known: migrate::VERSION });
    }
    if version < migrate::VERSION {
        if version == 0 && holds_tables(&connection)? {
            return Err(StoreError::Damaged {
                path: path.display().to_string(),
                said: "it holds other tables".to_owned(),
            });
        }
        // An empty file is what a truncated store looks like; only `nexus init` may begin anew.
        if version == 0 && !create {
            return Err(StoreError::Missing(path.display().to_string()));
        }
        let _: String = connection.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
        migrate::migrate(&connection).map_err(named)?;
    }
    Ok(connection)
}

/// Opens a second connection for snapshot reads.
pub fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    prepare(&mut connection)?;
    connection.execute_batch("pragma query_only = on")?;
    Ok(connection)
}

/// A store in memory, for simulations and benchmarks.
pub fn open_in_memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    prepare(&mut connection)?;
    migrate::migrate(&connection)?;
    Ok(connection)
}

fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    connection.busy_handler(Some(wait_for_lock))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection
        .execute_batch("pragma synchronous = full; pragma wal_autocheckpoint = 0; pragma trusted_schema = off")?;
    Ok(())
}

/// Waits a little, differently in each process so that late comers get their turn too, up to [`BUSY_MS`].
fn wait_for_lock(tries: i32) -> bool {
    let step_us = 500 + (u64::from(std::process::id()) * 7_919 + u64::from(tries.unsigned_abs()) * 104_729) % 3_000;
    std::thread::sleep(Duration::from_micros(step_us));
    // A step is 2 ms on average.
    u64::from(tries.unsigned_abs()) * 2 < BUSY_MS
}

fn holds_tables(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row("select exists (select 1 from sqlite_schema)", [], |row| row.get(0))?)
}

fn named(error: StoreError, path: &Path) -> StoreError {
    match error {
        StoreError::Damaged { said, .. } => StoreError::Damaged { path: path.display().to_string(), said },
        other => other,
    }
}

/// Folds the log into the file and truncates it, when it has grown past its limit and nobody is in the way.
pub fn fold_log(connection: &mut Connection, path: &Path) {
    let log = PathBuf::from(format!("{}-wal", path.display()));
    if std::fs::metadata(log).is_ok_and(|m| m.len() > LOG_BYTES_MAX) {
        // Somebody reading the log is no failure: whoever comes next tries again.
        let _ = connection.busy_handler(None::<fn(i32) -> bool>);
        let _ = connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
        let _ = connection.busy_handler(Some(wait_for_lock));
    }
}

/// Tells whether anybody has committed since it was last asked.
pub struct Changes {
    connection: Connection,
    seen: i64,
}

impl Changes {
    pub(crate) fn watch(path: &Path) -> Result<Self, StoreError> {
        let connection = open_reader(path)?;
        let seen = data_version(&connection)?;
        Ok(Self { connection, seen })
    }

    /// Whether there was a commit, by this process or another, since the last call.
    pub fn any(&mut self) -> Result<bool, StoreError> {
        let now = data_version(&self.connection)?;
        Ok(std::mem::replace(&mut self.seen, now) != now)
    }
}

fn data_version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("pragma data_version", [], |row| row.get(0))?)
}
