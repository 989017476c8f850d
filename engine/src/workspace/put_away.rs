//! Snapshots, quarantine, removal, restoring: nothing written in a worktree is lost (I9).

use std::path::{Path, PathBuf};

use domain::id::WorkspaceId;
use domain::work::State as WorkState;
use domain::workspace::{Command, State, Workspace};
use serde::Serialize;
use store::work::Page;
use store::{failpoint, work, workspace as kept};

use crate::Engine;
use crate::problem::Problem;
use crate::site::Site;
use crate::wait;

/// What became of a folder that was put away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Its snapshot alone; the folder is gone.
    Snapshot,
    /// The folder too, in quarantine.
    Folder,
}

/// What pruning did, or would do.
#[derive(Clone, Debug, Serialize)]
pub struct Pruned {
    /// Workspaces whose quarantined folder was removed; their snapshots stay.
    pub removed: Vec<String>,
    /// Workspaces whose grant had ended and that were put away.
    pub put_away: Vec<String>,
    /// Worktrees of ours that no row knows of, set aside with a snapshot.
    pub strays: Vec<String>,
}

impl Site {
    /// Keeps what `workspace` holds now under a ref of its own.
    pub fn snapshot(&self, workspace: &Workspace) -> Result<(Workspace, Vec<String>), Problem> {
        let path = Path::new(&workspace.path);
        let at = snapshot_ref(workspace, self.engine.number());
        failpoint!("workspace.snapshot.before");
        let left_out = if path.is_dir() {
            self.repo.snapshot(path, &at)?.left_out
        } else {
            // The folder was deleted by somebody else: what was committed on its branch is all there is.
            let last = self.repo.commit(&format!("refs/heads/{}", workspace.branch))?;
            self.repo.set_ref(&at, last.as_deref().unwrap_or(&workspace.base))?;
            Vec::new()
        };
        let after = self.step(&workspace.id, Command::Snapshot { at })?;
        failpoint!("workspace.snapshot.after");
        Ok((after, left_out))
    }

    /// Puts a workspace away when nobody works in it any more: snapshot first, then the folder goes; into quarantine
    /// when `keep_folder` or when a snapshot cannot hold all of it.
    pub fn put_away(&self, workspace: &Workspace, keep_folder: bool) -> Result<Kept, Problem> {
        let (workspace, left_out) = self.snapshot(workspace)?;
        let path = PathBuf::from(&workspace.path);
        if path.is_dir() && (keep_folder || !left_out.is_empty()) {
            failpoint!("workspace.set_aside.before");
            let aside = self.aside(&path)?;
            self.repo.move_worktree(&path, &aside)?;
            failpoint!("workspace.set_aside.after");
            self.step(&workspace.id, Command::SetAside { path: aside.to_string_lossy().into_owned() })?;
            return Ok(Kept::Folder);
        }
        self.repo.remove_worktree(&path)?;
        failpoint!("workspace.removed");
        self.repo.delete_ref(&format!("refs/heads/{}", workspace.branch))?;
        self.step(&workspace.id, Command::Remove)?;
        Ok(Kept::Snapshot)
    }

    /// Brings back the files of a workspace that was put away, in a worktree of their own.
    pub fn restore(&self, id: &WorkspaceId, to: Option<&Path>) -> Result<Workspace, Problem> {
        let workspace = self.workspace(id)?;
        let at = match (&workspace.snapshot, workspace.state) {
            (Some(at), State::Quarantined | State::Removed) => at.clone(),
            _ => {
                let message =
                    format!("workspace {id} is {}; only one that was put away can be restored", workspace.state.word());
                return Err(Problem::refused("wrong_state", message));
            }
        };
        let usual = self.places.worktrees().join(format!("{}-restored-{}", workspace.item, self.engine.number()));
        let path = to.map_or(usual, Path::to_path_buf);
        if path.exists() {
            return Err(Problem::refused(
                "exists",
                format!("{} is there already; name another folder", path.display()),
            ));
        }
        self.repo.restore(&path, &format!("{}-restored", workspace.branch), &at)?;
        self.step(id, Command::Restore { path: path.to_string_lossy().into_owned() })
    }

    /// Puts away what belongs to no current grant on this machine, sets strays aside, and removes quarantined
    /// folders that have not changed for `older_than_ms`. With `dry_run` it only says what it would do.
    pub fn prune(&self, older_than_ms: Option<i64>, dry_run: bool) -> Result<Pruned, Problem> {
        let mut done = Pruned { removed: Vec::new(), put_away: Vec::new(), strays: Vec::new() };
        for workspace in self.workspaces(Some(State::Open))? {
            if workspace.node == self.node && !self.in_use(&workspace)? {
                if !dry_run {
                    self.put_away(&workspace, true)?;
                }
                done.put_away.push(workspace.id.to_string());
            }
        }
        for path in self.strays()? {
            if !dry_run {
                self.set_stray_aside(&path)?;
            }
            done.strays.push(path.to_string_lossy().into_owned());
        }
        let Some(older_than_ms) = older_than_ms else { return Ok(done) };
        let before = self.engine.scope().now.plus_millis(-older_than_ms);
        for workspace in self.workspaces(Some(State::Quarantined))? {
            if workspace.node == self.node && workspace.changed_at <= before {
                if !dry_run {
                    self.remove_quarantined(&workspace)?;
                }
                done.removed.push(workspace.id.to_string());
            }
        }
        Ok(done)
    }

