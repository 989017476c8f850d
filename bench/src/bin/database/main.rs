//! Claim and report on PostgreSQL, against the queue that everybody writes: `for update skip locked`.
//!
//! The plain side claims with one `update … where id = (select … for update skip locked) returning`, completes with
//! another update, and writes an event row with each, one transaction per command, on as many connections as there
//! are callers. Ours goes through the engine with the same number of callers. Both sides work on the same server in
//! the same run. Run it under `scripts/with-postgres --durable`. With `--held-snapshot SECONDS` it looks at one thing
//! alone: claims while a snapshot is held open.

mod held;
mod renew;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bench::{Comparison, Flags, print, time};
use domain::agent::Filter;
use domain::text::{AgentName, Project};
use domain::time::Ttl;
use domain::work::{Command, Draft, Fence, Held};
use engine::{Engine, SystemClock};
use store::{Mode, Store, Url};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

/// How many callers ask at the same time.
const CALLERS: usize = 64;

fn main() {
    let (flags, held_for) = Flags::read_with(
        "Claim and report on PostgreSQL, against plain `for update skip locked`.",
        "--held-snapshot",
        "SECONDS: only the rate of claims while a snapshot is open for so long",
    );
    let server = std::env::var("NEXUS_TEST_DATABASE_URL").unwrap_or_else(|_| {
        eprintln!("NEXUS_TEST_DATABASE_URL names no server; run this under scripts/with-postgres --durable");
        std::process::exit(2);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be built");
    let bench = Bench { runtime, server };
    if let Some(seconds) = held_for {
        return held::run(&bench, seconds, flags.json);
    }
    let (repetitions, each) = if flags.quick { (2, 30) } else { (7, 150) };
    let cases: [(&str, &dyn Fn(u64) -> (f64, f64), f64); 4] = [
        ("one node, 64 callers", &|each| (bench.ours(1, each), bench.plain(each)), 1.5),
        ("two nodes against one", &|each| (bench.ours(2, each), bench.ours(1, each)), 0.9),
        ("batches of 100", &|each| (bench.ours_in_batches(each), bench.plain_in_batches(each)), 1.0),
        ("renewals, 64 callers", &|each| (bench.ours_renewed(each), bench.plain_renewed(each)), 1.0),
    ];
    let mut all = Vec::new();
    for (name, pair, goal) in cases.into_iter().filter(|case| case.0.contains(&flags.only)) {
        // Unmeasured: statements are prepared, tables get their first pages and statistics.
        pair(each / 5 + 1);
        let (ours, bare) = (0..repetitions).map(|_| pair(each)).unzip();
        all.push(Comparison { name: name.to_owned(), ours, bare, goal: Some(goal) });
    }
    print(&flags, "PostgreSQL: claim next, report", "items", &all);
}

struct Bench {
    runtime: Runtime,
    server: String,
}

impl Bench {
    /// A new schema; comes back with its address.
    fn schema(&self) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("bench_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        self.runtime.block_on(async {
            let client = connect(&self.server).await;
            client.batch_execute(&format!("create schema {name}")).await.expect("a schema can be made");
        });
        format!("{}?options=-csearch_path%3D{name}", self.server)
    }

    fn drop_schema(&self, address: &str) {
        let name = address.rsplit("%3D").next().expect("it ends with the name").to_owned();
        self.runtime.block_on(async {
            let client = connect(&self.server).await;
            client.batch_execute(&format!("drop schema {name} cascade")).await.expect("it was made");
        });
    }

    /// Items per second: each of the callers, spread over so many nodes, claims and reports `each`.
    fn ours(&self, nodes: usize, each: u64) -> f64 {
        let address = self.schema();
        let url: Url = address.parse().expect("an address");
        let engines: Vec<Engine> = (0..nodes).map(|_| engine(&url)).collect();
        self.fill(&engines[0], CALLERS as u64 * each);
        self.run_sql(&address, "analyze");
        let took = time(|| {
            let callers: Vec<_> = (0..CALLERS)
                .map(|caller| {
                    let engine = engines[caller % nodes].clone();
                    self.runtime.spawn(async move {
                        let by: AgentName = format!("agent-{caller:04}").parse().expect("a name");
                        let ttl = Ttl::from_millis(60_000).expect("a time-to-live");
                        for _ in 0..each {
                            let taken = engine.next(Filter::default(), by.clone(), ttl, None).await;
                            let taken = taken.expect("there are as many as are asked for");
                            let held = Held { by: by.clone(), fence: Fence::new(taken.fence) };
                            let report = Command::Report { held, change: None, result: None };
                            let id = taken.id.parse().expect("an id");
                            engine.act(id, report, None).await.expect("it is held");
                        }
                    })
                })
                .collect();
            for caller in callers {
                self.runtime.block_on(caller).expect("no panic");
            }
        });
        self.check(&address, "select count(*) from work where state <> 'done'", 0);
        self.check(&address, "select count(*) from event where name = 'work.claimed'", CALLERS as u64 * each);
        drop(engines);
        self.drop_schema(&address);
        rate(CALLERS as u64 * each, took)
    }

    /// The same with claims of a hundred, one batch after the other.
    fn ours_in_batches(&self, each: u64) -> f64 {
        let address = self.schema();
        let url: Url = address.parse().expect("an address");
        let store = Store::create_database(&url, Mode::Direct).expect("the tables can be made");
        let engine = Engine::new(store.clone(), Project::default(), Arc::new(SystemClock));
        let batches = each / 2 + 1;
        self.fill(&engine, batches * 100);
        self.run_sql(&address, "analyze");
        let by: AgentName = "batcher".parse().expect("a name");
        let ttl = Ttl::from_millis(60_000).expect("a time-to-live");
        let took = time(|| {
            for _ in 0..batches {
                let scope = engine.scope();
                let claim = store::work::Next { scope: scope.clone(), filter: Filter::default(), by: by.clone(), ttl };
                let claims = vec![claim; 100];
                let taken = engine::wait(
                    store.write(async move |tx: &mut store::Tx<'_>| store::work::claim_next_many(tx, &claims).await),
                );
                let acts: Vec<_> = taken
                    .expect("nothing is in the way")
                    .into_iter()
                    .map(|one| {
                        let item = one.expect("not refused").expect("there are enough").item;
                        let held = Held { by: by.clone(), fence: item.fence };
                        let command = Command::Report { held, change: None, result: None };
                        store::work::Act { scope: scope.clone(), id: item.id, command }
                    })
                    .collect();
                let done = engine::wait(
                    store.write(async move |tx: &mut store::Tx<'_>| store::work::carry_out_many(tx, &acts).await),
                );
                assert!(done.expect("nothing is in the way").iter().all(Result::is_ok));
            }
        });
        self.check(&address, "select count(*) from work where state <> 'done'", 0);
        drop((engine, store));
        self.drop_schema(&address);
        rate(batches * 100, took)
    }

    fn fill(&self, engine: &Engine, count: u64) {
        let adding = engine.clone();
        self.runtime.block_on(async move {
            for start in (0..count).step_by(1_000) {
                let some = start..(start + 1_000).min(count);
                let all = some.map(|_| adding.add(draft(), Some("0".repeat(32)), None));
                for added in futures(all.collect()).await {
                    added.expect("it can be added");
                }
            }
        });
    }

    /// The plain queue: items per second with one connection per caller.
    fn plain(&self, each: u64) -> f64 {
        let address = self.plain_queue(CALLERS as u64 * each);
        let clients: Vec<Client> = self.runtime.block_on(futures((0..CALLERS).map(|_| connect(&address)).collect()));
        let took = time(|| {
            let callers: Vec<_> = clients
                .into_iter()
                .enumerate()
                .map(|(caller, client)| self.runtime.spawn(plain_caller(client, format!("agent-{caller:04}"), each)))
                .collect();
            for caller in callers {
                self.runtime.block_on(caller).expect("no panic");
            }
        });
        self.check(&address, "select count(*) from item where state <> 'done'", 0);
        self.drop_schema(&address);
        rate(CALLERS as u64 * each, took)
    }

    fn plain_in_batches(&self, each: u64) -> f64 {
        let batches = each / 2 + 1;
        let address = self.plain_queue(batches * 100);
        let client = self.runtime.block_on(connect(&address));
        let took = time(|| self.runtime.block_on(plain_batches(client, batches)));
        self.check(&address, "select count(*) from item where state <> 'done'", 0);
        self.drop_schema(&address);
        rate(batches * 100, took)
    }

    fn plain_queue(&self, count: u64) -> String {
        let address = self.schema();
        self.run_sql(
            &address,
            &format!(
                "create table item (id text primary key, title text not null, state text not null, rank bigint not null,
                   holder text, lease_until_ms bigint, fence bigint not null default 0, changed_at_ms bigint not null);
                 create index item_ready on item (rank, id) where state = 'ready';
                 create table event (seq bigint generated always as identity primary key, at_ms bigint not null,
                   name text not null, subject text not null, agent text, fence bigint, data text not null);
                 create index event_of on event (subject, seq);
                 insert into item (id, title, state, rank, changed_at_ms)
                   select 'work_' || (1795211860474000000 + n), 'Make the parser keep comments', 'ready', n, 0
                   from generate_series(1, {count}) n;
                 analyze"
            ),
        );
        address
    }

    fn run_sql(&self, address: &str, sql: &str) {
        self.runtime.block_on(async {
            connect(address).await.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        });
    }

    /// Panics unless `sql` answers `expected`: a side that did not do its work is not measured.
    fn check(&self, address: &str, sql: &str, expected: u64) {
        let found: i64 = self
            .runtime
            .block_on(async { connect(address).await.query_one(sql, &[]).await.expect("it can be asked").get(0) });
        assert_eq!(found.unsigned_abs(), expected, "{sql}");
    }
}

fn engine(url: &Url) -> Engine {
    let store = Store::create_database(url, Mode::Loop).expect("the tables can be made");
    Engine::new(store, Project::default(), Arc::new(SystemClock))
}

fn draft() -> Draft {
    Draft { title: "Make the parser keep comments".to_owned(), ..Draft::default() }
}

async fn connect(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.expect("the server answers");
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}

/// What each of `all` comes back with, run at the same time.
async fn futures<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
    futures_util::future::join_all(all).await
}

