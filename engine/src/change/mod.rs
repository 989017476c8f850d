//! Changes: observed in a workspace, checked, landed in batches, taken back.
//!
//! ```text
//! submit ─▶ queued ─▶ trespass? ─▶ checks on its own tree ─▶ merge in memory ─▶ checks on the merged tree
//!                                                                                 │
//!                                 write down the landing ◀── one landing at a time┘
//!                                 move the branch (compare-and-set)
//!                                 changes landed, items done
//! ```

mod check;
mod land;
mod policy;
mod progress;
mod queue;
mod recover;
mod remote;
mod revert;
mod submit;
mod view;

pub use check::Checked;
pub(crate) use check::tail;
pub use land::{Landed, Waiting};
pub use policy::{BadPolicy, Declared};
pub use view::{ChangeView, ReceiptView};

use domain::change::{Approval, Change, Command as ChangeCommand, State};
use domain::id::ChangeId;
use domain::work::Command;
use store::work::{self as work, Page};
use store::{Scope, Tx, change as kept};

use crate::problem::Problem;
use crate::{Engine, Key};

impl Engine {
    /// The change `id`.
    pub async fn change(&self, id: &ChangeId) -> Result<Change, Problem> {
        let found = self.store.read(async |tx| kept::find(tx, &self.project, id).await).await?;
        found.ok_or_else(|| kept::ChangeError::Unknown(id.clone()).into())
    }

    /// Changes by id, those in `state` only when it is given.
    pub async fn changes(&self, state: Option<&str>, page: &Page) -> Result<Vec<Change>, Problem> {
        Ok(self.store.read(async |tx| kept::list(tx, &self.project, state, page).await).await?)
    }

    /// Every receipt for `tree`.
    pub async fn receipts(&self, tree: &str) -> Result<Vec<domain::change::Receipt>, Problem> {
        Ok(self.store.read(async |tx| kept::receipts_of(tx, &self.project, tree).await).await?)
    }

    /// Lets a change touch protected paths. One that was refused goes back to the queue, and takes its item along,
    /// unless somebody has that in hand again.
    pub async fn approve(&self, id: ChangeId, approval: Approval, key: Option<Key>) -> Result<ChangeView, Problem> {
        self.keyed(key, async move |tx, scope| {
            let before = kept::find(tx, &scope.project, &id).await?;
            let refused = before.is_some_and(|c| matches!(c.state, State::Refused(_)));
            let change = kept::carry_out(tx, scope, &id, ChangeCommand::Approve(approval)).await?;
            let change = if refused { resubmit(tx, scope, change).await? } else { change };
            Ok(ChangeView::from(&change))
        })
        .await
    }
}

async fn resubmit(tx: &mut Tx<'_>, scope: &Scope, change: Change) -> Result<Change, Problem> {
    let command = Command::Resubmit { change: change.id.clone() };
    let item = work::carry_out(tx, scope, &change.item, &command).await?;
    Ok(kept::refence(tx, scope, &change, item.fence).await?)
}