    fn remove_quarantined(&self, workspace: &Workspace) -> Result<(), Problem> {
        // Somebody may have worked in it since.
        let (workspace, _) = self.snapshot(workspace)?;
        self.repo.remove_worktree(Path::new(&workspace.path))?;
        self.repo.delete_ref(&format!("refs/heads/{}", workspace.branch))?;
        self.step(&workspace.id, Command::Remove)?;
        Ok(())
    }

    /// Whether the grant that `workspace` was opened under is current. A restored one is its owner's to prune.
    fn in_use(&self, workspace: &Workspace) -> Result<bool, Problem> {
        let scope = self.engine.scope();
        let found = wait(self.engine.store.read(async |tx| work::find(tx, &scope, &workspace.item).await))?;
        let held = |found: work::Added| {
            matches!(found.item.state, WorkState::Leased(_)) && found.item.fence == workspace.fence
        };
        Ok(found.is_some_and(held) || workspace.snapshot.is_some())
    }

    /// Worktrees in our folder that no row knows of: a crash came between git and the store.
    fn strays(&self) -> Result<Vec<PathBuf>, Problem> {
        let ours = self.places.worktrees();
        let known: Vec<PathBuf> = self.workspaces(Some(State::Open))?.iter().map(|w| PathBuf::from(&w.path)).collect();
        let strays = self.repo.worktrees()?.into_iter().map(|w| w.path);
        Ok(strays.filter(|path| path.starts_with(&ours) && !known.contains(path)).collect())
    }

    /// Sets the worktree at `path` aside with a snapshot, when there is one.
    pub(crate) fn set_stray_aside(&self, path: &Path) -> Result<(), Problem> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !path.is_dir() {
            self.repo.remove_worktree(path)?;
        } else if self.repo.worktrees()?.iter().any(|w| w.path == path) {
            self.repo.snapshot(path, &format!("refs/nexus/strays/{name}-{}", self.engine.number()))?;
            let aside = self.aside(path)?;
            self.repo.move_worktree(path, &aside)?;
        } else {
            let aside = self.aside(path)?;
            std::fs::rename(path, aside).map_err(|e| self.io("setting a folder aside", &e))?;
        }
        // Its branch would be in the way of the next worktree of the same grant.
        if let Some((item, fence)) = name.rsplit_once('-') {
            let branch = format!("refs/heads/nexus/{item}/{fence}");
            if self.repo.worktrees()?.iter().all(|w| w.branch.as_deref() != branch.strip_prefix("refs/heads/")) {
                self.repo.delete_ref(&branch)?;
            }
        }
        Ok(())
    }

    fn aside(&self, path: &Path) -> Result<PathBuf, Problem> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        std::fs::create_dir_all(self.places.quarantine()).map_err(|e| self.io("making the quarantine", &e))?;
        Ok(self.places.quarantine().join(format!("{name}-{}", self.engine.number())))
    }

    /// The workspace `id`.
    pub fn workspace(&self, id: &WorkspaceId) -> Result<Workspace, Problem> {
        let project = &self.engine.project;
        let found = wait(self.engine.store.read(async |tx| kept::find(tx, project, id).await))?;
        found.ok_or_else(|| kept::WorkspaceError::Unknown(id.clone()).into())
    }

    fn workspaces(&self, state: Option<State>) -> Result<Vec<Workspace>, Problem> {
        let mut all = Vec::new();
        loop {
            let after = all.last().map_or_else(String::new, |w: &Workspace| w.id.to_string());
            let page = wait(self.engine.workspaces(state, &Page { after, limit: 500 }))?;
            let last = page.len() < 500;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    fn step(&self, id: &WorkspaceId, command: Command) -> Result<Workspace, Problem> {
        let (scope, id) = (self.engine.scope(), id.clone());
        Ok(wait(self.engine.store.write(async move |tx| kept::carry_out(tx, &scope, &id, command).await))?)
    }
}

fn snapshot_ref(workspace: &Workspace, number: u64) -> String {
    format!("refs/nexus/work/{}/{}/snapshot/{number}", workspace.item, workspace.fence.number())
}

impl Engine {
    /// Workspaces by id, those in `state` only when it is given.
    pub async fn workspaces(&self, state: Option<State>, page: &Page) -> Result<Vec<Workspace>, Problem> {
        Ok(self.store.read(async |tx| kept::list(tx, &self.project, state, page).await).await?)
    }
}
