//! PostgreSQL is killed and comes back, connections are cut, while callers work: nothing that was acknowledged is
//! lost, nothing is granted twice (I1, I5, I7).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::agent::Filter;
use domain::work::{Command, Held};
use store::work::{self, Page, WorkError};
use store::{Ids, Mode, Store, StoreError, Tx, Url, audit};

use crate::database::Database;
use crate::kit::{at, draft, name, project, ttl, wait};
use crate::place::url;
use crate::server::Server;

const CALLERS: u64 = 8;

/// What the callers were told.
#[derive(Default)]
struct Told {
    added: BTreeSet<String>,
    /// By item: the fence and the agent of each grant.
    claimed: BTreeSet<(String, i64, String)>,
    reported: BTreeSet<String>,
    /// Calls after which nobody knows.
    unknown: u64,
    /// Calls that say that nothing happened.
    failed: u64,
}

struct Load {
    store: Store,
    told: Mutex<Told>,
    acknowledged: AtomicU64,
    over: AtomicBool,
    ids: Ids,
}

impl Load {
    fn over(url: &Url) -> Arc<Self> {
        let store = Store::create_database(url, Mode::Loop).expect("the tables can be made");
        Arc::new(Self {
            store,
            told: Mutex::default(),
            acknowledged: AtomicU64::new(0),
            over: AtomicBool::new(false),
            ids: Ids::default(),
        })
    }

