//! The seam: one transaction, and the statements that run in it.

use std::sync::OnceLock;
use std::time::Instant;

use crate::postgres::{Place, Session, Walk};
use crate::value::Cell;
use crate::{Row, StoreError, Value};

/// One SQL text, from one file, with parameters `$1`, `$2`, ….
///
/// A line that begins with `--lock:` is for PostgreSQL in a transaction that writes: what is read to be changed is
/// locked there until the end; SQLite has one writer and needs no such thing.
pub struct Statement {
    text: &'static str,
    bulk: Option<&'static str>,
    sqlite: OnceLock<String>,
}

impl Statement {
    /// The statement with this text.
    pub const fn new(text: &'static str) -> Self {
        Self { text, bulk: None, sqlite: OnceLock::new() }
    }

    /// The same, which PostgreSQL runs for many rows at once as `bulk`: its parameters are the columns, as arrays.
    pub const fn with_bulk(text: &'static str, bulk: &'static str) -> Self {
        Self { text, bulk: Some(bulk), sqlite: OnceLock::new() }
    }

    /// The text as it is written in its file.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The text of the statement that PostgreSQL runs for many rows at once.
    pub(crate) const fn bulk(&self) -> Option<&'static str> {
        self.bulk
    }

    /// The text for SQLite, which numbers parameters with `?` and takes `$1` for a name; without the comments.
    fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| {
            let code = self.text.lines().filter(|line| !line.trim_start().starts_with("--"));
            code.collect::<Vec<_>>().join("\n").replace('$', "?")
        })
    }
}

/// `text` for PostgreSQL, with the lines that lock or without.
pub fn for_postgres(text: &str, locks: bool) -> String {
    let line = |line: &'_ str| match line.trim_start().strip_prefix("--lock:") {
        Some(lock) => locks.then(|| lock.to_owned()),
        None => (!line.trim_start().starts_with("--")).then(|| line.to_owned()),
    };
    text.lines().filter_map(line).collect::<Vec<_>>().join("\n")
}

/// One transaction. Verbs are written against it once and run on any engine.
pub struct Tx<'c>(Engine<'c>);

enum Engine<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c Session),
}

impl<'c> Tx<'c> {
    pub(crate) const fn sqlite(connection: &'c rusqlite::Connection) -> Self {
        Self(Engine::Sqlite(connection))
    }

    pub(crate) const fn postgres(session: &'c Session) -> Self {
        Self(Engine::Postgres(session))
    }

    /// Runs `body` so that nothing it did is left when it comes back with an error; what was done before stays.
    pub async fn attempt<T, E>(
        &mut self,
        body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        match self.0 {
            Engine::Sqlite(connection) => {
                connection.execute_batch("savepoint attempt")?;
                let out = body(self).await;
                // A full disk and the like have ended the whole transaction by themselves.
                if !connection.is_autocommit() {
                    let end = if out.is_ok() { "release attempt" } else { "rollback to attempt; release attempt" };
                    connection.execute_batch(end)?;
                }
                Ok(out)
            }
            Engine::Postgres(session) => {
                let mark = session.savepoint("attempt");
                let out = body(self).await;
                session.release("attempt", mark, out.is_ok());
                Ok(out)
            }
        }
    }

    /// Runs a statement that gives no rows; comes back with how many it changed.
    pub async fn execute(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<u64, StoreError> {
        match self.0 {
            Engine::Sqlite(connection) => {
                let mut prepared = connection.prepare_cached(statement.sqlite())?;
                bind(&mut prepared, values)?;
                Ok(prepared.raw_execute()? as u64)
            }
            Engine::Postgres(session) => session.execute(statement, values).await,
        }
    }

    /// Runs an insert at the latest at the end of the transaction, where it costs less: for a log, which nobody reads
    /// in the transaction that writes it.
    pub async fn append(&mut self, statement: &'static Statement, values: &[Value<'_>]) -> Result<(), StoreError> {
        match self.0 {
            Engine::Sqlite(_) => self.execute(statement, values).await.map(drop),
            Engine::Postgres(session) => {
                session.append(statement, values);
                Ok(())
            }
        }
    }

