//! `nexus run`

mod progress;
pub mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::agent::Filter;
use domain::id::WorkId;
use domain::text::{Capability, Role, Team};
use domain::time::Ttl;
use engine::agent::SandboxKind;
use engine::problem::Problem;
use engine::run::{Drain, RunOptions, run as supervise};
use engine::site::Site;
use engine::{random_hex, wait};
use serde_json::json;
use store::Mode;

use super::{Answer, Global, parse, runtimes, workspace};
use crate::here::Here;
use crate::http;
use crate::sealer::Sealer;
use crate::signals::drain_on_interrupt;
use crate::terminal::one_line;
use progress::Reporter;

/// Let agents work until nothing is left: claim, work, check, land
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus run --runtime claude --workers 3\n  \
    nexus run --runtime goose --model gpt-5 --target main\n  \
    nexus run --repo ../project --backlog backlog.jsonl --agent './fix.sh' --target main --json\n\n\
    An agent is one of the kinds that `nexus agent runtimes` lists, or any program. That starts in a git worktree of\n\
    its own, with the item as JSON on standard input, a prompt in the file NEXUS_PROMPT_FILE, and a place for a\n\
    result in NEXUS_RESULT_FILE. It is no shell line: write sh -c '…' for one. Ctrl-C lets agents finish; once more stops them and gives their items back.")]
pub struct Args {
    /// The agent: a program and its arguments
    #[arg(long, value_name = "CMD", allow_hyphen_values = true, required_unless_present = "runtime")]
    agent: Option<String>,
    /// The kind of agent, as `nexus agent runtimes` lists them; with acp, --agent is the program that speaks it
    #[arg(long, value_name = "KIND")]
    runtime: Option<String>,
    /// The model that it is to use, by the agent's own name for it
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// What keeps agents in: auto, bwrap, landlock or none
    #[arg(long, value_name = "KIND")]
    sandbox: Option<String>,
    /// An agent that changes no file has failed; without this its item is done, as reported
    #[arg(long)]
    require_change: bool,
    /// Import this backlog first (JSON lines, see `nexus work import`)
    #[arg(long, value_name = "FILE")]
    backlog: Option<PathBuf>,
    /// How many agents at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    workers: Option<u32>,
    /// The branch to land on
    #[arg(long, value_name = "BRANCH")]
    target: Option<String>,
    /// Items for this role, or for any
    #[arg(long)]
    role: Option<Role>,
    /// Items for this team, or for any
    #[arg(long)]
    team: Option<Team>,
    /// Something the agents can do; may be given again
    #[arg(long = "capability", value_name = "CAPABILITY")]
    capabilities: Vec<Capability>,
    /// What the agents are called, before their number
    #[arg(long, value_name = "NAME")]
    agent_name: Option<String>,
    /// How long a lease lasts between heartbeats
    #[arg(long, value_name = "DURATION", value_parser = parse::ttl)]
    ttl: Option<Ttl>,
    /// How long an agent may work on one item
    #[arg(long, value_name = "DURATION", value_parser = parse::span)]
    timeout: Option<Duration>,
}

