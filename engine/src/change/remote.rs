//! Landing in a repository that several clones share (`landing.remote`).
//!
//! ```text
//! submit    the commit ─push─▶ refs/nexus/work/<item>/<commit>, then its row
//! judge     fetch what was made in another clone
//! land      fetch the branch ─▶ merge, check ─▶ push refs/nexus/landings/<commit> ─▶ write the landing down
//!           ─▶ push the branch, from where it was fetched and not otherwise ─▶ finish
//! recover   fetch the branch: it has the landing, or it is where it was (push again), or somebody else was first
//! ```
//!
//! Everything that another node may need to go on is at the remote before a row speaks of it. So whoever has the duty
//! next can always finish a landing that was begun, and none is undone whose push could still arrive.

use domain::change::{Change, Landing};
use domain::id::WorkId;

use crate::ports::Moved;
use crate::problem::{Kind, Problem};
use crate::site::Site;

impl Site {
    /// The commit at the tip of the branch `target`: of the remote, which is asked, when changes land there; else here.
    pub fn tip(&self, target: &str) -> Result<String, Problem> {
        let branch = format!("refs/heads/{target}");
        let (found, place) = match &self.remote {
            Some(remote) => (
                self.repo.fetch(remote, &branch, &seen_ref(target))?,
                format!(" at the remote {remote:?}; push it there"),
            ),
            None => (self.repo.commit(&branch)?, " or has no commit yet; make it, commit something".to_owned()),
        };
        found.ok_or_else(|| {
            let message = format!("the branch {target:?} does not exist{place}, or name another with --target");
            Problem::new(Kind::Failed, "no_target_branch", message)
        })
    }

    /// The same as it was when somebody here asked the last time.
    pub(super) fn seen_tip(&self, target: &str) -> Result<String, Problem> {
        let seen = self.remote.as_ref().map_or(Ok(None), |_| self.repo.commit(&seen_ref(target)))?;
        seen.map_or_else(|| self.tip(target), Ok)
    }

    /// Lets other clones have what was made for `item`.
    pub(super) fn publish(&self, item: &WorkId, commit: &str) -> Result<(), Problem> {
        self.publish_as(&work_ref(item, commit), commit)
    }

    /// Lets other clones have what is about to land.
    pub(super) fn publish_landing(&self, commit: &str) -> Result<(), Problem> {
        self.publish_as(&landing_ref(commit), commit)
    }

    fn publish_as(&self, name: &str, commit: &str) -> Result<(), Problem> {
        if let Some(remote) = &self.remote {
            // The name has the commit in it, so whatever is there already is the same.
            self.repo.push(remote, name, None, commit)?;
        }
        Ok(())
    }

    /// Whether this clone has what `change` is; it is fetched when another one has made it.
    pub(super) fn bring(&self, change: &Change) -> Result<bool, Problem> {
        self.bring_as(&work_ref(&change.item, &change.commit), &change.commit)
    }

    /// The same for what `landing` makes of the branch. `false`: nobody can have pushed it. Fails without a remote, as
    /// only the clone that began it can tell then.
    pub(super) fn bring_landing(&self, landing: &Landing) -> Result<bool, Problem> {
        let there = self.bring_as(&landing_ref(&landing.new), &landing.new)?;
        if there || self.remote.is_some() {
            return Ok(there);
        }
        let message = format!(
            "a landing on {:?} was begun in another clone and is not over; run `nexus change land` there, and set \
             landing.remote on each machine",
            landing.target
        );
        Err(Problem::new(Kind::Failed, "another_clone", message))
    }

    fn bring_as(&self, name: &str, commit: &str) -> Result<bool, Problem> {
        if self.repo.commit(commit)?.is_some() {
            return Ok(true);
        }
        let Some(remote) = &self.remote else { return Ok(false) };
        Ok(self.repo.fetch(remote, name, name)?.is_some())
    }

    /// Moves the branch of `landing` to what it makes of it, where it lands. When our push was overtaken by one of the
    /// same landing, or its answer was lost, it is done all the same.
    pub(super) fn move_target(&self, landing: &Landing) -> Result<Moved, Problem> {
        let Some(remote) = &self.remote else {
            return Ok(self.repo.move_branch(&landing.target, &landing.old, &landing.new)?);
        };
        let branch = format!("refs/heads/{}", landing.target);
        let moved = self.repo.push(remote, &branch, Some(&landing.old), &landing.new)?;
        if moved == Moved::Done {
            self.repo.set_ref(&seen_ref(&landing.target), &landing.new)?;
            return Ok(moved);
        }
        let tip = self.tip(&landing.target)?;
        Ok(if self.repo.contains(&tip, &landing.new)? { Moved::Done } else { Moved::Elsewhere(Some(tip)) })
    }

    /// Takes away at the remote what nobody needs any more after `landing`: its own commit and, when it has landed,
    /// those of its changes. What stays, when the remote does not answer, is in nobody's way.
    pub(super) fn unpublish(&self, landing: &Landing, carried: &[Change]) {
        let Some(remote) = &self.remote else { return };
        let mut names = vec![landing_ref(&landing.new)];
        names.extend(carried.iter().map(|change| work_ref(&change.item, &change.commit)));
        let _ = self.repo.delete_remote_refs(remote, &names);
    }

    /// Asks where the branch of the remote is, and follows it. What does not answer is followed another time.
    pub(crate) fn catch_up(&self, target: &str) {
        if self.remote.is_some() {
            let _ = self.tip(target).and_then(|_| self.follow(target));
        }
    }

    /// Moves the branch of this clone, and the files where it is checked out, to where the remote's was last seen. It
    /// stays where it is when that is no step forward, or changed files are in the way.
    pub(crate) fn follow(&self, target: &str) -> Result<(), Problem> {
        if self.remote.is_none() {
            return Ok(());
        }
        let aim = format!("refs/nexus/follow/{target}");
        // A crash may have left files at what was aimed at then: first there, then on.
        for to in [self.repo.commit(&aim)?, self.repo.commit(&seen_ref(target))?].into_iter().flatten() {
            let Some(at) = self.repo.commit(&format!("refs/heads/{target}"))? else { return Ok(()) };
            if at != to && self.repo.contains(&to, &at)? {
                self.repo.set_ref(&aim, &to)?;
                self.repo.move_branch(target, &at, &to)?;
            }
        }
        Ok(self.repo.delete_ref(&aim)?)
    }
}

/// Where the branch of the remote was last seen.
fn seen_ref(target: &str) -> String {
    format!("refs/nexus/remote/{target}")
}

/// The name at the remote of what was made for an item.
fn work_ref(item: &WorkId, commit: &str) -> String {
    format!("refs/nexus/work/{item}/{commit}")
}

/// The name at the remote of what a landing makes of its branch.
fn landing_ref(commit: &str) -> String {
    format!("refs/nexus/landings/{commit}")
}
