//! A race of many processes of any command-line work queue, with kills and pauses, and the judge at its end.
//!
//! ```text
//! adapter file ─▶ prepare ─▶ calm: N callers add, claim, complete ─▶ rough: the same, and some of the processes
//!                            (operations per second)                 are killed, some stopped for longer than a lease
//!                                     │                                          │
//!                                     └──── what each caller saw, and when ──────┤
//!                                                                                ▼
//!                                                     the judge of histories · the tool's own list ─▶ verdict
//! ```
//!
//! Callers know nothing of each other. A caller whose call was killed writes down that it does not know. The judge is
//! that of `nexus check-history --no-log` ([`domain::audit::judge`]); beside it, whatever was acknowledged has to be in
//! the list that the tool gives at the end.

mod adapter;
mod call;
mod caller;
mod chance;
mod loss;
mod outcome;
mod reading;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use domain::audit::judge;
use engine::history::read_calls;

pub use adapter::Adapter;
pub use outcome::{Outcome, table};

use call::Tool;
use caller::{Caller, Pace};
use loss::Told;

/// How hard a race is.
#[derive(Clone, Debug)]
pub struct Course {
    /// How many callers there are, each with one process of the tool at a time.
    pub callers: u32,
    /// How many items each caller adds, claims and completes while nothing is done to the processes.
    pub calm: u32,
    /// How many more while processes are killed and stopped.
    pub rough: u32,
    /// Of a hundred rough calls, how many are killed.
    pub kills: u64,
    /// Of a hundred rough calls, how many are stopped for longer than a lease.
    pub pauses: u64,
    /// Where chance begins.
    pub seed: u64,
    /// A folder whose programs are found first, for tools that are not installed.
    pub programs: Option<PathBuf>,
    /// Where the last place is left, with the history in `calls.jsonl`; otherwise it is removed.
    pub keep: Option<PathBuf>,
}

/// Runs the tool of `adapter` over the course. Fails when the tool cannot be prepared or does nothing at all.
pub fn race(adapter: &Adapter, course: &Course) -> Result<Outcome, String> {
    adapter.find_programs(course)?;
    let place = tempfile::tempdir().map_err(|error| format!("a folder cannot be made: {error}"))?;
    let tool = Tool::new(adapter, course, place.path());
    tool.prepare()?;

    let told = Mutex::new(Told::default());
    let began = Instant::now();
    let calm_ms = lap(&tool, course, &told, Pace::Calm, began);
    let answered = told.lock().expect("no caller panics").answered;
    if answered == 0 {
        let why = told.into_inner().expect("no caller panics").complaint;
        return Err(format!("{}: no call was answered; the tool says: {why}", adapter.name));
    }
    let usual = Duration::from_millis(calm_ms * u64::from(course.callers) / answered).max(Duration::from_millis(1));
    lap(&tool, course, &told, Pace::Rough { usual }, began);

    let told = told.into_inner().expect("no caller panics");
    let listed = tool.list();
    let history = told.lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let calls = read_calls(&history).map_err(|problem| format!("our own history is wrong: {}", problem.message))?;
    if let Some(keep) = &course.keep {
        kept(place, &history, keep)?;
    }
    #[allow(clippy::cast_precision_loss)] // Nobody makes that many calls here.
    let per_second = answered as f64 * 1_000.0 / calm_ms.max(1) as f64;
    Ok(Outcome::new(adapter, course.seed, per_second, &told, listed, judge(&calls, None)))
}

/// Has all callers make their turns at this pace; comes back with how long that took, in milliseconds.
fn lap(tool: &Tool<'_>, course: &Course, told: &Mutex<Told>, pace: Pace, began: Instant) -> u64 {
    let lap = Instant::now();
    std::thread::scope(|threads| {
        for number in 0..course.callers {
            threads.spawn(move || Caller::new(tool, course, told, number, pace, began).run());
        }
    });
    u64::try_from(lap.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn kept(place: tempfile::TempDir, history: &str, keep: &Path) -> Result<(), String> {
    let wrong = |error| format!("{}: {error}", keep.display());
    std::fs::create_dir_all(keep).map_err(wrong)?;
    std::fs::write(keep.join("calls.jsonl"), history).map_err(wrong)?;
    let place = place.keep();
    std::fs::write(keep.join("place"), format!("{}\n", place.display())).map_err(wrong)
}
