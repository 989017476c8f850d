//! Settings as the program uses them: typed, whole, passed by value.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use domain::agent::presence;
use domain::escalation;
use domain::flow::Planning;
use domain::text::Project;
use domain::time::{Timestamp, Ttl};
use domain::work::{HeadStart, Retry};
use store::Url;

use engine::escalation::Notify;
use engine::site::Permit;

use super::bad::BadSetting;
use super::written::Written;
use crate::cli::words;
use crate::http::model::{Hosts, Prices};

/// What this machine's Nexus works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The set of defaults below all that was written.
    pub profile: Profile,
    /// The project that commands are about.
    pub project: Project,
    /// Where the store is; `None` for the file in the data folder.
    pub database_url: Option<Url>,
    /// How long a hold lasts unless it is renewed.
    pub lease_ttl: Ttl,
    /// How long a hold lasts that was taken as `coordination_helper.sh`.
    pub dropin_ttl: Ttl,
    /// How often an item may be taken before it is dead.
    pub attempts_max: u32,
    /// How long an item waits between attempts when it does not say.
    pub retry: Retry,
    /// By how much each priority goes ahead.
    pub head_start: HeadStart,
    /// How long is long, for what agents seem to be doing.
    pub presence: presence::Thresholds,
    /// When things escalate, and to whom.
    pub escalation: escalation::Thresholds,
    /// How a person is told, if at all.
    pub notify: Option<Notify>,
    /// How many agents `nexus run` keeps busy.
    pub workers: usize,
    /// What an agent may use up.
    pub agent: AgentLimits,
    /// What keeps agents and checks in.
    pub sandbox: SandboxSettings,
    /// Whose model gives a second opinion; `None`: nobody's.
    pub advice: Option<AdviceSettings>,
    /// What a check may use up; its timeout is the repository's to say.
    pub check: CheckLimits,
    /// How changes land.
    pub landing: Landing,
    /// How models are reached.
    pub model: ModelSettings,
    /// Where `nexus up` listens.
    pub http: Http,
    /// How long things are kept that nobody asks for any more.
    pub retention: Retention,
    /// How the log is sealed.
    pub audit: Audit,
    /// When sprints begin; `None` when nobody said so.
    pub planning: Option<Planning>,
    /// The ports that workspaces are given.
    pub ports: RangeInclusive<u16>,
    /// Where the files of `coordination_helper.sh` are kept up to date, if anywhere.
    pub mirror_dir: Option<PathBuf>,
    /// Where worktrees and outputs are kept; `None` for `$XDG_STATE_HOME/nexus`.
    pub state_dir: Option<PathBuf>,
}

/// What an agent may use up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentLimits {
    /// How long it may run.
    pub timeout: Duration,
    /// How much of its output is kept, in bytes.
    pub output_bytes_max: u64,
    /// How long it has to end by itself once it was asked to.
    pub grace: Duration,
    /// How long it may be silent.
    pub idle: Duration,
    /// How often its model may answer.
    pub turns_max: u32,
    /// How many tokens it may use.
    pub tokens_max: u64,
    /// How many cents it may spend.
    pub cents_max: u64,
    /// How many bytes it may print.
    pub print_bytes_max: u64,
    /// How many bytes of memory it may take.
    pub memory_bytes_max: u64,
    /// How many processes it may have.
    pub processes_max: u32,
    /// Who decides whether it may do what it asks about.
    pub permission: Permit,
    /// Where it sends its telemetry, if anywhere.
    pub otlp: Option<String>,
}

/// What keeps agents and checks in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxSettings {
    /// For agents: one of the words of [`crate::sandbox::WORDS`].
    pub agents: String,
    /// For checks: the same words.
    pub checks: String,
    /// What both can read besides.
    pub read: Vec<PathBuf>,
    /// What checks can write besides.
    pub checks_write: Vec<PathBuf>,
    /// Variables of ours that both get.
    pub variables: Vec<String>,
}

/// Whose model gives a second opinion beside advice, and what it may use up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdviceSettings {
    /// The kind of agent.
    pub ask: String,
    /// The model; `None` leaves it to the agent.
    pub model: Option<String>,
    /// The program and its arguments; empty for the usual one.
    pub program: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
    /// How many tokens it may use.
    pub tokens_max: u64,
}

/// What a check may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckLimits {
    /// How much of its output is kept, in bytes.
    pub output_bytes_max: u64,
    /// How long it has to end by itself once it was asked to.
    pub grace: Duration,
    /// How many bytes of memory it may take; 0 is no limit.
    pub memory_bytes_max: u64,
    /// How many processes it may have; 0 is no limit.
    pub processes_max: u32,
}

