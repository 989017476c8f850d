//! Every setting there is. Adding one is a row here and a field of `Settings`.

use std::path::Path;

use connect::upstream::Upstream;
use domain::text::{Project, Role};

use super::checked::{Profile, day, host};
use super::kind::Kind;
use crate::cli::words;
use crate::http::model::{Hosts, Prices};
use crate::sandbox;

/// One setting.
#[derive(Debug)]
pub struct Spec {
    /// Its dotted name, the same in the file, in `config show` and in errors.
    pub key: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// Its value when nobody says otherwise.
    pub default: &'static str,
    /// Its value under a profile, where that differs.
    pub profiles: &'static [(Profile, &'static str)],
    /// What it is for, in one sentence.
    pub doc: &'static str,
}

const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;
const OUTPUT: Kind = Kind::Bytes(1_000..=1_000_000_000);

/// The settings, in the order in which they are shown.
pub static ALL: &[Spec] = &[
    row("profile", Kind::Choice(&Profile::WORDS), "dev", "The set of defaults for this kind of place."),
    row("project", PROJECT, "default", "The project that commands are about."),
    row("database_url", Kind::Database, "", "The PostgreSQL database with the store; empty is the file nexus.db."),
    row("lease.ttl", Kind::Duration(SECOND..=DAY), "30s", "How long a hold on an item lasts unless it is renewed."),
    row(
        "dropin_ttl",
        Kind::Duration(SECOND..=DAY),
        "30m",
        "How long a hold lasts that was taken as coordination_helper.sh.",
    ),
    row("work.attempts_max", Kind::Integer(1..=1_000), "3", "How often an item may be taken before it is dead."),
    row(
        "work.retry_delay",
        Kind::Duration(0..=30 * DAY),
        "0s",
        "How long an item that failed waits, at first; twice as long each time.",
    ),
    row("work.retry_cap", Kind::Duration(0..=30 * DAY), "5m", "How long an item that failed waits at most."),
    row(
        "priority.head_start.critical",
        Kind::Duration(0..=YEAR),
        "24h",
        "How far critical items go ahead of low ones.",
    ),
    row("priority.head_start.high", Kind::Duration(0..=YEAR), "4h", "How far high items go ahead of low ones."),
    row("priority.head_start.medium", Kind::Duration(0..=YEAR), "1h", "How far medium items go ahead of low ones."),
    row(
        "presence.alive",
        Kind::Duration(SECOND..=DAY),
        "2m",
        "How long an agent may be silent before that is no sign of life.",
    ),
    row(
        "presence.stalled",
        Kind::Duration(SECOND..=7 * DAY),
        "15m",
        "How long an agent may hold work without progress before it is stalled.",
    ),
    row(
        "presence.gone",
        Kind::Duration(SECOND..=YEAR),
        "10m",
        "How long an agent that holds nothing may be silent before it is gone.",
    ),
    row(
        "escalation.failures",
        Kind::Integer(2..=1_000),
        "2",
        "How often an item may fail before somebody hears of it.",
    ),
    row(
        "escalation.blocked",
        Kind::Duration(SECOND..=YEAR),
        "2h",
        "How long an item may sit blocked before somebody hears of it.",
    ),
    row(
        "escalation.after",
        Kind::Duration(SECOND..=YEAR),
        "30m",
        "How long a role has for an item before a person hears of it.",
    ),
    row("escalation.role", ROLE, "PM", "The role that hears first of what names no other."),
    row("notify.command", COMMAND, "", "The program that tells a person, with its arguments; empty is none."),
    row("notify.timeout", Kind::Duration(SECOND..=HOUR), "30s", "How long that program may take."),
    row("run.workers", Kind::Integer(1..=256), "2", "How many agents nexus run keeps busy at once."),
    row("agent.timeout", Kind::Duration(SECOND..=7 * DAY), "30m", "How long an agent may work on one item."),
    row("agent.output_max", OUTPUT, "10MB", "How much of an agent's output is kept."),
    row("agent.grace", Kind::Duration(0..=HOUR), "5s", "How long an agent has to end once it was asked to."),
    row(
        "agent.idle",
        Kind::Duration(0..=7 * DAY),
        "15m",
        "How long an agent that is heard line by line may be silent; 0s is for ever.",
    ),
    row(
        "agent.turns_max",
        Kind::Integer(0..=100_000),
        "200",
        "How often an agent's model may answer for one item; 0 is no limit.",
    ),
    row(
        "agent.tokens_max",
        Kind::Integer(0..=1_000_000_000_000),
        "0",
        "How many tokens an agent may use for one item; 0 is no limit.",
    ),
    row(
        "agent.cents_max",
        Kind::Integer(0..=100_000_000),
        "0",
        "How many US cents an agent may spend on one item; 0 is no limit.",
    ),
    row(
        "agent.print_max",
        Kind::Bytes(0..=1_000_000_000_000),
        "1GB",
        "How much an agent may print, kept or not; 0B is no limit.",
    ),
    row(
        "agent.memory_max",
        Kind::Bytes(0..=100_000_000_000_000),
        "0B",
        "How much memory an agent and all that it starts may take; 0B is no limit.",
    ),
    row(
        "agent.processes_max",
        Kind::Integer(0..=1_000_000),
        "2000",
        "How many processes an agent may have at once; 0 is no limit.",
    ),
    row(
        "agent.permission",
        Kind::Choice(&["deny", "allow", "ask"]),
        "deny",
        "What an agent without a sandbox is told that asks whether it may do what reaches beyond its worktree; ask: a person decides.",
    ),
    row(
        "agent.permission_wait",
        Kind::Duration(1_000..=DAY),
        "10m",
        "How long a person has to answer such a question; then the answer is no.",
    ),
    row(
        "agent.otlp_endpoint",
        OTLP_URL,
        "",
        "Where agents send their telemetry: an OTLP endpoint over HTTP, such as http://127.0.0.1:4318; empty is nowhere.",
    ),
    row(
        "sandbox.kind",
        Kind::Choice(sandbox::WORDS),
        "auto",
        "What keeps agents in; auto is the strictest that works here, and none for a program named with --agent.",
    ),
    row(
        "sandbox.read",
        PATHS,
        "",
        "Folders that agents and checks in a sandbox can read, with colons between them: toolchains, for one.",
    ),
    row(
        "sandbox.environment",
        NAMES,
        "",
        "Variables that agents and checks in a sandbox get from here, with blanks between their names.",
    ),
    row(
        "check.sandbox",
        Kind::Choice(sandbox::WORDS),
        "none",
        "What keeps checks in, which run what agents wrote; they have no network then. auto is the strictest that works here.",
    ),
    row(
        "check.write",
        PATHS,
        "",
        "Folders that checks in a sandbox can write, with colons between them: caches of build tools, for one.",
    ),
    row(
        "advice.ask",
        ASKED,
        "none",
        "The kind of agent whose model gives a second opinion beside advice by rules; none asks no model.",
    ),
    row("advice.model", MODEL, "", "The model for that, by the agent's own name for it; empty leaves it to the agent."),
    row("advice.program", COMMAND, "", "The program for that, for the kinds acp and command."),
    row("advice.timeout", Kind::Duration(SECOND..=HOUR), "2m", "How long a second opinion may take."),
    row(
        "advice.tokens_max",
        Kind::Integer(1..=1_000_000_000),
        "200000",
        "How many tokens a second opinion may use, when somebody counts them.",
    ),
    row("check.output_max", OUTPUT, "10MB", "How much of a check's output is kept."),
    row("check.grace", Kind::Duration(0..=HOUR), "2s", "How long a check has to end once it was asked to."),
    row(
        "check.memory_max",
        Kind::Bytes(0..=100_000_000_000_000),
        "0B",
        "How much memory a check may take, where the kernel keeps it to that; 0B is no limit.",
    ),
    row(
        "check.processes_max",
        Kind::Integer(0..=1_000_000),
        "2000",
        "How many processes a check may have, where the kernel keeps it to that; 0 is no limit.",
    ),
    row("landing.batch_max", Kind::Integer(1..=64), "8", "How many changes are tried together before bisecting."),
    row(
        "landing.wait",
        Kind::Duration(0..=DAY),
        "60s",
        "How long a run waits when changed files are in a landing's way.",
    ),
    row(
        "landing.remote",
        REMOTE,
        "",
        "The git remote that changes land through, by its name or address; empty is none.",
    ),
    row(
        "model.gateway",
        Kind::Choice(&["on", "off"]),
        "on",
        "Whether agents of nexus run call models through the gateway when there is a key for one.",
    ),
    row("model.anthropic.url", MODEL_URL, "https://api.anthropic.com", "Where the model gateway reaches Anthropic."),
    row("model.openai.url", MODEL_URL, "https://api.openai.com", "Where the model gateway reaches OpenAI."),
    row(
        "model.gemini.url",
        MODEL_URL,
        "https://generativelanguage.googleapis.com",
        "Where the model gateway reaches Gemini.",
    ),
    row(
        "model.prices",
        PRICES,
        "",
        "What models cost, in dollars for a million tokens: MODEL=IN/OUT or MODEL=IN/OUT/CACHE_READ/CACHE_WRITE.",
    ),
    row(
        "model.proxy_hosts",
        HOSTS,
        "registry.npmjs.org, pypi.org, files.pythonhosted.org, index.crates.io, static.crates.io",
        "The hosts that agents without a network reach through the model gateway, on port 443.",
    ),
    row("http.host", HOST, "127.0.0.1", "The address on which nexus up listens."),
    row("http.port", Kind::Integer(0..=65_535), "4000", "The port on which nexus up listens; 0 is any free one."),
    Spec {
        key: "workspace.retention",
        kind: Kind::Duration(0..=10 * YEAR),
        default: "7d",
        profiles: &[(Profile::Prod, "30d")],
        doc: "How long snapshots and quarantined worktrees are kept.",
    },
    row(
        "answers.retention",
        Kind::Duration(HOUR..=YEAR),
        "7d",
        "How long the answer to a request with a key is repeated.",
    ),
    row("activity.retention", Kind::Duration(HOUR..=YEAR), "7d", "How long it is kept what agents did, and asked."),
    row(
        "model.content",
        Kind::Choice(&["off", "on"]),
        "off",
        "Whether requests to models and their answers are kept in files, in the folder calls beside the store.",
    ),
    row("model.retention", Kind::Duration(HOUR..=YEAR), "90d", "How long calls of models are kept, for costs."),
    row(
        "audit.seal_every",
        Kind::Duration(0..=DAY),
        "1m",
        "How long an entry of the log waits for its seal at most; 0s seals only by hand.",
    ),
    row("audit.head_file", FILE, "", "A file to which the head of the sealed log is appended; empty is none."),
    row(
        "audit.webhook",
        Kind::Webhook,
        "",
        "An address to which each head of the sealed log is posted; empty is none.",
    ),
    row(
        "planning.start",
        DATE,
        "",
        "The first day of the first sprint, such as 2026-01-05, in UTC; empty is no sprints.",
    ),
    row("planning.sprint_weeks", Kind::Integer(1..=52), "2", "How many weeks a sprint takes."),
    row("planning.sprints_per_pi", Kind::Integer(1..=26), "4", "How many sprints make a program increment."),
    row("ports.first", Kind::Integer(1_024..=65_535), "4100", "The first port that a workspace may be given."),
    row("ports.last", Kind::Integer(1_024..=65_535), "4999", "The last port that a workspace may be given."),
    row(
        "mirror.dir",
        DIRECTORY,
        "",
        "Where the JSON files of coordination_helper.sh are kept up to date for scripts; empty is nowhere.",
    ),
    row("state_dir", DIRECTORY, "", "Where worktrees and outputs are kept; empty is $XDG_STATE_HOME/nexus."),
];

