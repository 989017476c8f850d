//! Taking a landed change back.

use domain::change::{Change, State};
use domain::id::ChangeId;
use domain::text::AgentName;
use store::{change as kept, failpoint};

use crate::ports::Merge;
use crate::problem::Problem;
use crate::site::Site;
use crate::wait;

impl Site {
    /// Queues a change that takes the landed change `id` back; it lands like any other. The one that is queued
    /// already, when there is one. The branch of this clone follows that of the remote first: whoever asks again after a
    /// crash may hear that it is done, and is to see it.
    pub fn revert(&self, id: &ChangeId, by: &AgentName) -> Result<Change, Problem> {
        let landed = wait(self.engine.change(id))?;
        self.catch_up(&landed.target);
        let commit = landed_as(&landed)?;
        let project = &self.engine.project;
        let made = wait(self.engine.store.read(async |tx| kept::of_item(tx, project, &landed.item).await))?;
        if let Some(open) = made.into_iter().find(|change| takes_back(change, id)) {
            return Ok(open);
        }
        let tip = self.tip(&landed.target)?;
        let before = self.repo.commit(&format!("{commit}^"))?.unwrap_or_default();
        let tree = match self.repo.merge(&tip, &before, Some(commit))? {
            Merge::Clean(tree) => tree,
            Merge::Conflict { paths, .. } => {
                let names: Vec<_> = paths.iter().map(|p| String::from_utf8_lossy(p).into_owned()).collect();
                let message = format!(
                    "later changes stand on change {id} in {}; take those back first, or fix forward",
                    names.join(", ")
                );
                return Err(Problem::refused("conflict", message));
            }
        };
        let scope = self.engine.scope();
        let number = self.engine.number();
        let reverse = self.repo.commit_tree(&tree, &tip, &format!("Revert change {id}\n"), by.as_str())?;
        self.repo.set_ref(&format!("refs/nexus/work/{}/revert/{number}", landed.item), &reverse)?;
        self.publish(&landed.item, &reverse)?;
        failpoint!("revert.named");
        let diff = self.repo.diff(&tip, &reverse)?;
        let change = Change {
            id: ChangeId::numbered(number),
            author: by.clone(),
            author_role: None,
            base: tip,
            commit: reverse,
            tree,
            write_set: diff.paths.iter().map(|p| String::from_utf8_lossy(p).into_owned()).collect(),
            workspace: None,
            reverts: Some(id.clone()),
            approval: None,
            state: State::Queued,
            submitted_at: scope.now,
            changed_at: scope.now,
            ..landed
        };
        let taken_back = id.clone();
        let queued = wait(self.engine.store.write(async move |tx| {
            // Held from here on, so that of two who take it back the second sees what the first did.
            let held = kept::find(tx, &scope.project, &taken_back).await?;
            let made = kept::of_item(tx, &scope.project, &change.item).await?;
            if let Some(other) = made.iter().find(|other| takes_back(other, &taken_back)) {
                return Ok::<_, Problem>(other.clone());
            }
            // Looked at once more: another one may have landed since.
            held.as_ref().map(landed_as).transpose()?;
            Ok(kept::insert(tx, &scope, change).await?)
        }))?;
        failpoint!("revert.queued");
        Ok(queued)
    }
}

/// The commit that `change` is in its branch; refused when it is not in it.
fn landed_as(change: &Change) -> Result<&String, Problem> {
    if let State::Landed { commit, .. } = &change.state {
        return Ok(commit);
    }
    let message = format!("change {} is {}; only a landed one can be taken back", change.id, change.state.word());
    Err(Problem::refused("wrong_state", message))
}

/// Whether `change` is on its way to take the change `id` back.
fn takes_back(change: &Change, id: &ChangeId) -> bool {
    change.reverts.as_ref() == Some(id) && matches!(change.state, State::Queued | State::Landing(_))
}
