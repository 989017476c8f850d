//! Snapshots, quarantine, removal, restoring: nothing written in a worktree is lost (I9).

use std::path::{Path, PathBuf};

use domain::id::WorkspaceId;
use domain::workspace::{Command, State, Workspace};
use serde::Serialize;
use store::work::Page;
use store::{failpoint, workspace as kept};

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
    /// Another process is putting it away at this moment.
    ByAnother,
}

impl Site {
    /// Keeps what `workspace` holds now under a ref of its own. Comes back with what a snapshot cannot hold.
    ///
    /// When its folder is gone, the last snapshot stays; without one, what was committed on its branch is all there
    /// is.
    pub fn snapshot(&self, workspace: &Workspace) -> Result<(Workspace, Vec<String>), Problem> {
        let path = Path::new(&workspace.path);
        let at = snapshot_ref(workspace, "snapshot", self.engine.number());
        let there = path.is_dir();
        let mut left_out = Vec::new();
        failpoint!("workspace.snapshot.before");
        if there && self.is_worktree(path)? {
            left_out = self.repo.snapshot(path, &at)?.left_out;
        } else {
            // Somebody made another folder of the same name, which is no worktree: it is kept as it is.
            left_out.extend(there.then(|| format!("{} (no worktree any more)", workspace.path)));
            if workspace.snapshot.is_some() {
                return Ok((workspace.clone(), left_out));
            }
            let last = self.repo.commit(&format!("refs/heads/{}", workspace.branch))?;
            self.repo.set_ref(&at, last.as_deref().unwrap_or(&workspace.base))?;
        }
        let after = self.step(&workspace.id, Command::Snapshot { at })?;
        failpoint!("workspace.snapshot.after");
        Ok((after, left_out))
    }

    /// Puts a workspace away when nobody works in it any more: snapshot first, then the folder goes; into quarantine
    /// when `keep_folder` or when a snapshot cannot hold all of it. One process does this at a time; what another one
    /// has put away, or a crash has left half done, is taken as it is.
    pub fn put_away(&self, workspace: &Workspace, keep_folder: bool) -> Result<Kept, Problem> {
        let duty = format!("put away {}", workspace.id);
        let Some(fence) = self.take_duty(&duty)? else { return Ok(Kept::ByAnother) };
        let kept = self.put_away_alone(&workspace.id, keep_folder);
        self.end_duty(&duty, fence)?;
        kept
    }

    fn put_away_alone(&self, id: &WorkspaceId, keep_folder: bool) -> Result<Kept, Problem> {
        let workspace = self.workspace(id)?;
        match workspace.state {
            State::Open => {}
            State::Quarantined => return Ok(Kept::Folder),
            State::Removed => return Ok(Kept::Snapshot),
        }
        let path = PathBuf::from(&workspace.path);
        if let Some(aside) = self.moved_aside(&workspace)? {
            self.step(id, Command::SetAside { path: aside.to_string_lossy().into_owned() })?;
            return Ok(Kept::Folder);
        }
        let (workspace, left_out) = self.snapshot(&workspace)?;
        if path.is_dir() && (keep_folder || !left_out.is_empty()) {
            failpoint!("workspace.set_aside.before");
            let aside = self.move_aside(&path)?;
            failpoint!("workspace.set_aside.after");
            self.step(id, Command::SetAside { path: aside.to_string_lossy().into_owned() })?;
            return Ok(Kept::Folder);
        }
        self.remove(&workspace)?;
        Ok(Kept::Snapshot)
    }

    /// Takes the folder of a workspace away for good, and its branch. It has a snapshot.
    pub(super) fn remove(&self, workspace: &Workspace) -> Result<(), Problem> {
        failpoint!("workspace.remove.before");
        self.repo.remove_worktree(Path::new(&workspace.path))?;
        failpoint!("workspace.remove.after");
        self.drop_branch(workspace)?;
        failpoint!("workspace.branch_dropped");
        self.step(&workspace.id, Command::Remove)?;
        Ok(())
    }