const PROJECT: Kind = Kind::Text {
    wanted: "a name of up to 100 bytes without / and control characters",
    fits: |text| text.parse::<Project>().is_ok(),
};
const ROLE: Kind = Kind::Text {
    wanted: "a role, a name of up to 200 bytes without control characters",
    fits: |text| text.parse::<Role>().is_ok(),
};
const COMMAND: Kind = Kind::Text {
    wanted: "a program and its arguments, with quotes as in a shell, or nothing",
    fits: |text| text.is_empty() || words::split(text).is_ok(),
};
const ASKED: Kind = Kind::Text {
    wanted: "none, or a kind of agent that nexus agent runtimes lists",
    fits: |text| matches!(text, "" | "none") || connect::agent::KINDS.iter().any(|kind| kind.name == text),
};
const MODEL: Kind = Kind::Text {
    wanted: "the name of a model, of up to 200 bytes without control characters, or nothing",
    fits: |text| text.len() <= 200 && !text.starts_with('-') && !text.contains(char::is_control),
};
const HOST: Kind =
    Kind::Text { wanted: "an IP address such as 127.0.0.1 or ::1, or localhost", fits: |text| host(text).is_some() };
const DATE: Kind =
    Kind::Text { wanted: "a day such as 2026-01-05, or nothing", fits: |text| text.is_empty() || day(text).is_some() };
