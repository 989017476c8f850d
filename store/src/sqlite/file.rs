//! One SQLite file: how a connection is opened, and how commits of others are noticed.
//!
//! The file is in WAL mode with `synchronous=full`: a commit is on the disk before it is answered. Closing does not
//! checkpoint (that is five syncs, for every short command); instead whoever finds the log past [`LOG_BYTES_MAX`]
//! folds it into the file and truncates it, so that no process ever has much of it to read. Folding without
//! truncating would not do: what is folded is forgotten with the last connection, and the log would grow for ever.
//!
//! That the log is there must be on the disk before anything in it counts. SQLite would sync the folder in every
//! process that writes; it is compiled not to, and whoever finds the log empty syncs the folder. A log with anything
//! in it was found empty by somebody before, and it cannot be removed and made again while a connection is open.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{copied, migrate};
use crate::StoreError;

/// How large the write-ahead log of short commands may grow, in bytes.
const LOG_BYTES_MAX: u64 = 300_000;
/// How each connection is set up. The cache is large enough for a round of many commands, and what their savepoints
/// need stays in memory: neither is written twice.
const SETTINGS: &str = "pragma synchronous = full; pragma wal_autocheckpoint = 0; pragma cache_size = -8000;
    pragma temp_store = memory; pragma trusted_schema = off";

/// How long a connection waits for a lock that another has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    /// A minute: for work that has to be done.
    #[default]
    Minute,
    /// Not at all: for whoever only wants to know whether the store is free.
    None,
}

impl Patience {
    /// The longest wait, in milliseconds.
    pub const fn millis(self) -> u64 {
        match self {
            Self::Minute => 60_000,
            Self::None => 0,
        }
    }

    const fn handler(self) -> Option<fn(i32) -> bool> {
        match self {
            Self::Minute => Some(wait_for_lock),
            Self::None => None,
        }
    }

    /// `error`, with how long we really waited.
    pub fn named(self, error: StoreError) -> StoreError {
        match error {
            StoreError::Busy { .. } => StoreError::Busy { waited_ms: self.millis() },
            other => other,
        }
    }
}

/// A connection that writes, with what it knows of its file.
pub struct File {
    /// The connection.
    pub connection: Connection,
    /// How long it waits for a lock.
    pub patience: Patience,
    log: PathBuf,
}

impl File {
    /// Lets SQLite fold the log by itself, in place, which is the fastest under load: the log keeps its blocks on the
    /// disk. That works only while this connection stays; what is left when it goes is for [`File::fold_log`].
    pub fn stay(&self) -> Result<(), StoreError> {
        let text = "pragma wal_autocheckpoint = 1000; pragma journal_size_limit = 4000000";
        Ok(self.connection.execute_batch(text)?)
    }

    /// Folds the log into the file and truncates it, when it has grown past its limit and nobody is in the way.
    pub fn fold_log(&mut self) {
        if std::fs::metadata(&self.log).is_ok_and(|m| m.len() > LOG_BYTES_MAX) {
            // Somebody reading the log is no failure: whoever comes next tries again.
            let _ = self.connection.busy_handler(None::<fn(i32) -> bool>);
            let _ = self.connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
            let _ = self.connection.busy_handler(self.patience.handler());
        }
    }
}

/// Opens the store at `path` for writing; makes it when `create`.
pub fn open(path: &Path, create: bool, patience: Patience) -> Result<File, StoreError> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(damaged(path, "it is a folder")),
        Err(error) if error.kind() == ErrorKind::NotFound && !create => return Err(missing(path)),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(StoreError::ReadOnly(format!("{}: {error}", path.display())));
        }
        // A store and its log stay together.
        Ok(found) if found.len() > 0 && !log_of(path).exists() => copied::look(path)?,
        _ => {}
    }
    let connection = opened(path, create, patience).map_err(|error| patience.named(named(error, path)))?;
    Ok(File { connection, patience, log: log_of(path) })
}

/// Opens the store at `path` for whoever looks for what is wrong with it: a file that does not fit together can be read, and
/// stays as it is.
pub fn open_to_look(path: &Path) -> Result<File, StoreError> {
    let refused = match open(path, false, Patience::Minute) {
        Err(refused @ StoreError::Damaged { .. }) if !log_of(path).exists() => refused,
        opened => return opened,
    };
    let mut connection = copied::as_it_lies(path)?;
    prepare(&mut connection, Patience::None)?;
    match found(&connection) {
        Ok(Found::Ours(migrate::VERSION)) => Ok(File { connection, patience: Patience::None, log: log_of(path) }),
        _ => Err(refused),
    }
}

