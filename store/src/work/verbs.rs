//! The verbs that change work.

use domain::agent::{Agent, Filter};
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::{Timestamp, Ttl};
use domain::work::{BadDraft, BadWrites, Command, Draft, Event, Plan, State, WorkItem};

use super::ahead;
use super::decided::decided;
use super::gated::Gated;
use super::lane::first_ready;
use super::plan::PlanRecord;
use super::record::{columns, data, item};
use super::reservation::Writes;
use super::{WorkError, handoff, unique};
use crate::audit::{Fact, append};
use crate::broken::Rule;
use crate::{Scope, StoreError, Tx, Value, agent, assignment, sql};

/// How many lapsed leases or due items one claim tends to; the rest is left to the next.
const TEND_MAX: u32 = 100;

/// An item as it was found, with its trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The item.
    pub item: WorkItem,
    /// The W3C trace id under which everything done for it is recorded.
    pub trace_id: String,
}

/// The item `id`, or `None`.
pub async fn find(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId) -> Result<Option<Added>, StoreError> {
    let row = tx.query_opt(&sql::work::FIND, &[(&scope.project).into(), id.into()]).await?;
    row.as_ref().map(|row| item(row).map(|(item, trace_id)| Added { item, trace_id })).transpose()
}

async fn load(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId) -> Result<WorkItem, WorkError> {
    find(tx, scope, id).await?.map(|found| found.item).ok_or_else(|| WorkError::Unknown(id.clone()))
}

/// Adds work. Its id is `number`, or the next one that is free.
pub async fn add(
    tx: &mut Tx<'_>,
    scope: &Scope,
    draft: Draft,
    number: u64,
    trace_id: &str,
) -> Result<WorkItem, WorkError> {
    let plan = Plan::try_from(draft)?;
    let mut open = 0;
    for needed in &plan.depends_on {
        let row = tx.query_opt(&sql::work::STATE_OF, &[(&scope.project).into(), needed.into()]).await?;
        let row = row.ok_or_else(|| WorkError::UnknownDependency(needed.clone()))?;
        open += u32::from(row.text(0)? != "done");
    }
    let event = WorkItem::add(plan, open, scope.head_start, scope.now);
    let mut number = number;
    let item = loop {
        let id = WorkId::numbered(number);
        let item = WorkItem::added(id, scope.project.clone(), &event, scope.now).expect("the event adds an item");
        if insert(tx, &item, trace_id).await? {
            break item;
        }
        number += 1;
    };
    if let Some(name) = &item.plan.unique {
        unique::take(tx, scope, name, &item.id).await?;
    }
    let body = serde_json::to_string(&PlanRecord::of(&item.plan)).expect("a plan can be written as JSON");
    tx.execute(&sql::work::INSERT_PLAN, &[(&item.project).into(), (&item.id).into(), (&body).into()]).await?;
    for needed in &item.plan.depends_on {
        let values = [(&item.project).into(), needed.into(), (&item.id).into()];
        tx.execute(&sql::work::INSERT_DEPENDENCY, &values).await?;
    }
    log(tx, scope, &item, &event, trace_id).await?;
    Ok(item)
}

async fn insert(tx: &mut Tx<'_>, item: &WorkItem, trace_id: &str) -> Result<bool, StoreError> {
    tell_ready(tx, item);
    Ok(tx.execute(&sql::work::INSERT, &insert_values(item, trace_id)).await? == 1)
}

/// The parameters of `work/insert.sql`.
pub(super) fn insert_values<'a>(item: &'a WorkItem, trace_id: &'a str) -> [Value<'a>; 13] {
    [
        (&item.project).into(),
        (&item.id).into(),
        (&item.plan.title).into(),
        item.state.word().into(),
        item.plan.priority.word().into(),
        item.plan.team.as_ref().into(),
        item.plan.role.as_ref().into(),
        item.attempts.max.into(),
        item.open_dependencies.into(),
        item.not_before.map(Timestamp::millis).into(),
        item.rank.into(),
        trace_id.into(),
        item.added_at.into(),
    ]
}

/// Does to `id` what `command` says, as the rules allow, with all that follows for its dependents.
pub async fn carry_out(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId, command: &Command) -> Result<WorkItem, WorkError> {
    let before = load(tx, scope, id).await?;
    let after = change(tx, scope, &before, command).await?;
    if let (Command::Requeue, Some(name)) = (command, &after.plan.unique) {
        unique::take(tx, scope, name, id).await?;
    }
    Ok(after)
}

/// Takes `id` for `by`. A lease on it that has run out lapses first; `held` is answered before any limit.
pub async fn claim(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &WorkId,
    by: &AgentName,
    ttl: Ttl,
) -> Result<WorkItem, WorkError> {
    claim_writing(tx, scope, id, by, ttl, None).await
}

