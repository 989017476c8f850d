//! What a cold process costs: `nexus work next` and `nexus work report`, each against starting `/bin/true` and one
//! `fdatasync`, in the same run and in turns, over many in a row and over stores of growing size.
//!
//! The program is copied first, as an installation does: what a linker has just written lies in the page cache in small
//! pieces, and every start of it pays for that, as no start of an installed program does.
//!
//! `claim [--nexus PATH] [--rounds N] [--sizes 100,10000,1000000] [--done N]`; with `--done`, so many finished items lie in each
//! store as well; prints a table and whether the goals are met.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::text::Project;
use domain::work::{Draft, HeadStart};
use engine::{Clock as _, SystemClock, wait};
use store::{Mode, Scope, Store};

/// The most that a command may cost, in starts of `/bin/true` plus syncs.
const GOAL: f64 = 4.0;
/// The most that a command may cost more in the largest store than in the smallest.
const FLAT: f64 = 1.5;

struct Options {
    nexus: PathBuf,
    rounds: usize,
    sizes: Vec<u64>,
    done: u64,
}

fn main() {
    let mut options = options();
    assert!(
        options.nexus.is_file(),
        "{} is not there; run `cargo build --release --bin nexus` first",
        options.nexus.display()
    );
    let installed = tempfile::tempdir().expect("a folder for the program");
    let program = installed.path().join("nexus");
    std::fs::copy(&options.nexus, &program).expect("the program can be copied");
    options.nexus = program;
    println!("cold processes, {} rounds a size, medians in microseconds", options.rounds);
    println!(
        "{:>9} {:>8} {:>9} {:>8} {:>8} {:>7} {:>8} {:>7} {:>7}",
        "ready", "true", "fdatasync", "next", "ratio", "report", "ratio", "first", "last"
    );
    let mut costs = Vec::new();
    let mut good = true;
    for size in &options.sizes {
        let measured = measure(&options, *size);
        let base = micros(&measured.nothing) + micros(&measured.sync);
        let (next, report) = (micros(&measured.next), micros(&measured.report));
        let tenth = (options.rounds / 10).max(1);
        let (first, last) = (micros(&measured.next[..tenth]), micros(&measured.next[options.rounds - tenth..]));
        println!(
            "{size:>9} {:>8.0} {:>9.0} {next:>8.0} {:>7.2}x {report:>7.0} {:>7.2}x {first:>7.0} {last:>7.0}",
            micros(&measured.nothing),
            micros(&measured.sync),
            next / base,
            report / base
        );
        good &= next / base <= GOAL && report / base <= GOAL;
        costs.push((next / base, report / base));
    }
    let (small, large) = (costs[0], costs[costs.len() - 1]);
    let (next, report) = (large.0 / small.0, large.1 / small.1);
    println!("largest against smallest store: next {next:.2}x, report {report:.2}x");
    good &= next <= FLAT && report <= FLAT;
    println!(
        "goals (each at most {GOAL}x of true + fdatasync, flat within {FLAT}x): {}",
        if good { "met" } else { "missed" }
    );
}

fn options() -> Options {
    let mut options = Options {
        nexus: PathBuf::from("target/release/nexus"),
        rounds: 1_000,
        sizes: vec![100, 10_000, 1_000_000],
        done: 0,
    };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().unwrap_or_else(|| panic!("{name} wants a value"));
        match name.as_str() {
            "--nexus" => options.nexus = value.into(),
            "--rounds" => options.rounds = value.parse().expect("a number of rounds"),
            "--sizes" => options.sizes = value.split(',').map(|n| n.parse().expect("sizes, with commas")).collect(),
            "--done" => options.done = value.parse().expect("a number of finished items"),
            _ => panic!("unknown option {name}; there are --nexus, --rounds, --sizes and --done"),
        }
    }
    options
}

struct Measured {
    nothing: Vec<Duration>,
    sync: Vec<Duration>,
    next: Vec<Duration>,
    report: Vec<Duration>,
}

