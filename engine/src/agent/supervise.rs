//! Running an agent, whatever its kind: it is started, heard, held to its limits, ended, and its facts are taken down.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use domain::agent::event::{AgentEvent, Question};
use domain::agent::verdict::{By, Cause, End, Facts, Limit, Outcome, verdict};
use domain::budget::{Metered, Usage};

use super::ladder::{Ladder, Rung};
use super::limits::{Limits, Used};
use super::runtime::{Answer, Conversation, Move, Plan, Protocol, RunSpec};
use crate::ports::{Exit, Footprint, Heard, Launch, Launcher, NeverStarted, Refused, Running, Talk};

/// How often the host is asked whether to go on.
const BEAT: Duration = Duration::from_millis(500);
/// How often processes and gateway are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How many refused tools are remembered.
const DENIALS_MAX: usize = 100;
/// How much of what an agent printed as errors is looked at.
const ERRORS_BYTES_MAX: u64 = 8_000;

/// A run to supervise.
pub struct Job<'a> {
    /// How it is started.
    pub launch: Launch,
    /// How long it may stay after its last word.
    pub linger: Duration,
    /// What its lines mean.
    pub conversation: Box<dyn Conversation>,
    /// What it may use up.
    pub limits: &'a Limits,
    /// How it is ended.
    pub ladder: Ladder,
    /// The tool servers without which it is worth nothing.
    pub required: Vec<String>,
    /// How long a question may wait for its answer; then the answer is no.
    pub patience: Duration,
    /// What the gateway saw so far, where there is one.
    pub meter: Option<&'a dyn Fn() -> Metered>,
}

/// Who is there while an agent works.
pub trait Host {
    /// The agent's program is there.
    fn begun(&mut self) {}
    /// Twice a second: who wants the run to end, if anybody.
    fn beat(&mut self) -> Option<By>;
    /// Something happened.
    fn hear(&mut self, _event: &AgentEvent) {}
    /// Whether the agent may; `None` while nobody has decided.
    fn permit(&mut self, _question: &Question) -> Option<Answer> {
        Some(Answer::Deny)
    }
}

/// A run that is over.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// What is known of it. What it made has not been looked at.
    pub facts: Facts,
    /// All that it used, by its own account.
    pub usage: Usage,
    /// How many answers of its model were seen.
    pub turns: u32,
    /// The name of its session, where it has one.
    pub session: Option<String>,
    /// How its program ended; `None` when it never started.
    pub exit: Option<Exit>,
    /// The tools that it was not allowed to use.
    pub denials: Vec<String>,
    /// How often it asked whether it may.
    pub questions: u32,
    /// The file with every line that it printed.
    pub transcript: PathBuf,
}

impl RunResult {
    /// How the run ended, as far as is known.
    pub fn outcome(&self) -> Outcome {
        verdict(&self.facts)
    }

    /// A run that could not be started.
    pub fn never_started(why: String, transcript: PathBuf) -> Self {
        let facts = Facts { cause: Some(Cause::NeverStarted(why)), ..Facts::default() };
        let (usage, denials) = (Usage::default(), Vec::new());
        Self { facts, usage, turns: 0, session: None, exit: None, denials, questions: 0, transcript }
    }
}

/// Writes the files of `plan` below `spec.home` and comes back with what to launch on top of `base`, whose program,
/// input and variables it completes.
pub fn prepare(plan: &Plan, spec: &RunSpec, mut base: Launch) -> std::io::Result<Launch> {
    std::fs::create_dir_all(&spec.home)?;
    for (path, text) in &plan.files {
        let path = spec.home.join(path);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        // Some of them have keys.
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
    }
    base.argv.clone_from(&plan.argv);
    base.env.extend(plan.env.iter().cloned());
    base.env_remove.extend(plan.env_remove.iter().cloned());
    base.output_bytes_max = spec.limits.kept_bytes;
    base.caps = spec.limits.caps();
    match &plan.protocol {
        Protocol::Lines => {
            let errors = base.output.with_extension("errors.log");
            base.stdin = Vec::new();
            base.talk = Some(Talk { errors, line_bytes_max: spec.limits.line_bytes });
        }
        Protocol::Opaque(input) => base.stdin.clone_from(input),
    }
    Ok(base)
}

