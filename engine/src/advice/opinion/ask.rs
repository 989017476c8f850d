//! Asking a model: an agent is started in an empty folder, told the question, and heard; its answer has to fit.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use domain::agent::event::{AgentEvent, Question};
use domain::agent::verdict::{By, Outcome, verdict};
use domain::budget::Usage;
use domain::id::EarmarkId;
use serde_json::Value;
use store::budget::{Earmark, earmarks};

use super::form::ANSWER_BYTES_MAX;
use super::inquiry::Inquiry;
use super::kept::Kept;
use super::{Asked, Opinion};
use crate::agent::{
    Answer, Caller, GATEWAY_KEYS, Gateway, Host, Job, Ladder, Limits, Pass, Protocol, Room, RunResult, RunSpec,
    Runtime, SandboxKind, View, pass_for, prepare, supervise,
};
use crate::budget::{Dispatch, Estimate};
use crate::ports::{Caps, Inherit, Launch, Launcher, NeverStarted};
use crate::problem::{Kind, Problem};
use crate::{Engine, random_hex, sha256_hex, wait};

/// The run on whose account opinions are.
const RUN: &str = "advice";
/// How many opinions are asked for at the same time, and how many earmarks are looked at for that.
const IN_FLIGHT_MAX: usize = 5;
const LOOKED_AT: u32 = 1_000;
/// What has nothing to do with an opinion and could reach the store.
const HIDDEN: [&str; 8] = [
    "NEXUS_URL",
    "NEXUS_DIR",
    "NEXUS_DATABASE_URL",
    "NEXUS_AGENT_ID",
    "NEXUS_WORK_ID",
    "NEXUS_FENCE",
    "NEXUS_RUN_TOKEN",
    "COORDINATION_DIR",
];

/// Who is asked, with what, and within what.
pub struct Asking {
    /// The kind of agent.
    pub runtime: Arc<dyn Runtime>,
    /// The program and its arguments, where the kind knows none.
    pub named: Vec<String>,
    /// Its program, where that is not the usual one.
    pub program: Option<String>,
    /// The model; `None` leaves it to the agent.
    pub model: Option<String>,
    /// What keeps it in.
    pub room: Room,
    /// Lets it call models, where there is a key.
    pub gateway: Option<Arc<dyn Gateway>>,
    /// Starts it.
    pub launcher: Arc<dyn Launcher>,
    /// What it may use up.
    pub limits: Limits,
    /// How it is ended.
    pub ladder: Ladder,
    /// Where a folder is made for it, which is gone afterwards. Not in the repository.
    pub place: PathBuf,
    /// Whether an answer to the same question is not good enough.
    pub fresh: bool,
}

/// What came of starting an agent.
struct Heard {
    result: RunResult,
    /// What it used: as the gateway counted, else by its own account.
    used: Usage,
    answer: Result<Value, String>,
    outcome: Outcome,
}

/// A folder that is gone when this is.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Engine {
    /// What a model says to `inquiry`; what it said earlier, when it was asked the same. Fails only when the store or
    /// our own folders do: whatever becomes of the agent is an opinion that is not available.
    pub fn opinion(&self, inquiry: &Inquiry, asking: &Asking) -> Result<Opinion, Problem> {
        let digest = asking.digest(inquiry);
        if !asking.fresh
            && let Some(Kept { asked, answer }) = wait(self.kept_opinion(&digest))?
        {
            return Ok(Opinion::Given { asked, answer, cached: true });
        }
        let mut asked = Asked {
            runtime: asking.runtime.name().to_owned(),
            model: asking.model.clone(),
            at_ms: self.scope().now.millis(),
            input_digest: digest,
            ..Asked::default()
        };
        let estimate = Estimate { wall: asking.limits.wall, tokens: 1 };
        let dispatched = match wait(self.budget_dispatch(RUN, None, estimate))? {
            Dispatch::Go(dispatched) => dispatched,
            Dispatch::No { reason, .. } => {
                return Ok(Opinion::Unavailable { asked, outcome: "budget".to_owned(), reason });
            }
        };
        if wait(self.crowded(&dispatched.earmark))? {
            wait(self.budget_settle(&dispatched, false))?;
            let reason = format!("{IN_FLIGHT_MAX} opinions are asked for at this moment, which is the most; ask again");
            return Ok(Opinion::Unavailable { asked, outcome: "busy".to_owned(), reason });
        }
        let began = Instant::now();
        let heard = asking.start(self, inquiry, &mut asked);
        let started = heard.as_ref().is_ok_and(|it| !matches!(it.outcome, Outcome::NeverStarted(_)));
        // What could not be settled now is settled when its time is over.
        wait(self.budget_settle(&dispatched, started)).ok();
        let heard = heard?;
        asked.duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        asked.tokens = Some(heard.used.tokens()).filter(|tokens| *tokens > 0);
        asked.usd_micros = heard.used.usd_micros.or(heard.result.usage.usd_micros);
        match (heard.outcome, heard.answer) {
            (Outcome::Completed, Ok(answer)) => {
                wait(self.keep_opinion(&Kept { asked: asked.clone(), answer: answer.clone() }))?;
                Ok(Opinion::Given { asked, answer, cached: false })
            }
            (outcome, answer) => {
                let (reason, outcome) = (why(&outcome, answer.err(), &heard.result), outcome.word().to_owned());
                Ok(Opinion::Unavailable { asked, outcome, reason })
            }
        }
    }
}

