//! One connection with its transaction.
//!
//! What only steers (`begin`, `savepoint`) is not sent by itself: it goes with the next statement, in one packet.

use std::cell::{Cell as Slot, RefCell};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::{join, join_all};
use tokio_postgres::Client;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::front::Fronts;
use crate::tx::for_postgres;
use crate::value::Cell;
use crate::{Row, Statement, StoreError, Value};

/// How the log of all projects and nodes is kept in the order of commits: whoever writes to it holds this until its
/// commit, which is sent along. See `docs/decisions/0013-postgresql.md`.
const LOG_LOCK: &str = "select pg_advisory_xact_lock(5640006)";

/// A connection. One thread at a time works with it.
pub struct Session {
    client: Client,
    /// By the address of the text, and whether it locks.
    prepared: RefCell<HashMap<(usize, bool), tokio_postgres::Statement>>,
    steering: RefCell<String>,
    appended: RefCell<Vec<Appended>>,
    /// The server's process for this connection, and the number of the round in it.
    pid: i64,
    round: Slot<i64>,
    trouble: RefCell<Option<StoreError>>,
    aborted: Slot<bool>,
    writes: Slot<bool>,
    fronts: Arc<Fronts>,
}

struct Appended {
    statement: &'static Statement,
    values: Vec<Cell>,
}

/// How a transaction ended.
pub enum Committed {
    /// It is on the disk.
    Yes,
    /// It came to nothing.
    No(StoreError),
    /// The connection was lost before the answer.
    Unknown(Lost),
}

/// A transaction of which nobody knows whether it happened.
#[derive(Clone, Copy, Debug)]
pub struct Lost {
    /// The server's process that had it.
    pub pid: i64,
    /// The number of the round, which its rows in the log carry; `None` when it wrote none.
    pub round: Option<i64>,
}

impl Session {
    pub(super) fn over(client: Client, pid: i64, fronts: Arc<Fronts>) -> Self {
        Self {
            client,
            prepared: RefCell::default(),
            steering: RefCell::default(),
            appended: RefCell::default(),
            pid,
            round: Slot::new(0),
            trouble: RefCell::default(),
            aborted: Slot::new(false),
            writes: Slot::new(false),
            fronts,
        }
    }

    /// The client, for what is no transaction of a verb.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Where queues begin, as far as this process knows.
    pub(crate) fn fronts(&self) -> &Fronts {
        &self.fronts
    }

    /// Whether the connection is of no more use.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Begins a transaction that writes, with the next statement.
    pub(super) fn begin(&self) {
        self.round.set(round_number());
        self.fresh(true, &format!("begin; set local nexus.round = '{}'", self.round.get()));
    }

    /// Begins a transaction that reads one snapshot, with the next statement.
    pub(super) fn begin_snapshot(&self) {
        self.fresh(false, "begin isolation level repeatable read read only");
    }

    fn fresh(&self, writes: bool, begin: &str) {
        self.writes.set(writes);
        self.aborted.set(false);
        self.appended.borrow_mut().clear();
        *self.trouble.borrow_mut() = None;
        begin.clone_into(&mut self.steering.borrow_mut());
    }

    /// Sets a savepoint. The number is for [`Session::release`].
    pub(crate) fn savepoint(&self, name: &str) -> usize {
        self.steer(&format!("savepoint {name}"));
        self.appended.borrow().len()
    }

    /// Ends a savepoint; takes back what was done since, unless it is to be kept.
    pub(crate) fn release(&self, name: &str, mark: usize, keep: bool) {
        if keep && !self.aborted.get() {
            self.steer(&format!("release {name}"));
        } else {
            self.appended.borrow_mut().truncate(mark);
            self.aborted.set(false);
            self.steer(&format!("rollback to {name}; release {name}"));
        }
    }

    fn steer(&self, sql: &str) {
        let mut steering = self.steering.borrow_mut();
        if !steering.is_empty() {
            steering.push_str("; ");
        }
        steering.push_str(sql);
    }

    /// What makes the whole transaction worth another try, when something did.
    pub(super) fn trouble(&self) -> Option<StoreError> {
        self.trouble.borrow().clone()
    }

    /// Whether a statement has failed since the last savepoint, so that nothing more can be done until it is ended.
    pub(super) const fn is_aborted(&self) -> bool {
        self.aborted.get()
    }

