//! The board: some items of every state, what waits for a person, and what happened last.

use std::collections::BTreeMap;

use domain::id::WorkId;
use domain::work::{Fence, State};
use serde::Serialize;
use store::audit::{self, Entry};
use store::{Scope, StoreError, Tx, activity, change, work, workspace};

use super::flow::finished;
use super::{LOG, Status, first, status, views};
use crate::agent::{ActivityView, QuestionView};
use crate::audit::EventView;
use crate::change::ChangeView;
use crate::work::WorkView;
use crate::workspace::WorkspaceView;

/// How many items a column of the board has at most.
pub const COLUMN: u32 = 50;
/// How many lines of what an agent does a card has at most.
pub const LINES: u32 = 3;
/// How many log entries the board shows at most.
const EVENTS: usize = 50;
/// The columns of the board, in the order of an item's life.
const COLUMNS: [&str; 7] = ["ready", "leased", "submitted", "done", "pending", "blocked", "dead"];

/// What the board shows.
#[derive(Clone, Debug, Serialize)]
pub struct Board {
    /// The status on top.
    pub status: Status,
    /// The columns in the order of an item's life: ready, leased, submitted, done, pending, blocked, dead.
    pub columns: Vec<Column>,
    /// Changes that wait for somebody to approve them, the latest of each item; at most [`COLUMN`].
    pub refused: Vec<Refused>,
    /// What agents ask of people, first what is answered with no soon; at most [`COLUMN`].
    pub questions: Vec<QuestionView>,
    /// What happened, newest first. Renewals of leases are left out.
    pub events: Vec<Told>,
}

impl Board {
    /// The column of `state`.
    pub fn column(&self, state: &str) -> &Column {
        self.columns.iter().find(|column| column.state == state).expect("every state of a column has one")
    }
}

/// The items in one state.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// The state.
    pub state: &'static str,
    /// How many items are in it.
    pub total: u64,
    /// Some of them, at most [`COLUMN`]: of those that are done the last, else the first that were added. Ready ones
    /// stand in the order of claims.
    pub cards: Vec<Card>,
}

/// One item on the board.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// The item.
    pub item: WorkView,
    /// Its change, when it is submitted or done with one.
    pub change: Option<ChangeView>,
    /// Where its holder works, when that is a workspace of ours.
    pub workspace: Option<WorkspaceView>,
    /// What its agent did last, oldest first; at most three lines.
    pub activity: Vec<ActivityView>,
}

/// A change that touches what it may not without approval.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    /// The change.
    pub change: ChangeView,
    /// The title of its item.
    pub title: Option<String>,
}

/// A log entry, with what a person needs to understand it.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// The entry.
    pub event: EventView,
    /// The title of the item that it is about, directly or through a change or a workspace.
    pub title: Option<String>,
}

/// What the board shows, as it stands in this transaction.
pub(super) async fn board(tx: &mut Tx<'_>, scope: &Scope) -> Result<Board, StoreError> {
    let status = status(tx, scope).await?;
    let log = audit::latest(tx, &scope.project, LOG).await?;
    let mut columns = Vec::new();
    for state in COLUMNS {
        let total = status.count(state);
        let mut items = match state {
            "done" if total > u64::from(COLUMN) => last_done(tx, scope, &log).await?,
            _ => Vec::new(),
        };
        if items.is_empty() && total > 0 {
            items = views(&work::list(tx, &scope.project, Some(state), &first(COLUMN)).await?);
        }
        match state {
            "ready" => items.sort_by(|a, b| (a.rank_ms, &a.id).cmp(&(b.rank_ms, &b.id))),
            "done" => items.sort_by_key(|item| std::cmp::Reverse(item.changed_at_ms)),
            _ => {}
        }
        let mut cards = Vec::with_capacity(items.len());
        for item in items {
            cards.push(card(tx, scope, item).await?);
        }
        columns.push(Column { state, total, cards });
    }
    let mut titles = Titles::of(&columns);
    let mut latest = BTreeMap::new();
    for change in change::list(tx, &scope.project, Some("refused"), &first(COLUMN)).await? {
        latest.insert(change.item.clone(), change);
    }
    let mut refused = Vec::new();
    for change in latest.values() {
        let title = titles.title(tx, scope, change.item.as_str()).await?;
        refused.push(Refused { change: ChangeView::from(change), title });
    }
    let mut events = Vec::new();
    for entry in log.into_iter().filter(|entry| entry.name != "work.renewed").take(EVENTS) {
        let event = EventView::from(entry);
        let about = event.data.get("item").and_then(serde_json::Value::as_str).unwrap_or(&event.subject);
        let title = titles.title(tx, scope, about).await?;
        events.push(Told { event, title });
    }
    let questions = activity::open(tx, scope, COLUMN).await?.into_iter().map(QuestionView::from).collect();
    Ok(Board { status, columns, refused, questions, events })
}

/// The items that the log says were finished last, as far as they still are.
async fn last_done(tx: &mut Tx<'_>, scope: &Scope, log: &[Entry]) -> Result<Vec<WorkView>, StoreError> {
    let mut found = Vec::new();
    for id in finished(log).take(COLUMN as usize) {
        let item = work::find(tx, scope, &id).await?;
        found.extend(item.filter(|added| matches!(added.item.state, State::Done(_))));
    }
    Ok(views(&found))
}

async fn card(tx: &mut Tx<'_>, scope: &Scope, item: WorkView) -> Result<Card, StoreError> {
    let change = match item.change.as_deref().and_then(|id| id.parse().ok()) {
        Some(id) => change::find(tx, &scope.project, &id).await?.as_ref().map(ChangeView::from),
        None => None,
    };
    let workspace = match (&item.holder, item.id.parse()) {
        (Some(_), Ok(id)) => {
            let opened = workspace::of_grant(tx, &scope.project, &id, Fence::new(item.fence)).await?;
            opened.as_ref().map(WorkspaceView::from)
        }
        _ => None,
    };
    let activity = match (&item.holder, item.id.parse()) {
        (Some(_), Ok(id)) => activity::last(tx, &scope.project, &id, LINES).await?,
        _ => Vec::new(),
    };
    // What an earlier attempt did is no news.
    let activity = activity.into_iter().filter(|it| it.fence.number() == item.fence).map(ActivityView::from).collect();
    Ok(Card { item, change, workspace, activity })
}

/// Titles by item, read once each.
struct Titles(BTreeMap<String, Option<String>>);

impl Titles {
    fn of(columns: &[Column]) -> Self {
        let cards = columns.iter().flat_map(|column| &column.cards);
        Self(cards.map(|card| (card.item.id.clone(), Some(card.item.title.clone()))).collect())
    }

    async fn title(&mut self, tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Result<Option<String>, StoreError> {
        let Ok(item) = id.parse::<WorkId>() else { return Ok(None) };
        if let Some(known) = self.0.get(id) {
            return Ok(known.clone());
        }
        let title = work::find(tx, scope, &item).await?.map(|added| added.item.plan.title.clone());
        self.0.insert(id.to_owned(), title.clone());
        Ok(title)
    }
}
