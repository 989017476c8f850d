//! One attempt: the agent works on the item, under its lease.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use domain::agent::event::{AgentEvent, Question, Touch};
use domain::agent::verdict::{By, Facts, Outcome};
use domain::id::PermissionId;
use domain::text::Role;
use domain::work::{Command, Fence, Held, Json, Limits as WorkLimits};
use domain::workspace::Workspace;
use store::failpoint;

use super::litter::Litter;
use super::scribe::Notes;
use super::worker::Worker;
use super::{News, ending};
use crate::agent::{
    Answer, Caller, GATEWAY_KEYS, Host, Job, Pass, RunResult, RunSpec, SandboxKind, View, pass_for, prepare, supervise,
};
use crate::ports::{Caps, Inherit, Launch, NeverStarted};
use crate::problem::{Kind, Problem};
use crate::site::Permit;
use crate::work::WorkView;
use crate::{random_hex, wait};

/// The file with all that an agent printed, in the folder of its attempt.
const OUTPUT: &str = "output.log";
/// How many lines of errors are an agent's last words.
const LAST_LINES: usize = 10;

/// An attempt that is over.
pub(super) struct Attempt {
    /// How it ended.
    pub outcome: Outcome,
    /// What the agent left as its result, or said last.
    pub result: Option<Json>,
    /// The end of what it printed for people.
    said: String,
}

impl Attempt {
    /// Why it ended as it did, with the agent's last words.
    pub fn why(&self) -> String {
        // Whoever writes the reason down says that it failed.
        let outcome = self.outcome.to_string();
        let (outcome, said) = (outcome.strip_prefix("failed: ").unwrap_or(&outcome), &self.said);
        if said.trim().is_empty() { outcome.to_owned() } else { format!("{outcome}; its last words:\n{said}") }
    }
}