/// As [`claim`], for a holder who says what it is going to write beyond what the item says.
pub async fn claim_writing(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &WorkId,
    by: &AgentName,
    ttl: Ttl,
    more: Option<&Writes>,
) -> Result<WorkItem, WorkError> {
    let ahead = ahead::look(tx, scope).await?;
    // Gates before items, as every claim takes them, so that no two wait for each other.
    let mut gated = Gated::find(tx, scope, &ahead).await?;
    let mut before = load(tx, scope, id).await?;
    // Beyond what was tended to, the item itself may be due; a refusal would leave it so for ever.
    let due = match &before.state {
        State::Leased(lease) if lease.until <= scope.now => Some(Command::Lapse),
        State::Pending => Some(Command::Promote),
        _ => None,
    };
    if let Some(due) = due
        && decided(&before, &due, scope).is_ok()
    {
        before = change(tx, scope, &before, &due).await?;
    }
    let command = Command::Claim { by: by.clone(), ttl };
    decided(&before, &command, scope)?;
    let writes = Writes::of(&before, more);
    if writes.exclusive && writes.globs.is_empty() {
        return Err(BadDraft::from(BadWrites::Nothing).into());
    }
    if !writes.globs.is_empty() {
        gated = Some(Gated::for_writing(gated, tx, scope).await?);
    }
    if let Some(gated) = &gated {
        gated.check(scope, &before, &writes)?;
    }
    let agent = agent::meet(tx, scope, by).await?;
    admit(tx, scope, &agent).await?;
    let taken = change(tx, scope, &before, &command).await?;
    if let Some(gated) = &mut gated {
        gated.taken(tx, scope, &taken, &writes).await?;
    }
    Ok(taken)
}

/// Takes the ready item of lowest rank that fits `filter`, and what is known of the agent `by`.
///
/// `None` means that nothing fits at this moment. What is due is tended to first.
pub async fn claim_next(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    by: &AgentName,
    ttl: Ttl,
) -> Result<Option<WorkItem>, WorkError> {
    let ahead = ahead::look(tx, scope).await?;
    let mut gated = Gated::find(tx, scope, &ahead).await?;
    let agent = agent::meet(tx, scope, by).await?;
    agent.take_work()?;
    let filter = filter.clone().or_of(&agent);
    if let Some(gated) = &mut gated {
        return gated.next(tx, scope, &filter, (&agent, by, ttl)).await;
    }
    claim_head(tx, scope, &filter, (&agent, by, ttl), ahead.kept).await
}

/// As [`claim_next`], for a holder who says what it is going to write beyond what the item says: one that nobody else
/// is writing at goes before others. `None` too while somebody is writing the same and one of the two is exclusive.
pub async fn claim_next_writing(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    by: &AgentName,
    ttl: Ttl,
    more: &Writes,
) -> Result<Option<WorkItem>, WorkError> {
    if more.exclusive && more.globs.is_empty() {
        return Err(BadDraft::from(BadWrites::Nothing).into());
    }
    let ahead = ahead::look(tx, scope).await?;
    let gated = Gated::find(tx, scope, &ahead).await?;
    let gated = Gated::for_writing(gated, tx, scope).await?;
    let agent = agent::meet(tx, scope, by).await?;
    agent.take_work()?;
    let filter = filter.clone().or_of(&agent);
    match gated.adding(more)? {
        Some(mut gated) => gated.next(tx, scope, &filter, (&agent, by, ttl)).await,
        None => Ok(None),
    }
}

/// As [`claim_next`], where there are no gates.
async fn claim_head(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    (agent, by, ttl): (&Agent, &AgentName, Ttl),
    kept: bool,
) -> Result<Option<WorkItem>, WorkError> {
    // What is kept for the agent comes first, and what is kept for another is passed over.
    let own = if kept { assignment::first_for(tx, scope, filter, by).await? } else { None };
    let before = match own {
        Some(own) => Some(own),
        None => first_ready(tx, scope, filter, kept.then_some(by)).await?,
    };
    let Some(before) = before else { return Ok(None) };
    if !before.plan.writes.is_empty() {
        let mut gated = Gated::for_writing(None, tx, scope).await?;
        return gated.next(tx, scope, filter, (agent, by, ttl)).await;
    }
    admit(tx, scope, agent).await?;
    change(tx, scope, &before, &Command::Claim { by: by.clone(), ttl }).await.map(Some)
}

pub(super) async fn admit(tx: &mut Tx<'_>, scope: &Scope, agent: &Agent) -> Result<(), WorkError> {
    agent.take_work()?;
    if agent.capacity.is_none() {
        return Ok(());
    }
    let agent = agent::find_to_count(tx, &agent.project, &agent.name).await?.unwrap_or_else(|| agent.clone());
    agent.take_work()?;
    Ok(agent.admit(held_by(tx, scope, &agent.name).await?)?)
}

/// How many items `agent` holds whose time is not over.
pub async fn held_by(tx: &mut Tx<'_>, scope: &Scope, agent: &AgentName) -> Result<u32, StoreError> {
    let row = tx.query_opt(&sql::work::HELD_BY, &[(&scope.project).into(), agent.into(), scope.now.into()]).await?;
    row.map_or(Ok(0), |row| row.small(0))
}