    /// Takes everything back.
    pub(super) async fn rollback(&self) -> Result<(), StoreError> {
        self.appended.borrow_mut().clear();
        let begun = !self.steering.take().starts_with("begin");
        if begun { Ok(self.client.batch_execute("rollback").await?) } else { Ok(()) }
    }

    /// Ends a transaction that only read.
    pub(super) async fn end_snapshot(&self) -> Result<(), StoreError> {
        self.rollback().await
    }

    /// Writes the log, and commits. Both go in one packet, so that a caller that stands still holds up nobody else.
    pub(super) async fn commit(&self) -> Committed {
        if self.steering.borrow().starts_with("begin") && self.appended.borrow().is_empty() {
            self.steering.borrow_mut().clear();
            return Committed::Yes;
        }
        let appended = self.appended.take();
        let lost = Lost { pid: self.pid, round: (!appended.is_empty()).then_some(self.round.get()) };
        let mut rows: Vec<(&'static Statement, Vec<Vec<Value<'_>>>)> = Vec::new();
        for it in &appended {
            let values = it.values.iter().map(Cell::value).collect();
            match rows.iter_mut().find(|(statement, _)| std::ptr::eq(*statement, it.statement)) {
                Some((_, rows)) => rows.push(values),
                None => rows.push((it.statement, vec![values])),
            }
        }
        match self.send_commit(&rows).await {
            Ok(()) => Committed::Yes,
            Err(StoreError::Lost(_)) => Committed::Unknown(lost),
            Err(error) => Committed::No(error),
        }
    }

    async fn send_commit(&self, rows: &[(&'static Statement, Vec<Vec<Value<'_>>>)]) -> Result<(), StoreError> {
        let mut prepared = Vec::with_capacity(rows.len());
        for (statement, _) in rows {
            prepared.push(self.prepare_bulk(statement).await?);
        }
        let columns: Vec<Vec<Column<'_>>> =
            rows.iter().zip(&prepared).map(|((_, rows), it)| columns(rows, it)).collect();
        let params: Vec<Vec<&(dyn ToSql + Sync)>> = columns.iter().map(|columns| params(columns)).collect();
        if !rows.is_empty() {
            self.steer(LOG_LOCK);
        }
        let steering = self.steering.take();
        let inserts = prepared.iter().zip(&params).map(|(statement, params)| self.client.execute(statement, params));
        // Polled in this order, so sent in this order. After a failed insert the commit is a rollback.
        let (steered, (inserted, committed)) =
            join(self.steered(steering), join(join_all(inserts), self.client.batch_execute("commit"))).await;
        steered?;
        for inserted in inserted {
            inserted?;
        }
        Ok(committed?)
    }

    /// Sends what steers.
    async fn steered(&self, sql: String) -> Result<(), tokio_postgres::Error> {
        if sql.is_empty() { Ok(()) } else { self.client.batch_execute(&sql).await }
    }

