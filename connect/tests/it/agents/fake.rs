//! Agents that do well, and what is told of them: through the real supervisor and the real keeper.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use connect::agent::runtime;
use connect::process::Processes;
use domain::agent::event::{AgentEvent, Question};
use domain::agent::verdict::By;
use domain::budget::Metered;
use engine::agent::{Answer, Host, Job, Ladder, Limits, McpServer, RunResult, RunSpec, prepare, supervise};
use engine::ports::{Caps, Inherit, Launch};
use tempfile::TempDir;

/// A run of the fake agent.
pub struct Stage {
    pub folder: TempDir,
    pub kind: &'static str,
    pub deed: &'static str,
    pub limits: Limits,
    pub prompt: String,
    /// A program and arguments before that of the agent.
    pub before: Vec<&'static str>,
    pub required: bool,
    pub metered: Option<Metered>,
    pub host: Listener,
}

/// Takes down what happens, and says what it was told to say.
#[derive(Default)]
pub struct Listener {
    pub events: Vec<AgentEvent>,
    pub permit: Option<Answer>,
    /// Wants the run to end once it has begun to speak.
    pub cancel: bool,
}

impl Host for Listener {
    fn beat(&mut self) -> Option<By> {
        let begun = self.events.iter().any(|it| matches!(it, AgentEvent::Started(_)));
        (self.cancel && begun).then_some(By::Operator)
    }

    fn hear(&mut self, event: &AgentEvent) {
        self.events.push(event.clone());
    }

    fn permit(&mut self, _question: &Question) -> Option<Answer> {
        self.permit
    }
}

impl Stage {
    pub fn new(kind: &'static str, deed: &'static str) -> Self {
        Self {
            folder: tempfile::tempdir().expect("there is room for a folder"),
            kind,
            deed,
            limits: Limits::default(),
            prompt: "do it".to_owned(),
            before: Vec::new(),
            required: false,
            metered: None,
            host: Listener::default(),
        }
    }

    /// A pipe that ends when all that the agent has started in the background is gone.
    pub fn witness(&self) -> Receiver<Vec<u8>> {
        let path = self.folder.path().join("witness");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("it is installed").success());
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send(std::fs::read(path).unwrap_or_default()));
        told
    }

    /// Runs it to its end. Its outcome's word, and all else.
    pub fn play(&mut self) -> (&'static str, RunResult) {
        let place = self.folder.path();
        let server = McpServer { name: "plat".to_owned(), url: String::new(), token: String::new(), required: true };
        let spec = RunSpec {
            prompt: self.prompt.clone(),
            workspace: place.to_owned(),
            home: place.join("home"),
            limits: self.limits.clone(),
            servers: if self.required { vec![server] } else { Vec::new() },
            program: Some(example("fake-agent").to_string_lossy().into_owned()),
            ..RunSpec::default()
        };
        let kind = runtime(self.kind, &["it".to_owned()]).expect("there is such a kind");
        let mut plan = kind.plan(&spec).expect("it can be started");
        plan.argv = self.before.iter().map(|&it| it.to_owned()).chain(plan.argv).collect();
        plan.linger = Duration::from_millis(50);
        let speech = if self.kind == "claude" { "claude" } else { "acp" };
        let base = Launch {
            argv: Vec::new(),
            dir: place.to_owned(),
            env: vec![("FAKE_AGENT".to_owned(), format!("{speech} {}", self.deed).into())],
            env_remove: Vec::new(),
            inherit: Inherit::All,
            stdin: Vec::new(),
            output: place.join("transcript.log"),
            output_bytes_max: 0,
            caps: Caps::default(),
            talk: None,
        };
        let metered = self.metered.unwrap_or_default();
        let meter = move || metered;
        let step = Duration::from_millis(100);
        let job = Job {
            launch: prepare(&plan, &spec, base).expect("there is room for its files"),
            linger: plan.linger,
            conversation: kind.converse(&spec),
            limits: &spec.limits,
            ladder: Ladder { words: step, interrupt: step, terminate: step },
            required: spec.servers.iter().map(|it| it.name.clone()).collect(),
            patience: Duration::from_millis(50),
            meter: self.metered.is_some().then_some(&meter),
        };
        let result = supervise(&Processes { keeper: example("keeper") }, job, &mut self.host);
        (result.outcome().word(), result)
    }
}

pub fn example(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("linux tells");
    let target = own.parent().and_then(Path::parent).expect("tests are in target/PROFILE/deps");
    let program = target.join("examples").join(name);
    assert!(program.exists(), "cargo builds the examples with all tests: cargo test -p connect");
    program
}

#[test]
fn an_agent_that_does_well_has_completed_and_everything_it_said_is_kept() {
    let mut stage = Stage::new("claude", "done");
    let (word, result) = stage.play();
    assert_eq!(word, "completed");
    assert_eq!(result.session.as_deref(), Some("s-1"));
    assert_eq!(result.facts.terminal.expect("it said so").text, "all done");
    assert_eq!(result.usage.tokens(), 7);
    let kept = std::fs::read_to_string(result.transcript).expect("it was made");
    assert!(kept.lines().count() == 3 && kept.contains("\"type\":\"heard\""), "{kept}");
    assert!(stage.host.events.iter().any(|it| matches!(it, AgentEvent::Raw(it) if it.contains("heard"))));
}

#[test]
fn a_question_is_answered_once_and_only_for_once() {
    for (kind, answer, said) in [
        ("claude", Some(Answer::Allow), "allowed"),
        ("claude", Some(Answer::Deny), "denied"),
        ("goose", Some(Answer::Allow), "once"),
        ("goose", Some(Answer::Deny), "no"),
        // Nobody decides in time.
        ("goose", None, "no"),
        ("claude", None, "denied"),
    ] {
        let mut stage = Stage::new(kind, "ask");
        stage.host.permit = answer;
        let (word, result) = stage.play();
        assert_eq!((word, result.questions), ("completed", 1), "{kind} {answer:?}");
        assert!(stage.host.events.contains(&AgentEvent::Text(said.to_owned())), "{kind} {answer:?}");
        assert_eq!(result.denials.len(), usize::from(answer != Some(Answer::Allow)), "{kind} {answer:?}");
    }
}

#[test]
fn an_agent_that_understands_is_asked_to_stop_and_stops() {
    for (kind, deed) in [("claude", "interruptible"), ("goose", "cancel")] {
        let mut stage = Stage::new(kind, deed);
        stage.host.cancel = true;
        let (word, result) = stage.play();
        assert_eq!(word, "cancelled_operator", "{kind}");
        assert_eq!(result.exit.expect("it ran").code, 0, "{kind} was not killed");
    }
}

#[test]
fn an_agent_that_stays_after_its_last_word_is_put_down_and_has_completed() {
    let (word, result) = Stage::new("claude", "stay").play();
    assert_eq!(word, "completed");
    assert_ne!(result.exit.expect("it ran").code, 0);
}

#[test]
fn a_server_that_the_run_needs_has_to_be_there() {
    let mut stage = Stage::new("claude", "done");
    stage.required = true;
    assert_eq!(stage.play().0, "failed_mcp_down");
}

#[test]
fn a_run_whose_calls_nobody_answered_has_not_completed() {
    let mut stage = Stage::new("claude", "done");
    stage.metered = Some(Metered { failed: 1, last_failure: Some(401), ..Metered::default() });
    assert_eq!(stage.play().0, "failed_auth");
}