impl Engine {
    /// Whether as many opinions are asked for as may be, by whatever process of this project, without the one that has set
    /// `own` aside.
    async fn crowded(&self, own: &EarmarkId) -> Result<bool, Problem> {
        self.settle_abandoned().await?;
        let scope = self.scope();
        let all = self.store.read(async |tx| earmarks(tx, &scope.project, "", LOOKED_AT).await).await?;
        // Of those that begin at the same time the first ones go on.
        let before = |it: &&Earmark| it.what == "dispatch" && it.spender.run.as_deref() == Some(RUN) && it.id < *own;
        Ok(all.iter().filter(before).count() >= IN_FLIGHT_MAX)
    }
}

/// Why there is no answer: how the run ended, and what was wrong or said last.
fn why(outcome: &Outcome, misfit: Option<String>, result: &RunResult) -> String {
    const SAID_MAX: usize = 300;
    let fault = result.facts.terminal.as_ref().and_then(|it| it.fault.as_ref()).map(|it| it.text.trim());
    let said = match outcome {
        Outcome::NeverStarted(_) | Outcome::LimitHit(_) | Outcome::Cancelled { .. } => None,
        _ if result.facts.schema_met == Some(false) && fault.is_none() => misfit,
        _ => fault.filter(|it| !it.is_empty()).or(Some(result.facts.errors.trim())).map(str::to_owned),
    };
    match said.filter(|said| !said.is_empty()) {
        Some(said) => format!("{outcome}; {}", without_keys(said).chars().take(SAID_MAX).collect::<String>()),
        None => outcome.to_string(),
    }
}

/// `said` without the keys of our environment, which providers like to repeat when they refuse one.
fn without_keys(said: String) -> String {
    let keys = GATEWAY_KEYS.iter().filter_map(|name| std::env::var(name).ok()).filter(|key| !key.is_empty());
    keys.fold(said, |said, key| said.replace(&key, "***"))
}

impl Asking {
    /// The digest of all that decides the answer: what is asked, in which words, and of whom.
    fn digest(&self, inquiry: &Inquiry) -> String {
        let whom = (self.runtime.name(), &self.named, &self.model);
        sha256_hex(format!("{whom:?}\n{}", inquiry.text_of()).as_bytes())
    }

    fn start(&self, engine: &Engine, inquiry: &Inquiry, asked: &mut Asked) -> Result<Heard, Problem> {
        let io = |what: &str| {
            let what = format!("{what} below {}", self.place.display());
            move |e: std::io::Error| Problem::new(Kind::Failed, "io_failed", format!("{what}: {e}"))
        };
        let place = Folder(self.place.join(random_hex::<6>()));
        let never = |why: String| Heard {
            outcome: Outcome::NeverStarted(why.clone()),
            result: RunResult::never_started(why, place.0.join("output.log")),
            used: Usage::default(),
            answer: Err(String::new()),
        };
        let kept_in = self.room.sandbox.kind() != SandboxKind::None;
        let trace_id = random_hex::<16>();
        let caller = Caller {
            project: engine.project.clone(),
            run: RUN.to_owned(),
            item: None,
            agent: RUN.parse().expect("it is a name"),
            trace_id: trace_id.clone(),
        };
        let pass = match pass_for(self.gateway.as_ref(), self.runtime.as_ref(), kept_in, &caller) {
            Ok(pass) => pass,
            Err(why) => return Ok(never(why)),
        };
        let spec = self.spec(inquiry, &place.0, &trace_id, pass);
        std::fs::create_dir_all(&spec.workspace).map_err(io("making a folder"))?;
        std::fs::write(&spec.prompt_file, &spec.prompt).map_err(io("writing the question"))?;
        // It has to be there to be shown inside; an empty one is no answer.
        std::fs::write(&spec.result_file, "").map_err(io("making the file for an answer"))?;
        let plan = match self.runtime.plan(&spec) {
            Ok(plan) => plan,
            Err(why) => return Ok(never(why)),
        };
        let opaque = matches!(plan.protocol, Protocol::Opaque(_));
        let launch = prepare(&plan, &spec, base(&spec, &place.0)).map_err(io("writing an agent's files"))?;
        let mut ear = Ear::default();
        let mut result = match self.room.sandbox.wrap(launch, &self.view(&spec, &place.0)) {
            Ok(launch) => {
                let meter = self.gateway.as_ref().zip(spec.pass.as_ref());
                let meter = meter.map(|(gateway, pass)| move || gateway.metered(pass));
                let job = Job {
                    launch,
                    linger: plan.linger,
                    conversation: self.runtime.converse(&spec),
                    limits: &spec.limits,
                    ladder: self.ladder,
                    required: Vec::new(),
                    patience: std::time::Duration::ZERO,
                    meter: meter.as_ref().map(|meter| meter as &dyn Fn() -> domain::budget::Metered),
                };
                supervise(self.launcher.as_ref(), job, &mut ear)
            }
            Err(NeverStarted(why)) => RunResult::never_started(why, place.0.join("output.log")),
        };
        let mut used = result.usage;
        if let (Some(gateway), Some(pass)) = (&self.gateway, &spec.pass) {
            let metered = gateway.close(pass);
            used = metered.usage;
            // A program that we know nothing of may answer without a model.
            result.facts.metered = self.runtime.calls_models().then_some(metered);
        }
        asked.model = ear.model.filter(|model| !model.is_empty()).or_else(|| self.model.clone());
        let answer = said(&spec.result_file, opaque, &result).and_then(|text| inquiry.read(&text));
        result.facts.schema_met = Some(answer.is_ok());
        let outcome = verdict(&result.facts);
        Ok(Heard { result, used, answer, outcome })
    }

