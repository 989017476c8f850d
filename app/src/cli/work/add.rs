//! Bringing work in.

use std::path::PathBuf;

use clap::Args;
use domain::id::WorkId;
use domain::text::{Capability, Label, Name, Role, Team};
use domain::time::Timestamp;
use domain::work::{Draft, Json, Needs, Priority, Retry};
use engine::problem::Problem;
use engine::work::Flagged;
use engine::{Engine, wait};

use super::{done, said};
use crate::cli::{Answer, parse};
use crate::terminal::one_line;

/// The largest backlog file, in bytes.
const BACKLOG_BYTES_MAX: u64 = 100_000_000;
/// The largest description file that is read to be judged, in bytes.
const TEXT_BYTES_MAX: u64 = 20_000_000;

/// Add a piece of work
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus work add 'Fix the parser' --priority high --label parser\n  \
    nexus work add 'Write the docs' --depends-on work_1795211860474123456 --role writer\n  \
    nexus work add 'Try again later' --delay 1h --json\n  \
    nexus work add 'Tell the winners' --at 2026-12-24T18:00:00Z\n  \
    nexus work add 'Ask the service' --retry-delay 10s --retry-cap 5m --rate-key service\n  \
    nexus work add 'Nightly cleanup' --unique nightly-cleanup\n  \
    nexus work add 'Rename the API' --writes 'src/api/**' --exclusive")]
