//! Whole tables in and out of a database, for [`crate::copy`].

use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::link::{Link, number};
use super::session::{columns, params, read};
use super::{Url, migrate};
use crate::copy::{Copied, Table};
use crate::sqlite::VERSION;
use crate::value::Cell;
use crate::{StoreError, Value};

/// A connection that carries tables.
pub struct Courier<'t> {
    link: Link,
    tables: &'t [Table],
}

/// Hands a batch of rows on.
type Take<'a> = dyn FnMut(Vec<Vec<Cell>>) -> Result<(), StoreError> + 'a;

impl<'t> Courier<'t> {
    /// To the database at `url`, whose tables must be there and empty; it is closed to others until the end.
    pub fn to(url: &Url, tables: &'t [Table]) -> Result<Self, StoreError> {
        let courier = Self::open(url, tables)?;
        courier.run("begin")?;
        for table in tables {
            courier.run(&format!("lock table {} in exclusive mode", table.name))?;
            let asked = format!("select count(*) from (select 1 from {} limit 1) t", table.name);
            if courier.link.block_on(number(courier.client(), &asked))? > 0 {
                return Err(StoreError::NotEmpty(table.name.clone()));
            }
        }
        Ok(courier)
    }

    /// From the database at `url`, on one snapshot.
    pub fn from(url: &Url, tables: &'t [Table]) -> Result<Self, StoreError> {
        let courier = Self::open(url, tables)?;
        courier.run("begin isolation level repeatable read read only")?;
        Ok(courier)
    }

    fn open(url: &Url, tables: &'t [Table]) -> Result<Self, StoreError> {
        let mut link = Link::to(url)?;
        link.connect()?;
        let courier = Self { link, tables };
        // A long copy is no stuck one.
        courier.run("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")?;
        match courier.link.block_on(migrate::version(courier.client()))? {
            0 => Err(StoreError::Missing(url.to_string())),
            VERSION => Ok(courier),
            found if found > VERSION => Err(StoreError::Newer { found, known: VERSION }),
            found => Err(StoreError::Older { found, known: VERSION }),
        }
    }

    fn client(&self) -> &Client {
        self.link.session().client()
    }

    fn run(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.link.block_on(self.client().batch_execute(sql))?)
    }

    /// Writes every table; `rows_of` hands its rows to what it is given, and says how many there were.
    pub fn write(
        self,
        rows_of: impl Fn(&Table, &mut Take<'_>) -> Result<u64, StoreError>,
    ) -> Result<Vec<Copied>, StoreError> {
        let mut all = Vec::new();
        for table in self.tables {
            let arrays = table
                .columns
                .iter()
                .enumerate()
                .map(|(at, (_, text))| format!("${}::{}[]", at + 1, if *text { "text" } else { "bigint" }));
            let arrays = arrays.collect::<Vec<_>>().join(", ");
            let sql = format!("insert into {} ({}) select * from unnest({arrays})", table.name, table.names());
            let insert = self.link.block_on(self.client().prepare(&sql))?;
            let rows = rows_of(table, &mut |rows| {
                let values: Vec<Vec<Value<'_>>> =
                    rows.iter().map(|row| row.iter().map(Cell::value).collect()).collect();
                let columns = columns(&values, &insert);
                self.link.block_on(self.client().execute(&insert, &params(&columns)))?;
                Ok(())
            })?;
            all.push(Copied { table: table.name.clone(), rows });
        }
        self.run("select setval(pg_get_serial_sequence('event', 'seq'), coalesce((select max(seq) from event), 1))")?;
        self.run("commit; analyze")?;
        Ok(all)
    }

    /// Hands the rows of `table` to `take`, so many at a time.
    pub fn read(&mut self, table: &Table, batch: usize, take: &mut Take<'_>) -> Result<(), StoreError> {
        self.run(&format!("declare rows no scroll cursor for select {} from {}", table.names(), table.name))?;
        let fetch = self.link.block_on(self.client().prepare(&format!("fetch {batch} from rows")))?;
        loop {
            let none: [&(dyn ToSql + Sync); 0] = [];
            let rows = self.link.block_on(self.client().query(&fetch, &none))?;
            if rows.is_empty() {
                break;
            }
            take(rows.iter().map(|row| read(row).map(|row| row.0)).collect::<Result<_, _>>()?)?;
        }
        self.run("close rows")
    }
}
