//! Opening a workspace for a grant.

use std::net::TcpListener;
use std::path::Path;

use domain::id::{WorkId, WorkspaceId};
use domain::work::{Held, Needs, Refusal, State as WorkState, WorkItem};
use domain::workspace::{Environment, State, Workspace};
use store::{Scope, Tx, failpoint, work, workspace as kept};

use crate::problem::Problem;
use crate::site::Site;
use crate::wait;

impl Site {
    /// A workspace for the grant `held` of `item`, at the tip of the branch `target`; the one that is there already
    /// when there is one. `supervised`: a supervisor runs the agent and reports for it.
    ///
    /// Refused with `lease_lost` when the grant is not current. What a crash left at the same place is set aside.
    pub fn open_workspace(
        &self,
        item: &WorkId,
        held: &Held,
        target: &str,
        supervised: bool,
    ) -> Result<Workspace, Problem> {
        let scope = self.engine.scope();
        let (plan_needs, there) = wait(self.engine.store.read(async |tx| {
            let found = holding(tx, &scope, item, held).await?;
            let there = kept::of_grant(tx, &scope.project, item, held.fence).await?;
            Ok::<_, Problem>((found.plan.needs, there))
        }))?;
        match there {
            Some(there) if there.state == State::Open => return Ok(there),
            Some(there) => {
                let message =
                    format!("workspace {} of this grant is {}; restore it instead", there.id, there.state.word());
                return Err(Problem::refused("wrong_state", message));
            }
            None => {}
        }
        let base = self.tip(target)?;
        let path = self.place_of(item, held.fence);
        self.set_stray_aside(&path)?;
        let branch = format!("nexus/{item}/{}", held.fence.number());
        self.repo.open_worktree(&path, &branch, &base)?;
        let opened = self.keep_opened(item, held, target, supervised, plan_needs, &base, &branch, &path);
        if opened.is_err() {
            self.set_stray_aside(&path)?;
        }
        failpoint!("workspace.opened");
        opened
    }

    #[allow(clippy::too_many_arguments)] // The parts of one row.
    fn keep_opened(
        &self,
        item: &WorkId,
        held: &Held,
        target: &str,
        supervised: bool,
        needs: Needs,
        base: &str,
        branch: &str,
        path: &Path,
    ) -> Result<Workspace, Problem> {
        let cache = needs.cache.then(|| self.places.caches().join(item.as_str()).to_string_lossy().into_owned());
        if let Some(cache) = &cache {
            std::fs::create_dir_all(cache).map_err(|e| self.io("making the cache directory", &e))?;
        }
        let scope = self.engine.scope();
        let workspace = Workspace {
            id: WorkspaceId::numbered(self.engine.number()),
            project: scope.project.clone(),
            item: item.clone(),
            fence: held.fence,
            node: self.node.clone(),
            path: path.to_string_lossy().into_owned(),
            branch: branch.to_owned(),
            base: base.to_owned(),
            target: target.to_owned(),
            state: State::Open,
            supervised,
            snapshot: None,
            environment: Environment { cache, ..Environment::default() },
            opened_at: scope.now,
            changed_at: scope.now,
        };
        // Ports are probed before they are leased: one that answers to somebody else is no use to the agent.
        let ports: Vec<u16> = (self.habits.port_first..=self.habits.port_last).collect();
        let held = held.clone();
        wait(self.engine.store.write(async move |tx| {
            holding(tx, &scope, &workspace.item, &held).await?;
            let mut workspace = workspace;
            while !kept::insert(tx, &scope, &workspace).await? {
                workspace.id = WorkspaceId::numbered(workspace.id.number() + 1);
            }
            lease_environment(tx, &mut workspace, needs, &ports).await?;
            Ok(workspace)
        }))
    }

    pub(crate) fn io(&self, what: &str, error: &std::io::Error) -> Problem {
        let message = format!("{what} under {}: {error}", self.places.state.display());
        Problem::new(crate::problem::Kind::Failed, "io_failed", message)
    }
}

/// The item, if the grant `held` of it is current; a late holder has no business in git either (I2).
pub(crate) async fn holding(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId, held: &Held) -> Result<WorkItem, Problem> {
    let found = work::find(tx, scope, id).await?.ok_or_else(|| work::WorkError::Unknown(id.clone()))?.item;
    let holder = match &found.state {
        WorkState::Leased(lease) if lease.holder == held.by && found.fence == held.fence => return Ok(found),
        WorkState::Leased(lease) => Some(lease.holder.clone()),
        _ => None,
    };
    Err(Refusal::LeaseLost { by: held.by.clone(), fence: held.fence, holder }.into())
}

async fn lease_environment(
    tx: &mut Tx<'_>,
    workspace: &mut Workspace,
    needs: Needs,
    ports: &[u16],
) -> Result<(), Problem> {
    let mut free = ports.iter();
    while workspace.environment.ports.len() < needs.ports as usize {
        let Some(port) = free.next() else {
            let message = format!("no {} free ports are left between ports.first and ports.last", needs.ports);
            return Err(Problem::refused("no_free_ports", message));
        };
        let unused = TcpListener::bind(("127.0.0.1", *port)).is_ok();
        if unused && kept::lease_value(tx, workspace, "port", &port.to_string()).await? {
            workspace.environment.ports.push(*port);
        }
    }
    for n in 0..needs.databases {
        let name = format!("nexus_{}_{}_{n}", workspace.item.number(), workspace.fence.number());
        kept::lease_value(tx, workspace, "database", &name).await?;
        workspace.environment.databases.push(name);
    }
    Ok(())
}