const CLAIM: &str =
    "update item set state = 'leased', holder = $1, lease_until_ms = $2, fence = fence + 1, changed_at_ms = $3
    where id = (select id from item where state = 'ready' order by rank, id limit 1 for update skip locked)
    returning id, fence";
const COMPLETE: &str = "update item set state = 'done', holder = null, lease_until_ms = null, changed_at_ms = $3
    where id = $1 and state = 'leased' and fence = $2";
const EVENT: &str = "insert into event (at_ms, name, subject, agent, fence, data) values ($1, $2, $3, $4, $5, $6)";

async fn plain_caller(mut client: Client, agent: String, each: u64) {
    let now = 1_795_211_860_474_i64;
    let claim = client.prepare(CLAIM).await.expect("it is SQL");
    let complete = client.prepare(COMPLETE).await.expect("it is SQL");
    let event = client.prepare(EVENT).await.expect("it is SQL");
    for _ in 0..each {
        let tx = client.transaction().await.expect("it begins");
        let row = tx.query_one(&claim, &[&agent, &(now + 60_000), &now]).await.expect("there is one");
        let (id, fence): (String, i64) = (row.get(0), row.get(1));
        let data = "{\"until_ms\":1795211920474}";
        tx.execute(&event, &[&now, &"work.claimed", &id, &agent, &fence, &data]).await.expect("it is logged");
        tx.commit().await.expect("it commits");
        let tx = client.transaction().await.expect("it begins");
        let done = tx.execute(&complete, &[&id, &fence, &now]).await.expect("it is held");
        assert_eq!(done, 1);
        tx.execute(&event, &[&now, &"work.reported", &id, &agent, &fence, &"{}"]).await.expect("it is logged");
        tx.commit().await.expect("it commits");
    }
}

