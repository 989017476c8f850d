//! Landing: one branch at a time, in batches, by compare-and-set.

use domain::change::{Change, Command as ChangeCommand, Landing, LandingState};
use domain::flow::CONFLICT;
use domain::id::LandingId;
use domain::work::{Command, Proof, State as WorkState};
use store::{Scope, Tx, change as kept, failpoint, work};

use super::check::Checked;
use super::queue::Verdict;
use crate::ports::{Merge, Moved};
use crate::problem::Problem;
use crate::site::Site;
use crate::wait;

/// What one visit to the queue of a branch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Landed {
    /// Changes that are in the branch now.
    pub landed: Vec<String>,
    /// Changes that went back to their items.
    pub sent_back: Vec<String>,
    /// What the queue waits for, if it could not finish.
    pub waiting: Option<Waiting>,
}

/// What a landing waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Another process lands on this branch.
    OtherProcess,
    /// These files were changed where the branch is checked out, and are in the way.
    ChangedFiles(Vec<String>),
    /// These changes are being checked by others.
    Checks(Vec<String>),
    /// These changes were made in another clone and are not to be had here.
    Away(Vec<String>),
    /// The caller asked to stop.
    Stopped,
}

/// A change and the commit it becomes on the branch.
type Link = (Change, String);

enum Step {
    /// Something changed; look at the queue again.
    Again,
    /// Nothing more can be done now.
    Wait(Waiting),
    /// The queue is empty.
    Empty,
}

impl Site {
    /// Lands what waits for the branch `target`, as far as it can be landed now. `go_on` is asked again and again.
    pub fn land(&self, target: &str, go_on: &mut dyn FnMut() -> bool) -> Result<Landed, Problem> {
        let mut done = Landed::default();
        let duty = format!("land {target}");
        let Some(fence) = self.take_duty(&duty)? else {
            done.waiting = Some(Waiting::OtherProcess);
            return Ok(done);
        };
        let outcome = self.land_all(target, &mut done, &mut || go_on() && self.keep_duty(&duty, fence));
        self.end_duty(&duty, fence)?;
        // What has landed at the remote is landed whether or not this clone can follow now.
        let _ = self.follow(target);
        outcome.map(|()| done)
    }

    fn land_all(&self, target: &str, done: &mut Landed, beat: &mut dyn FnMut() -> bool) -> Result<(), Problem> {
        done.waiting = self.recover(target)?;
        let mut batch_max = self.habits.batch_max.max(1);
        while done.waiting.is_none() {
            match self.land_batch(target, &mut batch_max, done, beat)? {
                Step::Again => {}
                Step::Wait(waiting) => done.waiting = Some(waiting),
                Step::Empty => break,
            }
        }
        Ok(())
    }

    /// Judges, merges, checks and lands the front of the queue. A batch whose merged tree fails is tried again at
    /// half the size, until the one that breaks it stands alone and goes back.
    fn land_batch(
        &self,
        target: &str,
        batch_max: &mut usize,
        done: &mut Landed,
        beat: &mut dyn FnMut() -> bool,
    ) -> Result<Step, Problem> {
        let project = self.engine.project.clone();
        let queue = wait(self.engine.store.read(async |tx| kept::queue(tx, &project, target, 100).await))?;
        if queue.is_empty() {
            return Ok(Step::Empty);
        }
        // What a change may touch is said at the tip of now.
        self.tip(target)?;
        let (mut fit, mut in_hand, mut away) = (Vec::new(), Vec::new(), Vec::new());
        for change in queue {
            // An approved change may bring checks of its own, so it lands alone.
            let alone = |change: &Change| change.approval.is_some();
            if fit.len() == *batch_max || fit.first().is_some_and(alone) || (!fit.is_empty() && alone(&change)) {
                break;
            }
            match self.judge(&change, beat)? {
                Verdict::Fit => fit.push(change),
                Verdict::SentBack => done.sent_back.push(change.id.to_string()),
                Verdict::Gone => {}
                Verdict::InHand => in_hand.push(change.id.to_string()),
                Verdict::Away => away.push(change.id.to_string()),
                Verdict::Interrupted => return Ok(Step::Wait(Waiting::Stopped)),
            }
            if !beat() {
                return Ok(Step::Wait(Waiting::Stopped));
            }
        }
        if fit.is_empty() {
            return Ok(match (in_hand.is_empty(), away.is_empty()) {
                (false, _) => Step::Wait(Waiting::Checks(in_hand)),
                (true, false) => Step::Wait(Waiting::Away(away)),
                (true, true) => Step::Again,
            });
        }
        let tip = self.tip(target)?;
        let chain = self.chain(&tip, fit, done)?;
        let Some((_, new)) = chain.last() else { return Ok(Step::Again) };
        // Approved changes to the checks count from the tree that has them.
        let brings_checks = chain.iter().any(|(change, _)| change.approval.is_some());
        let policy = self.declared(if brings_checks { new } else { &tip })?.policy;
        match self.check(&policy, new, beat)? {
            Checked::Interrupted => Ok(Step::Wait(Waiting::Stopped)),
            Checked::Failed(reason) if chain.len() == 1 => {
                let (change, _) = &chain[0];
                let reason = format!("merged with {target} at {}: {reason}", &tip[..12]);
                if self.send_back(change, ChangeCommand::Reject { reason })? {
                    done.sent_back.push(change.id.to_string());
                }
                *batch_max = self.habits.batch_max.max(1);
                Ok(Step::Again)
            }
            Checked::Failed(_) => {
                *batch_max = (chain.len() / 2).max(1);
                Ok(Step::Again)
            }
            passed @ (Checked::Passed | Checked::Nothing) => {
                *batch_max = self.habits.batch_max.max(1);
                self.advance(target, &tip, &chain, passed == Checked::Passed, done)
            }
        }
    }

