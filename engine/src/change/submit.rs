//! A holder is done: what is in its workspace becomes a change, and the item is the landing queue's.

use std::path::Path;

use domain::change::{Change, State};
use domain::id::{ChangeId, WorkId};
use domain::work::{Command, Held, Json};
use domain::workspace::Workspace;
use store::{agent, change as kept, failpoint, work, workspace};

use crate::history::Asked;
use crate::ports::Observed;
use crate::problem::Problem;
use crate::site::Site;
use crate::work::{WorkView, seen};
use crate::{Key, wait};

impl Site {
    /// Reports `id` for the holder `held`: what its workspace holds is committed and queued; without a workspace,
    /// or without anything in it, the item is done as reported. The workspace is put away.
    ///
    /// A stale hold is refused before git is touched, and again in the transaction that submits. A repeated request
    /// gets its answer though the hold has ended with it; so does one that was overtaken by its twin on the way.
    pub fn submit(
        &self,
        id: &WorkId,
        held: &Held,
        result: Option<Json>,
        key: Option<Key>,
    ) -> Result<WorkView, Problem> {
        if let Some(answered) = wait(self.engine.answered(key.as_ref()))? {
            return answered;
        }
        let asked = key.clone();
        self.submit_anew(id, held, result, key)
            .or_else(|refused| wait(self.engine.answered(asked.as_ref()))?.unwrap_or(Err(refused)))
    }

    fn submit_anew(
        &self,
        id: &WorkId,
        held: &Held,
        result: Option<Json>,
        key: Option<Key>,
    ) -> Result<WorkView, Problem> {
        let scope = self.engine.scope();
        let (item, there) = wait(self.engine.store.read(async |tx| {
            let item = crate::workspace::holding(tx, &scope, id, held).await?;
            let there = workspace::of_grant(tx, &scope.project, id, held.fence).await?;
            Ok::<_, Problem>((item, there.filter(|w| w.state == domain::workspace::State::Open)))
        }))?;
        let report = Command::Report { held: held.clone(), change: None, result: result.clone() };
        let Some(there) = there else { return wait(self.engine.act(id.clone(), report, key)) };
        if !self.has(&there)? {
            let message = format!("workspace {} is on {} at {}; report it there", there.id, there.node, there.path);
            return Err(Problem::refused("another_clone", message));
        }
        let title: String = item.plan.title.lines().next().unwrap_or_default().chars().take(200).collect();
        let message = format!("{title}\n\nNexus-Work: {id}\nNexus-Fence: {}\n", held.fence.number());
        let found = self.repo.observe(Path::new(&there.path), &there.base, &message, held.by.as_str())?;
        failpoint!("change.observed");
        let view = match found {
            None => wait(self.engine.act(id.clone(), report, key))?,
            Some(found) => {
                // Named before it is written down, so that no row ever names what git may collect.
                self.repo.set_ref(&change_ref(&there), &found.commit)?;
                self.publish(&there.item, &found.commit)?;
                failpoint!("change.named");
                self.queue(&there, held, found, result, key)?
            }
        };
        failpoint!("change.submitted");
        // It is submitted whatever becomes of the folder; a later prune puts away what stays.
        let _ = self.put_away(&there, false);
        Ok(view)
    }

    fn queue(
        &self,
        there: &Workspace,
        held: &Held,
        found: Observed,
        result: Option<Json>,
        key: Option<Key>,
    ) -> Result<WorkView, Problem> {
        let diff = self.repo.diff(&there.base, &found.commit)?;
        let scope = self.engine.scope();
        let change = Change {
            id: ChangeId::numbered(self.engine.number()),
            project: scope.project.clone(),
            item: there.item.clone(),
            fence: held.fence.next(),
            author: held.by.clone(),
            author_role: None,
            target: there.target.clone(),
            base: there.base.clone(),
            commit: found.commit,
            tree: found.tree,
            write_set: diff.paths.iter().map(|p| String::from_utf8_lossy(p).into_owned()).collect(),
            workspace: Some(there.id.clone()),
            reverts: None,
            approval: None,
            state: State::Queued,
            submitted_at: scope.now,
            changed_at: scope.now,
        };
        let held = held.clone();
        let item = there.item.clone();
        let asked = self.engine.asked(|| Some(Asked::held("report", item.as_str(), &held)));
        let queued = wait(self.engine.keyed(key, async move |tx, scope| {
            crate::workspace::holding(tx, scope, &item, &held).await?;
            let author = agent::meet(tx, scope, &held.by).await?;
            let asked_of = work::find(tx, scope, &item).await?.and_then(|found| found.item.plan.role.clone());
            let change = Change { author_role: author.role.or(asked_of), ..change };
            let change = kept::insert(tx, scope, change).await?;
            let report = Command::Report { held, change: Some(change.id), result };
            let item = work::carry_out(tx, scope, &item, &report).await?;
            seen(tx, scope, &item).await
        }));
        self.engine.told(asked, queued)
    }
}

/// The ref that keeps what was made under a grant.
pub fn change_ref(workspace: &Workspace) -> String {
    format!("refs/nexus/work/{}/{}/change", workspace.item, workspace.fence.number())
}
