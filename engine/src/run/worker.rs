//! One worker: claims an item, lets an agent work on it, and reports.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::text::AgentName;
use domain::work::{Command, Fence, Held, Json, Limits};
use domain::workspace::Workspace;
use store::{change as kept, failpoint};

use super::{Bell, Drain, News, RunOptions};
use crate::agent::{Attended, Ending, Stop, attend, prompt};
use crate::ports::Launch;
use crate::problem::{Kind, Problem};
use crate::site::Site;
use crate::work::WorkView;
use crate::{random_hex, wait};

/// How long a worker lets pass between two looks for work when nobody rings.
const LOOK: Duration = Duration::from_millis(300);
/// How often in a row the remote may not answer, each time for longer, before a worker gives up.
const UNREACHED_MAX: u32 = 6;
/// How often a worker without work says that it is there.
const BEAT: Duration = Duration::from_secs(30);

pub(super) struct Worker<'a> {
    pub site: &'a Site,
    pub options: &'a RunOptions,
    pub drain: &'a Arc<Drain>,
    pub bell: &'a Arc<Bell>,
    pub n: usize,
}

impl Worker<'_> {
    /// Works until nothing is left or the run drains.
    pub fn work(&self) -> Result<(), Problem> {
        let name: AgentName =
            format!("{}-{}", self.options.name, self.n).parse().map_err(|e| Problem::malformed(format!("{e}")))?;
        let (mut heard, mut unreached) = (0, 0);
        let mut blocked_since: Option<Instant> = None;
        let mut seen_settled = false;
        let mut beaten: Option<Instant> = None;
        while !self.drain.draining() && !self.bell.lander_gone() {
            let next = self.site.engine.next(self.options.filter.clone(), name.clone(), self.options.ttl, None);
            match wait(next) {
                Ok(item) => {
                    (blocked_since, seen_settled) = (None, false);
                    match self.handle(&name, &item) {
                        Err(problem) if problem.code == "remote_unreachable" && unreached < UNREACHED_MAX => {
                            unreached += 1;
                            heard = self.bell.wait(heard, LOOK * 2_u32.pow(unreached));
                        }
                        handled => {
                            handled?;
                            unreached = 0;
                        }
                    }
                    self.bell.ring();
                }
                Err(problem) if problem.kind == Kind::Nothing || problem.code == "capacity" => {
                    if !self.site.unsettled(&self.options.filter)? {
                        if seen_settled {
                            break;
                        }
                        // Something may have become ready between our two looks; then it is there to be claimed.
                        seen_settled = true;
                        continue;
                    }
                    seen_settled = false;
                    if beaten.is_none_or(|at| at.elapsed() > BEAT) {
                        // Nobody but whoever looks at the list of agents misses it.
                        wait(self.site.engine.heartbeat(name.clone(), None, None)).ok();
                        beaten = Some(Instant::now());
                    }
                    // Only files of the operator's are in the way: that can last for ever.
                    let since = self.bell.in_the_way().then(|| *blocked_since.get_or_insert_with(Instant::now));
                    if since.is_none() {
                        blocked_since = None;
                    } else if since.is_some_and(|s| s.elapsed() > self.options.landing_wait) {
                        break;
                    }
                    heard = self.bell.wait(heard, LOOK);
                }
                // Somebody wants this agent to end.
                Err(problem) if matches!(problem.code.as_str(), "draining" | "retired") => break,
                Err(problem) => return Err(problem),
            }
        }
        self.bell.ring();
        Ok(())
    }

    /// One grant, from claim to report.
    fn handle(&self, name: &AgentName, item: &WorkView) -> Result<(), Problem> {
        let held = Held { by: name.clone(), fence: Fence::new(item.fence) };
        let id = item.id.parse().expect("the id of an item is an id");
        let workspace = match self.site.open_workspace(&id, &held, &self.options.target, true) {
            Ok(workspace) => workspace,
            Err(problem) if problem.kind == Kind::LeaseLost => return Ok(()),
            Err(problem) => {
                let reason = format!("no workspace: {}", problem.message);
                let released = Command::Release { held, reason: Some(reason) };
                wait(self.site.engine.act(id, released, None)).ok();
                return Err(problem);
            }
        };
        let ending = self.attempt(&held, item, &workspace)?;
        let state = self.conclude(&held, item, &workspace, &ending)?;
        self.options.tell(&News::Ended {
            agent: name.to_string(),
            item: item.id.clone(),
            title: item.title.clone(),
            ending: ending.to_string(),
            state,
        });
        match ending {
            // The next item would meet the same: better to say so than to spend the backlog on it.
            Ending::NeverStarted(why) => Err(Problem::new(Kind::Failed, "never_started", why)),
            _ => Ok(()),
        }
    }

    /// Lets the agent work, and renews the lease while it does.
    fn attempt(&self, held: &Held, item: &WorkView, workspace: &Workspace) -> Result<Ending, Problem> {
        let place = self.site.places.logs().join("agents").join(format!("{}-{}", item.id, item.fence));
        std::fs::create_dir_all(&place).map_err(|e| self.site.io("making the folder for an agent's files", &e))?;
        let launch = self.launch(held, item, workspace, &place)?;
        self.options.tell(&News::Began {
            agent: held.by.to_string(),
            item: item.id.clone(),
            title: item.title.clone(),
            path: workspace.path.clone(),
            output: launch.output.to_string_lossy().into_owned(),
        });
        failpoint!("agent.start.before");
        let mut running = match self.site.launcher.launch(&launch) {
            Ok(running) => running,
            Err(never) => return Ok(Ending::NeverStarted(never.0)),
        };
        failpoint!("agent.start.after");
        let habits = &self.site.habits;
        let mut stop = None;
        let mut heart = Heart { worker: self, held, item, renewed: Instant::now(), stop: &mut stop };
        let attended = attend(running.as_mut(), habits.agent_timeout, habits.agent_grace, &mut || heart.beat());
        Ok(match (attended, stop) {
            (_, Some(Stop::LostLease)) => Ending::LostLease,
            (Attended::Stopped, _) => Ending::Stopped,
            (Attended::OutOfTime(_), _) => Ending::OutOfTime,
            (Attended::Exited(exit), _) if exit.code == 0 => Ending::Answered(read_result(&place.join("result.json"))),
            (Attended::Exited(exit), _) => Ending::Failed(exit.code),
        })
    }

    fn launch(&self, held: &Held, item: &WorkView, workspace: &Workspace, place: &Path) -> Result<Launch, Problem> {
        let io = |what: &'static str| move |e: std::io::Error| self.site.io(what, &e);
        let id = item.id.parse().expect("the id of an item is an id");
        let handoff = wait(self.site.engine.handoff(&id))?.map(Box::new);
        let item = &WorkView { handoff, ..item.clone() };
        let prompt_file = place.join("prompt.md");
        std::fs::write(&prompt_file, prompt(item)).map_err(io("writing the prompt"))?;
        let result_file = place.join("result.json");
        let _ = std::fs::remove_file(&result_file);
        let list = |parts: Vec<String>| OsString::from(parts.join(","));
        let environment = &workspace.environment;
        let ports = environment.ports.iter().map(ToString::to_string).collect();
        let mut env: Vec<(String, OsString)> = vec![
            ("NEXUS_WORK_ID".to_owned(), item.id.clone().into()),
            ("NEXUS_FENCE".to_owned(), item.fence.to_string().into()),
            ("NEXUS_AGENT_ID".to_owned(), held.by.as_str().into()),
            ("NEXUS_PROJECT".to_owned(), item.project.clone().into()),
            ("NEXUS_DIR".to_owned(), self.site.places.data.clone().into()),
            ("NEXUS_PROMPT_FILE".to_owned(), prompt_file.into()),
            ("NEXUS_RESULT_FILE".to_owned(), result_file.into()),
            // Known to this run alone: whoever has it in the environment is inside a run.
            ("NEXUS_RUN_TOKEN".to_owned(), random_hex::<16>().into()),
            ("TRACEPARENT".to_owned(), format!("00-{}-{}-01", item.trace_id, random_hex::<8>()).into()),
            ("NEXUS_PORTS".to_owned(), list(ports)),
            ("NEXUS_DATABASES".to_owned(), list(environment.databases.clone())),
            ("PATH".to_owned(), self.path().map_err(io("making the folder with the program"))?),
        ];
        if let Some(port) = environment.ports.first() {
            env.push(("PORT".to_owned(), port.to_string().into()));
        }
        if let Some(cache) = &environment.cache {
            env.push(("NEXUS_CACHE_DIR".to_owned(), cache.into()));
        }
        Ok(Launch {
            argv: self.options.agent.clone(),
            dir: PathBuf::from(&workspace.path),
            env,
            // It works on this store, whatever server the operator talks to otherwise.
            env_remove: vec!["NEXUS_FAILPOINT".to_owned(), "NEXUS_URL".to_owned()],
            stdin: serde_json::to_vec(item).expect("an item can be written as JSON"),
            output: place.join("output.log"),
            output_bytes_max: self.site.habits.agent_output_max,
        })
    }

    /// Our PATH with a folder in front in which `nexus` is this very program.
    fn path(&self) -> std::io::Result<OsString> {
        let folder = self.site.places.state.join("bin");
        let link = folder.join("nexus");
        if std::fs::read_link(&link).ok().as_ref() != Some(&self.site.places.program) {
            std::fs::create_dir_all(&folder)?;
            // Another worker may do the same at the same time: make it aside, then move it into place.
            let fresh = folder.join(format!("nexus-{}", random_hex::<8>()));
            std::os::unix::fs::symlink(&self.site.places.program, &fresh)?;
            failpoint!("agent.link.before");
            std::fs::rename(&fresh, &link)?;
            failpoint!("agent.link.after");
        }
        let before = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(folder).chain(std::env::split_paths(&before));
        std::env::join_paths(all).map_err(std::io::Error::other)
    }

    /// Reports, fails or releases, as the agent ended. Comes back with the item's state.
    fn conclude(
        &self,
        held: &Held,
        item: &WorkView,
        workspace: &Workspace,
        ending: &Ending,
    ) -> Result<String, Problem> {
        let id: domain::id::WorkId = item.id.parse().expect("the id of an item is an id");
        let held = held.clone();
        let done = match ending {
            Ending::Answered(result) => self.site.submit(&id, &held, result.clone(), None),
            Ending::LostLease => Ok(item.clone()),
            Ending::Stopped => {
                let reason = Some("the run was stopped".to_owned());
                wait(self.site.engine.act(id.clone(), Command::Release { held: held.clone(), reason }, None))
            }
            Ending::NeverStarted(why) => {
                let reason = Some(format!("never started: {why}"));
                wait(self.site.engine.act(id.clone(), Command::Release { held: held.clone(), reason }, None))
            }
            Ending::Failed(_) | Ending::OutOfTime => {
                let reason = self.why(item, ending);
                wait(self.site.engine.act(id.clone(), Command::Fail { held: held.clone(), reason }, None))
            }
        };
        let mut unpublished = None;
        let mut lost = matches!(&done, Err(problem) if problem.kind == Kind::LeaseLost);
        if let Err(problem) = done
            && !lost
        {
            // What the agent made cannot be taken as it is; the item is free again and says why. That others cannot
            // have it is no fault of the agent's.
            let reason = problem.message.clone();
            let no_fault = matches!(problem.code.as_str(), "remote_unreachable" | "push_refused");
            let command =
                if no_fault { Command::Release { held, reason: Some(reason) } } else { Command::Fail { held, reason } };
            match wait(self.site.engine.act(id.clone(), command, None)) {
                Err(problem) if problem.kind == Kind::LeaseLost => lost = true,
                given_back => drop(given_back?),
            }
            unpublished = no_fault.then_some(problem);
        }
        let there = self.site.workspace(&workspace.id)?;
        if there.state == domain::workspace::State::Open {
            self.site.put_away(&there, true)?;
        }
        if let Some(problem) = unpublished {
            return Err(problem);
        }
        if matches!(ending, Ending::Answered(_)) && !lost {
            self.verify(&id)?;
        }
        let now = wait(self.site.engine.show(&id))?;
        Ok(if lost || *ending == Ending::LostLease { "lost".to_owned() } else { now.state })
    }

    /// Checks what was submitted for `id` on its own tree, beside the lander, so that workers share that time.
    fn verify(&self, id: &domain::id::WorkId) -> Result<(), Problem> {
        let project = &self.site.engine.project;
        let made = wait(self.site.engine.store.read(async |tx| kept::of_item(tx, project, id).await))?;
        let queued = made.into_iter().rfind(|change| change.state == domain::change::State::Queued);
        match queued.map(|change| self.site.judge(&change, &mut || !self.drain.stopping())) {
            None | Some(Ok(_)) => Ok(()),
            // The lander may have taken it up between our look and our verdict.
            Some(Err(problem)) if problem.code == "wrong_state" => Ok(()),
            Some(Err(problem)) => Err(problem),
        }
    }

    fn why(&self, item: &WorkView, ending: &Ending) -> String {
        let output =
            self.site.places.logs().join("agents").join(format!("{}-{}", item.id, item.fence)).join("output.log");
        let said = crate::change::tail(&output);
        if said.trim().is_empty() { ending.to_string() } else { format!("{ending}; its last words:\n{said}") }
    }
}