    /// Merges each change onto the one before it, in memory. One that conflicts goes back with both versions.
    fn chain(&self, tip: &str, fit: Vec<Change>, done: &mut Landed) -> Result<Vec<Link>, Problem> {
        let mut chain: Vec<Link> = Vec::new();
        for change in fit {
            let on = chain.last().map_or(tip, |(_, commit)| commit);
            match self.repo.merge(on, &change.commit, Some(&change.base))? {
                Merge::Clean(tree) => {
                    let message = self.message(&change)?;
                    let commit = self.repo.commit_tree(&tree, on, &message, change.author.as_str())?;
                    chain.push((change, commit));
                }
                // What conflicts with a neighbour that has not landed may still fit when that goes back.
                Merge::Conflict { .. } if !chain.is_empty() => {}
                Merge::Conflict { tree, paths } => {
                    let reason = self.both_versions(&change, on, &tree, &paths)?;
                    if self.send_back(&change, ChangeCommand::Reject { reason })? {
                        done.sent_back.push(change.id.to_string());
                    }
                }
            }
        }
        Ok(chain)
    }

    fn message(&self, change: &Change) -> Result<String, Problem> {
        let item = wait(self.engine.show(&change.item))?;
        let title: String = item.title.lines().next().unwrap_or_default().chars().take(200).collect();
        let title = match &change.reverts {
            Some(_) => format!("Revert \"{title}\""),
            None => title,
        };
        Ok(format!("{title}\n\nNexus-Work: {}\nNexus-Change: {}\n", change.item, change.id))
    }

    /// What the agent of a conflicting change needs to decide: where, and both versions.
    fn both_versions(&self, change: &Change, on: &str, tree: &str, paths: &[Vec<u8>]) -> Result<String, Problem> {
        const BYTES_MAX: u64 = 16_000;
        let mut text = format!(
            "{CONFLICT}{} has changed in the same places since this work began; bring both together.\n\
             Your version is commit {}; the branch is at {on}.\n",
            change.target, change.commit
        );
        for path in paths.iter().take(10) {
            let name = String::from_utf8_lossy(path);
            let merged = self.repo.read(tree, path, BYTES_MAX)?.unwrap_or_default();
            text.push_str(&format!("--- {name}, with both versions marked\n{}\n", String::from_utf8_lossy(&merged)));
        }
        if paths.len() > 10 {
            text.push_str(&format!("… and {} more paths\n", paths.len() - 10));
        }
        Ok(text)
    }

    /// Writes the landing down, moves the branch, and marks what has landed.
    fn advance(
        &self,
        target: &str,
        tip: &str,
        chain: &[Link],
        verified: bool,
        done: &mut Landed,
    ) -> Result<Step, Problem> {
        let Some(landing) = self.begin(target, tip, chain, verified)? else { return Ok(Step::Again) };
        failpoint!("landing.begun");
        let moved = self.move_target(&landing);
        // It will not be moved later either; the changes are not to be stuck in a landing meanwhile.
        if moved.as_ref().is_err_and(|problem| problem.code == "push_refused") {
            self.undo(&landing)?;
        }
        match moved? {
            Moved::Done => {
                failpoint!("landing.moved");
                self.finish(&landing)?;
                failpoint!("landing.finished");
                done.landed.extend(landing.carries.iter().map(|(id, _)| id.to_string()));
                Ok(Step::Again)
            }
            Moved::Elsewhere(_) => {
                self.undo(&landing)?;
                Ok(Step::Again)
            }
            Moved::InTheWay(paths) => {
                self.undo(&landing)?;
                Ok(Step::Wait(Waiting::ChangedFiles(paths)))
            }
        }
    }