/// Runs `job` to its end. When this comes back, the program and all that it started have ended.
pub fn supervise(launcher: &dyn Launcher, job: Job<'_>, host: &mut dyn Host) -> RunResult {
    let transcript = job.launch.output.clone();
    let running = match launcher.launch(&job.launch) {
        Ok(running) => running,
        Err(NeverStarted(why)) => return RunResult::never_started(why, transcript),
    };
    host.begun();
    let mut watch = Watch::new(running, job, host);
    let begun = watch.job.conversation.begin();
    watch.play(begun);
    loop {
        let now = Instant::now();
        match watch.running.hear(watch.next(now)) {
            Heard::Line { bytes, cut } => watch.line(&bytes, cut),
            Heard::Silence => {}
            Heard::Ended(exit) => return watch.over(exit, transcript),
        }
        watch.look(Instant::now());
    }
}

/// A run that is under way.
struct Watch<'a, 'h> {
    running: Box<dyn Running>,
    job: Job<'a>,
    host: &'h mut dyn Host,
    began: Instant,
    /// When it last printed something, and how much it had printed by then.
    sign: (Instant, u64),
    beaten: Instant,
    looked: Instant,
    footprint: Footprint,
    metered: Metered,
    rung: Rung,
    /// Whether it has said its last word.
    done: bool,
    /// Whether we ended it after its last word.
    put_down: bool,
    cause: Option<Cause>,
    open: Vec<(Question, Instant)>,
    servers_down: Vec<String>,
    result: RunResult,
}

impl<'a, 'h> Watch<'a, 'h> {
    fn new(running: Box<dyn Running>, job: Job<'a>, host: &'h mut dyn Host) -> Self {
        let now = Instant::now();
        let mut result = RunResult::never_started(String::new(), PathBuf::new());
        result.facts = Facts::default();
        Self {
            running,
            job,
            host,
            began: now,
            sign: (now, 0),
            beaten: now,
            looked: now,
            footprint: Footprint::default(),
            metered: Metered::default(),
            rung: Rung::Free,
            done: false,
            put_down: false,
            cause: None,
            open: Vec::new(),
            servers_down: Vec::new(),
            result,
        }
    }

    /// How long nothing has to be done unless it says something.
    fn next(&self, now: Instant) -> Duration {
        let wall = self.began + self.job.limits.wall;
        let mut next = self.beaten + BEAT;
        if self.rung == Rung::Free {
            next = next.min(wall);
            if let Some(idle) = self.job.limits.idle.filter(|_| self.open.is_empty()) {
                next = next.min(self.sign.0 + idle);
            }
            if self.done {
                next = next.min(self.sign.0 + self.job.linger);
            }
        }
        self.rung.due().map_or(next, |due| next.min(due)).saturating_duration_since(now)
    }

    fn line(&mut self, bytes: &[u8], cut: bool) {
        if cut {
            self.event(AgentEvent::Notice(format!("a line was longer than {} bytes and was cut", bytes.len())));
        }
        let moves = self.job.conversation.line(bytes);
        self.play(moves);
    }

    fn play(&mut self, moves: Vec<Move>) {
        for it in moves {
            match it {
                Move::Event(event) => self.event(event),
                Move::Send(bytes) => self.running.say(&bytes),
                Move::CloseInput => self.running.close_input(),
                Move::Done => {
                    self.done = true;
                    self.running.close_input();
                }
            }
        }
    }

    fn event(&mut self, event: AgentEvent) {
        self.host.hear(&event);
        match event {
            AgentEvent::Turn => self.result.turns += 1,
            AgentEvent::Usage(usage) => self.result.usage = usage,
            AgentEvent::Started(started) => {
                self.result.session = Some(started.session).filter(|it| !it.is_empty());
                self.servers_down = started.servers_down;
            }
            AgentEvent::Denied { tool } if self.result.denials.len() < DENIALS_MAX => self.result.denials.push(tool),
            AgentEvent::PermissionAsked(question) => {
                self.result.questions += 1;
                match self.host.permit(&question) {
                    Some(answer) => self.answer(&question, answer),
                    None => self.open.push((question, Instant::now() + self.job.patience)),
                }
            }
            _ => {}
        }
    }

    fn answer(&mut self, question: &Question, answer: Answer) {
        if answer == Answer::Deny {
            self.event(AgentEvent::Denied { tool: question.tool.clone() });
        }
        let moves = self.job.conversation.answer(&question.id, answer);
        self.play(moves);
    }

