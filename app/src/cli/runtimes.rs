//! `nexus agent runtimes` and `nexus agent try`: which kinds of agents this machine has.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use connect::agent::{KINDS, Kind, runtime};
use domain::agent::event::{AgentEvent, Question};
use domain::agent::verdict::{By, Outcome};
use engine::agent::{Answer as Permission, Host, Job, Ladder, Limits, RunSpec, Runtime, prepare, supervise};
use engine::ports::{Caps, Inherit, Launch};
use engine::problem::{Kind as Why, Problem};
use engine::random_hex;
use serde::Serialize;
use serde_json::json;

use super::Answer;
use crate::here::Here;
use crate::locate;
use crate::terminal::{one_line, table};

/// How long a program may take to say its version.
const VERSION_WAIT: Duration = Duration::from_secs(20);
/// What a trial asks for. It needs no tool.
const TRIAL: &str = "Answer with the single word: ready. Use no tools and change no files.";

/// List the kinds of agents, and which of them this machine has
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus agent runtimes --json\n\n\
    A kind is ready when its program is on the PATH, or named in NEXUS_<KIND>_BIN (NEXUS_CLAUDE_BIN, and _ for -),\n\
    and says a version that is new enough. Whether it is logged in shows `nexus agent try`.")]
pub struct Runtimes {}

/// Let an agent of one kind answer once, in an empty folder, and say how that ended
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus agent try claude\n  nexus agent try goose --model gpt-5 --json\n\n\
    This calls the agent's model once, and may cost a little.")]
pub struct Try {
    /// The kind of agent
    #[arg(value_name = "KIND")]
    kind: String,
    /// The model, by the agent's own name for it
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// The program and its arguments, for acp and command
    #[arg(long, value_name = "CMD", allow_hyphen_values = true)]
    agent: Option<String>,
    /// How long it may take
    #[arg(long, value_name = "DURATION", value_parser = super::parse::span, default_value = "2m")]
    timeout: Duration,
}

/// The JSON object of a kind of agent.
#[derive(Debug, Serialize)]
struct View {
    name: &'static str,
    installed: bool,
    version: Option<String>,
    ready: bool,
    why: String,
}

/// A kind of agent that was asked for.
pub struct Chosen {
    /// The kind.
    pub runtime: Arc<dyn Runtime>,
    /// Its program, where it is not the one on the PATH.
    pub program: Option<String>,
}

/// The kind called `name`, with `agent` as its program where it needs one.
pub fn choose(name: &str, agent: &[String]) -> Result<Chosen, Problem> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(Problem::malformed(format!("{name:?} is no kind of agent; there are {}", names.join(", "))));
    };
    if kind.program.is_none() && agent.is_empty() {
        return Err(Problem::malformed(format!("{name} needs a program; give one with --agent")));
    }
    if kind.program.is_some() && !agent.is_empty() {
        let message =
            format!("{name} brings its own program; leave --agent out, or name another in {}", variable(kind));
        return Err(Problem::malformed(message));
    }
    let runtime = runtime(name, agent).expect("every kind in the list is made");
    Ok(Chosen { runtime: Arc::from(runtime), program: named(kind) })
}

/// The program of an agent that is named by a path is meant from where the command was called, not from the worktree,
/// unless it is only there.
pub fn from_here(mut agent: Vec<String>) -> Vec<String> {
    if let Some(program) = agent.first_mut().filter(|it| it.contains('/'))
        && let Ok(path) = std::env::current_dir().map(|here| here.join(&*program))
        && path.is_file()
        && let Some(path) = path.to_str()
    {
        path.clone_into(program);
    }
    agent
}

pub fn list() -> Answer {
    let views: Vec<View> = KINDS.iter().map(look).collect();
    let row = |it: &View| {
        let ready = if it.ready { "ready" } else { "not ready" };
        vec![it.name.to_owned(), ready.to_owned(), it.version.clone().unwrap_or_default(), it.why.clone()]
    };
    let rows = table(&["kind", "is", "version", "because"], views.iter().map(row));
    Answer::new(&json!({ "runtimes": views }), rows)
}

/// What this machine has of `kind`.
fn look(kind: &Kind) -> View {
    let view = |installed, version, ready, why: String| View { name: kind.name, installed, version, ready, why };
    let Some(program) = kind.program else {
        return view(true, None, true, "any program, named with --agent".to_owned());
    };
    let named = named(kind);
    let Some(path) = find(named.as_deref().unwrap_or(program)) else {
        let why = match named {
            Some(named) => format!("{} names {named}, which is not there", variable(kind)),
            None => format!("{program} is not on the PATH; install it, or name it in {}", variable(kind)),
        };
        return view(false, None, false, why);
    };
    match version(&path) {
        Ok(version) if number(&version) < number(kind.version_min) => {
            let why = format!("it is older than {}, the oldest that this works with", kind.version_min);
            view(true, Some(version), false, why)
        }
        Ok(version) => view(true, Some(version), true, path.display().to_string()),
        Err(why) => view(true, None, false, why),
    }
}

/// The variable that names another program for `kind`.
fn variable(kind: &Kind) -> String {
    format!("NEXUS_{}_BIN", kind.name.replace('-', "_").to_uppercase())
}

fn named(kind: &Kind) -> Option<String> {
    std::env::var(variable(kind)).ok().filter(|it| !it.is_empty())
}

