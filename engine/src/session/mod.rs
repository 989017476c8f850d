//! Sessions: an agent begins in a role, is told what there is to do and what others have left, and ends with a hand-off.

mod context;
mod handoff;
mod view;

use domain::id::SessionId;
use domain::session::{Draft, Report};
use domain::text::AgentName;
use store::session::{self as kept, Which};
use store::work::Page;

pub use handoff::{BYTES_MAX, FORMAT, Handoff, HandoffMessage, VERSION};
pub use view::{Ended, ItemView, Quoted, SessionView, Started};

use crate::problem::Problem;
use crate::{Engine, Key};

/// From what a session starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// From what there is.
    #[default]
    Nothing,
    /// From what this session left, or would leave now.
    Session(SessionId),
    /// From a hand-off that came as a document.
    Document(Box<Handoff>),
}

impl Engine {
    /// Begins a session: the role is decided from how the project stands, and the agent gets it. Refused with
    /// `session_open` when the agent has one.
    pub async fn start_session(&self, draft: Draft, from: From, key: Option<Key>) -> Result<Started, Problem> {
        let (number, thresholds) = (self.number(), self.presence);
        self.keyed(key, async move |tx, scope| {
            let (from, loaded) = match from {
                From::Nothing => (None, None),
                From::Session(id) => {
                    let handoff = handoff::of(tx, scope, &id).await?;
                    (Some(id), Some(handoff))
                }
                From::Document(handoff) => (Some(handoff.session_id()?), Some(*handoff)),
            };
            let session = kept::start(tx, scope, draft, from, &thresholds, number).await?;
            Ok(context::started(tx, scope, &session, loaded).await?)
        })
        .await
    }

    /// Ends a session with what came of it. What it leaves is written down in the same transaction.
    pub async fn end_session(&self, which: Which, report: Report, key: Option<Key>) -> Result<Ended, Problem> {
        self.keyed(key, async move |tx, scope| {
            let session = kept::end(tx, scope, &which, report).await?;
            let handoff = handoff::made(tx, scope, &session).await?;
            kept::keep_handoff(tx, scope, &session.id, &handoff.json()).await?;
            Ok(Ended { session: SessionView::from(&session), handoff })
        })
        .await
    }

    /// Sessions by id, those of `agent` only when it is given, and those that are open only when `open` says so.
    pub async fn sessions(
        &self,
        agent: Option<&AgentName>,
        open: bool,
        page: &Page,
    ) -> Result<Vec<SessionView>, Problem> {
        let read = async |tx: &mut store::Tx<'_>| kept::list(tx, &self.project, agent, open, page).await;
        Ok(self.store.read(read).await?.iter().map(SessionView::from).collect())
    }

    /// The session `id`.
    pub async fn session(&self, id: &SessionId) -> Result<SessionView, Problem> {
        let read = async |tx: &mut store::Tx<'_>| kept::find(tx, &self.project, id).await.map_err(Problem::from);
        Ok(SessionView::from(&self.store.read(read).await?))
    }

    /// What the session `id` left; while it is open, what it would leave now.
    pub async fn session_handoff(&self, id: &SessionId) -> Result<Handoff, Problem> {
        let scope = self.scope();
        self.store.read(async |tx: &mut store::Tx<'_>| handoff::of(tx, &scope, id).await).await
    }
}