/// The items that need `id`.
pub async fn dependents(tx: &mut Tx<'_>, scope: &Scope, id: &WorkId) -> Result<Vec<WorkId>, StoreError> {
    let rows = tx.query_all(&sql::work::DEPENDENTS, &[(&scope.project).into(), id.into()]).await?;
    rows.iter().map(|row| row.parsed(0)).collect()
}

/// Lapses the leases that have run out and promotes the items that came due, up to a bound.
pub async fn tend(tx: &mut Tx<'_>, scope: &Scope) -> Result<u32, WorkError> {
    let mut tended = 0;
    for (statement, command) in [(&sql::work::LAPSED, Command::Lapse), (&sql::work::DUE, Command::Promote)] {
        if command == Command::Lapse && Rule::Lapse.broken() {
            continue;
        }
        let values = [(&scope.project).into(), scope.now.into(), TEND_MAX.into()];
        for row in tx.query_all(statement, &values).await? {
            carry_out(tx, scope, &row.parsed(0)?, &command).await?;
            tended += 1;
        }
    }
    Ok(tended)
}

/// One transition with its event, and what follows from it.
pub(super) async fn change(
    tx: &mut Tx<'_>,
    scope: &Scope,
    before: &WorkItem,
    command: &Command,
) -> Result<WorkItem, WorkError> {
    let after = step(tx, scope, before, command).await?;
    let done = |item: &WorkItem| matches!(item.state, State::Done(_));
    match (done(before), done(&after)) {
        (false, true) => tell_dependents(tx, scope, &after.id, &Command::DependencyDone).await?,
        (true, false) => tell_dependents(tx, scope, &after.id, &Command::DependencyReopened).await?,
        _ => {}
    }
    Ok(after)
}

pub(super) async fn tell_dependents(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &WorkId,
    news: &Command,
) -> Result<(), WorkError> {
    for row in tx.query_all(&sql::work::DEPENDENTS, &[(&scope.project).into(), id.into()]).await? {
        let before = load(tx, scope, &row.parsed(0)?).await?;
        let after = step(tx, scope, &before, news).await?;
        match step(tx, scope, &after, &Command::Promote).await {
            Ok(_) | Err(WorkError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A transition that touches no other item.
async fn step(tx: &mut Tx<'_>, scope: &Scope, before: &WorkItem, command: &Command) -> Result<WorkItem, WorkError> {
    let (event, after) = decided(before, command, scope)?;
    save(tx, before, &after).await?;
    log(tx, scope, before, &event, "").await?;
    Ok(after)
}

async fn save(tx: &mut Tx<'_>, before: &WorkItem, after: &WorkItem) -> Result<(), WorkError> {
    tell_ready(tx, after);
    if tx.execute(&sql::work::SAVE, &save_values(before, after)).await? == 1 {
        handoff::readdress(tx, before, after).await?;
        Ok(())
    } else {
        // Cannot happen: there is one writer, or the row is locked.
        Err(StoreError::Conflict(after.id.to_string()).into())
    }
}

/// Has claims find `item` if it is ready now.
pub(super) fn tell_ready(tx: &mut Tx<'_>, item: &WorkItem) {
    if item.state == State::Ready {
        tx.ready(item.project.as_str(), item.rank.millis(), item.id.as_str());
    }
}

/// The parameters of `work/save.sql`.
pub(super) fn save_values<'a>(before: &'a WorkItem, after: &'a WorkItem) -> [Value<'a>; 20] {
    let [holder, until, reason, change, proof] = columns(&after.state);
    let progress = after.progress.as_ref();
    [
        (&after.project).into(),
        (&after.id).into(),
        before.fence.into(),
        before.state.word().into(),
        after.state.word().into(),
        after.attempts.used.into(),
        after.fence.into(),
        after.open_dependencies.into(),
        after.rank.into(),
        holder,
        until,
        reason,
        change,
        proof,
        progress.map(|p| i64::from(p.percent.number())).into(),
        progress.and_then(|p| p.note.as_ref()).into(),
        after.result.as_ref().map(|r| &r.0).into(),
        after.feedback.as_ref().into(),
        after.changed_at.into(),
        after.not_before.map(Timestamp::millis).into(),
    ]
}

/// Writes `event` on `item` as it was before. Agent and fence are those of the hold under which it happened.
pub(super) async fn log(
    tx: &mut Tx<'_>,
    scope: &Scope,
    item: &WorkItem,
    event: &Event,
    trace_id: &str,
) -> Result<(), StoreError> {
    if Rule::Log.broken() && matches!(event, Event::Renewed { .. }) {
        return Ok(());
    }
    let (agent, fence) = match (event, &item.state) {
        (Event::Claimed { by, fence, .. }, _) => (Some(by), Some(*fence)),
        (_, State::Leased(lease)) => (Some(&lease.holder), Some(item.fence)),
        (_, State::Submitted(_)) => (None, Some(item.fence)),
        _ => (None, None),
    };
    let subject = item.id.as_str();
    append(tx, scope, Fact { name: event.name(), subject, agent, fence, data: &data(event, trace_id) }).await
}