    /// Adds, claims and reports until it is over.
    fn call(&self, caller: u64) {
        let by = name(&format!("agent {caller}"));
        while !self.over.load(Ordering::SeqCst) {
            let number = self.ids.next(1_000_000);
            let added = wait(
                self.store
                    .write(async move |tx: &mut Tx<'_>| work::add(tx, &at(0), draft("under load"), number, "").await),
            );
            self.take_in(added, |told, item| told.added.insert(item.id.to_string()));
            let claimer = by.clone();
            let taken = wait(self.store.write(async move |tx: &mut Tx<'_>| {
                work::claim_next(tx, &at(0), &Filter::default(), &claimer, ttl(3_600_000)).await
            }));
            let taken = self.take_in(taken, |told, item| match item {
                Some(item) => told.claimed.insert((item.id.to_string(), item.fence.number(), by.to_string())),
                None => false,
            });
            let Some(Some(item)) = taken else { continue };
            let report =
                Command::Report { held: Held { by: by.clone(), fence: item.fence }, change: None, result: None };
            let id = item.id.clone();
            let done =
                wait(self.store.write(async move |tx: &mut Tx<'_>| work::carry_out(tx, &at(0), &id, &report).await));
            self.take_in(done, |told, item| told.reported.insert(item.id.to_string()));
        }
    }

    fn take_in<T>(&self, outcome: Result<T, WorkError>, keep: impl FnOnce(&mut Told, &T) -> bool) -> Option<T> {
        let mut told = self.told.lock().expect("nobody panics while it has it");
        match outcome {
            Ok(what) => {
                keep(&mut told, &what);
                self.acknowledged.fetch_add(1, Ordering::SeqCst);
                return Some(what);
            }
            Err(WorkError::Store(StoreError::Unknown(_))) => told.unknown += 1,
            Err(WorkError::Store(
                StoreError::Lost(_) | StoreError::Unreachable { .. } | StoreError::Conflict(_) | StoreError::Slow(_),
            )) => told.failed += 1,
            Err(other) => panic!("an outage is no reason for this: {other}"),
        }
        None
    }

    /// Waits until so many more calls were acknowledged; comes back with how long that took.
    fn until_more(&self, more: u64) -> Duration {
        let (began, from) = (Instant::now(), self.acknowledged.load(Ordering::SeqCst));
        while self.acknowledged.load(Ordering::SeqCst) < from + more {
            assert!(began.elapsed() < Duration::from_secs(90), "the callers do not get on");
            std::thread::sleep(Duration::from_millis(1));
        }
        began.elapsed()
    }

    /// What the callers were told is what the store holds.
    fn judge(&self) {
        let reading = async |tx: &mut Tx<'_>| {
            let all = work::list(tx, &project(), None, &Page { after: String::new(), limit: 1_000_000 }).await?;
            Ok::<_, StoreError>((all, audit::after(tx, &project(), 0, 10_000_000).await?))
        };
        let (all, log) = wait(self.store.read(reading)).expect("it can be read");
        let told = self.told.lock().expect("nobody panics while it has it");
        let items: BTreeMap<String, &str> =
            all.iter().map(|added| (added.item.id.to_string(), added.item.state.word())).collect();
        for id in &told.added {
            assert!(items.contains_key(id), "{id} was acknowledged and is not there");
        }
        for id in &told.reported {
            assert_eq!(items.get(id), Some(&"done"), "the report on {id} was acknowledged");
        }
        let mut grants: BTreeMap<(String, i64), String> = BTreeMap::new();
        for entry in log.iter().filter(|entry| entry.name == "work.claimed") {
            let (fence, agent) =
                (entry.fence.expect("a grant has a fence"), entry.agent.clone().expect("and an agent"));
            let before = grants.insert((entry.subject.clone(), fence), agent);
            assert_eq!(before, None, "{} was granted twice under fence {fence}", entry.subject);
        }
        for (id, fence, agent) in &told.claimed {
            assert_eq!(grants.get(&(id.clone(), *fence)), Some(agent), "the grant of {id} was acknowledged");
        }
        let extra = (items.len() - told.added.len()) + (grants.len() - told.claimed.len());
        assert!(extra as u64 <= told.unknown, "{extra} effects of which nobody was told, {} unknown", told.unknown);
        println!(
            "{} added, {} claimed, {} reported, {} failed, {} unknown",
            told.added.len(),
            told.claimed.len(),
            told.reported.len(),
            told.failed,
            told.unknown
        );
    }
}

/// Ends the load, also when the test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Has callers work while `trouble` happens, and judges what they were told.
fn under_load(url: &Url, trouble: impl FnOnce(&Load)) {
    let load = Load::over(url);
    std::thread::scope(|threads| {
        for caller in 0..CALLERS {
            let load = Arc::clone(&load);
            threads.spawn(move || load.call(caller));
        }
        let _over = Over(&load.over);
        load.until_more(50);
        trouble(&load);
        load.until_more(50);
    });
    load.judge();
}

#[test]
fn a_server_killed_under_load_and_started_again_loses_nothing_that_was_acknowledged() {
    let mut server = Server::start();
    let url: Url = server.address().parse().expect("an address");
    let times = if std::env::var_os("NEXUS_TEST_FULL").is_some() { 8 } else { 2 };
    under_load(&url, |load| {
        for _ in 0..times {
            load.until_more(30);
            server.kill();
            server.run();
            println!("{} ms after it answers again the first call is acknowledged", load.until_more(1).as_millis());
        }
    });
}

#[test]
fn connections_that_are_cut_cost_no_acknowledged_call_and_double_none() {
    let database = Database::new();
    under_load(&url(&database), |load| {
        for _ in 0..20 {
            load.until_more(10);
            // Those of this test alone: each is in the schema that its address names.
            database.run(
                "select pg_terminate_backend(a.pid) from pg_stat_activity a join pg_locks l on l.pid = a.pid
                 join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
                 where n.nspname = current_schema() and a.pid <> pg_backend_pid()",
            );
        }
    });
}

#[test]
fn a_snapshot_that_somebody_holds_open_changes_nothing_for_those_who_claim() {
    let database = Database::new();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    under_load(&url(&database), |load| {
        let more = if std::env::var_os("NEXUS_TEST_FULL").is_some() { 20_000 } else { 500 };
        runtime.block_on(async {
            let (holder, connection) =
                tokio_postgres::connect(&database.address(), tokio_postgres::NoTls).await.expect("the server answers");
            tokio::spawn(connection);
            holder.batch_execute("begin isolation level repeatable read").await.expect("it begins");
            let count = async || {
                let row = holder.query_one("select count(*) from event", &[]).await.expect("it can be read");
                row.get::<_, i64>(0)
            };
            let before = count().await;
            load.until_more(more);
            assert_eq!(count().await, before, "it was held all the time");
        });
    });
}