const REMOTE: Kind = Kind::Text {
    wanted: "the name of a git remote, or an address without a password, or nothing",
    fits: |text| {
        !text.starts_with('-') && !text.contains(|c: char| c.is_whitespace() || c.is_control()) && !secret(text)
    },
};
const PATHS: Kind = Kind::Text {
    wanted: "absolute paths with colons between them, or nothing",
    fits: |text| text.is_empty() || text.split(':').all(|path| Path::new(path).is_absolute()),
};
const NAMES: Kind = Kind::Text {
    wanted: "names of variables with blanks between them, or nothing",
    fits: |text| text.split_whitespace().all(|name| name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())),
};
const MODEL_URL: Kind = Kind::Text {
    wanted: "an address such as https://host, without a user and without ?",
    fits: |text| Upstream::at(text).is_ok(),
};
const OTLP_URL: Kind = Kind::Text {
    wanted: "an address such as http://127.0.0.1:4318, without a user and without ?, or nothing",
    fits: |text| text.is_empty() || Upstream::at(text).is_ok(),
};
const PRICES: Kind = Kind::Text {
    wanted: "prices such as claude-*=3/15/0.30/3.75, gpt-x=1/2, or nothing",
    fits: |text| Prices::read(text).is_ok(),
};
const HOSTS: Kind = Kind::Text {
    wanted: "names of hosts with commas between them, or nothing",
    fits: |text| Hosts::read(text).is_some(),
};
const FILE: Kind = DIRECTORY;
const DIRECTORY: Kind = Kind::Text {
    wanted: "an absolute path, or nothing",
    fits: |text| text.is_empty() || Path::new(text).is_absolute(),
};

/// Whether an address has a password in it. Settings are shown, and git has better places for it.
fn secret(address: &str) -> bool {
    let host = address.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    host.and_then(|host| host.rsplit_once('@')).is_some_and(|(user, _)| user.contains(':'))
}

/// A setting that is the same under every profile.
const fn row(key: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Spec {
    Spec { key, kind, default, profiles: &[], doc }
}

impl Spec {
    /// The setting called `key`, or `None`.
    pub fn named(key: &str) -> Option<&'static Self> {
        ALL.iter().find(|spec| spec.key == key)
    }

    /// Its variable in the environment: `NEXUS_LEASE_TTL` for `lease.ttl`.
    pub fn env(&self) -> String {
        format!("NEXUS_{}", self.key.replace('.', "_").to_uppercase())
    }

    /// Its flag, where a command has one: `--ttl` for `lease.ttl`.
    pub fn flag(&self) -> String {
        // A kind alone says nothing on a command line.
        let key = self.key.strip_suffix(".kind").unwrap_or(self.key);
        let word = key.rsplit('.').next().expect("splitting gives at least one part");
        format!("--{}", word.replace('_', "-"))
    }
}
