//! Messages: what doors ask for, each as one transaction.

mod view;

use domain::id::MessageId;
use domain::message::Draft;
use domain::text::AgentName;
use domain::work::Fence;
use store::message as kept;
use store::work::Page;

pub use view::{CopyView, MessageView};

use crate::problem::Problem;
use crate::{Engine, Key};

/// Which of the messages that an agent got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that it has not acknowledged.
    Open,
    /// Those of them that it has not opened either.
    Unread,
    /// All.
    Whole,
}

impl Engine {
    /// Sends `draft` to everybody it is for. With a fence the sender has to hold the item that it is about.
    pub async fn send_message(
        &self,
        draft: Draft,
        fence: Option<Fence>,
        key: Option<Key>,
    ) -> Result<MessageView, Problem> {
        let number = self.number();
        self.keyed(key, async move |tx, scope| {
            Ok(MessageView::from(&kept::send(tx, scope, draft, fence, number).await?))
        })
        .await
    }

    /// What `agent` got, oldest first; each message with the agent's own copy alone.
    pub async fn inbox(&self, agent: &AgentName, which: Which, page: &Page) -> Result<Vec<MessageView>, Problem> {
        let whole = which == Which::Whole;
        let found = self.store.read(async |tx| kept::inbox(tx, &self.project, agent, whole, page).await).await?;
        let wanted = |sent: &&kept::Sent| which != Which::Unread || sent.copies.iter().all(|c| c.read_at.is_none());
        Ok(found.iter().filter(wanted).map(MessageView::from).collect())
    }

    /// The message `id` with all its copies.
    pub async fn message(&self, id: &MessageId) -> Result<MessageView, Problem> {
        let read = async |tx: &mut store::Tx<'_>| kept::look(tx, &self.project, id).await.map_err(Problem::from);
        Ok(MessageView::from(&self.store.read(read).await?))
    }

    /// The message `id`, noted as read by `agent`.
    pub async fn read_message(
        &self,
        id: MessageId,
        agent: AgentName,
        key: Option<Key>,
    ) -> Result<MessageView, Problem> {
        self.keyed(key, async move |tx, scope| Ok(MessageView::from(&kept::read(tx, scope, &id, &agent).await?))).await
    }

    /// Acknowledges `id` for `agent`: it leaves the inbox and does not escalate.
    pub async fn acknowledge(&self, id: MessageId, agent: AgentName, key: Option<Key>) -> Result<MessageView, Problem> {
        self.keyed(key, async move |tx, scope| Ok(MessageView::from(&kept::acknowledge(tx, scope, &id, &agent).await?)))
            .await
    }

    /// The messages of the thread that `id` is in, oldest first.
    pub async fn thread(&self, id: &MessageId, page: &Page) -> Result<Vec<MessageView>, Problem> {
        let read = async |tx: &mut store::Tx<'_>| {
            let of = kept::look(tx, &self.project, id).await?.message.thread;
            Ok::<_, Problem>(kept::thread(tx, &self.project, &of, page).await?)
        };
        Ok(self.store.read(read).await?.iter().map(MessageView::from).collect())
    }
}