async fn plain_batches(mut client: Client, batches: u64) {
    let now = 1_795_211_860_474_i64;
    let claim = client
        .prepare(
            "with taken as (
               update item set state = 'leased', holder = $1, lease_until_ms = $2, fence = fence + 1, changed_at_ms = $3
               where id in (select id from item where state = 'ready' order by rank, id limit 100 for update skip locked)
               returning id, fence),
             told as (
               insert into event (at_ms, name, subject, agent, fence, data)
               select $3, 'work.claimed', id, $1, fence, '{\"until_ms\":1795211920474}' from taken)
             select id, fence from taken",
        )
        .await
        .expect("it is SQL");
    let complete = client
        .prepare(
            "with done as (
               update item i set state = 'done', holder = null, lease_until_ms = null, changed_at_ms = $4
               from unnest($1::text[], $2::bigint[]) as v (id, fence)
               where i.id = v.id and i.state = 'leased' and i.fence = v.fence returning i.id, i.fence),
             told as (
               insert into event (at_ms, name, subject, agent, fence, data)
               select $4, 'work.reported', id, $3, fence, '{}' from done)
             select count(*) from done",
        )
        .await
        .expect("it is SQL");
    for _ in 0..batches {
        let tx = client.transaction().await.expect("it begins");
        let rows = tx.query(&claim, &[&"batcher", &(now + 60_000), &now]).await.expect("there are some");
        tx.commit().await.expect("it commits");
        let ids: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let fences: Vec<i64> = rows.iter().map(|row| row.get(1)).collect();
        let tx = client.transaction().await.expect("it begins");
        let done: i64 =
            tx.query_one(&complete, &[&ids, &fences, &"batcher", &now]).await.expect("they are held").get(0);
        tx.commit().await.expect("it commits");
        assert_eq!(done, 100);
    }
}

fn rate(items: u64, took: std::time::Duration) -> f64 {
    #[allow(clippy::cast_precision_loss)] // Nobody counts that many items here.
    let items = items as f64;
    items / took.as_secs_f64()
}
