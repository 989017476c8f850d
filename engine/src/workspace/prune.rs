//! Putting away what nobody works in any more.

use std::path::{Path, PathBuf};

use domain::id::WorkId;
use domain::time::Timestamp;
use domain::work::{Fence, State as WorkState};
use domain::workspace::{State, Workspace};
use serde::Serialize;
use store::{failpoint, work};

use super::put_away::name_of;
use crate::problem::Problem;
use crate::site::Site;
use crate::wait;

/// What pruning did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pruned {
    /// Workspaces whose quarantined folder was removed; their snapshots stay.
    pub removed: Vec<String>,
    /// Workspaces whose grant had ended and that were put away.
    pub put_away: Vec<String>,
    /// Worktrees and branches of ours that no row knows of, cleared away with a ref that keeps what they held.
    pub strays: Vec<String>,
    /// What could not be put away, and why.
    pub failed: Vec<String>,
}

impl Site {
    /// Puts away what belongs to no current grant on this machine, sets strays aside, removes checkouts that nobody
    /// uses, and removes quarantined folders that have not changed for `older_than_ms`. With `dry_run` it only says
    /// what it would do. What fails is told and does not keep the rest from being done.
    pub fn prune(&self, older_than_ms: Option<i64>, dry_run: bool) -> Result<Pruned, Problem> {
        let mut done = Pruned::default();
        for workspace in self.workspaces(Some(State::Open))? {
            if !self.in_use(&workspace)? && self.has(&workspace)? {
                let put_away = || self.put_away(&workspace, true).map(drop);
                note(&mut done.put_away, &mut done.failed, workspace.id.to_string(), dry_run, put_away);
            }
        }
        for path in self.strays()? {
            let name = path.to_string_lossy().into_owned();
            note(&mut done.strays, &mut done.failed, name, dry_run, || self.set_stray_aside(&path));
        }
        if !dry_run {
            self.remove_old_checkouts()?;
        }
        let Some(older_than_ms) = older_than_ms else { return Ok(done) };
        let before = self.engine.scope().now.plus_millis(-older_than_ms);
        for workspace in self.workspaces(Some(State::Quarantined))? {
            if workspace.changed_at <= before && self.has(&workspace)? {
                let remove = || self.remove_quarantined(&workspace);
                note(&mut done.removed, &mut done.failed, workspace.id.to_string(), dry_run, remove);
            }
        }
        for path in self.forgotten(before)? {
            let name = path.to_string_lossy().into_owned();
            note(&mut done.strays, &mut done.failed, name, dry_run, || self.remove_forgotten(&path));
        }
        for branch in self.stray_branches()? {
            let drop = || self.drop_stray_branch(&branch);
            note(&mut done.strays, &mut done.failed, branch.clone(), dry_run, drop);
        }
        Ok(done)
    }

    /// Whether `workspace` is one of this clone on this machine: a store may be that of several.
    pub(crate) fn has(&self, workspace: &Workspace) -> Result<bool, Problem> {
        let path = Path::new(&workspace.path);
        Ok(workspace.node == self.node && (self.places.owns(path) || self.is_worktree(path)?))
    }

    fn remove_quarantined(&self, workspace: &Workspace) -> Result<(), Problem> {
        // Somebody may have worked in it since.
        let (workspace, _) = self.snapshot(workspace)?;
        self.remove(&workspace)
    }

    /// Whether the grant that `workspace` was opened under is current. One that was restored is its owner's to end.
    fn in_use(&self, workspace: &Workspace) -> Result<bool, Problem> {
        let restored = Path::new(&workspace.path) != self.place_of(&workspace.item, workspace.fence);
        Ok(restored || self.granted(&workspace.item, workspace.fence)?)
    }

    /// Where the workspace of a grant is opened.
    pub(super) fn place_of(&self, item: &WorkId, fence: Fence) -> PathBuf {
        self.places.worktrees().join(format!("{item}-{}", fence.number()))
    }

    fn granted(&self, item: &WorkId, fence: Fence) -> Result<bool, Problem> {
        let scope = self.engine.scope();
        let found = wait(self.engine.store.read(async |tx| work::find(tx, &scope, item).await))?;
        Ok(found.is_some_and(|it| matches!(it.item.state, WorkState::Leased(_)) && it.item.fence == fence))
    }

    /// Worktrees in our folder that no row knows of: a crash came between git and the store.
    fn strays(&self) -> Result<Vec<PathBuf>, Problem> {
        let ours = self.places.worktrees();
        let listed = self.repo.worktrees()?.into_iter().map(|w| w.path).filter(|path| path.starts_with(&ours));
        let mut strays = Vec::new();
        for path in listed {
            // A holder that is just opening it has its grant already, and its row soon.
            let grant = name_of(&path)
                .rsplit_once('-')
                .and_then(|(item, fence)| Some((item.parse().ok()?, fence.parse().ok()?)));
            if !grant.map_or(Ok(false), |(item, fence)| self.granted(&item, Fence::new(fence)))? {
                strays.push(path);
            }
        }
        // Rows are read last: a holder that is done opening by now has its row.
        let known: Vec<PathBuf> = self.workspaces(Some(State::Open))?.iter().map(|w| PathBuf::from(&w.path)).collect();
        strays.retain(|path| !known.contains(path));
        Ok(strays)
    }