fn opened(path: &Path, create: bool, patience: Patience) -> Result<Connection, StoreError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut connection = Connection::open_with_flags(path, flags)?;
    prepare(&mut connection, patience)?;
    if connection.is_readonly("main")? {
        return Err(StoreError::ReadOnly(format!("{} is read-only", path.display())));
    }
    match found(&connection)? {
        Found::Ours(version) if version > migrate::VERSION => {
            Err(StoreError::Newer { found: version, known: migrate::VERSION })
        }
        Found::Ours(migrate::VERSION) => {
            keep_log(&log_of(path))?;
            Ok(connection)
        }
        Found::Nothing if !create => Err(missing(path)),
        Found::Ours(_) | Found::Nothing => {
            write_ahead(&connection)?;
            // The first read after the change of mode makes the log.
            found(&connection)?;
            keep_log(&log_of(path))?;
            migrate::migrate(&connection)?;
            Ok(connection)
        }
        Found::Foreign => Err(damaged(path, "it holds the tables of another program")),
    }
}

/// Sees to it that the log outlives a power cut, as far as nobody has done so before. A connection must be open that
/// has read from the store, for that makes the log.
fn keep_log(log: &Path) -> Result<(), StoreError> {
    if std::fs::metadata(log).is_ok_and(|found| found.len() > 0) {
        return Ok(());
    }
    let folder = log.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| StoreError::ReadOnly(format!("{} cannot be synced: {error}", folder.display())))
}

/// Puts the file in WAL mode. SQLite asks no busy handler here, so whoever makes the store at the same moment is
/// waited for by asking again.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        let asked = connection.query_row("pragma journal_mode = wal", [], |row| row.get::<_, String>(0));
        match asked.map(drop).map_err(StoreError::from) {
            Err(StoreError::Busy { .. }) if tries < 500 => tries += 1,
            done => return done,
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What a file that opens as a database holds.
enum Found {
    Ours(i64),
    Nothing,
    Foreign,
}

/// Reads one snapshot: another process may just be making the store.
fn found(connection: &Connection) -> Result<Found, StoreError> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
    if migrate::application(&tx)? == migrate::APPLICATION {
        return migrate::version(&tx).map(Found::Ours);
    }
    let holds_tables = tx.query_row("select exists (select 1 from sqlite_schema)", [], |row| row.get(0))?;
    Ok(if holds_tables { Found::Foreign } else { Found::Nothing })
}

fn missing(path: &Path) -> StoreError {
    StoreError::Missing(path.display().to_string())
}

fn damaged(path: &Path, said: &str) -> StoreError {
    StoreError::Damaged { path: path.display().to_string(), said: said.to_owned() }
}

/// `error` with the name of the file it is about.
fn named(error: StoreError, path: &Path) -> StoreError {
    match error {
        StoreError::Damaged { said, .. } => damaged(path, &said),
        other => other,
    }
}

/// Where SQLite keeps the log of the file at `path`: beside the file itself, wherever links lead.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    log.push("-wal");
    log.into()
}

/// Opens a second connection for snapshot reads.
pub fn open_reader(path: &Path, patience: Patience) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    prepare(&mut connection, patience)?;
    connection.execute_batch("pragma query_only = on")?;
    Ok(connection)
}

/// A store in memory, for simulations and benchmarks.
pub fn open_in_memory() -> Result<File, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    prepare(&mut connection, Patience::None)?;
    migrate::migrate(&connection)?;
    Ok(File { connection, patience: Patience::None, log: PathBuf::new() })
}

fn prepare(connection: &mut Connection, patience: Patience) -> Result<(), StoreError> {
    connection.busy_handler(patience.handler())?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A plan that depends on what is bound is made again at every call, at more than the cost of the call.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.execute_batch(SETTINGS)?;
    Ok(())
}

/// Waits a little, differently in each process so that late comers get their turn too, up to a minute.
fn wait_for_lock(tries: i32) -> bool {
    let step_us = 500 + (u64::from(std::process::id()) * 7_919 + u64::from(tries.unsigned_abs()) * 104_729) % 3_000;
    std::thread::sleep(Duration::from_micros(step_us));
    // A step is 2 ms on average.
    u64::from(tries.unsigned_abs()) * 2 < Patience::Minute.millis()
}

/// Tells whether anybody has committed since it was last asked.
pub struct Watch {
    connection: Connection,
    seen: i64,
}

impl Watch {
    pub fn on(path: &Path) -> Result<Self, StoreError> {
        let connection = open_reader(path, Patience::Minute)?;
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
