//! Drives any command-line work queue through an adapter file, with many processes, kills and pauses, and judges what
//! the callers saw. Exit 0 when everything is sound, 1 when a tool is not, 2 when a race cannot be run.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use bench::machine;
use bench::race::{Adapter, Course, Outcome, race, table};
use serde_json::json;

const USAGE: &str = "\
Races many processes of a command-line work queue, kills and stops some, and judges what the callers saw.

Usage: race [OPTIONS] [ADAPTER...]

  ADAPTER          an adapter file (docs/benchmarks.md has the format); all of bench/adapters when there is none

  --callers N      callers, each with one process at a time [8]
  --calm N         items each of them takes while nothing is done to the processes [15]
  --rough N        items each of them takes while some are killed and stopped [15]
  --kills N        of a hundred rough calls, how many are killed [10]
  --pauses N       of a hundred rough calls, how many are stopped for longer than a lease [4]
  --rounds N       at most so many races, each with the next seed, until one is unsound [1]
  --seed N         where chance begins; printed, else from the clock
  --programs DIR   where programs are looked for first; the folder of this program unless told otherwise
  --keep DIR       leave the history in DIR/calls.jsonl, and the name of the place in DIR/place
  --json           one JSON object
  --help           this text

Examples:
  race                                                   every adapter that ships
  race bench/adapters/nexus.toml --kills 30 --seed 7     one tool, more kills, the same chance again
  race mine.toml --rounds 20 && echo none found          a tool of your own, until something is found
  race mine.toml --keep out; nexus check-history out/calls.jsonl --no-log

Exit 0: all sound. 1: a tool gave one item twice, took a stale effect or lost something. 2: it could not be run.";

struct Wish {
    course: Course,
    rounds: u64,
    json: bool,
    adapters: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let wish = match wish(std::env::args().skip(1)) {
        Ok(Some(wish)) => wish,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(why) => return refused(&why),
    };
    let mut all = Vec::new();
    for path in &wish.adapters {
        match Adapter::read(path).and_then(|adapter| rounds(&adapter, &wish)) {
            Ok(outcome) => all.push(outcome),
            Err(why) => return refused(&why),
        }
    }
    if wish.json {
        let races: Vec<_> = all.iter().map(Outcome::json).collect();
        println!("{}", json!({ "bench": "race", "machine": machine(), "races": races }));
    } else {
        println!("{}\n\n{}", machine(), table(&all));
    }
    ExitCode::from(u8::from(!all.iter().all(Outcome::sound)))
}

fn refused(why: &str) -> ExitCode {
    eprintln!("race: {why}");
    ExitCode::from(2)
}

/// Races until one is unsound; comes back with the last.
fn rounds(adapter: &Adapter, wish: &Wish) -> Result<Outcome, String> {
    let mut round = 0;
    loop {
        let seed = wish.course.seed.wrapping_add(round);
        let outcome = race(adapter, &Course { seed, ..wish.course.clone() })?;
        round += 1;
        if !outcome.sound() || round >= wish.rounds {
            return Ok(outcome);
        }
    }
}

/// What the arguments ask for; `None` when it is help.
fn wish(mut arguments: impl Iterator<Item = String>) -> Result<Option<Wish>, String> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| u64::from(since.subsec_nanos()));
    let programs = std::env::current_exe().ok().and_then(|path| path.parent().map(PathBuf::from));
    let course = Course { callers: 8, calm: 15, rough: 15, kills: 10, pauses: 4, seed, programs, keep: None };
    let mut wish = Wish { course, rounds: 1, json: false, adapters: Vec::new() };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value; see race --help"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--json" => wish.json = true,
            "--callers" => wish.course.callers = number(&value()?, 1, 1_000)?,
            "--calm" => wish.course.calm = number(&value()?, 1, 1_000_000)?,
            "--rough" => wish.course.rough = number(&value()?, 0, 1_000_000)?,
            "--kills" => wish.course.kills = number(&value()?, 0, 100)?,
            "--pauses" => wish.course.pauses = number(&value()?, 0, 100)?,
            "--rounds" => wish.rounds = number(&value()?, 1, 1_000_000)?,
            "--seed" => wish.course.seed = number(&value()?, 0, u64::MAX)?,
            "--programs" => wish.course.programs = Some(absolute(&value()?)?),
            "--keep" => wish.course.keep = Some(value()?.into()),
            other if other.starts_with('-') => return Err(format!("there is no option {other}; see race --help")),
            path => wish.adapters.push(path.into()),
        }
    }
    if wish.adapters.is_empty() {
        wish.adapters = shipped()?;
    }
    Ok(Some(wish))
}

fn number<N: std::str::FromStr + Copy + PartialOrd + std::fmt::Display>(
    text: &str,
    least: N,
    most: N,
) -> Result<N, String> {
    let read = text.parse().ok().filter(|number| *number >= least && *number <= most);
    read.ok_or_else(|| format!("{text:?} is not a number from {least} to {most}"))
}

fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{path}: {error}"))
}

fn shipped() -> Result<Vec<PathBuf>, String> {
    let folder = "bench/adapters";
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{folder}: {error}; name an adapter file"))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut found: Vec<_> = paths.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
    found.sort();
    Ok(found)
}