impl Worker<'_> {
    /// Lets the agent work, and renews the lease while it does.
    pub(super) fn attempt(&self, held: &Held, item: &WorkView, workspace: &Workspace) -> Result<Attempt, Problem> {
        let place = self.site.places.logs().join("agents").join(format!("{}-{}", item.id, item.fence));
        std::fs::create_dir_all(&place).map_err(|e| self.site.io("making the folder for an agent's files", &e))?;
        let never =
            |why: String| Ok(Attempt { outcome: Outcome::NeverStarted(why), result: None, said: String::new() });
        let pass = match self.open_pass(held, item) {
            Ok(pass) => pass,
            Err(why) => return never(why),
        };
        let spec = match self.spec(item, workspace, &place, pass.clone()) {
            Err(problem) if problem.code == "bad_template" => return never(problem.message),
            spec => spec?,
        };
        let mut argv = Vec::new();
        let mut result = match self.options.runtime.plan(&spec) {
            Ok(plan) => {
                argv.clone_from(&plan.argv);
                let base = self.base(held, item, workspace, &place, &spec)?;
                let launch = prepare(&plan, &spec, base);
                let launch = launch.map_err(|e| self.site.io("writing an agent's files", &e))?;
                let litter = plan.litter.map(|prefix| Litter::watched(PathBuf::from(&workspace.path), prefix));
                match self.options.room.sandbox.wrap(launch, &self.view(workspace, &place, &spec)?) {
                    Ok(launch) => {
                        let result = self.run(held, item, workspace, &spec, launch, plan.linger);
                        litter.iter().for_each(Litter::take_away);
                        result
                    }
                    Err(NeverStarted(why)) => RunResult::never_started(why, place.join(OUTPUT)),
                }
            }
            Err(why) => RunResult::never_started(why, place.join(OUTPUT)),
        };
        if let (Some(gateway), Some(pass)) = (&self.site.gateway, &pass) {
            let metered = gateway.close(pass);
            result.facts.metered = self.options.runtime.calls_models().then_some(metered);
        }
        result.facts.changed = self.changed(held, workspace, &result.facts);
        // Keys and sessions of this run are of no use to anybody.
        let _ = std::fs::remove_dir_all(&spec.home);
        let outcome = domain::agent::verdict::verdict(&result.facts);
        ending::note(&place, self.options.runtime.name(), &argv, &spec, &result, &outcome);
        let facts = &result.facts;
        let last = facts.terminal.as_ref();
        let answer = last.and_then(|it| it.structured.clone()).or_else(|| {
            let text = last.map(|it| it.text.trim()).filter(|text| !text.is_empty())?;
            Some(as_json(text))
        });
        let said = match last.and_then(|it| it.fault.as_ref()).map(|it| it.text.trim()).filter(|it| !it.is_empty()) {
            Some(text) => text.to_owned(),
            None if facts.errors.trim().is_empty() => crate::change::tail(&result.transcript),
            None => tail_of(&facts.errors),
        };
        Ok(Attempt { outcome, result: read_result(&spec.result_file).or(answer), said })
    }

    /// Whether the agent changed a file, where that is asked for and nothing else speaks against its work.
    fn changed(&self, held: &Held, workspace: &Workspace, facts: &Facts) -> Option<bool> {
        if !self.options.require_change || domain::agent::verdict::verdict(facts) != Outcome::Completed {
            return None;
        }
        let found = self.site.repo.observe(Path::new(&workspace.path), &workspace.base, "", held.by.as_str());
        // A worktree that cannot be looked into is found out about when its work is submitted.
        found.ok().map(|found| found.is_some())
    }

    fn open_pass(&self, held: &Held, item: &WorkView) -> Result<Option<Pass>, String> {
        let caller = Caller {
            project: self.site.engine.project.clone(),
            run: self.options.name.clone(),
            item: Some((item.id.parse().expect("the id of an item is an id"), Fence::new(item.fence))),
            agent: held.by.clone(),
            trace_id: item.trace_id.clone(),
        };
        let kept_in = self.options.room.sandbox.kind() != SandboxKind::None;
        pass_for(self.site.gateway.as_ref(), self.options.runtime.as_ref(), kept_in, &caller)
    }

    fn run(
        &self,
        held: &Held,
        item: &WorkView,
        workspace: &Workspace,
        spec: &RunSpec,
        launch: Launch,
        linger: Duration,
    ) -> RunResult {
        self.options.tell(&News::Began {
            agent: held.by.to_string(),
            item: item.id.clone(),
            title: item.title.clone(),
            path: workspace.path.clone(),
            output: launch.output.to_string_lossy().into_owned(),
        });
        failpoint!("agent.start.before");
        let meter = self.site.gateway.as_ref().zip(spec.pass.as_ref());
        let meter = meter.map(|(gateway, pass)| move || gateway.metered(pass));
        let job = Job {
            launch,
            linger,
            conversation: self.options.runtime.converse(spec),
            limits: &spec.limits,
            ladder: self.site.habits.agent_ladder(),
            required: spec.servers.iter().filter(|it| it.required).map(|it| it.name.clone()).collect(),
            patience: self.site.habits.agent_permission.patience(),
            meter: meter.as_ref().map(|meter| meter as &dyn Fn() -> domain::budget::Metered),
        };
        let id = item.id.parse().expect("the id of an item is an id");
        let secrets = GATEWAY_KEYS.iter().filter_map(|name| std::env::var(name).ok()).collect();
        let notes = Notes::new(id, held.fence, secrets, self.notes.clone());
        let mut notes = notes;
        notes.take(&AgentEvent::Notice(format!("told with the template {}", spec.template)));
        let mut heart = Heart { worker: self, held, item, renewed: Instant::now(), notes, asked: BTreeMap::new() };
        let result = supervise(self.site.launcher.as_ref(), job, &mut heart);
        heart.notes.send(self.site.engine.scope().now);
        result
    }

    /// What the agent is to do, and within what.
    fn spec(
        &self,
        item: &WorkView,
        workspace: &Workspace,
        place: &Path,
        pass: Option<Pass>,
    ) -> Result<RunSpec, Problem> {
        let id = item.id.parse().expect("the id of an item is an id");
        let handoff = wait(self.site.engine.handoff(&id))?.map(Box::new);
        let item = &WorkView { handoff, ..item.clone() };
        let prompt_file = place.join("prompt.md");
        let role = self.options.filter.role.as_ref().map(Role::as_str);
        let brief = self.site.brief(item, role, &self.options.target, !self.options.runtime.reads_instructions())?;
        let (prompt, template) = (brief.text, brief.template);
        std::fs::write(&prompt_file, &prompt).map_err(|e| self.site.io("writing the prompt", &e))?;
        let result_file = place.join("result.json");
        let _ = std::fs::remove_file(&result_file);
        let keyed = self.options.runtime.keys().iter().any(|key| std::env::var_os(key).is_some());
        Ok(RunSpec {
            prompt,
            prompt_file,
            item: serde_json::to_vec(item).expect("an item can be written as JSON"),
            workspace: PathBuf::from(&workspace.path),
            home: place.join("home"),
            model: self.options.model.clone(),
            limits: self.site.habits.agent_limits(self.options.runtime.heard()),
            trace: format!("00-{}-{}-01", item.trace_id, random_hex::<8>()),
            result_file,
            kept_in: self.options.room.sandbox.kind() != SandboxKind::None,
            own_login: pass.is_none() && !keyed,
            pass,
            program: self.options.program.clone(),
            template: format!("{} {}", template.name, template.version()),
            ..RunSpec::default()
        })
    }

    /// What the agent may see where it is kept in.
    fn view(&self, workspace: &Workspace, place: &Path, spec: &RunSpec) -> Result<View, Problem> {
        // It has to be there to be shown inside; an empty one is no result.
        std::fs::write(&spec.result_file, "").map_err(|e| self.site.io("making the file for a result", &e))?;
        let cache = workspace.environment.cache.as_ref().map(PathBuf::from);
        let room = &self.options.room;
        Ok(View {
            worktree: spec.workspace.clone(),
            home: spec.home.clone(),
            place: place.join("sandbox"),
            common_dir: Some(self.site.repo.common_dir().to_owned()),
            writable: std::iter::once(spec.result_file.clone()).chain(cache).chain(room.writable.clone()).collect(),
            readable: std::iter::once(spec.prompt_file.clone()).chain(room.readable.clone()).collect(),
            variables: room.variables.clone(),
            gateway: spec.pass.as_ref().map(|pass| (pass.address, pass.socket.clone())),
        })
    }

    /// What every agent is started with, whatever its kind.
    fn base(
        &self,
        held: &Held,
        item: &WorkView,
        workspace: &Workspace,
        place: &Path,
        spec: &RunSpec,
    ) -> Result<Launch, Problem> {
        let list = |parts: Vec<String>| OsString::from(parts.join(","));
        let environment = &workspace.environment;
        let ports = environment.ports.iter().map(ToString::to_string).collect();
        let path = self.path().map_err(|e| self.site.io("making the folder with the program", &e))?;
        let mut env: Vec<(String, OsString)> = vec![
            ("NEXUS_WORK_ID".to_owned(), item.id.clone().into()),
            ("NEXUS_FENCE".to_owned(), item.fence.to_string().into()),
            ("NEXUS_AGENT_ID".to_owned(), held.by.as_str().into()),
            ("NEXUS_PROJECT".to_owned(), item.project.clone().into()),
            ("NEXUS_DIR".to_owned(), self.site.places.data.clone().into()),
            ("NEXUS_PROMPT_FILE".to_owned(), spec.prompt_file.clone().into()),
            ("NEXUS_RESULT_FILE".to_owned(), spec.result_file.clone().into()),
            // Known to this run alone: whoever has it in the environment is inside a run.
            ("NEXUS_RUN_TOKEN".to_owned(), random_hex::<16>().into()),
            ("TRACEPARENT".to_owned(), spec.trace.clone().into()),
            ("NEXUS_PORTS".to_owned(), list(ports)),
            ("NEXUS_DATABASES".to_owned(), list(environment.databases.clone())),
            ("PATH".to_owned(), path),
        ];
        if let Some(endpoint) = &self.site.habits.agent_otlp {
            let about = format!("nexus.item={},nexus.fence={}", item.id, item.fence);
            for (name, value) in [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_METRICS_EXPORTER", "otlp"),
                ("OTEL_LOGS_EXPORTER", "otlp"),
                ("OTEL_TRACES_EXPORTER", "otlp"),
                ("OTEL_RESOURCE_ATTRIBUTES", &about),
                // Claude Code sends nothing without this; to others it means nothing.
                ("CLAUDE_CODE_ENABLE_TELEMETRY", "1"),
            ] {
                env.push((name.to_owned(), value.into()));
            }
        }
        if let Some(port) = environment.ports.first() {
            env.push(("PORT".to_owned(), port.to_string().into()));
        }
        if let Some(cache) = &environment.cache {
            env.push(("NEXUS_CACHE_DIR".to_owned(), cache.into()));
        }
        if let Some(pass) = spec.pass.as_ref().filter(|_| spec.kept_in) {
            // Package registries are reached the same way.
            let proxy = format!("http://nexus:{}@{}", pass.token, pass.address);
            for (name, value) in
                [("HTTPS_PROXY", proxy.as_str()), ("https_proxy", proxy.as_str()), ("NO_PROXY", "127.0.0.1")]
            {
                env.push((name.to_owned(), value.into()));
            }
        }
        Ok(Launch {
            argv: Vec::new(),
            dir: spec.workspace.clone(),
            env,
            // It works on this store, whatever server the operator talks to otherwise.
            env_remove: vec!["NEXUS_FAILPOINT".to_owned(), "NEXUS_URL".to_owned()],
            inherit: Inherit::All,
            stdin: Vec::new(),
            output: place.join(OUTPUT),
            output_bytes_max: self.site.habits.agent_output_max,
            caps: Caps::default(),
            talk: None,
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
}

/// Renews the lease a third of its length apart, hears the operator, and says what the agent may do.
struct Heart<'a, 'w> {
    worker: &'a Worker<'w>,
    held: &'a Held,
    item: &'a WorkView,
    renewed: Instant,
    notes: Notes,
    /// The questions that wait for a person, by their names in the session.
    asked: BTreeMap<String, PermissionId>,
}

impl Heart<'_, '_> {
    fn every(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.worker.options.ttl.millis() / 3).unwrap_or(1_000))
    }
}