    /// Clears a folder of ours away that no row knows of: its snapshot stays, and the folder in quarantine when a
    /// snapshot cannot hold all of it.
    pub(crate) fn set_stray_aside(&self, path: &Path) -> Result<(), Problem> {
        let name = name_of(path);
        if path.is_dir() && !self.keep_stray(path)? {
            failpoint!("stray.set_aside.before");
            self.move_aside(path)?;
            failpoint!("stray.set_aside.after");
        } else {
            failpoint!("stray.remove.before");
            self.repo.remove_worktree(path)?;
            failpoint!("stray.remove.after");
        }
        // Its branch would be in the way of the next worktree of the same grant.
        match name.rsplit_once('-') {
            Some((item, fence)) => self.drop_stray_branch(&format!("nexus/{item}/{fence}")),
            None => Ok(()),
        }
    }

    /// Branches of workspaces that have neither grant, row nor worktree any more: a crash came in between.
    fn stray_branches(&self) -> Result<Vec<String>, Problem> {
        let mut strays = Vec::new();
        for (name, _) in self.repo.refs("refs/heads/nexus/")? {
            let branch = name.trim_start_matches("refs/heads/").to_owned();
            let mut parts = branch.split('/').skip(1);
            let grant = parts.next().and_then(|item| item.parse().ok()).zip(parts.next().and_then(|n| n.parse().ok()));
            // Other names under ours are somebody else's, as those of restored workspaces.
            if let Some((item, fence)) = grant
                && !self.granted(&item, Fence::new(fence))?
            {
                strays.push(branch);
            }
        }
        let rows = if strays.is_empty() { Vec::new() } else { self.workspaces(None)? };
        let known = |branch: &String| rows.iter().any(|w| w.state != State::Removed && w.branch == *branch);
        strays.retain(|branch| !known(branch));
        Ok(strays)
    }

    /// Deletes a branch of ours that no worktree shows; its commits keep a ref.
    fn drop_stray_branch(&self, branch: &str) -> Result<(), Problem> {
        let name = format!("refs/heads/{branch}");
        let shown = self.repo.worktrees()?.iter().any(|w| w.branch.as_deref() == Some(branch));
        let Some(tip) = self.repo.commit(&name)?.filter(|_| !shown) else { return Ok(()) };
        let at = branch.trim_start_matches("nexus/").replace('/', "-");
        self.repo.set_ref(&format!("refs/nexus/strays/{at}-{}", self.engine.number()), &tip)?;
        Ok(self.repo.delete_ref(&name)?)
    }

    /// Keeps what stands in a folder that no row knows of. `false`: git cannot hold all of it.
    fn keep_stray(&self, path: &Path) -> Result<bool, Problem> {
        let at = format!("refs/nexus/strays/{}-{}", name_of(path), self.engine.number());
        Ok(self.is_worktree(path)? && self.repo.snapshot(path, &at)?.left_out.is_empty())
    }

    /// Folders that were put into quarantine before that time and that no row knows of: strays, and such that were
    /// restored since. Their names end with the moment, in nanoseconds.
    fn forgotten(&self, before: Timestamp) -> Result<Vec<PathBuf>, Problem> {
        let rows = self.workspaces(None)?;
        let old = |ns: &str| {
            ns.parse::<u64>().is_ok_and(|ns| i64::try_from(ns / 1_000_000).is_ok_and(|ms| ms <= before.millis()))
        };
        let forgotten = |path: &PathBuf| {
            let name = name_of(path);
            let Some((was, ns)) = name.rsplit_once('-') else { return false };
            // A row that is open at the place it came from is about to say that it is here.
            let from = |row: &Workspace| row.state == State::Open && name_of(Path::new(&row.path)) == was;
            let known = |row: &Workspace| Path::new(&row.path) == path || from(row);
            old(ns) && !rows.iter().any(known)
        };
        Ok(self.quarantined()?.into_iter().filter(forgotten).collect())
    }

    fn remove_forgotten(&self, path: &Path) -> Result<(), Problem> {
        let branch = self.repo.worktrees()?.into_iter().find(|w| w.path == path).and_then(|w| w.branch);
        self.keep_stray(path)?;
        failpoint!("forgotten.remove.before");
        self.repo.remove_worktree(path)?;
        failpoint!("forgotten.remove.after");
        branch.filter(|name| name.starts_with("nexus/")).map_or(Ok(()), |name| self.drop_stray_branch(&name))
    }
}

fn note(
    done: &mut Vec<String>,
    failed: &mut Vec<String>,
    name: String,
    dry_run: bool,
    act: impl FnOnce() -> Result<(), Problem>,
) {
    match if dry_run { Ok(()) } else { act() } {
        Ok(()) => done.push(name),
        Err(problem) => failed.push(format!("{name}: {}", problem.message)),
    }
}
