//! How long work lies before an agent that waits has it: from the moment somebody asks for it to be added until the agent
//! has its answer.
//!
//! Through one server on SQLite, against what one add through the same server takes while nobody waits; and through two
//! nodes on PostgreSQL, added at one and awaited at the other. Run it under `scripts/with-postgres --durable`, with an optimised
//! `nexus` beside it.

use std::time::{Duration, Instant};

use bench::served::{Connection, Server, post};
use bench::{Flags, machine};
use serde_json::{Value, json};

/// The most that a pick-up may take, in durable commits.
const GOAL_COMMITS: f64 = 5.0;
/// The most that it may take across two nodes.
const GOAL_NODES: Duration = Duration::from_millis(50);

fn main() {
    let flags = Flags::read("How long work lies before an agent that waits has it.");
    let Ok(database) = std::env::var("NEXUS_TEST_DATABASE_URL") else {
        eprintln!("NEXUS_TEST_DATABASE_URL names no server; run this under scripts/with-postgres --durable");
        std::process::exit(2);
    };
    let rounds = if flags.quick { 50 } else { 1_000 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be built");
    let (commit, one, two) = runtime.block_on(async {
        let server = Server::start(None);
        let mut commits = Vec::new();
        let mut adding = server.connect().await;
        for _ in 0..rounds {
            let start = Instant::now();
            add(&mut adding).await;
            commits.push(start.elapsed());
        }
        let mut working = server.connect().await;
        for _ in 0..rounds {
            finish(&mut working).await;
        }
        let one = picked_up(&server, &server, rounds).await;
        drop((adding, working, server));
        let nodes = (Server::start(Some(&database)), Server::start(Some(&database)));
        (commits, one, picked_up(&nodes.0, &nodes.1, rounds).await)
    });
    let ratio = p99(&one).as_secs_f64() / p99(&commit).as_secs_f64();
    if flags.json {
        let ms = |all: &[Duration]| json!({ "p50_ms": p50(all).as_secs_f64() * 1e3, "p99_ms": p99(all).as_secs_f64() * 1e3 });
        let goals = json!({ "ratio": ratio, "one_server_met": ratio <= GOAL_COMMITS, "two_nodes_met": p99(&two) <= GOAL_NODES });
        let all = json!({ "commit": ms(&commit), "one_server": ms(&one), "two_nodes": ms(&two), "goals": goals });
        return println!("{}", json!({ "bench": "pickup", "machine": machine(), "rounds": rounds, "results": all }));
    }
    println!("from added to in the hands of an agent that waits, {rounds} rounds\n{}\n", machine());
    for (name, all) in
        [("an add, nobody waiting", &commit), ("one server, SQLite", &one), ("two nodes, PostgreSQL", &two)]
    {
        println!(
            "{name:<24} median {:>8.2} ms   p99 {:>8.2} ms",
            p50(all).as_secs_f64() * 1e3,
            p99(all).as_secs_f64() * 1e3
        );
    }
    let met = |good| if good { "met" } else { "NOT MET" };
    println!("\none server: {ratio:.2} x the p99 of an add, goal {GOAL_COMMITS}: {}", met(ratio <= GOAL_COMMITS));
    println!("two nodes: goal {} ms: {}", GOAL_NODES.as_millis(), met(p99(&two) <= GOAL_NODES));
}

/// How long each item took from being added at one server to an agent that waits at the other.
async fn picked_up(adds: &Server, works: &Server, rounds: usize) -> Vec<Duration> {
    let (mut adding, mut waiting, mut working) = (adds.connect().await, works.connect().await, works.connect().await);
    let mut all = Vec::new();
    for _ in 0..rounds {
        let awaited = tokio::spawn(async move {
            let asked = json!({ "agent": "waits", "wait": "1m" });
            let item = post(&mut waiting, "/api/v1/work/next", &asked).await;
            (Instant::now(), item, waiting)
        });
        // It has to be waiting; nothing tells that from outside.
        tokio::time::sleep(Duration::from_millis(15)).await;
        let start = Instant::now();
        add(&mut adding).await;
        let (came, item, connection) = awaited.await.expect("no panic");
        waiting = connection;
        all.push(came.saturating_duration_since(start));
        report(&mut working, &item).await;
    }
    all
}

async fn add(connection: &mut Connection) {
    post(connection, "/api/v1/work", &json!({ "title": "keep comments" })).await;
}

async fn finish(connection: &mut Connection) {
    let item = post(connection, "/api/v1/work/next", &json!({ "agent": "waits" })).await;
    report(connection, &item).await;
}

async fn report(connection: &mut Connection, item: &Value) {
    let path = format!("/api/v1/work/{}/report", item["id"].as_str().expect("an item"));
    post(connection, &path, &json!({ "agent": "waits", "fence": item["fence"] })).await;
}

fn p50(all: &[Duration]) -> Duration {
    at(all, 50)
}

fn p99(all: &[Duration]) -> Duration {
    at(all, 99)
}

fn at(all: &[Duration], percent: usize) -> Duration {
    let mut sorted = all.to_vec();
    sorted.sort();
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}