    /// Everything that has to do with time.
    fn look(&mut self, now: Instant) {
        let printed = self.running.printed_bytes();
        if printed != self.sign.1 {
            self.sign = (now, printed);
        }
        if now >= self.beaten + BEAT {
            self.beaten = now;
            if let Some(by) = self.host.beat() {
                self.end(Cause::Cancelled(by), now);
            }
            self.answer_open(now);
        }
        if now >= self.looked + LOOK {
            self.looked = now;
            self.footprint = self.running.footprint();
            if let Some(meter) = self.job.meter {
                self.metered = meter();
            }
        }
        if !self.rung.ending()
            && let Some(limit) = self.job.limits.past(&self.used(now))
        {
            self.end(Cause::Limit(limit), now);
        }
        if self.done && !self.rung.ending() && now >= self.sign.0 + self.job.linger {
            self.put_down = true;
            self.rung.terminate(self.job.ladder.terminate, self.running.as_mut());
        }
        self.rung.climb(&self.job.ladder, self.running.as_mut(), now);
    }

    fn used(&self, now: Instant) -> Used {
        let (said, metered) = (self.result.usage, self.metered.usage);
        // Whoever waits for an answer of ours is not idle.
        let idle = if self.open.is_empty() { now - self.sign.0 } else { Duration::ZERO };
        Used {
            wall: now - self.began,
            idle,
            turns: self.result.turns,
            tokens: said.tokens().max(metered.tokens()),
            usd_micros: said.usd_micros.unwrap_or(0).max(metered.usd_micros.unwrap_or(0)),
            output_bytes: self.sign.1,
            memory_bytes: self.footprint.memory_bytes,
            processes: self.footprint.processes,
        }
    }

    fn answer_open(&mut self, now: Instant) {
        for (question, until) in std::mem::take(&mut self.open) {
            match self.host.permit(&question) {
                Some(answer) => self.answer(&question, answer),
                None if now >= until => self.answer(&question, Answer::Deny),
                None => self.open.push((question, until)),
            }
        }
    }

    /// Begins to end it, unless that has begun.
    fn end(&mut self, cause: Cause, now: Instant) {
        if self.cause.is_some() || self.put_down {
            return;
        }
        // What harms the machine is killed, without a word.
        let at_once = matches!(cause, Cause::Limit(Limit::Memory | Limit::Processes));
        let flood = cause == Cause::Limit(Limit::Output);
        self.cause = Some(cause);
        if at_once || flood {
            let grace = if at_once { Duration::ZERO } else { self.job.ladder.terminate };
            return self.rung.terminate(grace, self.running.as_mut());
        }
        let words = self.job.conversation.cancel();
        if self.job.launch.talk.is_none() {
            // A shell hears an interrupt only when what it started is over: its whole group is told at once.
            self.rung.terminate(self.job.ladder.terminate, self.running.as_mut());
        } else if words.is_empty() {
            self.running.interrupt();
            self.rung = Rung::Interrupted(now + self.job.ladder.interrupt);
        } else {
            self.rung = Rung::Asked(now + self.job.ladder.words);
            self.play(words);
        }
    }

    fn over(mut self, exit: Exit, transcript: PathBuf) -> RunResult {
        let errors_file = self.job.launch.talk.as_ref().map_or(&transcript, |talk| &talk.errors);
        let errors = end_of(errors_file);
        let end = if self.put_down { End::PutDown } else { End::of(exit.code) };
        let terminal = self.job.conversation.ended(Some(end), &errors);
        if let Some(usage) = terminal.as_ref().and_then(|it| it.usage) {
            self.result.usage = usage;
        }
        let servers_down = self.servers_down.into_iter().filter(|it| self.job.required.contains(it)).collect();
        let metered = self.job.meter.map(|meter| meter());
        // A program whose child was killed or refused may well have gone on.
        let broken = terminal.as_ref().is_none_or(|it| it.fault.is_some());
        let starved = match exit.refused {
            Refused { memory: true, .. } if broken => Some(Cause::Limit(Limit::Memory)),
            Refused { tasks: true, .. } if broken => Some(Cause::Limit(Limit::Processes)),
            _ => None,
        };
        let (cause, end) = (self.cause.or(starved), Some(end));
        // Whether its answer has the form that was asked for, whoever asked finds out; and so for what it changed.
        let (schema_met, changed) = (None, None);
        let facts = Facts { cause, end, terminal, errors, metered, servers_down, schema_met, changed };
        RunResult { facts, exit: Some(exit), transcript, ..self.result }
    }
}

/// The end of a file as text.
fn end_of(file: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(file)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(ERRORS_BYTES_MAX)))?;
        let mut bytes = Vec::new();
        file.take(ERRORS_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}
