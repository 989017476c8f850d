//! Taking work.

use clap::Args;
use domain::agent::Filter;
use domain::id::WorkId;
use domain::text::{AgentName, Capability, Role, Team};
use domain::time::Ttl;
use domain::work::{Command, Fence, Held};
use domain::workspace::Workspace;
use engine::problem::Problem;
use engine::work::WorkView;
use engine::workspace::WorkspaceView;
use engine::{Engine, wait};
use store::work::Writes;

use crate::cli::{Answer, parse};
use crate::here::Here;
use crate::terminal::{one_line, when};

/// Take a certain item; exit 3 when another has it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work claim work_1795211860474123456 --agent zoe --ttl 5m --json")]
pub struct Claim {
    /// Which
    id: WorkId,
    /// What its agent is going to write, beyond what the item says, such as 'src/**'; may be given again
    #[arg(long = "writes", value_name = "GLOB")]
    writes: Vec<String>,
    /// Only while nobody else is writing the same (exit 3 otherwise)
    #[arg(long)]
    exclusive: bool,
    #[command(flatten)]
    how: How,
}

/// Take the next item that fits; exit 4 when there is none
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus work next --agent zoe\n  nexus work next --agent zoe --role reviewer --workspace --json\n  nexus work next --agent zoe --count 10 --json"
)]
pub struct Next {
    /// Items for this role, or for any
    #[arg(long)]
    role: Option<Role>,
    /// Items for this team, or for any
    #[arg(long)]
    team: Option<Team>,
    /// Something the agent can do; may be given again
    #[arg(long = "capability", value_name = "CAPABILITY")]
    capabilities: Vec<Capability>,
    /// Take up to so many; the answer is an array then
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_000), conflicts_with = "workspace")]
    count: Option<u16>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct How {
    /// Who takes it
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: AgentName,
    /// How long it is held unless renewed, such as 30s
    #[arg(long, value_name = "DURATION", value_parser = parse::ttl)]
    ttl: Option<Ttl>,
    /// Open a git worktree for it too
    #[arg(long)]
    workspace: bool,
    /// The branch the workspace is to land on
    #[arg(long, value_name = "BRANCH", requires = "workspace")]
    target: Option<String>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn claim(here: &Here, engine: &Engine, args: &Claim) -> Result<Answer, Problem> {
    let key = parse::key(args.how.key.as_ref(), args)?;
    let ttl = args.how.ttl.unwrap_or(here.settings().lease_ttl);
    let writes = Writes { globs: args.writes.iter().cloned().collect(), exclusive: args.exclusive };
    let writes = (writes != Writes::default()).then_some(writes);
    let item = wait(engine.claim_writing(args.id.clone(), args.how.agent.clone(), ttl, writes, key))?;
    taken(here, engine, &args.how, &item)
}

pub fn next(here: &Here, engine: &Engine, args: &Next) -> Result<Answer, Problem> {
    let key = parse::key(args.how.key.as_ref(), args)?;
    let ttl = args.how.ttl.unwrap_or(here.settings().lease_ttl);
    let able = !args.capabilities.is_empty();
    let filter = Filter {
        role: args.role.clone(),
        team: args.team.clone(),
        capabilities: able.then(|| args.capabilities.iter().cloned().collect()),
    };
    if let Some(count) = args.count {
        let items = wait(engine.next_many(filter, args.how.agent.clone(), ttl, count.into(), key))?;
        let line = |item: &WorkView| format!("{} under fence {}: {}", item.id, item.fence, one_line(&item.title));
        let lines = items.iter().map(line).collect::<Vec<_>>().join("\n");
        return Ok(Answer::new(&items, format!("{} holds {}:\n{lines}", args.how.agent, items.len())));
    }
    let item = wait(engine.next(filter, args.how.agent.clone(), ttl, key))?;
    taken(here, engine, &args.how, &item)
}

fn taken(here: &Here, engine: &Engine, how: &How, item: &WorkView) -> Result<Answer, Problem> {
    let now = engine.scope().now.millis();
    let until = item.lease_until_ms.map_or_else(String::new, |at| when(at, now));
    let mut text = format!(
        "{} holds {} under fence {}, lease ends {until}: {}",
        how.agent,
        item.id,
        item.fence,
        one_line(&item.title)
    );
    for other in &item.conflicts {
        let globs = one_line(&other.globs.join(", "));
        text.push_str(&format!("\n{} is writing {globs} too, for {}", other.holder, other.id));
    }
    let mut json = serde_json::to_value(item).expect("an item can be written as JSON");
    if how.workspace {
        let id = item.id.parse().expect("the id of an item is an id");
        let held = Held { by: how.agent.clone(), fence: Fence::new(item.fence) };
        let workspace = open(here, engine, how, &id, &held).inspect_err(|problem| {
            // The caller never hears of this hold; nobody else should have to wait for its end.
            let reason = Some(format!("no workspace: {}", problem.message));
            wait(engine.act(id.clone(), Command::Release { held: held.clone(), reason }, None)).ok();
        })?;
        text.push_str(&format!("\nits workspace is {}", workspace.path));
        json["workspace"] = serde_json::json!(WorkspaceView::from(&workspace));
    }
    Ok(Answer::new(&json, text))
}

fn open(here: &Here, engine: &Engine, how: &How, id: &WorkId, held: &Held) -> Result<Workspace, Problem> {
    let site = here.site_over(engine.clone(), here.git()?)?;
    let target = crate::cli::workspace::target(&site, how.target.as_ref())?;
    site.open_workspace(id, held, &target, false)
}
