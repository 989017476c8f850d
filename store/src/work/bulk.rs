//! Many items added in one transaction, in a handful of statements for all of them together.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::WorkId;
use domain::work::{Draft, Event, Plan, WorkItem};

use super::plan::PlanRecord;
use super::verbs::{Added, insert_values, log, tell_ready};
use super::{WorkError, unique};
use crate::{Scope, StoreError, Tx, Value, sql};

/// An item that is to be added.
#[derive(Clone, Debug)]
pub struct New {
    /// What is asked for. It may depend on items that stand before it in the same go.
    pub draft: Draft,
    /// The number of its id, which nobody else has.
    pub number: u64,
    /// Its W3C trace id.
    pub trace_id: String,
}

/// Why none of the items was added: what is wrong, and with which of them (from 0).
#[derive(Debug)]
pub struct BadItem {
    /// Which.
    pub at: usize,
    /// What is wrong.
    pub error: WorkError,
}

/// Adds every one of `all`, or none; comes back with the items in their order.
pub async fn add_many(tx: &mut Tx<'_>, scope: &Scope, all: Vec<New>) -> Result<Vec<Added>, BadItem> {
    let mut plans = Vec::with_capacity(all.len());
    for (at, New { draft, number, trace_id }) in all.into_iter().enumerate() {
        let plan = Plan::try_from(draft).map_err(|bad| BadItem { at, error: bad.into() })?;
        plans.push((WorkId::numbered(number), plan, trace_id));
    }
    let open = open_dependencies(tx, scope, &plans).await?;
    let mut items: Vec<(Added, Event)> = Vec::with_capacity(plans.len());
    for ((id, plan, trace_id), open) in plans.into_iter().zip(open) {
        let event = WorkItem::add(plan, open, scope.head_start, scope.now);
        let item = WorkItem::added(id, scope.project.clone(), &event, scope.now).expect("the event adds an item");
        items.push((Added { item, trace_id }, event));
    }
    keep(tx, scope, &items).await.map_err(|error| BadItem { at: 0, error: error.into() })?;
    for (at, (added, _)) in items.iter().enumerate() {
        if let Some(name) = &added.item.plan.unique {
            unique::take(tx, scope, name, &added.item.id).await.map_err(|error| BadItem { at, error })?;
        }
    }
    Ok(items.into_iter().map(|(added, _)| added).collect())
}

/// How many of its dependencies are not done, for each of `plans`.
async fn open_dependencies(
    tx: &mut Tx<'_>,
    scope: &Scope,
    plans: &[(WorkId, Plan, String)],
) -> Result<Vec<u32>, BadItem> {
    let needed: BTreeSet<&WorkId> = plans.iter().flat_map(|(_, plan, _)| &plan.depends_on).collect();
    let asked: Vec<Vec<Value<'_>>> = needed.into_iter().map(|id| vec![(&scope.project).into(), id.into()]).collect();
    let failed = |error: StoreError| BadItem { at: 0, error: error.into() };
    let mut done: BTreeMap<WorkId, bool> = BTreeMap::new();
    for row in tx.query_each(&sql::work::STATES_OF, &asked).await.map_err(failed)? {
        done.insert(row.parsed(0).map_err(failed)?, row.text(1).map_err(failed)? == "done");
    }
    let mut open = Vec::with_capacity(plans.len());
    for (at, (id, plan, _)) in plans.iter().enumerate() {
        let mut count = 0;
        for needed in &plan.depends_on {
            let unknown = || BadItem { at, error: WorkError::UnknownDependency(needed.clone()) };
            count += u32::from(!done.get(needed).ok_or_else(unknown)?);
        }
        open.push(count);
        done.insert(id.clone(), false);
    }
    Ok(open)
}

async fn keep(tx: &mut Tx<'_>, scope: &Scope, items: &[(Added, Event)]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value<'_>>> =
        items.iter().map(|(it, _)| insert_values(&it.item, &it.trace_id).to_vec()).collect();
    items.iter().for_each(|(it, _)| tell_ready(tx, &it.item));
    if tx.execute_all(&sql::work::INSERT, &rows).await? != rows.len() as u64 {
        return Err(StoreError::Conflict("ids that another process took at the same moment".to_owned()));
    }
    let bodies: Vec<String> = items
        .iter()
        .map(|(it, _)| serde_json::to_string(&PlanRecord::of(&it.item.plan)).expect("a plan can be written as JSON"))
        .collect();
    let plans: Vec<Vec<Value<'_>>> = items
        .iter()
        .zip(&bodies)
        .map(|((it, _), body)| vec![(&it.item.project).into(), (&it.item.id).into(), body.into()])
        .collect();
    tx.execute_all(&sql::work::INSERT_PLAN, &plans).await?;
    let needs: Vec<Vec<Value<'_>>> = items
        .iter()
        .flat_map(|(it, _)| it.item.plan.depends_on.iter().map(|needed| (needed, &it.item)))
        .map(|(needed, item)| vec![(&item.project).into(), needed.into(), (&item.id).into()])
        .collect();
    tx.execute_all(&sql::work::INSERT_DEPENDENCY, &needs).await?;
    for (it, event) in items {
        log(tx, scope, &it.item, event, &it.trace_id).await?;
    }
    Ok(())
}
