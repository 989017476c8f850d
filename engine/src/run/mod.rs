//! The supervisor of `nexus run`: workers that claim, let an agent work, submit, check and land.
//!
//! ```text
//! worker 1..N:  claim ─▶ workspace ─▶ agent (heartbeat) ─▶ report or fail ─▶ check ──┐
//! lander:       tend what is due ─▶ land ◀───────────────────────────────────────────┘
//! ```
//!
//! It ends when nothing that fits is open any more, or when it is asked to: the first time it drains (agents finish,
//! what they made lands), the second time it stops (agents are ended, their items released).

mod attempt;
mod bell;
mod briefing;
mod ending;
mod litter;
mod options;
mod quiet;
mod scribe;
mod settled;
mod worker;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub use bell::{Bell, Drain};
pub use options::{News, RunOptions};
pub(crate) use quiet::Quiet;

use crate::change::Waiting;
use crate::problem::Problem;
use crate::site::Site;
use crate::wait;

/// How long the lander lets pass between two looks at the queue when nobody rings.
const LOOK: Duration = Duration::from_millis(500);
/// How often somebody looks for what is to be escalated.
const ESCALATE: Duration = Duration::from_secs(30);
/// How many looks in a row may fail (git held by another program, a store that is busy) before landing is given up.
const FAILURES_MAX: u32 = 5;

/// What a run did, as far as it saw it itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunEnd {
    /// Whether it ended because it was asked to.
    pub drained: bool,
    /// Changed files that kept a landing waiting to the end.
    pub in_the_way: Vec<String>,
    /// Problems that ended a worker or the lander.
    pub problems: Vec<String>,
}

/// Runs until nothing that fits is open any more, or `drain` asks to stop.
pub fn run(site: &Site, options: &RunOptions, drain: &Arc<Drain>) -> Result<RunEnd, Problem> {
    site.clean_up()?;
    let bell = Arc::new(Bell::default());
    drain.ring_also(&bell);
    let (problems, in_the_way) = std::thread::scope(|threads| {
        let (notes, sent) = std::sync::mpsc::channel();
        // Without it a run goes on as well.
        let scribe = move || scribe::write(&site.engine, &sent);
        let _ = std::thread::Builder::new().name("nexus-scribe".to_owned()).spawn_scoped(threads, scribe);
        let workers: Vec<_> = (1..=options.workers)
            .map(|n| {
                let (bell, notes) = (&bell, notes.clone());
                let body = move || worker::Worker { site, options, drain, bell, notes, n }.work();
                std::thread::Builder::new().name(format!("nexus-worker-{n}")).spawn_scoped(threads, body)
            })
            .collect();
        let over = Arc::new(AtomicBool::new(false));
        let lander = {
            let (bell, over) = (&bell, Arc::clone(&over));
            std::thread::Builder::new().name("nexus-lander".to_owned()).spawn_scoped(threads, move || {
                // However it ends, workers are not to wait for what nobody lands.
                let _gone = bell.lander_at_work();
                keep_landing(site, drain, bell, &over, &*options.news)
            })
        };
        drop(notes);
        let mut problems = Vec::new();
        for worker in workers {
            match worker.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(Ok(()))) => {}
                // Workers that met the same say it once.
                Ok(Ok(Err(problem))) if problems.contains(&problem.message) => {}
                Ok(Ok(Err(problem))) => problems.push(problem.message),
                Ok(Err(_)) => problems.push("a worker panicked".to_owned()),
                Err(error) => problems.push(format!("a worker could not be started: {error}")),
            }
        }
        over.store(true, Ordering::SeqCst);
        bell.ring();
        let in_the_way = match lander.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(Ok(in_the_way))) => in_the_way,
            Ok(Ok(Err(problem))) => {
                problems.push(problem.message);
                Vec::new()
            }
            Ok(Err(_)) | Err(_) => {
                problems.push("the lander panicked".to_owned());
                Vec::new()
            }
        };
        (problems, in_the_way)
    });
    // The last ones may have landed from another clone.
    site.catch_up(&options.target);
    Ok(RunEnd { drained: drain.draining(), in_the_way, problems })
}