/// How changes land.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// How many changes are tried together.
    pub batch_max: usize,
    /// How long a run waits when changed files are in the way.
    pub wait: Duration,
    /// The git remote that they land through, if any.
    pub remote: Option<String>,
}

/// How models are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSettings {
    /// Whether agents of a run go through the gateway.
    pub gateway: bool,
    /// The addresses of Anthropic, OpenAI and Gemini.
    pub urls: [String; 3],
    /// What models cost.
    pub prices: Prices,
    /// Where agents without a network may connect to.
    pub hosts: Hosts,
    /// For how long requests and answers are kept; `None`: not at all.
    pub content: Option<Duration>,
}

/// Where `nexus up` listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http {
    /// The address.
    pub host: IpAddr,
    /// The port; 0 for any that is free.
    pub port: u16,
}

/// How long things are kept that nobody asks for any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Snapshots and quarantined worktrees.
    pub workspace: Duration,
    /// Answers to requests that carried a key.
    pub answers: Duration,
    /// What agents did, and asked.
    pub activity: Duration,
    /// Calls of models.
    pub calls: Duration,
}

/// How the log is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// How long an entry waits for its seal at most; nothing for sealing only by hand.
    pub seal_every: Duration,
    /// The file to which heads are appended, if any.
    pub head_file: Option<PathBuf>,
    /// The address to which heads are posted, if any.
    pub webhook: Option<String>,
}

/// A set of defaults for one kind of place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// A developer's machine.
    #[default]
    Dev,
    /// A rehearsal of production.
    Staging,
    /// Where it counts.
    Prod,
}

impl Profile {
    /// Every word of [`Profile::word`].
    pub const WORDS: [&'static str; 3] = ["dev", "staging", "prod"];

    /// The profile as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }

    /// The profile called `word`, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Dev, Self::Staging, Self::Prod].into_iter().find(|profile| profile.word() == word)
    }
}