fn measure(options: &Options, size: u64) -> Measured {
    let folder = tempfile::tempdir().expect("a folder for the store");
    fill(&folder.path().join("nexus.db"), size + options.rounds as u64);
    finish(&folder.path().join("nexus.db"), options.done);
    let mut file = File::create(folder.path().join("synced")).expect("a file to sync");
    let mut measured = Measured { nothing: Vec::new(), sync: Vec::new(), next: Vec::new(), report: Vec::new() };
    for _ in 0..options.rounds {
        measured.nothing.push(time(|| start(Path::new("/bin/true"), &[], folder.path()).0));
        measured.sync.push(time(|| {
            file.write_all(&[7; 4_096]).expect("the disk has room");
            file.sync_data().is_ok()
        }));
        let mut claimed = String::new();
        measured.next.push(time(|| {
            let (good, said) =
                start(&options.nexus, &["work", "next", "--agent", "bench", "--ttl", "1h", "--json"], folder.path());
            claimed = said;
            good
        }));
        let id = text(&claimed, "\"id\":\"", '"');
        let fence = text(&claimed, "\"fence\":", ',');
        let args = ["work", "report", &id, "--agent", "bench", "--fence", &fence, "--json"];
        measured.report.push(time(|| start(&options.nexus, &args, folder.path()).0));
    }
    measured
}

fn fill(path: &Path, items: u64) {
    let store = Store::create(path, Mode::Loop).expect("a new store");
    let clock = Arc::new(SystemClock);
    let mut left = items;
    while left > 0 {
        let batch = left.min(10_000);
        let (now, number) = (clock.now(), clock.nanos());
        let scope = Scope { project: Project::default(), now, head_start: HeadStart::default() };
        let added = store.write(async move |tx| {
            for n in 0..batch {
                let draft = Draft { title: format!("item {n}"), ..Draft::default() };
                store::work::add(tx, &scope, draft, number + n, "0af7651916cd43dd8448eb211c80319c").await?;
            }
            Ok::<_, store::work::WorkError>(())
        });
        wait(added).expect("items can be added");
        left -= batch;
    }
}

/// Puts `items` finished ones into the store, past all verbs, which would take hours.
fn finish(path: &Path, items: u64) {
    if items == 0 {
        return;
    }
    // Closed last, it leaves the log where it is: a store without one is looked through as a copy.
    let _store = Store::open(path, Mode::Direct).expect("the store opens");
    let connection = rusqlite::Connection::open(path).expect("the store opens");
    let sql = format!(
        "pragma synchronous = off; pragma cache_size = -500000; begin;
         create temp table n as with recursive s (n) as (select 1 union all select n + 1 from s where n < {items}) select n from s;
         insert into work_plan (project, id, body) select 'default', 'work_' || (1000000000000000000 + n), '{{}}' from n;
         insert into work (project, id, title, state, priority, attempts_used, attempts_max, fence, open_dependencies,
           rank_ms, proof, trace_id, added_at_ms, changed_at_ms)
         select 'default', 'work_' || (1000000000000000000 + n), 'Done long ago', 'done', 'medium', 1, 3, 1, 0, 0, 'reported',
           '4bf92f3577b34da6a3ce929d0e0e4736', 0, 0 from n;
         commit; pragma wal_checkpoint(truncate)"
    );
    connection.execute_batch(&sql).expect("there is room for them");
}

fn start(program: &Path, args: &[&str], data: &Path) -> (bool, String) {
    let mut command = Command::new(program);
    command.args(args).env_clear().env("NEXUS_DIR", data).stdin(Stdio::null()).stderr(Stdio::null());
    let said = command.output().expect("the program starts");
    (said.status.success(), String::from_utf8_lossy(&said.stdout).into_owned())
}

fn time(work: impl FnOnce() -> bool) -> Duration {
    let began = Instant::now();
    assert!(work(), "what is measured succeeds");
    began.elapsed()
}

fn text(json: &str, before: &str, end: char) -> String {
    let rest = json.split_once(before).map(|(_, rest)| rest).unwrap_or_default();
    rest.split([end, '}']).next().unwrap_or_default().to_owned()
}

/// The median in microseconds.
fn micros(times: &[Duration]) -> f64 {
    let mut sorted: Vec<f64> = times.iter().map(|t| t.as_secs_f64() * 1e6).collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