    /// Runs a statement once for each of `rows`; comes back with how many rows were changed in all.
    pub async fn execute_all(
        &mut self,
        statement: &'static Statement,
        rows: &[Vec<Value<'_>>],
    ) -> Result<u64, StoreError> {
        if let (Engine::Postgres(session), Some(_), true) = (&self.0, statement.bulk, rows.len() > 1) {
            return session.execute_bulk(statement, rows).await;
        }
        let mut changed = 0;
        for values in rows {
            changed += self.execute(statement, values).await?;
        }
        Ok(changed)
    }

    /// Runs a query once for each of `rows`; comes back with the rows of all answers, in no order. A row that is asked
    /// for twice may come once.
    pub async fn query_each(
        &mut self,
        statement: &'static Statement,
        rows: &[Vec<Value<'_>>],
    ) -> Result<Vec<Row>, StoreError> {
        if let (Engine::Postgres(session), Some(_), true) = (&self.0, statement.bulk, rows.len() > 1) {
            return session.query_bulk(statement, rows).await;
        }
        let mut all = Vec::new();
        for values in rows {
            all.extend(self.query_all(statement, values).await?);
        }
        Ok(all)
    }

    /// The first row of the answer, or `None`.
    pub async fn query_opt(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        match self.0 {
            Engine::Sqlite(connection) => {
                let mut prepared = connection.prepare_cached(statement.sqlite())?;
                bind(&mut prepared, values)?;
                let columns = prepared.column_count();
                let mut rows = prepared.raw_query();
                Ok(rows.next()?.map(|row| read(row, columns)).transpose()?)
            }
            Engine::Postgres(session) => Ok(session.query(statement, values).await?.into_iter().next()),
        }
    }

    /// As [`Tx::query_opt`], but what is found is not locked: for what is only looked at.
    pub async fn peek_opt(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, StoreError> {
        match self.0 {
            Engine::Sqlite(_) => self.query_opt(statement, values).await,
            Engine::Postgres(session) => Ok(session.peek(statement, values).await?.into_iter().next()),
        }
    }

    /// As [`Tx::query_all`], but what is found is not locked.
    pub async fn peek_all(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match self.0 {
            Engine::Sqlite(_) => self.query_all(statement, values).await,
            Engine::Postgres(session) => session.peek(statement, values).await,
        }
    }

    /// Every row of the answer.
    pub async fn query_all(
        &mut self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match self.0 {
            Engine::Sqlite(connection) => {
                let mut prepared = connection.prepare_cached(statement.sqlite())?;
                bind(&mut prepared, values)?;
                let columns = prepared.column_count();
                let mut rows = prepared.raw_query();
                let mut all = Vec::new();
                while let Some(row) = rows.next()? {
                    all.push(read(row, columns)?);
                }
                Ok(all)
            }
            Engine::Postgres(session) => session.query(statement, values).await,
        }
    }
}

/// A walk along an index of ready items, from the first.
impl Tx<'_> {
    /// The rows of `walk`, whose statement takes `values` and then where to begin and how many; the lowest ranks first.
    /// Each row has its id at 1 and its rank at 6. What is found is locked.
    pub async fn walk(&mut self, walk: &Walk<'_>, values: &[Value<'_>], limit: u32) -> Result<Vec<Row>, StoreError> {
        let from = match &self.0 {
            Engine::Sqlite(_) => None,
            Engine::Postgres(session) => session.fronts().of(walk),
        };
        if let (Some((rank, id)), Engine::Postgres(session)) = (&from, &self.0) {
            let values = [values, &[(*rank).into(), id.into(), limit.into()]].concat();
            let rows = session.query(walk.statement, &values).await?;
            // A short answer may be all there is, or all there is behind the front.
            if rows.len() >= limit as usize {
                session.fronts().moved(walk, place(rows.first())?);
                return Ok(rows);
            }
        }
        let (began, values) = (Instant::now(), [values, &[i64::MIN.into(), "".into(), limit.into()]].concat());
        let rows = self.query_all(walk.statement, &values).await?;
        if let Engine::Postgres(session) = &self.0 {
            session.fronts().walked(walk, began.elapsed(), place(rows.first())?);
        }
        Ok(rows)
    }

    /// An item of `project` with this rank and id is ready now.
    pub fn ready(&mut self, project: &str, rank_ms: i64, id: &str) {
        if let Engine::Postgres(session) = &self.0 {
            session.fronts().ready(project, &(rank_ms, id.to_owned()));
        }
    }
}

fn place(first: Option<&Row>) -> Result<Option<Place>, StoreError> {
    first.map(|row| Ok((row.int(6)?, row.text(1)?.to_owned()))).transpose()
}

fn bind(prepared: &mut rusqlite::CachedStatement<'_>, values: &[Value<'_>]) -> Result<(), rusqlite::Error> {
    for (at, value) in values.iter().enumerate() {
        match value {
            Value::Null => prepared.raw_bind_parameter(at + 1, rusqlite::types::Null)?,
            Value::Int(n) => prepared.raw_bind_parameter(at + 1, n)?,
            Value::Text(text) => prepared.raw_bind_parameter(at + 1, text)?,
        }
    }
    Ok(())
}

fn read(row: &rusqlite::Row<'_>, columns: usize) -> Result<Row, rusqlite::Error> {
    use rusqlite::types::ValueRef;
    let cell = |at| {
        Ok(match row.get_ref(at)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(n) => Cell::Int(n),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Cell::Text(String::from_utf8_lossy(bytes).into_owned()),
            ValueRef::Real(real) => Cell::Text(real.to_string()),
        })
    };
    (0..columns).map(cell).collect::<Result<_, _>>().map(Row)
}