/// Renews the lease a third of its length apart, and hears the operator.
struct Heart<'a, 'w> {
    worker: &'a Worker<'w>,
    held: &'a Held,
    item: &'a WorkView,
    renewed: Instant,
    stop: &'a mut Option<Stop>,
}

impl Heart<'_, '_> {
    fn every(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.worker.options.ttl.millis() / 3).unwrap_or(1_000))
    }

    fn beat(&mut self) -> bool {
        if self.worker.drain.stopping() {
            *self.stop = Some(Stop::Asked);
            return false;
        }
        if self.renewed.elapsed() < self.every() {
            return true;
        }
        self.renewed = Instant::now();
        let renew = Command::Renew { held: self.held.clone(), ttl: self.worker.options.ttl };
        let id = self.item.id.parse().expect("the id of an item is an id");
        match wait(self.worker.site.engine.act(id, renew, None)) {
            Err(problem) if problem.kind == Kind::LeaseLost => {
                *self.stop = Some(Stop::LostLease);
                false
            }
            // A store that is busy for a moment is no reason to stop; the lease has time left.
            Ok(_) | Err(_) => true,
        }
    }
}

/// The result an agent left: JSON as it is, anything else as one JSON text.
fn read_result(path: &Path) -> Option<Json> {
    let bytes = std::fs::read(path).ok().filter(|bytes| !bytes.is_empty())?;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(Limits::JSON_BYTES_MAX)]).into_owned();
    let whole = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
    Some(Json(if whole { text } else { serde_json::Value::String(text).to_string() }))
}