    /// Keeps a row for the end of the transaction.
    pub(crate) fn append(&self, statement: &'static Statement, values: &[Value<'_>]) {
        self.appended.borrow_mut().push(Appended { statement, values: values.iter().map(owned).collect() });
    }

    /// Runs a statement that gives no rows; comes back with how many it changed.
    pub(crate) async fn execute(&self, statement: &'static Statement, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let prepared = self.prepare(statement.text(), false).await?;
        let params: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as &(dyn ToSql + Sync)).collect();
        let steering = self.steering.take();
        let (steered, done) = join(self.steered(steering), self.client.execute(&prepared, &params)).await;
        self.noted(steered.and(done))
    }

    /// Runs a statement that gives rows; in a transaction that writes, it locks what its text says.
    pub(crate) async fn query(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.rows(statement, self.writes.get(), values).await
    }

    /// The same, and nothing is locked.
    pub(crate) async fn peek(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        self.rows(statement, false, values).await
    }

    async fn rows(
        &self,
        statement: &'static Statement,
        locks: bool,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let prepared = self.prepare(statement.text(), locks).await?;
        let params: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as &(dyn ToSql + Sync)).collect();
        let steering = self.steering.take();
        let (steered, rows) = join(self.steered(steering), self.client.query(&prepared, &params)).await;
        self.noted(steered.and(rows))?.iter().map(read).collect()
    }

    /// Runs a statement for many rows at once.
    pub(crate) async fn execute_bulk(
        &self,
        statement: &'static Statement,
        rows: &[Vec<Value<'_>>],
    ) -> Result<u64, StoreError> {
        let prepared = self.prepare_bulk(statement).await?;
        let columns = columns(rows, &prepared);
        let params = params(&columns);
        let steering = self.steering.take();
        let (steered, done) = join(self.steered(steering), self.client.execute(&prepared, &params)).await;
        self.noted(steered.and(done))
    }

    /// Runs a query for many rows at once; locks what its text says.
    pub(crate) async fn query_bulk(
        &self,
        statement: &'static Statement,
        rows: &[Vec<Value<'_>>],
    ) -> Result<Vec<Row>, StoreError> {
        let prepared = self.prepare_bulk(statement).await?;
        let columns = columns(rows, &prepared);
        let params = params(&columns);
        let steering = self.steering.take();
        let (steered, rows) = join(self.steered(steering), self.client.query(&prepared, &params)).await;
        self.noted(steered.and(rows))?.iter().map(read).collect()
    }

    async fn prepare_bulk(&self, statement: &'static Statement) -> Result<tokio_postgres::Statement, StoreError> {
        let text = statement.bulk().expect("what is done in bulk says how");
        self.prepare(text, self.writes.get()).await
    }

    async fn prepare(&self, text: &'static str, locks: bool) -> Result<tokio_postgres::Statement, StoreError> {
        let key = (text.as_ptr().addr(), locks);
        if let Some(prepared) = self.prepared.borrow().get(&key) {
            return Ok(prepared.clone());
        }
        let prepared = self.noted(self.client.prepare(&for_postgres(text, locks)).await)?;
        self.prepared.borrow_mut().insert(key, prepared.clone());
        Ok(prepared)
    }

    /// `outcome`, remembered when it fails: a statement that failed ends what came before it too.
    fn noted<T>(&self, outcome: Result<T, tokio_postgres::Error>) -> Result<T, StoreError> {
        outcome.map_err(|error| {
            let error = StoreError::from(error);
            self.aborted.set(true);
            if matches!(error, StoreError::Lost(_) | StoreError::Conflict(_)) {
                self.trouble.borrow_mut().get_or_insert_with(|| error.clone());
            }
            error
        })
    }
}

/// A number that no other round has.
fn round_number() -> i64 {
    use std::hash::{BuildHasher, RandomState};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = RandomState::new().hash_one((std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    i64::try_from(number >> 1).unwrap_or(i64::MAX)
}

fn owned(value: &Value<'_>) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Int(n) => Cell::Int(*n),
        Value::Text(text) => Cell::Text((*text).to_owned()),
    }
}

pub(super) fn read(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let cell = |(at, column): (usize, &tokio_postgres::Column)| {
        let int = |n: Option<i64>| n.map_or(Cell::Null, Cell::Int);
        Ok(match *column.type_() {
            Type::INT8 => int(row.try_get(at)?),
            Type::INT4 => int(row.try_get::<_, Option<i32>>(at)?.map(Into::into)),
            Type::BOOL => int(row.try_get::<_, Option<bool>>(at)?.map(Into::into)),
            _ => row.try_get::<_, Option<String>>(at)?.map_or(Cell::Null, Cell::Text),
        })
    };
    let cells: Result<_, tokio_postgres::Error> = row.columns().iter().enumerate().map(cell).collect();
    cells.map(Row).map_err(|error| StoreError::Broken(error.to_string()))
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(n) if *ty == Type::INT4 => i32::try_from(*n)?.to_sql(ty, out),
            Self::Int(n) => n.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One column of rows that are written together.
#[derive(Debug)]
pub(super) enum Column<'a> {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<&'a str>>),
}

pub(super) fn params<'a>(columns: &'a [Column<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    columns.iter().map(|c| c as &(dyn ToSql + Sync)).collect()
}

pub(super) fn columns<'a>(rows: &[Vec<Value<'a>>], statement: &tokio_postgres::Statement) -> Vec<Column<'a>> {
    let column = |(at, ty): (usize, &Type)| match *ty {
        Type::INT8_ARRAY => {
            Column::Ints(rows.iter().map(|row| if let Value::Int(n) = row[at] { Some(n) } else { None }).collect())
        }
        _ => Column::Texts(
            rows.iter().map(|row| if let Value::Text(text) = row[at] { Some(text) } else { None }).collect(),
        ),
    };
    statement.params().iter().enumerate().map(column).collect()
}

impl ToSql for Column<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Ints(column) => column.to_sql(ty, out),
            Self::Texts(column) => column.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