    fn spec(&self, inquiry: &Inquiry, place: &Path, trace_id: &str, pass: Option<Pass>) -> RunSpec {
        let prompt = inquiry.prompt();
        let keyed = self.runtime.keys().iter().any(|key| std::env::var_os(key).is_some());
        RunSpec {
            // A program that we know nothing of reads its standard input.
            item: prompt.clone().into_bytes(),
            prompt,
            prompt_file: place.join("prompt.md"),
            workspace: place.join("empty"),
            home: place.join("home"),
            model: self.model.clone(),
            answer_only: true,
            output_schema: Some(inquiry.form.schema().to_string()),
            limits: self.limits.clone(),
            trace: format!("00-{trace_id}-{}-01", random_hex::<8>()),
            result_file: place.join("answer.json"),
            kept_in: self.room.sandbox.kind() != SandboxKind::None,
            own_login: pass.is_none() && !keyed,
            pass,
            program: self.program.clone(),
            ..RunSpec::default()
        }
    }

    fn view(&self, spec: &RunSpec, place: &Path) -> View {
        View {
            worktree: spec.workspace.clone(),
            home: spec.home.clone(),
            place: place.join("sandbox"),
            common_dir: None,
            writable: vec![spec.result_file.clone()],
            readable: std::iter::once(spec.prompt_file.clone()).chain(self.room.readable.iter().cloned()).collect(),
            variables: self.room.variables.clone(),
            gateway: spec.pass.as_ref().map(|pass| (pass.address, pass.socket.clone())),
        }
    }
}

fn base(spec: &RunSpec, place: &Path) -> Launch {
    Launch {
        argv: Vec::new(),
        dir: spec.workspace.clone(),
        env: vec![
            ("NEXUS_PROMPT_FILE".to_owned(), spec.prompt_file.clone().into()),
            ("NEXUS_RESULT_FILE".to_owned(), spec.result_file.clone().into()),
            ("TRACEPARENT".to_owned(), spec.trace.clone().into()),
        ],
        env_remove: HIDDEN.map(str::to_owned).to_vec(),
        inherit: Inherit::All,
        stdin: Vec::new(),
        caps: Caps::default(),
        output: place.join("output.log"),
        output_bytes_max: spec.limits.kept_bytes,
        talk: None,
    }
}

/// What it answered: in its file, in the form that its kind has for that, as its last word; a program that we know nothing
/// of by what it printed.
fn said(file: &Path, opaque: bool, result: &RunResult) -> Result<String, String> {
    let terminal = result.facts.terminal.as_ref();
    let structured = terminal.and_then(|it| it.structured.as_ref()).map(|it| it.0.clone());
    let text = terminal.map(|it| it.text.clone()).filter(|text| !text.trim().is_empty());
    if let Some(left) = beginning(file).filter(|text| !text.trim().is_empty()) {
        return Ok(left);
    }
    let printed = || if opaque { beginning(&result.transcript) } else { None };
    structured.or(text).or_else(printed).ok_or_else(|| "there is no answer".to_owned())
}

/// A file as text, and of one that is too long for an answer a little more than it may have.
fn beginning(file: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(file).ok()?.take(ANSWER_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Hears which model it is, and allows nothing.
#[derive(Default)]
struct Ear {
    model: Option<String>,
}

impl Host for Ear {
    fn beat(&mut self) -> Option<By> {
        None
    }

    fn hear(&mut self, event: &AgentEvent) {
        if let AgentEvent::Started(started) = event {
            self.model = Some(started.model.clone());
        }
    }

    fn permit(&mut self, _question: &Question) -> Option<Answer> {
        Some(Answer::Deny)
    }
}
