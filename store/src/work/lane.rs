//! Where ready items are, and which of them comes first.

use domain::agent::Filter;
use domain::text::AgentName;
use domain::work::{State, WorkItem};

use super::record::item;
use super::verbs::{Added, find};
use crate::broken::Rule;
use crate::postgres::Walk;
use crate::{Row, Scope, StoreError, Tx, Value, assignment, sql};

/// How many candidates a claim with a filter looks at in one go.
const PAGE: u32 = 32;

/// Where the ready items of a filter are: a walk along an index, and the value that it is walked for. With a role (or
/// else a team) named there are two: items for it, and items for anybody; the rest of the filter is checked row by row.
pub(super) type Lane<'a> = (&'static crate::Statement, Option<Value<'a>>);

pub(super) fn lanes(filter: &Filter) -> Vec<Lane<'_>> {
    match (&filter.role, &filter.team) {
        (None, None) => vec![(&sql::work::READY_ANY, None)],
        (Some(role), _) => {
            vec![(&sql::work::READY_FOR_ROLE, Some(role.into())), (&sql::work::READY_FOR_ROLE, Some(Value::Null))]
        }
        (None, Some(team)) => {
            vec![(&sql::work::READY_FOR_TEAM, Some(team.into())), (&sql::work::READY_FOR_TEAM, Some(Value::Null))]
        }
    }
}

/// The ready item of lowest rank that fits, for the caller alone.
///
/// Most often it is the head of a lane. Where many claim at once, they step over the heads that others are taking;
/// whoever finds nothing that way looks again, and waits for those others before it says that there is nothing.
///
/// With `by`, what is kept for another than that agent is passed over.
pub(super) async fn first_ready(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    by: Option<&AgentName>,
) -> Result<Option<WorkItem>, StoreError> {
    let mut heads = Vec::new();
    for lane in lanes(filter) {
        heads.extend(walk(tx, scope, &lane, 1).await?.first().map(item).transpose()?);
    }
    let head = heads.into_iter().map(|(item, _)| item).min_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
    if let Some(head) = head
        && !Rule::Order.broken()
        && filter.fits(&head.plan)
        && !for_another(tx, scope, &head, by).await?
    {
        return Ok(Some(head));
    }
    loop {
        let mut best: Option<WorkItem> = None;
        for lane in lanes(filter) {
            let found = first_in_lane(tx, scope, filter, &lane, by).await?;
            best = match (best, found) {
                (Some(a), Some(b)) => Some(if (b.rank, &b.id) < (a.rank, &a.id) { b } else { a }),
                (a, b) => a.or(b),
            };
        }
        let Some(best) = best else { return Ok(None) };
        // Now for us alone; somebody may have been faster.
        match find(tx, scope, &best.id).await? {
            Some(Added { item, .. }) if item.state == State::Ready => return Ok(Some(item)),
            _ => {}
        }
    }
}

/// The first ready items of a lane, for the caller alone.
pub(super) async fn walk(tx: &mut Tx<'_>, scope: &Scope, lane: &Lane<'_>, limit: u32) -> Result<Vec<Row>, StoreError> {
    let value = match lane.1 {
        Some(Value::Text(value)) => Some(value),
        _ => None,
    };
    let walk = Walk { statement: lane.0, project: scope.project.as_str(), value };
    let values: Vec<Value<'_>> = std::iter::once((&scope.project).into()).chain(lane.1).collect();
    tx.walk(&walk, &values, limit).await
}

/// Before every item.
pub(super) static START: (i64, String) = (i64::MIN, String::new());

pub(super) fn lane_values<'a>(
    scope: &'a Scope,
    lane: &Lane<'a>,
    after: &'a (i64, String),
    limit: u32,
) -> Vec<Value<'a>> {
    let mut values = vec![Value::from(&scope.project)];
    values.extend(lane.1);
    values.extend::<[Value<'_>; 3]>([after.0.into(), (&after.1).into(), limit.into()]);
    values
}

pub(super) async fn for_another(
    tx: &mut Tx<'_>,
    scope: &Scope,
    item: &WorkItem,
    by: Option<&AgentName>,
) -> Result<bool, StoreError> {
    match by {
        Some(by) => assignment::for_another(tx, scope, item, by).await,
        None => Ok(false),
    }
}

async fn first_in_lane(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    lane: &Lane<'_>,
    by: Option<&AgentName>,
) -> Result<Option<WorkItem>, StoreError> {
    let mut after = START.clone();
    loop {
        let rows = tx.peek_all(lane.0, &lane_values(scope, lane, &after, PAGE)).await?;
        for row in &rows[usize::from(Rule::Order.broken() && rows.len() > 1)..] {
            let (item, _) = item(row)?;
            if filter.fits(&item.plan) && !for_another(tx, scope, &item, by).await? {
                return Ok(Some(item));
            }
            after = (item.rank.millis(), item.id.to_string());
        }
        if rows.len() < PAGE as usize {
            return Ok(None);
        }
    }
}

/// The first `limit` ready items of the project, whoever they are for, in the order in which they are taken.
pub async fn first(tx: &mut Tx<'_>, scope: &Scope, limit: u32) -> Result<Vec<WorkItem>, StoreError> {
    let values = lane_values(scope, &(&sql::work::READY_ANY, None), &START, limit);
    let rows = tx.peek_all(&sql::work::READY_ANY, &values).await?;
    rows.iter().map(|row| item(row).map(|(item, _)| item)).collect()
}