    /// Deletes the branch of a workspace. Commits on it that its snapshot does not know get a ref of their own.
    fn drop_branch(&self, workspace: &Workspace) -> Result<(), Problem> {
        let branch = format!("refs/heads/{}", workspace.branch);
        let Some(tip) = self.repo.commit(&branch)? else { return Ok(()) };
        let known = workspace.snapshot.as_deref().map_or(Ok(false), |at| self.repo.contains(at, &tip))?;
        if !known {
            self.repo.set_ref(&snapshot_ref(workspace, "branch", self.engine.number()), &tip)?;
        }
        Ok(self.repo.delete_ref(&branch)?)
    }

    /// Brings back the files of a workspace that was put away, in a worktree of their own.
    pub fn restore(&self, id: &WorkspaceId, to: Option<&Path>) -> Result<Workspace, Problem> {
        let workspace = self.workspace(id)?;
        let (Some(at), State::Quarantined | State::Removed) = (workspace.snapshot.clone(), workspace.state) else {
            let message =
                format!("workspace {id} is {}; only one that was put away can be restored", workspace.state.word());
            return Err(Problem::refused("wrong_state", message));
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

    /// Moves a folder into quarantine, with what git knows of it when it is a worktree. Comes back with where it is.
    pub(super) fn move_aside(&self, path: &Path) -> Result<PathBuf, Problem> {
        std::fs::create_dir_all(self.places.quarantine()).map_err(|e| self.io("making the quarantine", &e))?;
        let aside = self.places.quarantine().join(format!("{}-{}", name_of(path), self.engine.number()));
        if self.is_worktree(path)? {
            self.repo.move_worktree(path, &aside)?;
        } else {
            std::fs::rename(path, &aside).map_err(|e| self.io("setting a folder aside", &e))?;
        }
        Ok(aside)
    }

    /// Where a crash has left the folder of an open workspace, after it was moved and before that was written down.
    fn moved_aside(&self, workspace: &Workspace) -> Result<Option<PathBuf>, Problem> {
        let path = Path::new(&workspace.path);
        if workspace.snapshot.is_none() || path.exists() {
            return Ok(None);
        }
        let taken = self.workspaces(Some(State::Quarantined))?;
        let free = |aside: &PathBuf| taken.iter().all(|w| Path::new(&w.path) != aside);
        Ok(self.aside_of(&name_of(path))?.into_iter().find(free))
    }

    /// The folders in quarantine that were called `name` before.
    fn aside_of(&self, name: &str) -> Result<Vec<PathBuf>, Problem> {
        let of_name = |path: &PathBuf| name_of(path).rsplit_once('-').is_some_and(|(before, _)| before == name);
        Ok(self.quarantined()?.into_iter().filter(of_name).collect())
    }

    /// Every folder in quarantine.
    pub(super) fn quarantined(&self) -> Result<Vec<PathBuf>, Problem> {
        match std::fs::read_dir(self.places.quarantine()) {
            Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(self.io("reading the quarantine", &error)),
        }
    }

    /// Whether git knows a worktree at `path`.
    pub(super) fn is_worktree(&self, path: &Path) -> Result<bool, Problem> {
        Ok(self.repo.worktrees()?.iter().any(|w| w.path == path))
    }

    /// The workspace `id`.
    pub fn workspace(&self, id: &WorkspaceId) -> Result<Workspace, Problem> {
        let project = &self.engine.project;
        let found = wait(self.engine.store.read(async |tx| kept::find(tx, project, id).await))?;
        found.ok_or_else(|| kept::WorkspaceError::Unknown(id.clone()).into())
    }

    pub(super) fn workspaces(&self, state: Option<State>) -> Result<Vec<Workspace>, Problem> {
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

fn snapshot_ref(workspace: &Workspace, kind: &str, number: u64) -> String {
    format!("refs/nexus/work/{}/{}/{kind}/{number}", workspace.item, workspace.fence.number())
}

/// The last part of a path.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Engine {
    /// Workspaces by id, those in `state` only when it is given.
    pub async fn workspaces(&self, state: Option<State>, page: &Page) -> Result<Vec<Workspace>, Problem> {
        Ok(self.store.read(async |tx| kept::list(tx, &self.project, state, page).await).await?)
    }
}
