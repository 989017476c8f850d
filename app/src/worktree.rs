//! What a verb means for the worktree of a grant, when whoever carries it out can look into one.

use domain::id::WorkId;
use domain::work::{Command, Fence, Held};
use domain::workspace::{State, Workspace};
use engine::problem::Problem;
use engine::site::Site;
use engine::work::WorkView;
use engine::workspace::WorkspaceView;
use engine::{Engine, wait};

use crate::cli::workspace::target;

/// The workspace that the grant `fence` of `id` has open and that no supervisor looks after.
pub fn of_grant(engine: &Engine, id: &WorkId, fence: Fence) -> Result<Option<Workspace>, Problem> {
    let project = &engine.project;
    let there = wait(engine.store.read(async |tx| store::workspace::of_grant(tx, project, id, fence).await))?;
    Ok(there.filter(|there| there.state == State::Open && !there.supervised))
}

/// Opens a workspace for `item`, which was just taken, to land on `branch`. When that fails the item is released: its
/// taker never hears of the hold, and nobody else should have to wait for its end.
pub fn open(site: &Site, item: &WorkView, branch: Option<&String>) -> Result<WorkspaceView, Problem> {
    let (id, held) = grant(item);
    let opened = target(site, branch).and_then(|branch| site.open_workspace(&id, &held, &branch, false));
    opened.map(|workspace| WorkspaceView::from(&workspace)).inspect_err(|problem| {
        let (id, command) = without(item, problem);
        wait(site.engine.act(id, command, None)).ok();
    })
}

/// The command that gives back `item`, which was just taken, as it could get no workspace.
pub fn without(item: &WorkView, problem: &Problem) -> (WorkId, Command) {
    let (id, held) = grant(item);
    (id, Command::Release { held, reason: Some(format!("no workspace: {}", problem.message)) })
}

fn grant(item: &WorkView) -> (WorkId, Held) {
    let id = item.id.parse().expect("the id of an item is an id");
    let holder = item.holder.as_deref().unwrap_or_default();
    let by = holder.parse().expect("an item that was just taken has a holder");
    (id, Held { by, fence: Fence::new(item.fence) })
}