pub struct Add {
    /// What to do, in a line
    title: String,
    /// The whole story
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    description: String,
    /// The whole story, from a file (`-` is standard input)
    #[arg(long, value_name = "FILE", conflicts_with = "description")]
    description_file: Option<PathBuf>,
    /// What kind of work, such as bug
    #[arg(long = "type", value_name = "TYPE", default_value = "task")]
    kind: String,
    /// How urgent: critical, high, medium or low
    #[arg(long, value_name = "PRIORITY", default_value = "medium", value_parser = parse::priority)]
    priority: Priority,
    /// Which team may take it
    #[arg(long)]
    team: Option<Team>,
    /// Which role may take it
    #[arg(long)]
    role: Option<Role>,
    /// Something its agent must be able to do; may be given again
    #[arg(long = "capability", value_name = "CAPABILITY")]
    capabilities: Vec<Capability>,
    /// A word to find it by; may be given again
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<Label>,
    /// Size in points
    #[arg(long, value_name = "N")]
    points: Option<u32>,
    /// What it is worth
    #[arg(long, value_name = "N")]
    business_value: Option<u32>,
    /// How to see that it is done
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    acceptance: String,
    /// Data for its agent, as JSON
    #[arg(long, value_name = "JSON", value_parser = parse::json, allow_hyphen_values = true)]
    payload: Option<Json>,
    /// An item that must be done first; may be given again
    #[arg(long = "depends-on", value_name = "ID")]
    depends_on: Vec<WorkId>,
    /// Not before this long from now, such as 1h
    #[arg(long, value_name = "DURATION", value_parser = parse::span)]
    delay: Option<std::time::Duration>,
    /// Not before this moment, such as 2026-12-24T18:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse::moment, conflicts_with = "delay")]
    at: Option<Timestamp>,
    /// How often it may be tried
    #[arg(long, value_name = "N")]
    attempts: Option<u32>,
    /// How many TCP ports its workspace needs
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    ports: u32,
    /// How many database names its workspace needs
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    databases: u32,
    /// Whether its workspace needs a cache directory
    #[arg(long)]
    cache: bool,
    /// Counts with other items of this key, when it has a rate (`work limit --rate KEY`)
    #[arg(long, value_name = "KEY")]
    rate_key: Option<Name>,
    /// A name that no other open item may have; refused (exit 3) while one has it
    #[arg(long, value_name = "NAME")]
    unique: Option<Name>,
    /// What it is going to write, such as 'src/**'; may be given again
    #[arg(long = "writes", value_name = "GLOB")]
    writes: Vec<String>,
    /// Wait until nothing that writes the same is in flight, and let nothing beside it
    #[arg(long, requires = "writes")]
    exclusive: bool,
    /// Do not look for items that are like it
    #[arg(long)]
    no_similar: bool,
    /// How long it waits after it failed, at first; twice as long each time, less up to a half
    #[arg(long, value_name = "DURATION", value_parser = parse::span)]
    retry_delay: Option<std::time::Duration>,
    /// How long it waits at most
    #[arg(long, value_name = "DURATION", value_parser = parse::span, requires = "retry_delay")]
    retry_cap: Option<std::time::Duration>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn add(engine: &Engine, args: &Add) -> Result<Answer, Problem> {
    let description = match &args.description_file {
        Some(path) => parse::file(path, TEXT_BYTES_MAX)?,
        None => args.description.clone(),
    };
    // What the file says belongs to the request, not where it lies.
    let key = parse::key(args.key.as_ref(), &(args, &description))?;
    let ms = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let retry = args.retry_delay.map(|delay| {
        let cap = args.retry_cap.map_or(Retry::CAP_MS.max(ms(delay)), ms);
        Retry { delay_ms: ms(delay), cap_ms: cap }
    });
    let draft = Draft {
        title: args.title.clone(),
        description,
        kind: args.kind.clone(),
        priority: args.priority,
        team: args.team.clone(),
        role: args.role.clone(),
        capabilities: args.capabilities.iter().cloned().collect(),
        labels: args.labels.iter().cloned().collect(),
        points: args.points,
        business_value: args.business_value,
        acceptance: args.acceptance.clone(),
        payload: args.payload.clone(),
        depends_on: args.depends_on.iter().cloned().collect(),
        not_before: args.at.or_else(|| args.delay.map(|delay| engine.scope().now.plus_millis(ms(delay)))),
        attempts_max: args.attempts,
        needs: Needs { ports: args.ports, databases: args.databases, cache: args.cache },
        rate_key: args.rate_key.clone(),
        unique: args.unique.clone(),
        writes: args.writes.iter().cloned().collect(),
        exclusive: args.exclusive,
        retry,
    };
    if args.no_similar {
        return Ok(done("added", &wait(engine.add(draft, trace_of_caller(), key))?));
    }
    let Flagged { item, similar } = wait(engine.add_flagged(draft, trace_of_caller(), key))?;
    let mut text = said("added", &item);
    for it in &similar {
        text.push_str(&format!("\nit is like {}: {}", it.id, one_line(&it.title)));
    }
    Ok(Answer::new(&Flagged { item, similar }, text))
}

/// The trace id of `TRACEPARENT`, so that an item added by an agent belongs to that agent's trace.
fn trace_of_caller() -> Option<String> {
    let parent = std::env::var("TRACEPARENT").ok()?;
    let id = parent.split('-').nth(1)?;
    let hex = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) && id.bytes().any(|b| b != b'0');
    hex.then(|| id.to_ascii_lowercase())
}

/// Add many: JSON lines with the keys of `work add`, and `key`, which `depends_on` may name
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  nexus work import backlog.jsonl\n\nExample line:\n  {\"key\":\"docs\",\"title\":\"Write the docs\",\"depends_on\":[\"parser\"],\"priority\":\"high\"}\n\n\
    All lines are added, or none. A line that was imported from the same file before is not added again."
)]
pub struct Import {
    /// The file (`-` is standard input)
    file: PathBuf,
}

pub fn import(engine: &Engine, args: &Import) -> Result<Answer, Problem> {
    let text = parse::file(&args.file, BACKLOG_BYTES_MAX)?;
    let source = args.file.canonicalize().unwrap_or_else(|_| args.file.clone());
    let all = wait(engine::work::import(engine, &source.to_string_lossy(), &text))?;
    let said = format!("{} items are in the backlog", all.len());
    Ok(Answer::new(&serde_json::json!({ "imported": all.len(), "items": all }), said))
}