impl Host for Heart<'_, '_> {
    fn begun(&mut self) {
        failpoint!("agent.start.after");
    }

    fn beat(&mut self) -> Option<By> {
        self.notes.send(self.worker.site.engine.scope().now);
        if self.worker.drain.stopping() {
            return Some(By::Operator);
        }
        if self.renewed.elapsed() < self.every() {
            return None;
        }
        self.renewed = Instant::now();
        let renew = Command::Renew { held: self.held.clone(), ttl: self.worker.options.ttl };
        let id = self.item.id.parse().expect("the id of an item is an id");
        match wait(self.worker.site.engine.act(id, renew, None)) {
            Err(problem) if problem.kind == Kind::LeaseLost => Some(By::LostLease),
            // A store that is busy for a moment is no reason to stop; the lease has time left.
            Ok(_) | Err(_) => None,
        }
    }

    fn hear(&mut self, event: &AgentEvent) {
        self.notes.take(event);
        let agent = self.held.by.to_string();
        self.worker.options.tell(&News::Heard { agent, item: self.item.id.clone(), event: event.clone() });
    }

    /// Its worktree is its own, and in a sandbox it reaches nothing else. What else it may do, the settings say, or a
    /// person.
    fn permit(&mut self, question: &Question) -> Option<Answer> {
        let own = matches!(question.touch, Touch::Read | Touch::Edit);
        let kept_in = self.worker.options.room.sandbox.kind() != SandboxKind::None;
        if own || kept_in {
            return Some(Answer::Allow);
        }
        match self.worker.site.habits.agent_permission {
            Permit::Allow => Some(Answer::Allow),
            Permit::Deny => Some(Answer::Deny),
            Permit::Ask(patience) => self.ask(question, patience),
        }
    }
}

