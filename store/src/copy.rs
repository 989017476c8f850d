//! Everything that a store holds, moved to another: from a file to a database and back, or from a file to a file.
//!
//! Tables are copied row by row as they are, read on one snapshot and written in one transaction: afterwards the copy
//! is whole, or the target is as it was. What the tables are is asked of the schema itself, so that none is forgotten.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::postgres::Courier;
use crate::value::Cell;
use crate::{Patience, StoreError, Url, sqlite};

/// How many rows are written at once.
const BATCH: usize = 1_000;

/// Where a store is.
#[derive(Clone, Debug)]
pub enum Location {
    /// In this file.
    File(std::path::PathBuf),
    /// In this database.
    Database(Box<Url>),
}

/// How many rows of a table were copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The table.
    pub table: String,
    /// The rows.
    pub rows: u64,
}

/// A table: its name, its columns, and for each whether it holds text.
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order, with whether they hold text.
    pub columns: Vec<(String, bool)>,
}

impl Table {
    /// The names of its columns, for a list in SQL.
    pub fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Copies everything from one store to another, which must be there and empty. `progress` hears the table and how
/// many of its rows are copied so far.
pub fn copy(from: &Location, to: &Location, progress: &dyn Fn(&str, u64)) -> Result<Vec<Copied>, StoreError> {
    let tables = tables()?;
    match (from, to) {
        (Location::File(from), Location::Database(to)) => {
            let source = sqlite::open(from, false, Patience::Minute)?.connection;
            let snapshot = source.unchecked_transaction()?;
            Courier::to(to, &tables)?.write(|table, take| {
                read_file(&snapshot, table, &mut |rows, so_far| {
                    progress(&table.name, so_far);
                    take(rows)
                })
            })
        }
        (Location::Database(from), Location::File(to)) => {
            let target = sqlite::open(to, false, Patience::Minute)?.connection;
            let tx = rusqlite::Transaction::new_unchecked(&target, rusqlite::TransactionBehavior::Immediate)?;
            let mut courier = Courier::from(from, &tables)?;
            let mut all = Vec::new();
            for table in &tables {
                empty(&tx, table)?;
                let mut so_far = 0;
                courier.read(table, BATCH, &mut |rows| {
                    so_far += rows.len() as u64;
                    progress(&table.name, so_far);
                    write_file(&tx, table, &rows)
                })?;
                all.push(Copied { table: table.name.clone(), rows: so_far });
            }
            tx.commit()?;
            Ok(all)
        }
        (Location::File(from), Location::File(to)) => {
            let source = sqlite::open(from, false, Patience::Minute)?.connection;
            let target = sqlite::open(to, false, Patience::Minute)?.connection;
            let snapshot = source.unchecked_transaction()?;
            let tx = rusqlite::Transaction::new_unchecked(&target, rusqlite::TransactionBehavior::Immediate)?;
            let mut all = Vec::new();
            for table in &tables {
                empty(&tx, table)?;
                let rows = read_file(&snapshot, table, &mut |rows, so_far| {
                    progress(&table.name, so_far);
                    write_file(&tx, table, &rows)
                })?;
                all.push(Copied { table: table.name.clone(), rows });
            }
            tx.commit()?;
            Ok(all)
        }
        (Location::Database(_), Location::Database(_)) => {
            Err(StoreError::Failed("from one database to another, PostgreSQL's own programs copy".to_owned()))
        }
    }
}

/// The tables of the schema, as a new store has them.
fn tables() -> Result<Vec<Table>, StoreError> {
    let fresh = sqlite::open_in_memory()?.connection;
    let mut names = fresh
        .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    names
        .into_iter()
        .map(|name| {
            let mut columns =
                fresh.prepare(&format!("select name, type from pragma_table_info('{name}') order by cid"))?;
            let column =
                |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?.eq_ignore_ascii_case("text")));
            let columns = columns.query_map([], column)?.collect::<Result<_, _>>()?;
            Ok(Table { name, columns })
        })
        .collect()
}

fn empty(connection: &Connection, table: &Table) -> Result<(), StoreError> {
    let found: bool =
        connection.query_row(&format!("select exists (select 1 from {})", table.name), [], |row| row.get(0))?;
    if found { Err(StoreError::NotEmpty(table.name.clone())) } else { Ok(()) }
}

fn read_file(
    connection: &Connection,
    table: &Table,
    take: &mut dyn FnMut(Vec<Vec<Cell>>, u64) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let mut prepared = connection.prepare(&format!("select {} from {}", table.names(), table.name))?;
    let mut rows = prepared.query([])?;
    let (mut batch, mut so_far) = (Vec::with_capacity(BATCH), 0);
    while let Some(row) = rows.next()? {
        let cells = (0..table.columns.len()).map(|at| {
            Ok(match row.get_ref(at)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(n) => Cell::Int(n),
                ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
                other => return Err(StoreError::Broken(format!("{} holds {other:?}", table.name))),
            })
        });
        batch.push(cells.collect::<Result<_, StoreError>>()?);
        so_far += 1;
        if batch.len() == BATCH {
            take(std::mem::take(&mut batch), so_far)?;
        }
    }
    if !batch.is_empty() {
        take(batch, so_far)?;
    }
    Ok(so_far)
}

fn write_file(connection: &Connection, table: &Table, rows: &[Vec<Cell>]) -> Result<(), StoreError> {
    let places = (1..=table.columns.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
    let text = format!("insert into {} ({}) values ({places})", table.name, table.names());
    let mut insert = connection.prepare_cached(&text)?;
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            match cell {
                Cell::Null => insert.raw_bind_parameter(at + 1, rusqlite::types::Null)?,
                Cell::Int(n) => insert.raw_bind_parameter(at + 1, n)?,
                Cell::Text(text) => insert.raw_bind_parameter(at + 1, text)?,
            }
        }
        insert.raw_execute()?;
    }
    Ok(())
}
