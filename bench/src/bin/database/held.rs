//! The rate of claims while somebody holds a snapshot open, against before and after.
//!
//! PostgreSQL keeps every row version that the snapshot can see, so whoever looks for the next item walks past more
//! and more dead ones. Callers add, claim and report one item after the other all the time, so that the queue is short
//! and its rows change most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bench::machine;
use domain::agent::Filter;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Fence, Held};
use engine::Engine;
use serde_json::json;
use store::Url;

use super::{Bench, CALLERS, connect, draft, engine};

/// How much of the rate is to stay.
const GOAL: f64 = 0.7;

/// What is measured, in this order.
const PHASES: [&str; 5] =
    ["before", "held, first half", "held, second half", "after, first half", "after, second half"];

/// Prints the rates of `seconds` before, of as many with a snapshot open, and after; and beside them those of a run in
/// which nobody holds one, as tables that grow have a price of their own.
pub fn run(bench: &Bench, seconds: u64, as_json: bool) {
    let (held, free) = (rates(bench, seconds, true), rates(bench, seconds, false));
    let kept = (held[2] / held[0]) / (free[2] / free[0]);
    if as_json {
        let all = PHASES.iter().zip(held.iter().zip(free));
        let all: Vec<_> =
            all.map(|(name, (held, free))| json!({ "phase": name, "held": held, "free": free })).collect();
        let (name, machine) = ("held snapshot", machine());
        println!(
            "{}",
            json!({ "bench": name, "machine": machine, "seconds": seconds, "kept": kept, "goal": GOAL, "phases": all })
        );
        return;
    }
    println!("PostgreSQL: claims per second while a snapshot is held open for {seconds} s\n{}\n", machine());
    println!("{:<20} {:>8}          {:>8}", "", "held", "nobody");
    for (name, (with, without)) in PHASES.iter().zip(held.iter().zip(free)) {
        println!("{name:<20} {with:>8.0}   {:.2}   {without:>8.0}   {:.2}", with / held[0], without / free[0]);
    }
    let met = if kept >= GOAL { "met" } else { "NOT MET" };
    println!("\nkept at the end of it, against nobody: {kept:.2}; goal {GOAL:.2} {met}");
}

fn rates(bench: &Bench, seconds: u64, hold: bool) -> [f64; 5] {
    let address = bench.schema();
    let url: Url = address.parse().expect("an address");
    let engine = engine(&url);
    let (claims, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (engine, claims, over) = (engine.clone(), Arc::clone(&claims), Arc::clone(&over));
            bench.runtime.spawn(call(engine, caller, claims, over))
        })
        .collect();

    let half = Duration::from_secs(seconds.max(2)) / 2;
    // Statements are prepared, tables get their first pages and statistics.
    std::thread::sleep(half);
    bench.run_sql(&address, "analyze");
    let before = rate(&claims, half * 2);
    let holder = bench.runtime.block_on(connect(&address));
    if hold {
        let look = "begin isolation level repeatable read; select count(*) from work";
        bench.runtime.block_on(holder.batch_execute(look)).expect("it can be read");
    }
    let (first, second) = (rate(&claims, half), rate(&claims, half));
    if hold {
        bench.runtime.block_on(holder.batch_execute("commit")).expect("it was begun");
    }
    let (soon, later) = (rate(&claims, half), rate(&claims, half));
    over.store(true, Ordering::SeqCst);
    for caller in callers {
        bench.runtime.block_on(caller).expect("no panic");
    }
    let twice = "select count(*) from (select 1 from event where name = 'work.claimed'
        group by subject, fence having count(*) > 1) t";
    bench.check(&address, twice, 0);
    bench.check(&address, "select count(*) from event where name = 'work.reported'", claims.load(Ordering::SeqCst));
    drop(engine);
    bench.drop_schema(&address);
    [before, first, second, soon, later]
}

/// Claims per second in the time to come.
fn rate(claims: &AtomicU64, lasting: Duration) -> f64 {
    let (began, from) = (Instant::now(), claims.load(Ordering::SeqCst));
    std::thread::sleep(lasting);
    #[allow(clippy::cast_precision_loss)] // Nobody claims that many here.
    let count = (claims.load(Ordering::SeqCst) - from) as f64;
    count / began.elapsed().as_secs_f64()
}

async fn call(engine: Engine, caller: usize, claims: Arc<AtomicU64>, over: Arc<AtomicBool>) {
    let by: AgentName = format!("agent-{caller:04}").parse().expect("a name");
    let ttl = Ttl::from_millis(3_600_000).expect("a time-to-live");
    while !over.load(Ordering::SeqCst) {
        engine.add(draft(), Some("0".repeat(32)), None).await.expect("it can be added");
        // Each adds one before it takes one, so there is one for each.
        let taken = engine.next(Filter::default(), by.clone(), ttl, None).await.expect("there is one");
        let held = Held { by: by.clone(), fence: Fence::new(taken.fence) };
        let report = Command::Report { held, change: None, result: None };
        engine.act(taken.id.parse().expect("an id"), report, None).await.expect("it is held");
        claims.fetch_add(1, Ordering::SeqCst);
    }
}
