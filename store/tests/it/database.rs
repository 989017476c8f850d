//! A schema of a test's own, in the server that the tests run with.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};

/// A schema of its own in the server that the tests run with.
pub struct Database {
    server: String,
    schema: String,
}

impl Database {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("NEXUS_TEST_DATABASE_URL").expect(
            "NEXUS_TEST_DATABASE_URL names no server: run the tests with `make test`, or under scripts/with-postgres",
        );
        let schema = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let made = Self { server, schema };
        made.run(&format!("drop schema if exists {0} cascade; create schema {0}", made.schema));
        made
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("{}?options=-csearch_path%3D{}", self.server, self.schema)
    }

    /// Runs SQL in the schema.
    pub fn run(&self, sql: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let client = connect(&self.address()).await;
            client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        });
    }

    #[allow(dead_code)] // The tests of one crate do not need it.
    /// Empties every table and starts all numbers anew.
    pub fn clear(&self) {
        self.run(
            "do $$ declare names text; begin
               select string_agg(quote_ident(tablename), ', ') into names from pg_tables
               where schemaname = current_schema() and tablename <> 'nexus_schema';
               execute 'truncate ' || names || ' restart identity';
             end $$",
        );
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.run(&format!("drop schema {} cascade", self.schema));
    }
}

async fn connect(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.expect("the server answers");
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}
