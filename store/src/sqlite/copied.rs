//! A file that came without its log: somebody has copied it, perhaps while others wrote.
//!
//! The log of a store stays beside it as long as it lives. A file without one may have been copied while its pages were
//! written, each of them good and some older than others, which SQLite has no sums to see. So such a file is looked
//! through before it is opened for the first time: its tables and indexes, and whether every item is what its events
//! say. It is read as if nobody could write it, which leaves no log behind, so that whoever comes next looks again.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use domain::text::Project;
use rusqlite::{Connection, OpenFlags};

use super::{migrate, ready};
use crate::{StoreError, Tx, whole};

/// What is said of a copy that does not fit together.
const SAID: &str = "it was copied while it was written to; copy a store with `nexus store copy --to-file`";

/// Fails when the file at `path` is a store of ours that does not fit together. What is no store of this version is
/// left to whoever opens it.
pub fn look(path: &Path) -> Result<(), StoreError> {
    let Ok(connection) = as_it_lies(path) else { return Ok(()) };
    let ours = migrate::application(&connection).is_ok_and(|found| found == migrate::APPLICATION);
    if !ours || migrate::version(&connection).is_ok_and(|found| found != migrate::VERSION) {
        return Ok(());
    }
    let unlike = |what: &str| StoreError::Damaged { path: path.display().to_string(), said: format!("{what}: {SAID}") };
    let found = fits(&connection).map_err(|error| unlike(&error.to_string()))?;
    found.map_or(Ok(()), |what| Err(unlike(&what)))
}

/// The file at `path` as it lies there, for reading alone; nothing is left beside it.
pub fn as_it_lies(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(address(path), flags)?)
}

/// What does not fit together, if anything.
fn fits(connection: &Connection) -> Result<Option<String>, StoreError> {
    let said: String = connection.query_row("pragma integrity_check(1)", [], |row| row.get(0))?;
    if said != "ok" {
        return Ok(Some(said));
    }
    let gone = "select e.subject from event e where e.name = 'work.added'
        and not exists (select 1 from work w where w.project = e.project and w.id = e.subject) limit 1";
    let mut gone = connection.prepare(gone)?;
    if let Some(row) = gone.query([])?.next()? {
        return Ok(Some(format!("item {} is in the log and not there", row.get::<_, String>(0)?)));
    }
    let mut projects = connection.prepare(
        "select p.project, exists (select 1 from event e where e.project = p.project and e.name = 'audit.archived')
        from (select distinct project from work) p",
    )?;
    let mut rows = projects.query([])?;
    while let Some(row) = rows.next()? {
        let (project, archived): (String, bool) = (row.get(0)?, row.get(1)?);
        let project: Project = project.parse().map_err(|_| StoreError::Broken(format!("no project: {project}")))?;
        if let Some(id) = ready(whole::look(&mut Tx::sqlite(connection), &project, archived))?.unlike {
            return Ok(Some(format!("item {id} is not what its events say")));
        }
    }
    Ok(None)
}

/// The file at `path` as an address that says that nobody writes it, each odd byte spelled out.
fn address(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    let spelled = |&byte: &u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let path: String = path.as_os_str().as_bytes().iter().map(spelled).collect();
    format!("file://{path}?immutable=1")
}