impl Settings {
    /// The settings as types, or what is wrong between two of them. One by one they fit already.
    pub(super) fn check(written: &Written) -> Result<Self, BadSetting> {
        Ok(Self {
            profile: Profile::from_word(written.text("profile")).expect("the table takes only profiles"),
            project: written.text("project").parse().expect("the table takes only names of projects"),
            database_url: Some(written.text("database_url"))
                .filter(|text| !text.is_empty())
                .map(|text| text.parse().expect("the table takes only addresses")),
            lease_ttl: Ttl::from_millis(millis(written, "lease.ttl")).expect("the table takes what a lease takes"),
            dropin_ttl: Ttl::from_millis(millis(written, "dropin_ttl")).expect("the table takes what a lease takes"),
            attempts_max: narrow(written, "work.attempts_max"),
            retry: Retry { delay_ms: millis(written, "work.retry_delay"), cap_ms: millis(written, "work.retry_cap") },
            head_start: HeadStart {
                critical_ms: millis(written, "priority.head_start.critical"),
                high_ms: millis(written, "priority.head_start.high"),
                medium_ms: millis(written, "priority.head_start.medium"),
            },
            presence: presence::Thresholds {
                alive_ms: millis(written, "presence.alive"),
                stalled_ms: millis(written, "presence.stalled"),
                gone_ms: millis(written, "presence.gone"),
            },
            escalation: escalation::Thresholds {
                failures: narrow(written, "escalation.failures"),
                blocked_ms: millis(written, "escalation.blocked"),
                role_ms: millis(written, "escalation.after"),
                role: written.text("escalation.role").parse().expect("the table takes only roles"),
            },
            notify: Some(written.text("notify.command")).filter(|text| !text.is_empty()).map(|text| Notify {
                command: words::split(text).expect("the table takes only commands"),
                timeout: written.duration("notify.timeout"),
            }),
            workers: narrow(written, "run.workers"),
            agent: AgentLimits {
                timeout: written.duration("agent.timeout"),
                output_bytes_max: written.number("agent.output_max"),
                grace: written.duration("agent.grace"),
                idle: written.duration("agent.idle"),
                turns_max: narrow(written, "agent.turns_max"),
                tokens_max: written.number("agent.tokens_max"),
                cents_max: written.number("agent.cents_max"),
                print_bytes_max: written.number("agent.print_max"),
                memory_bytes_max: written.number("agent.memory_max"),
                processes_max: narrow(written, "agent.processes_max"),
                otlp: Some(written.text("agent.otlp_endpoint")).filter(|url| !url.is_empty()).map(str::to_owned),
                permission: match written.text("agent.permission") {
                    "allow" => Permit::Allow,
                    "ask" => Permit::Ask(written.duration("agent.permission_wait")),
                    _ => Permit::Deny,
                },
            },
            sandbox: SandboxSettings {
                agents: written.text("sandbox.kind").to_owned(),
                checks: written.text("check.sandbox").to_owned(),
                read: paths(written.text("sandbox.read")),
                checks_write: paths(written.text("check.write")),
                variables: written.text("sandbox.environment").split_whitespace().map(str::to_owned).collect(),
            },
            advice: Some(written.text("advice.ask")).filter(|ask| !matches!(*ask, "" | "none")).map(|ask| {
                let program = Some(written.text("advice.program")).filter(|text| !text.is_empty());
                AdviceSettings {
                    ask: ask.to_owned(),
                    model: Some(written.text("advice.model")).filter(|text| !text.is_empty()).map(str::to_owned),
                    program: program
                        .map_or_else(Vec::new, |it| words::split(it).expect("the table takes only commands")),
                    timeout: written.duration("advice.timeout"),
                    tokens_max: written.number("advice.tokens_max"),
                }
            }),
            check: CheckLimits {
                output_bytes_max: written.number("check.output_max"),
                grace: written.duration("check.grace"),
                memory_bytes_max: written.number("check.memory_max"),
                processes_max: narrow(written, "check.processes_max"),
            },
            landing: Landing {
                batch_max: narrow(written, "landing.batch_max"),
                wait: written.duration("landing.wait"),
                remote: Some(written.text("landing.remote")).filter(|text| !text.is_empty()).map(str::to_owned),
            },
            model: ModelSettings {
                gateway: written.text("model.gateway") == "on",
                content: (written.text("model.content") == "on").then(|| written.duration("model.retention")),
                urls: ["model.anthropic.url", "model.openai.url", "model.gemini.url"]
                    .map(|key| written.text(key).to_owned()),
                prices: Prices::read(written.text("model.prices")).expect("the table takes only prices"),
                hosts: Hosts::read(written.text("model.proxy_hosts")).expect("the table takes only hosts"),
            },
            http: Http {
                host: host(written.text("http.host")).expect("the table takes only addresses"),
                port: narrow(written, "http.port"),
            },
            retention: Retention {
                workspace: written.duration("workspace.retention"),
                answers: written.duration("answers.retention"),
                activity: written.duration("activity.retention"),
                calls: written.duration("model.retention"),
            },
            audit: Audit {
                seal_every: written.duration("audit.seal_every"),
                head_file: Some(written.text("audit.head_file")).filter(|text| !text.is_empty()).map(PathBuf::from),
                webhook: Some(written.text("audit.webhook").to_owned()).filter(|text| !text.is_empty()),
            },
            planning: day(written.text("planning.start")).map(|start| Planning {
                start,
                sprint_weeks: narrow(written, "planning.sprint_weeks"),
                sprints_per_pi: narrow(written, "planning.sprints_per_pi"),
            }),
            ports: ports(written)?,
            mirror_dir: Some(written.text("mirror.dir")).filter(|text| !text.is_empty()).map(PathBuf::from),
            state_dir: Some(written.text("state_dir")).filter(|text| !text.is_empty()).map(PathBuf::from),
        })
    }
}

/// The address that `text` names, or `None`. `localhost` is 127.0.0.1, whatever the machine's resolver thinks.
pub(super) fn host(text: &str) -> Option<IpAddr> {
    if text == "localhost" { Some(Ipv4Addr::LOCALHOST.into()) } else { text.parse().ok() }
}

/// The first moment of the day that `text` names, in UTC, or `None`.
pub fn day(text: &str) -> Option<Timestamp> {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|day| day.to_string() == text)?;
    let begins = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(Timestamp::from_millis(begins.as_millisecond()))
}

fn ports(written: &Written) -> Result<RangeInclusive<u16>, BadSetting> {
    let (first, last) = (narrow(written, "ports.first"), narrow(written, "ports.last"));
    if first <= last {
        return Ok(first..=last);
    }
    Err(BadSetting::PortsReversed {
        first: first.into(),
        first_place: written.place("ports.first").to_owned(),
        last: last.into(),
        last_place: written.place("ports.last").to_owned(),
    })
}

fn millis(written: &Written, key: &str) -> i64 {
    narrow(written, key)
}

/// The folders of a list with colons between them.
fn paths(list: &str) -> Vec<PathBuf> {
    std::env::split_paths(list).filter(|path| path.is_absolute()).collect()
}

fn narrow<T: TryFrom<u64>>(written: &Written, key: &str) -> T {
    T::try_from(written.number(key)).unwrap_or_else(|_| panic!("the range of {key} in the table fits its type"))
}
