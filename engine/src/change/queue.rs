//! The landing queue's judgement of one change before it may be merged.

use domain::change::{Change, Command as ChangeCommand, Policy, Size, State, Trespass};
use domain::work::Command;
use store::{change as kept, work};

use super::check::Checked;
use crate::problem::Problem;
use crate::site::Site;
use crate::wait;

/// What the queue thinks of a change by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be merged.
    Fit,
    /// It went back, with the reason.
    SentBack,
    /// Somebody else checks it at the moment.
    InHand,
    /// It was made in another clone, and has not come here.
    Away,
    /// The caller's duty ended.
    Interrupted,
    /// It is not queued any more: somebody was faster, or its item was called off.
    Gone,
}

impl Site {
    /// Judges a queued change: does it touch what it may not, and do the checks pass on its own tree? One process
    /// checks a change at a time; others find it in hand.
    pub(crate) fn judge(&self, change: &Change, beat: &mut dyn FnMut() -> bool) -> Result<Verdict, Problem> {
        if !self.bring(change)? {
            return Ok(Verdict::Away);
        }
        let tip = self.seen_tip(&change.target)?;
        let diff = self.repo.diff(&change.base, &change.commit)?;
        let size = Size { files: diff.paths.len() as u64, bytes: diff.bytes };
        let declared = self.declared(&tip)?;
        // Taking a change back is an operator's act and restores what stood; it needs no second approval.
        let approved = change.approval.is_some() || change.reverts.is_some();
        let no = match declared.policy.trespass(&diff.paths, size, approved) {
            Some(trespass @ Trespass::Protected(_)) => Some(ChangeCommand::Refuse { reason: trespass.to_string() }),
            Some(trespass @ Trespass::TooLarge(_)) => Some(ChangeCommand::Reject { reason: trespass.to_string() }),
            None => None,
        };
        if let Some(no) = no {
            return self.send_back(change, no).map(sent_back);
        }
        // An approved change to the checks is judged by the checks it brings.
        let policy = if approved { self.declared(&change.commit)?.policy } else { declared.policy };
        let duty = format!("check {}", change.id);
        let Some(fence) = self.take_duty(&duty)? else { return Ok(Verdict::InHand) };
        let verdict = self.judge_alone(change, &policy, &mut || beat() && self.keep_duty(&duty, fence));
        self.end_duty(&duty, fence)?;
        verdict
    }

    fn judge_alone(
        &self,
        change: &Change,
        policy: &Policy,
        beat: &mut dyn FnMut() -> bool,
    ) -> Result<Verdict, Problem> {
        // As it stands now: whoever had the duty before may have sent it back.
        if wait(self.engine.change(&change.id))?.state != State::Queued {
            return Ok(Verdict::Gone);
        }
        match self.check(policy, &change.commit, beat)? {
            Checked::Nothing | Checked::Passed => Ok(Verdict::Fit),
            Checked::Interrupted => Ok(Verdict::Interrupted),
            Checked::Failed(reason) => self.send_back(change, ChangeCommand::Reject { reason }).map(sent_back),
        }
    }

    /// Refuses or rejects a change, and gives its item back with the reason, in one transaction. A change that takes
    /// another back has no item waiting. `false`: it is not queued any more, and nothing was done.
    pub(crate) fn send_back(&self, change: &Change, command: ChangeCommand) -> Result<bool, Problem> {
        let reason = match &command {
            ChangeCommand::Refuse { reason } | ChangeCommand::Reject { reason } => reason.clone(),
            _ => String::new(),
        };
        let (scope, change) = (self.engine.scope(), change.clone());
        let reason = format!("{reason}\n(what was made is kept as change {}, commit {})", change.id, change.commit);
        wait(self.engine.store.write(async move |tx| {
            match kept::carry_out(tx, &scope, &change.id, command).await {
                Err(kept::ChangeError::Refused(_)) => return Ok(false),
                other => drop(other?),
            }
            if change.reverts.is_none() {
                let reject = Command::Reject { fence: change.fence, reason };
                let item = work::carry_out(tx, &scope, &change.item, &reject).await?;
                super::progress::block_when_stuck(tx, &scope, &change, &item).await?;
            }
            Ok::<_, Problem>(true)
        }))
    }
}

const fn sent_back(done: bool) -> Verdict {
    if done { Verdict::SentBack } else { Verdict::Gone }
}
