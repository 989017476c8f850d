//! Passing an item on.

use domain::id::WorkId;
use domain::message::{Address, Draft};
use domain::work::{Bundle, Handoff, Held, Receiver};
use serde::{Deserialize, Serialize};
use store::work as kept;

use super::{WorkView, seen};
use crate::history::Asked;
use crate::problem::Problem;
use crate::{Engine, Key};

/// The JSON object of a hand-off: what the next one loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct HandoffView {
    pub item: String,
    pub from: String,
    pub fence: i64,
    pub to_agent: Option<String>,
    pub to_role: Option<String>,
    pub artifacts: Vec<String>,
    pub context: String,
    pub note: String,
    pub progress_percent: Option<u8>,
    pub progress_note: Option<String>,
    pub workspace: Option<String>,
    pub at_ms: i64,
}

impl From<Handoff> for HandoffView {
    fn from(handoff: Handoff) -> Self {
        let (to_agent, to_role) = match &handoff.to {
            Receiver::Agent { name, .. } => (Some(name.to_string()), None),
            Receiver::Role(role) => (None, Some(role.to_string())),
        };
        Self {
            item: handoff.item.to_string(),
            from: handoff.from.to_string(),
            fence: handoff.fence.number(),
            to_agent,
            to_role,
            artifacts: handoff.bundle.artifacts,
            context: handoff.bundle.context,
            note: handoff.bundle.note,
            progress_percent: handoff.progress.as_ref().map(|p| p.percent.number()),
            progress_note: handoff.progress.and_then(|p| p.note),
            workspace: handoff.workspace.map(|id| id.to_string()),
            at_ms: handoff.at.millis(),
        }
    }
}

impl Engine {
    /// Passes `id` on from `held` to `to`, with `bundle`, in one transaction: it is never in nobody's hands. Whoever
    /// it goes to finds a message.
    pub async fn hand_off(
        &self,
        id: WorkId,
        held: Held,
        to: Receiver,
        bundle: Bundle,
        anyway: bool,
        key: Option<Key>,
    ) -> Result<WorkView, Problem> {
        let asked = self.asked(|| Some(Asked::held("handoff", id.as_str(), &held)));
        let number = self.number();
        let done = self.keyed(key, async move |tx, scope| {
            let note = bundle.note.clone();
            let item = kept::hand_off(tx, scope, &id, &held, &to, bundle, anyway).await?;
            let address = match to {
                Receiver::Agent { name, .. } => Address::Agent(name),
                Receiver::Role(role) => Address::Role(role),
            };
            let subject = format!("handed off to you: {}", item.plan.title).chars().take(200).collect();
            let letter = Draft { body: note, item: Some(id), ..Draft::note(held.by, address, subject) };
            match store::message::send(tx, scope, letter, None, number).await {
                // A role that nobody has yet reads it in the item.
                Ok(_) | Err(store::message::MessageError::NoRecipient(_)) => {}
                Err(error) => return Err(error.into()),
            }
            seen(tx, scope, &item).await
        });
        self.told(asked, done.await)
    }

    /// The latest hand-off of `id`, or `None` when nobody ever passed it on.
    pub async fn handoff(&self, id: &WorkId) -> Result<Option<HandoffView>, Problem> {
        let read = async |tx: &mut store::Tx<'_>| kept::last_handoff(tx, &self.project, id).await;
        Ok(self.store.read(read).await?.map(HandoffView::from))
    }
}
