//! The commit loop against a bare loop over the same tables.
//!
//! A cycle is add, claim the next, report done; each caller waits for the commit of one before it asks the next.
//! The bare loop makes the same row changes with prepared statements and nothing else: no rules, no savepoints, no
//! look at what is due, one transaction per round of as many commands as there are callers. With one caller that is
//! one commit per command. Its settings are those of the store.

mod bare;
mod ours;

use std::path::Path;

use bench::{Comparison, Flags, print, time};

/// What both sides write, so that they write the same bytes.
pub mod same {
    /// The title of every item.
    pub const TITLE: &str = "Make the parser keep comments where they stand";
    /// The W3C trace id of every item.
    pub const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    /// The moment at which everything happens, in Unix milliseconds.
    pub const NOW_MS: i64 = 1_795_211_860_474;
    /// How long each lease lasts, in milliseconds.
    pub const TTL_MS: i64 = 60_000;
    /// What each report says.
    pub const RESULT: &str = "{\"tests\":12,\"passed\":12}";

    /// The name of caller `n`.
    pub fn agent(n: usize) -> String {
        format!("agent-{n:04}")
    }
}

/// One way of making cycles.
trait Side {
    /// Makes `cycles` cycles for each caller.
    fn run(&mut self, cycles: u32);
}

fn main() {
    let flags = Flags::read("Add, claim and report through the store, against a bare loop over SQLite.");
    let (repetitions, seconds) = if flags.quick { (3, 0.2) } else { (9, 1.0) };
    let cases = [
        ("1 caller, loop", 1, store::Mode::Loop, Some(0.8)),
        ("1 caller, direct", 1, store::Mode::Direct, None),
        ("64 callers, loop", 64, store::Mode::Loop, Some(0.5)),
        ("1024 callers, loop", 1_024, store::Mode::Loop, Some(0.5)),
    ];
    let folder = tempfile::tempdir().expect("a folder can be made");
    let compare = |(name, callers, mode, goal): (&str, usize, store::Mode, Option<f64>)| {
        let file = |side: &str| folder.path().join(format!("{side}-{name}.db"));
        let (ours, bare) = (file("ours"), file("bare"));
        let mut pair = (ours::Ours::new(&ours, mode, callers), bare::Bare::new(&bare, callers));
        let per_second = |side: &mut dyn Side, cycles: u32| {
            let all = f64::from(cycles) * f64::from(u32::try_from(callers).expect("not that many"));
            all / time(|| side.run(cycles)).as_secs_f64()
        };
        let both = |pair: &mut (ours::Ours, bare::Bare), cycles| {
            (per_second(&mut pair.0, cycles), per_second(&mut pair.1, cycles))
        };
        // Unmeasured: agents get known, statements prepared, files their first pages. It says how many cycles fit.
        both(&mut pair, 2);
        let (rate, _) = both(&mut pair, 8);
        let cycles =
            (1..10_000).find(|n| f64::from(n * u32::try_from(callers).expect("not that many")) > rate * seconds);
        let (ours_all, bare_all) = (0..repetitions).map(|_| both(&mut pair, cycles.unwrap_or(10_000))).unzip();
        drop(pair);
        assert_eq!(written(&ours), written(&bare), "both sides wrote the same");
        Comparison { name: name.to_owned(), ours: ours_all, bare: bare_all, goal }
    };
    let all: Vec<Comparison> = cases.into_iter().filter(|case| case.0.contains(&flags.only)).map(compare).collect();
    print(&flags, "store: add, claim next, report", "cycles", &all);
}

/// What the file at `path` holds: finished items, plans with their bytes, events on items with their bytes.
fn written(path: &Path) -> Vec<i64> {
    let connection = rusqlite::Connection::open(path).expect("the file opens");
    let texts = [
        "select count(*) from work where state = 'done' and fence = 1 and holder is null and attempts_used = 1",
        "select sum(length(title) + length(trace_id) + length(result) + rank_ms - changed_at_ms) from work",
        "select sum(length(body)) from work_plan",
        "select count(*) from event where name like 'work.%'",
        "select sum(length(data) + length(agent) + length(subject)) from event where name = 'work.claimed'",
        "select sum(length(data) + length(subject)) from event where name like 'work.%'",
    ];
    let number = |text| connection.query_row(text, [], |row| row.get(0)).expect("the tables are there");
    texts.into_iter().map(number).collect()
}