fn find(program: &str) -> Option<PathBuf> {
    let there = |path: &Path| path.is_file();
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|it| there(it));
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|it| there(it))
}

/// The version that a program says it has.
fn version(path: &Path) -> Result<String, String> {
    let mut asked = Command::new(path);
    asked.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = asked.spawn().map_err(|error| format!("{} does not start: {error}", path.display()))?;
    let began = Instant::now();
    while child.try_wait().ok().flatten().is_none() {
        if began.elapsed() > VERSION_WAIT {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{} --version does not end", path.display()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let said = child.wait_with_output().map(|it| String::from_utf8_lossy(&it.stdout).into_owned()).unwrap_or_default();
    let word =
        |word: &&str| word.contains('.') && word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let found = said.split_whitespace().find(word).map(|it| it.trim_start_matches('v').to_owned());
    found.ok_or_else(|| format!("{} --version says no version", path.display()))
}

/// A version as numbers that compare.
fn number(version: &str) -> Vec<u64> {
    let part = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    version.split('.').map(part).collect()
}

pub fn attempt(args: &Try) -> Result<Answer, Problem> {
    let agent = args.agent.as_deref().map(super::run::words::split).transpose()?.unwrap_or_default();
    let chosen = choose(&args.kind, &agent)?;
    // Not under the temporary directory: the sandbox of Codex does not work from there.
    let place = locate::usual_state_dir()?.join("try").join(random_hex::<6>());
    let answer = in_folder(&chosen, args, &place);
    let _ = std::fs::remove_dir_all(&place);
    answer
}

fn in_folder(chosen: &Chosen, args: &Try, place: &Path) -> Result<Answer, Problem> {
    let failed =
        |what: &str, error: &dyn std::fmt::Display| Problem::new(Why::Failed, "io_failed", format!("{what}: {error}"));
    let workspace = place.join("empty");
    std::fs::create_dir_all(&workspace).map_err(|e| failed("making a folder", &e))?;
    let prompt_file = place.join("prompt.md");
    std::fs::write(&prompt_file, TRIAL).map_err(|e| failed("writing the prompt", &e))?;
    let keyed = chosen.runtime.keys().iter().any(|key| std::env::var_os(key).is_some());
    let limits = Limits { wall: args.timeout, turns: Some(5), ..Limits::default() };
    let spec = RunSpec {
        prompt: TRIAL.to_owned(),
        prompt_file,
        item: b"{}".to_vec(),
        workspace: workspace.clone(),
        home: place.join("home"),
        model: args.model.clone(),
        limits,
        trace: format!("00-{}-{}-01", random_hex::<16>(), random_hex::<8>()),
        result_file: place.join("result.json"),
        own_login: !keyed,
        program: chosen.program.clone(),
        ..RunSpec::default()
    };
    let plan = chosen.runtime.plan(&spec).map_err(Problem::malformed)?;
    let base = Launch {
        argv: Vec::new(),
        dir: workspace,
        env: vec![
            ("NEXUS_PROMPT_FILE".to_owned(), spec.prompt_file.clone().into()),
            ("NEXUS_RESULT_FILE".to_owned(), spec.result_file.clone().into()),
            ("TRACEPARENT".to_owned(), spec.trace.clone().into()),
        ],
        env_remove: vec!["NEXUS_URL".to_owned()],
        inherit: Inherit::All,
        stdin: Vec::new(),
        output: place.join("output.log"),
        output_bytes_max: spec.limits.kept_bytes,
        caps: Caps::default(),
        talk: None,
    };
    let job = Job {
        launch: prepare(&plan, &spec, base).map_err(|e| failed("writing an agent's files", &e))?,
        linger: plan.linger,
        conversation: chosen.runtime.converse(&spec),
        limits: &spec.limits,
        ladder: Ladder::default(),
        required: Vec::new(),
        patience: Duration::ZERO,
        meter: None,
    };
    let mut watcher = Watcher { began: Instant::now(), events: 0 };
    let result = supervise(&Here::launcher()?, job, &mut watcher);
    let outcome = result.outcome();
    let terminal = result.facts.terminal.unwrap_or_default();
    let said = match &terminal.fault {
        Some(fault) if !fault.text.is_empty() => fault.text.clone(),
        _ if outcome == Outcome::Completed => terminal.text.clone(),
        _ => result.facts.errors.clone(),
    };
    let json = json!({
        "runtime": chosen.runtime.name(), "outcome": outcome.word(), "sentence": outcome.to_string(), "said": said,
        "session": result.session, "turns": result.turns, "events": watcher.events,
        "tokens": result.usage.tokens(), "usd_micros": result.usage.usd_micros,
        "exit_code": result.exit.map(|it| it.code), "denials": result.denials,
        "duration_ms": u64::try_from(watcher.began.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    let mut text = format!("{} {outcome}", chosen.runtime.name());
    if !said.trim().is_empty() {
        text.push_str(&format!("; it said: {}", one_line(said.trim())));
    }
    Ok(Answer::new(&json, text).exit(u8::from(outcome != Outcome::Completed)))
}

/// Counts, and allows nothing.
struct Watcher {
    began: Instant,
    events: u64,
}

impl Host for Watcher {
    fn beat(&mut self) -> Option<By> {
        None
    }

    fn hear(&mut self, _event: &AgentEvent) {
        self.events += 1;
    }

    fn permit(&mut self, _question: &Question) -> Option<Permission> {
        Some(Permission::Deny)
    }
}
