//! What somebody who begins has to know. Everything is bounded.

use std::collections::BTreeSet;

use domain::memory::{Found, Note, Query, search};
use domain::session::Session;
use domain::work::WorkItem;
use store::memory::{self, Which};
use store::{Scope, StoreError, Tx, agent, work};

use super::handoff::{self, Handoff};
use super::{ItemView, Quoted, SessionView, Started};
use crate::memory::NoteView;
use crate::message::MessageView;
use crate::work::takeable;

/// How many items, messages and notes are shown.
const READY_MAX: usize = 20;
const HELD_MAX: usize = 200;
const MESSAGES_MAX: usize = 20;
const NOTES_MAX: usize = 10;
/// Among how many of the newest notes is looked.
const LOOK_MAX: u32 = 1_000;

/// What there is for `session`, which has just begun.
pub async fn started(
    tx: &mut Tx<'_>,
    scope: &Scope,
    session: &Session,
    loaded: Option<Handoff>,
) -> Result<Started, StoreError> {
    let ready = takeable(tx, scope, &session.agent, READY_MAX).await?;
    let mut held = Vec::new();
    let holds = agent::seen(tx, &scope.project, &session.agent).await?.into_iter().flat_map(|seen| seen.holds);
    for hold in holds.take(HELD_MAX) {
        held.extend(work::peek(tx, &scope.project, &hold.item).await?);
    }
    let messages = handoff::unread(tx, scope, &session.agent, MESSAGES_MAX).await?;
    let last = match &loaded {
        Some(_) => None,
        None => handoff::last(tx, scope, session).await?,
    };
    let mut notes = memory::latest(tx, &scope.project, &Which::default(), LOOK_MAX).await?;
    let left = loaded.as_ref().or(last.as_ref());
    // What stands in the hand-off need not be said twice.
    notes.retain(|note| left.is_none_or(|left| left.notes.iter().all(|other| other.id != note.id.as_str())));
    Ok(Started {
        session: SessionView::from(session),
        notes: fitting(notes, session, &held, &ready, loaded.as_ref()).iter().map(NoteView::from).collect(),
        ready: ready.iter().map(ItemView::from).collect(),
        held: held.iter().map(ItemView::from).collect(),
        messages: messages.iter().map(MessageView::from).collect(),
        loaded: loaded.map(Quoted::new),
        last_handoff: last.map(Quoted::new),
    })
}

/// Notes about items that are held, could be taken or were handed off, then those with words of the objectives, of what
/// is held, and of what comes next.
fn fitting(
    notes: Vec<Note>,
    session: &Session,
    held: &[WorkItem],
    ready: &[WorkItem],
    loaded: Option<&Handoff>,
) -> Vec<Found> {
    let left = loaded.into_iter().flat_map(|handoff| &handoff.items).map(|item| item.id.as_str());
    let ids: BTreeSet<&str> = held.iter().chain(ready).map(|item| item.id.as_str()).chain(left).collect();
    let next = loaded.into_iter().flat_map(|handoff| &handoff.session.next_steps);
    let wanted = session.objectives.iter().chain(next).map(String::as_str);
    let titles = held.iter().chain(ready.first()).map(|item| item.plan.title.as_str());
    let query = Query::about(wanted.chain(titles));
    let (about, others): (Vec<Note>, Vec<Note>) =
        notes.into_iter().partition(|note| note.item.as_ref().is_some_and(|id| ids.contains(id.as_str())));
    let about = about.into_iter().map(|note| Found { matched: query.matched(&note), note });
    about.chain(search(others, &query, NOTES_MAX)).take(NOTES_MAX).collect()
}
