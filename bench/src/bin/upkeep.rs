//! What it costs to keep many agents, and to keep a node that has nothing to do.
//!
//! Ten thousand registered agents, each of which says every 30 s that it is alive: how much of one core that takes, ours and the
//! database's together, on SQLite and on PostgreSQL. And how many transactions a second an idle `nexus up` makes on PostgreSQL.
//! Run it under `scripts/with-postgres --durable`, with an optimised `nexus` beside it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::served::Server;
use bench::{Flags, machine};
use domain::agent::Agent;
use domain::text::{AgentName, Project};
use engine::{Engine, SystemClock};
use serde_json::json;
use store::{Mode, Store, Url};
use tokio_postgres::NoTls;

const AGENTS: u32 = 10_000;
const EVERY: Duration = Duration::from_secs(30);
/// The most that heartbeats may take of one core, in percent.
const GOAL_PERCENT: f64 = 5.0;
/// The most transactions a second of an idle node.
const GOAL_IDLE: f64 = 1.0;

fn main() {
    let flags = Flags::read("What many agents and an idle node cost.");
    let Ok(database) = std::env::var("NEXUS_TEST_DATABASE_URL") else {
        eprintln!("NEXUS_TEST_DATABASE_URL names no server; run this under scripts/with-postgres --durable");
        std::process::exit(2);
    };
    let window = Duration::from_secs(if flags.quick { 5 } else { 30 });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be built");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = Store::create(&folder.path().join("nexus.db"), Mode::Loop).expect("a store can be made");
    let url: Url = database.parse().expect("an address");
    let on_sqlite = runtime.block_on(heartbeats(file, window, &|| ticks(std::process::id())));
    let shared = Store::create_database(&url, Mode::Loop).expect("the tables can be made");
    let server = runtime.block_on(server_pid(&database));
    let on_postgres = runtime.block_on(heartbeats(shared, window, &|| ticks(std::process::id()) + family(server)));
    let idle = runtime.block_on(idle(&database, window));
    if flags.json {
        let found =
            json!({ "sqlite_percent": on_sqlite, "postgres_percent": on_postgres, "idle_transactions_per_s": idle });
        return println!("{}", json!({ "bench": "upkeep", "machine": machine(), "agents": AGENTS, "results": found }));
    }
    let met = |good| if good { "met" } else { "NOT MET" };
    println!(
        "{AGENTS} agents, a heartbeat every {} s, looked at for {} s\n{}\n",
        EVERY.as_secs(),
        window.as_secs(),
        machine()
    );
    for (name, percent) in [("SQLite", on_sqlite), ("PostgreSQL, with its server", on_postgres)] {
        println!("{name:<28} {percent:>6.2} % of a core, goal below {GOAL_PERCENT}: {}", met(percent < GOAL_PERCENT));
    }
    println!("{:<28} {idle:>6.2} transactions/s, goal below {GOAL_IDLE}: {}", "an idle node", met(idle < GOAL_IDLE));
}

/// Registers the agents, and lets them live for `window`; the share of a core that it took, in percent.
async fn heartbeats(store: Store, window: Duration, used: &dyn Fn() -> u64) -> f64 {
    let engine = Engine::new(store, Project::default(), Arc::new(SystemClock));
    let names: Vec<AgentName> = (0..AGENTS).map(|n| format!("agent-{n:05}").parse().expect("a name")).collect();
    for some in names.chunks(500) {
        let register = |name: &AgentName| {
            let agent = Agent::unregistered(name.clone(), engine.project.clone(), engine.scope().now);
            engine.register(agent, None)
        };
        for registered in futures_util::future::join_all(some.iter().map(register)).await {
            registered.expect("it can be registered");
        }
    }
    let between = EVERY / AGENTS;
    let (before, start, mut sent) = (used(), Instant::now(), 0_u32);
    let mut alive = tokio::task::JoinSet::new();
    while start.elapsed() < window {
        // As many as are due by now; agents do not wait for each other.
        while between * sent < start.elapsed() {
            let (engine, name) = (engine.clone(), names[sent as usize % names.len()].clone());
            alive.spawn(async move { engine.heartbeat(name, None, None).await.expect("it is registered") });
            sent += 1;
        }
        while alive.try_join_next().is_some() {}
        tokio::time::sleep(between).await;
    }
    alive.join_all().await;
    percent(used() - before, start.elapsed())
}

/// Transactions a second on the database while a node has nothing to do.
async fn idle(database: &str, window: Duration) -> f64 {
    let node = Server::start(Some(database));
    drop(node.connect().await);
    // What is done once, and what was counted before, shall be over.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let (client, connection) = tokio_postgres::connect(database, NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    let pids = "select pid, backend_start::text from pg_stat_activity where application_name = 'nexus'";
    let connections = client.query(pids, &[]).await.expect("it can be asked").len();
    assert!(connections > 0, "the node is connected");
    let count = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()";
    let before: i64 = client.query_one(count, &[]).await.expect("it can be asked").get(0);
    let start = Instant::now();
    tokio::time::sleep(window + Duration::from_secs(12)).await;
    let after: i64 = client.query_one(count, &[]).await.expect("it can be asked").get(0);
    // The two questions of our own are among them at most once.
    let counted = u32::try_from((after - before - 1).max(0)).expect("not that many");
    f64::from(counted) / start.elapsed().as_secs_f64()
}

/// The process that all connections of the database's server are children of.
async fn server_pid(database: &str) -> u32 {
    let (client, connection) = tokio_postgres::connect(database, NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    let own: i32 = client.query_one("select pg_backend_pid()", &[]).await.expect("it can be asked").get(0);
    field(own.unsigned_abs(), 1).try_into().expect("a process number")
}

/// Clock ticks that a process has used, in its own code and in the kernel.
fn ticks(pid: u32) -> u64 {
    field(pid, 11) + field(pid, 12)
}

/// Clock ticks of `pid`, its children that are there, and those that are gone.
fn family(pid: u32) -> u64 {
    let all =
        std::fs::read_dir("/proc").expect("Linux").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let children = all.filter(|child: &u32| *child != pid && field(*child, 1) == u64::from(pid));
    ticks(pid) + field(pid, 13) + field(pid, 14) + children.map(ticks).sum::<u64>()
}

/// A field of `/proc/PID/stat`, counted from the one behind the name; 0 for a process that is gone.
fn field(pid: u32, n: usize) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let behind = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    behind.split(' ').nth(n).and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn percent(ticks: u64, took: Duration) -> f64 {
    // Linux counts in hundredths of a second, whatever the kernel's own clock is.
    let used = f64::from(u32::try_from(ticks).expect("not that long")) / 100.0;
    100.0 * used / took.as_secs_f64()
}