impl Heart<'_, '_> {
    /// Asks a person, once; then looks for the answer. A question that cannot be kept is answered with no.
    fn ask(&mut self, question: &Question, patience: Duration) -> Option<Answer> {
        let engine = &self.worker.site.engine;
        let Some(asked) = self.asked.get(&question.id) else {
            let masked = Question { input: self.notes.masked(&question.input), ..question.clone() };
            let id = self.item.id.parse().expect("the id of an item is an id");
            return match wait(engine.ask_permission(self.held, &id, &masked, patience)) {
                Ok(asked) => {
                    self.asked.insert(question.id.clone(), asked);
                    None
                }
                Err(_) => Some(Answer::Deny),
            };
        };
        // A store that does not answer now may do so at the next look.
        let told = wait(engine.permitted(asked)).ok().flatten()?;
        self.asked.remove(&question.id);
        Some(if told { Answer::Allow } else { Answer::Deny })
    }
}

/// The result an agent left: JSON as it is, anything else as one JSON text.
fn read_result(path: &Path) -> Option<Json> {
    let bytes = std::fs::read(path).ok().filter(|bytes| !bytes.is_empty())?;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(WorkLimits::JSON_BYTES_MAX)]).into_owned();
    Some(as_json(&text))
}

/// JSON as it is, anything else as one JSON text.
fn as_json(text: &str) -> Json {
    let whole = serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok();
    Json(if whole { text.to_owned() } else { serde_json::Value::String(text.to_owned()).to_string() })
}

fn tail_of(errors: &str) -> String {
    let lines: Vec<&str> = errors.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}
