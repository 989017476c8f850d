//! Bringing work in.

use std::path::PathBuf;

use clap::Args;
use domain::id::WorkId;
use domain::text::{Capability, Label, Name, Role, Team};
use domain::time::Timestamp;
use domain::work::{Draft, Json, Needs, Priority};
use engine::problem::Problem;
use engine::work::WorkView;

use super::said;
use crate::ask::Ask;
use crate::backlog::export::{self, Form};
use crate::backlog::{self, Format};
use crate::cli::{Answer, parse};
use crate::reach::{Extra, Reach};
use crate::terminal::one_line;

/// The largest backlog file, in bytes.
const BACKLOG_BYTES_MAX: u64 = 100_000_000;
/// The largest description file that is read to be judged, in bytes.
const TEXT_BYTES_MAX: u64 = 20_000_000;

/// All that says something about one item.
const ONE: [&str; 28] = [
    "title",
    "description",
    "description_file",
    "kind",
    "priority",
    "team",
    "role",
    "capabilities",
    "labels",
    "points",
    "business_value",
    "acceptance",
    "payload",
    "depends_on",
    "delay",
    "at",
    "attempts",
    "ports",
    "databases",
    "cache",
    "rate_key",
    "unique",
    "writes",
    "exclusive",
    "no_similar",
    "retry_delay",
    "retry_cap",
    "key",
];

/// Add a piece of work
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus work add 'Fix the parser' --priority high --label parser\n  \
    nexus work add 'Write the docs' --depends-on work_1795211860474123456 --role writer\n  \
    nexus work add 'Try again later' --delay 1h --json\n  \
    nexus work add 'Tell the winners' --at 2026-12-24T18:00:00Z\n  \
    nexus work add 'Ask the service' --retry-delay 10s --retry-cap 5m --rate-key service\n  \
    nexus work add 'Nightly cleanup' --unique nightly-cleanup\n  \
    nexus work add 'Rename the API' --writes 'src/api/**' --exclusive\n  \
    nexus work add --file items.jsonl --json")]
pub struct Add {
    /// What to do, in a line
    #[arg(required_unless_present = "file")]
    title: Option<String>,
    /// Add every line of this file: JSON with these flags as keys (`-` is standard input). Good lines are added, the
    /// others are named with the reason, and exit 1 says that there were some. A line that was added from this file
    /// before is not added again
    #[arg(long, value_name = "FILE", conflicts_with_all = ONE)]
    file: Option<PathBuf>,
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

pub fn add(reach: &Reach, args: &Add) -> Result<Answer, Problem> {
    let title = match (&args.title, &args.file) {
        (Some(title), _) => title.clone(),
        (None, Some(file)) => return backlog::add_lines(reach.itself()?, file),
        (None, None) => unreachable!("the parser asks for one of the two"),
    };
    let description = match &args.description_file {
        Some(path) => parse::file(path, TEXT_BYTES_MAX)?,
        None => args.description.clone(),
    };
    let draft = Draft {
        title,
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
        not_before: args.at,
        attempts_max: args.attempts.or_else(|| reach.usual_attempts()),
        needs: Needs { ports: args.ports, databases: args.databases, cache: args.cache },
        rate_key: args.rate_key.clone(),
        unique: args.unique.clone(),
        writes: args.writes.iter().cloned().collect(),
        exclusive: args.exclusive,
        retry: parse::retry(args.retry_delay, args.retry_cap),
    };
    let ask = Ask::Add { draft: Box::new(draft), delay: args.delay, similar: !args.no_similar };
    let item = reach.ask(&ask, args.key.as_deref(), &Extra::default())?.item;
    let text = told(&item);
    Ok(Answer::new(&item, text))
}

fn told(item: &WorkView) -> String {
    let like = item.similar.iter().map(|it| format!("\nit is like {}: {}", it.id, one_line(&it.title)));
    said("added", item) + &like.collect::<String>()
}

/// Add many: JSON lines with the keys of `work add`, and `key`, which `depends_on` may name
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus work import backlog.jsonl\n  nexus work import --format beads .beads/issues.jsonl\n  nexus work import --format coordination agent_coordination\n\nExample line:\n  {\"key\":\"docs\",\"title\":\"Write the docs\",\"depends_on\":[\"parser\"],\"priority\":\"high\"}\n\n\
    Without --format all lines are added, or none. With it the good rows are, and the others are named.\n\
    A row that was imported from the same file before is not added again."
)]
pub struct Import {
    /// The file (`-` is standard input), or the folder where the format has one
    file: PathBuf,
    /// Whose backlog it is; keeps the good rows and names the others
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
}

pub fn import(reach: &Reach, args: &Import) -> Result<Answer, Problem> {
    if let Some(format) = args.format {
        return backlog::import(reach.itself()?, format, &args.file);
    }
    let text = parse::file(&args.file, BACKLOG_BYTES_MAX)?;
    let source = args.file.canonicalize().unwrap_or_else(|_| args.file.clone());
    let all = reach.import(&source.to_string_lossy(), text)?;
    let said = format!("{} items are in the backlog", all.len());
    Ok(Answer::new(&serde_json::json!({ "imported": all.len(), "items": all }), said))
}

/// Write the backlog to a file: as JSON lines for `work import`, or as the files of coordination_helper.sh
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus work export --output backlog.jsonl\n  nexus work export --format coordination --output agent_coordination\n\n\
    JSON lines have what is open: what is not done, dead or cancelled. The files of coordination_helper.sh have all.\n\
    Without --output the lines, or work_claims.json, go to standard output."
)]
pub struct Export {
    /// Which form
    #[arg(long, value_name = "FORMAT", default_value = "nexus")]
    format: Form,
    /// The file to write, for coordination the folder
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

pub fn export(reach: &Reach, args: &Export, json: bool) -> Result<Answer, Problem> {
    export::export(reach.itself()?, args.format, args.output.as_deref(), args.force, json)
}
