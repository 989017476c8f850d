//! The seam: one transaction, and the statements that run in it.

use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use crate::value::Cell;
use crate::{Row, StoreError, Value};

/// One SQL text, from one file, with parameters `$1`, `$2`, ….
pub struct Statement {
    text: &'static str,
    sqlite: OnceLock<String>,
}

impl Statement {
    /// The statement with this text.
    pub const fn new(text: &'static str) -> Self {
        Self { text, sqlite: OnceLock::new() }
    }

    /// The text as it is written in its file.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The text for SQLite, which numbers parameters with `?` and takes `$1` for a name; without the comments.
    fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| {
            let code = self.text.lines().filter(|line| !line.trim_start().starts_with("--"));
            code.collect::<Vec<_>>().join("\n").replace('$', "?")
        })
    }
}

/// One transaction. Verbs are written against it once and run on any engine.
pub struct Tx<'c> {
    connection: &'c rusqlite::Connection,
}

// On SQLite an answer is there at once, so nothing here waits; the other engine will.
#[allow(clippy::unused_async)]
impl<'c> Tx<'c> {
    pub(crate) const fn new(connection: &'c rusqlite::Connection) -> Self {
        Self { connection }
    }

    /// Runs `body` so that nothing it did is left when it comes back with an error; what was done before stays.
    pub async fn attempt<T, E>(
        &mut self,
        body: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        self.connection.execute_batch("savepoint attempt")?;
        let out = body(self).await;
        // A full disk and the like have ended the whole transaction by themselves.
        if !self.connection.is_autocommit() {
            let end = if out.is_ok() { "release attempt" } else { "rollback to attempt; release attempt" };
            self.connection.execute_batch(end)?;
        }
        Ok(out)
    }

    /// Runs a statement that gives no rows; comes back with how many it changed.
    pub async fn execute(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut prepared = self.connection.prepare_cached(statement.sqlite())?;
        bind(&mut prepared, values)?;
        Ok(prepared.raw_execute()? as u64)
    }

    /// The first row of the answer, or `None`.
    pub async fn query_opt(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
        let mut prepared = self.connection.prepare_cached(statement.sqlite())?;
        bind(&mut prepared, values)?;
        let columns = prepared.column_count();
        let mut rows = prepared.raw_query();
        Ok(rows.next()?.map(|row| read(row, columns)).transpose()?)
    }

    /// Every row of the answer.
    pub async fn query_all(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let mut prepared = self.connection.prepare_cached(statement.sqlite())?;
        bind(&mut prepared, values)?;
        let columns = prepared.column_count();
        let mut rows = prepared.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row, columns)?);
        }
        Ok(all)
    }
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

/// What a verb comes back with on SQLite, where nothing has to be waited for.
pub fn ready<T>(verb: impl Future<Output = T>) -> T {
    match pin!(verb).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(out) => out,
        Poll::Pending => panic!("on SQLite every verb is ready at once"),
    }
}