    /// `None`: a change is not queued any more, as its item was called off.
    fn begin(&self, target: &str, tip: &str, chain: &[Link], verified: bool) -> Result<Option<Landing>, Problem> {
        let scope = self.engine.scope();
        let new = chain.last().expect("a landing carries something").1.clone();
        // Named until it is in the branch, so that git does not collect it.
        let landing = Landing {
            id: LandingId::numbered(self.engine.number()),
            project: scope.project.clone(),
            target: target.to_owned(),
            old: tip.to_owned(),
            new,
            carries: chain.iter().map(|(change, commit)| (change.id.clone(), commit.clone())).collect(),
            verified,
            state: LandingState::Begun,
            begun_at: scope.now,
        };
        self.repo.set_ref(&landing_ref(target), &landing.new)?;
        self.publish_landing(&landing.new)?;
        failpoint!("landing.named");
        let begun = wait(self.engine.store.write(async move |tx| {
            let landing = kept::begin_landing(tx, &scope, landing).await?;
            for (id, _) in &landing.carries {
                kept::carry_out(tx, &scope, id, ChangeCommand::Begin { landing: landing.id.clone() }).await?;
            }
            Ok::<_, kept::ChangeError>(landing)
        }));
        match begun {
            Err(kept::ChangeError::Refused(_)) => Ok(None),
            begun => Ok(Some(begun?)),
        }
    }

    /// The branch has moved: changes landed, items done, in one transaction.
    pub(super) fn finish(&self, landing: &Landing) -> Result<(), Problem> {
        let (scope, kept_landing) = (self.engine.scope(), landing.clone());
        let landed = wait(self.engine.store.write(async move |tx| {
            let mut landed = Vec::new();
            if kept::end_landing(tx, &scope, &kept_landing, LandingState::Finished).await? {
                for (id, commit) in &kept_landing.carries {
                    let command = ChangeCommand::Land { commit: commit.clone(), verified: kept_landing.verified };
                    let change = kept::carry_out(tx, &scope, id, command).await?;
                    settle_item(tx, &scope, &change, kept_landing.verified).await?;
                    landed.push(change);
                }
            }
            Ok::<_, Problem>(landed)
        }))?;
        failpoint!("landing.settled");
        self.unpublish(landing, &landed);
        self.repo.delete_ref(&landing_ref(&landing.target))?;
        Ok(())
    }

    /// The branch has not moved: the changes are queued again, but for those whose item was called off meanwhile.
    pub(super) fn undo(&self, landing: &Landing) -> Result<(), Problem> {
        let (scope, kept_landing) = (self.engine.scope(), landing.clone());
        wait(self.engine.store.write(async move |tx| {
            if kept::end_landing(tx, &scope, &kept_landing, LandingState::Undone).await? {
                for (id, _) in &kept_landing.carries {
                    let change = kept::carry_out(tx, &scope, id, ChangeCommand::Undo).await?;
                    let item = work::find(tx, &scope, &change.item).await?;
                    let wanted = item.is_some_and(|found| matches!(found.item.state, WorkState::Submitted(_)));
                    if !wanted && change.reverts.is_none() {
                        kept::carry_out(tx, &scope, id, ChangeCommand::Withdraw).await?;
                    }
                }
            }
            Ok::<_, Problem>(())
        }))?;
        self.unpublish(landing, &[]);
        Ok(self.repo.delete_ref(&landing_ref(&landing.target))?)
    }
}

/// Keeps the commits of a landing alive between its writing down and its end. One branch has one at a time.
fn landing_ref(target: &str) -> String {
    format!("refs/nexus/landing/{target}")
}

/// The item of a landed change is done; of one that took a change back, open again.
async fn settle_item(tx: &mut Tx<'_>, scope: &Scope, change: &Change, verified: bool) -> Result<(), Problem> {
    let command = if let Some(reverted) = &change.reverts {
        let taken = kept::carry_out(tx, scope, reverted, ChangeCommand::Revert { by: change.id.clone() }).await;
        // Another one took it back before.
        if matches!(taken, Err(kept::ChangeError::Refused(_))) {
            return Ok(());
        }
        taken?;
        Command::Revert { reason: format!("change {reverted} was taken back by {}", change.id) }
    } else {
        let proof = if verified { Proof::Verified(change.id.clone()) } else { Proof::Observed(change.id.clone()) };
        Command::Land { fence: change.fence, proof }
    };
    match work::carry_out(tx, scope, &change.item, &command).await {
        // Called off while it landed: the branch has it, the item stays as its owner left it.
        Ok(_) | Err(work::WorkError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
