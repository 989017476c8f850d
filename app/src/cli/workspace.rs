//! `nexus workspace …`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use domain::id::{WorkId, WorkspaceId};
use domain::text::AgentName;
use domain::work::{Fence, Held};
use domain::workspace::State;
use engine::problem::{Kind, Problem};
use engine::site::Site;
use engine::wait;
use engine::workspace::WorkspaceView;
use serde_json::json;
use store::Mode;
use store::work::Page;

use super::{Answer, Global, parse};
use crate::here::Here;
use crate::terminal::{table, when};

/// Git worktrees of agents: open, keep, bring back
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  nexus workspace list --state quarantined")]
pub enum Command {
    Open(Open),
    List(List),
    Snapshot(Snapshot),
    Restore(Restore),
    Prune(Prune),
}

/// Open a git worktree for an item that you hold
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus workspace open work_1795211860474123456 --agent zoe --fence 1")]
pub struct Open {
    /// Which item
    id: WorkId,
    /// Who holds it
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: AgentName,
    /// The fence that the claim gave
    #[arg(long, env = "NEXUS_FENCE", value_name = "N")]
    fence: i64,
    /// The branch to land on
    #[arg(long, value_name = "BRANCH")]
    target: Option<String>,
}

/// List workspaces, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus workspace list --state quarantined")]
pub struct List {
    /// Only workspaces in this state
    #[arg(long, value_parser = ["open", "quarantined", "removed"])]
    state: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Only workspaces after this id
    #[arg(long, value_name = "ID")]
    after: Option<WorkspaceId>,
}

/// Keep what a workspace holds now, without touching it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus workspace snapshot workspace_1795211860474123456")]
pub struct Snapshot {
    /// Which
    id: WorkspaceId,
}

/// Bring back the files of a workspace that was put away
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus workspace restore workspace_1795211860474123456 --to ../look-at-it")]
pub struct Restore {
    /// Which
    id: WorkspaceId,
    /// Where to; a folder that is not there yet
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,
}

/// Put away what belongs to no current hold, and remove quarantined folders that are old; snapshots stay
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus workspace prune --dry-run\n  nexus workspace prune --older-than 1d")]
pub struct Prune {
    /// How old a quarantined folder must be; the setting workspace.retention unless given
    #[arg(long, value_name = "DURATION", value_parser = parse::span)]
    older_than: Option<Duration>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

pub fn workspace(global: &Global, command: Command) -> Result<Answer, Problem> {
    let here = Here::find(global)?;
    match command {
        Command::Open(args) => {
            let site = here.site(Mode::Direct)?;
            let target = target(&site, args.target.as_ref())?;
            let held = Held { by: args.agent, fence: Fence::new(args.fence) };
            let opened = WorkspaceView::from(&site.open_workspace(&args.id, &held, &target, false)?);
            Ok(Answer::new(&opened, format!("{} is open at {}", opened.id, opened.path)))
        }
        Command::List(args) => list(&here, &args),
        Command::Snapshot(args) => {
            let site = here.site(Mode::Direct)?;
            let (after, left_out) = site.snapshot(&site.workspace(&args.id)?)?;
            let view = WorkspaceView::from(&after);
            let mut text = format!("kept as {}", view.snapshot.clone().unwrap_or_default());
            left_out.iter().for_each(|path| text.push_str(&format!("\nleft out, as git cannot hold it: {path}")));
            let mut json = json!(view);
            json["left_out"] = json!(left_out);
            Ok(Answer::new(&json, text))
        }
        Command::Restore(args) => {
            let to = args.to.map(|to| std::path::absolute(&to).unwrap_or(to));
            let view = WorkspaceView::from(&here.site(Mode::Direct)?.restore(&args.id, to.as_deref())?);
            Ok(Answer::new(&view, format!("{} is back at {}", view.id, view.path)))
        }
        Command::Prune(args) => {
            let older = args.older_than.unwrap_or(here.settings().retention.workspace);
            let ms = i64::try_from(older.as_millis()).unwrap_or(i64::MAX);
            let done = here.site(Mode::Direct)?.prune(Some(ms), args.dry_run)?;
            let would = if args.dry_run { "would be " } else { "" };
            let mut text = format!(
                "{} {would}put away, {} strays {would}cleared away, {} quarantined folders {would}removed",
                done.put_away.len(),
                done.strays.len(),
                done.removed.len()
            );
            done.failed.iter().for_each(|why| text.push_str(&format!("\nnot put away: {why}")));
            Ok(Answer::new(&done, text).exit(u8::from(!done.failed.is_empty())))
        }
    }
}

fn list(here: &Here, args: &List) -> Result<Answer, Problem> {
    let engine = here.engine(Mode::Direct)?;
    let after = args.after.as_ref().map_or_else(String::new, WorkspaceId::to_string);
    let state = args.state.as_deref().and_then(State::from_word);
    let found = wait(engine.workspaces(state, &Page { after, limit: args.limit }))?;
    let found: Vec<WorkspaceView> = found.iter().map(WorkspaceView::from).collect();
    let now = engine.scope().now.millis();
    let row = |w: &WorkspaceView| {
        vec![w.id.clone(), w.state.clone(), w.item.clone(), when(w.changed_at_ms, now), w.path.clone()]
    };
    let text = table(&["id", "state", "item", "changed", "path"], found.iter().map(row));
    Ok(Answer::new(&found, if found.is_empty() { "no workspaces".to_owned() } else { text }))
}

/// The branch to land on: what was said, else what `nexus.toml` names, else what the main worktree has checked out.
pub fn target(site: &Site, said: Option<&String>) -> Result<String, Problem> {
    if let Some(said) = said {
        return Ok(said.clone());
    }
    if let Some(head) = site.repo.commit("HEAD")?
        && let Some(named) = site.declared(&head)?.target
    {
        return Ok(named);
    }
    let main = site.repo.worktrees()?.into_iter().next();
    if let Some(branch) = main.and_then(|main| main.branch) {
        return Ok(branch);
    }
    for usual in ["main", "master"] {
        if site.repo.commit(&format!("refs/heads/{usual}"))?.is_some() {
            return Ok(usual.to_owned());
        }
    }
    let message = "no branch is checked out; name the one to land on with --target, or `target` in nexus.toml";
    Err(Problem::new(Kind::Failed, "no_target_branch", message))
}