pub fn run(mut global: Global, args: Args) -> Result<Answer, Problem> {
    let began = Instant::now();
    if let Some(timeout) = args.timeout {
        global.set.push(("agent.timeout", engine::units::format_duration(timeout)));
    }
    global.set.extend(args.sandbox.clone().map(|kind| ("sandbox.kind", kind)));
    let here = Here::find(&global)?;
    let agent = args.agent.as_deref().map(words::split).transpose()?.map(runtimes::from_here).unwrap_or_default();
    let chosen = runtimes::choose(args.runtime.as_deref().unwrap_or("command"), &agent)?;
    let named = chosen.runtime.name() == "command";
    let sandbox = crate::sandbox::choose(&here.settings().sandbox.agents, named)?;
    let git = here.git()?;
    if global.data_dir.is_none() && !here.names_a_store() {
        super::init::init(&global, &super::init::Args {})?;
    }
    let mut site = here.site_over(here.engine(Mode::Loop)?, git)?;
    site.gateway = here.gateway(&site.engine)?;
    let target = workspace::target(&site, args.target.as_ref())?;
    site.tip(&target)?;
    site.declared(&site.tip(&target)?)?;

    let able = !args.capabilities.is_empty();
    let filter = Filter {
        role: args.role,
        team: args.team,
        capabilities: able.then(|| args.capabilities.into_iter().collect()),
    };
    let watched = watched(&site, args.backlog.as_ref(), &filter)?;
    let reporter = Arc::new(Reporter::new(watched.len() as u64, global.json));
    if sandbox.kind() != SandboxKind::None && here.settings().sandbox.checks == "none" {
        reporter
            .warn("checks run what agents write with all your rights; with check.sandbox = auto they are kept in too");
    }
    let options = RunOptions {
        workers: args.workers.map_or(here.settings().workers, |n| n as usize),
        runtime: chosen.runtime,
        model: args.model,
        program: chosen.program,
        room: crate::sandbox::agents_room(sandbox, &here.settings().sandbox),
        require_change: args.require_change,
        name: args.agent_name.unwrap_or_else(|| format!("run-{}", random_hex::<3>())),
        filter,
        target,
        ttl: args.ttl.unwrap_or(here.settings().lease_ttl),
        landing_wait: here.settings().landing.wait,
        news: {
            let reporter = Arc::clone(&reporter);
            Arc::new(move |news| reporter.tell(news))
        },
    };
    let drain = Arc::new(Drain::default());
    {
        let reporter = Arc::clone(&reporter);
        site.engine.store.tell_outages(move |what| reporter.warn(&one_line(what)));
    }
    {
        let (reporter, store) = (Arc::clone(&reporter), site.engine.store.clone());
        drain_on_interrupt(&drain, move |asked| {
            store.hurry();
            reporter.warn(if asked == 1 {
                "draining: agents finish and what they made lands; once more stops them"
            } else {
                "stopping: agents are ended and their items given back"
            });
        });
    }
    let beside = http::beside(here.serving(site.engine.clone(), Some(site.clone())));
    let sealer = Sealer::start(&here, &site.engine)?;
    let end = supervise(&site, &options, &drain);
    drop((beside, sealer));
    let end = end?;
    reporter.finish();

    let mut counts = serde_json::Map::new();
    let (mut landed, mut settled) = (0_u64, 0_u64);
    for id in &watched {
        let item = wait(site.engine.show(id))?;
        landed += u64::from(item.state == "done" && item.change.is_some());
        settled += u64::from(item.state == "done");
        let n = counts.get(&item.state).and_then(serde_json::Value::as_u64).unwrap_or(0);
        counts.insert(item.state, (n + 1).into());
    }
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let all = landed == watched.len() as u64 && end.problems.is_empty();
    let mut text = format!("{} items: {landed} landed, {settled} done", watched.len());
    counts.iter().filter(|(state, _)| *state != "done").for_each(|(state, n)| text.push_str(&format!(", {n} {state}")));
    text.push_str(&format!(" in {:.1} s", began.elapsed().as_secs_f64()));
    end.problems.iter().for_each(|problem| text.push_str(&format!("\nproblem: {problem}")));
    if !end.in_the_way.is_empty() {
        text.push_str(&format!("\nnot landed, files with changes are in the way: {}", end.in_the_way.join(", ")));
    }
    let json = json!({
        "items": watched.len(), "landed": landed, "done": settled, "states": counts, "drained": end.drained,
        "in_the_way": end.in_the_way, "problems": end.problems, "duration_ms": duration_ms,
    });
    Ok(Answer::new(&json, text).exit(u8::from(!all)))
}

/// The items that the run answers for: those of the backlog, else all that fit and are open as it begins.
fn watched(site: &Site, backlog: Option<&PathBuf>, filter: &Filter) -> Result<Vec<WorkId>, Problem> {
    if let Some(path) = backlog {
        let text = parse::file(path, 100_000_000)?;
        let source = path.canonicalize().unwrap_or_else(|_| path.clone());
        let all = wait(engine::work::import(&site.engine, &source.to_string_lossy(), &text))?;
        return Ok(all.into_iter().map(|it| it.item.id.parse().expect("the id of an item is an id")).collect());
    }
    site.open_items(filter)
}