/// Tends what is due and lands, until `over`; once more after that. Comes back with the files that are still in the
/// way. `nexus up` runs this by itself; a run beside its workers.
pub fn keep_landing(
    site: &Site,
    drain: &Drain,
    bell: &Bell,
    over: &AtomicBool,
    tell: &dyn Fn(&News),
) -> Result<Vec<String>, Problem> {
    let (mut heard, mut failures) = (0, 0);
    let mut escalated: Option<Instant> = None;
    let mut queued = BTreeSet::new();
    let mut quiet = Quiet::over(&site.engine);
    loop {
        let last = over.load(Ordering::SeqCst);
        if escalated.is_none_or(|at| at.elapsed() >= ESCALATE) {
            escalated = Some(Instant::now());
            // Landing goes on whatever becomes of this; it is tried again.
            if let Err(problem) = site.escalate() {
                tell(&News::Trouble { what: problem.message });
            }
        }
        quiet.look();
        match look(site, drain, bell, tell, &mut queued) {
            Ok(in_the_way) if last => return Ok(in_the_way),
            Ok(_) => {
                failures = 0;
                // What waits to land may wait for files, a remote, or another's duty, of which no commit tells.
                if queued.is_empty() {
                    quiet.begin(wait(site.engine.next_due())?);
                }
            }
            Err(problem) => {
                failures += 1;
                if last || failures == FAILURES_MAX {
                    return Err(problem);
                }
                tell(&News::Trouble { what: problem.message });
            }
        }
        // A remote that does not answer may do so again in a while.
        let before = heard;
        heard = bell.wait(heard, LOOK * 2_u32.pow(failures));
        while heard == before && quiet.lasts() {
            heard = bell.wait(heard, LOOK);
        }
    }
}

/// One look: what is due, then what waits to land. Comes back with the files that are in the way. `queued` are the
/// branches that something waited for at the last look.
fn look(
    site: &Site,
    drain: &Drain,
    bell: &Bell,
    tell: &dyn Fn(&News),
    queued: &mut BTreeSet<String>,
) -> Result<Vec<String>, Problem> {
    let mut moved = wait(site.engine.tend())? > 0;
    let project = site.engine.project.clone();
    let targets = wait(site.engine.store.read(async |tx| store::change::targets(tx, &project).await))?;
    let before = std::mem::replace(queued, targets.iter().cloned().collect());
    let in_the_way = land_everywhere(site, drain, tell, targets, &mut moved)?;
    // Another clone may have landed what waited.
    before.difference(queued).for_each(|target| site.catch_up(target));
    bell.note_in_the_way(!in_the_way.is_empty());
    if moved {
        bell.ring();
    }
    Ok(in_the_way)
}

fn land_everywhere(
    site: &Site,
    drain: &Drain,
    tell: &dyn Fn(&News),
    targets: Vec<String>,
    moved: &mut bool,
) -> Result<Vec<String>, Problem> {
    let mut in_the_way = Vec::new();
    for target in targets {
        if drain.stopping() {
            break;
        }
        let landed = site.land(&target, &mut || !drain.stopping())?;
        *moved |= !landed.landed.is_empty() || !landed.sent_back.is_empty();
        landed.landed.into_iter().for_each(|change| tell(&News::Landed { change }));
        landed.sent_back.into_iter().for_each(|change| tell(&News::SentBack { change }));
        if let Some(Waiting::ChangedFiles(paths)) = landed.waiting {
            tell(&News::InTheWay { target, paths: paths.clone() });
            in_the_way.extend(paths);
        }
    }
    Ok(in_the_way)
}

impl Site {
    /// Makes the folders, and puts away what earlier runs on this machine have left.
    pub fn clean_up(&self) -> Result<(), Problem> {
        for folder in [self.places.worktrees(), self.places.quarantine(), self.places.checkouts(), self.places.logs()] {
            std::fs::create_dir_all(&folder).map_err(|e| self.io(&format!("making {}", folder.display()), &e))?;
        }
        wait(self.engine.tend())?;
        // Old rows do no harm: the next run forgets what this one could not.
        let _ = wait(self.engine.forget_answers(self.habits.answers_kept));
        let _ = wait(self.engine.forget_notifications());
        let _ = wait(self.engine.forget_activity(self.habits.activity_kept));
        let _ = wait(self.engine.forget_calls(self.habits.calls_kept));
        // What could not be put away stays where it is; `nexus workspace prune` says why.
        self.prune(None, false)?;
        Ok(())
    }

    /// Removes checkouts of processes that died while they checked.
    pub(crate) fn remove_old_checkouts(&self) -> Result<(), Problem> {
        let ours = self.places.checkouts();
        // Listed first: whoever uses one of these has its duty by now, and has it until the checkout is gone.
        let there = self.repo.worktrees()?.into_iter().filter(|w| w.path.starts_with(&ours));
        let there: Vec<_> = there.map(|w| w.path).collect();
        if there.is_empty() || self.anybody_at(&["check ", "land "])? {
            return Ok(());
        }
        there.iter().try_for_each(|checkout| Ok(self.repo.remove_worktree(checkout)?))
    }
}
