//! Many claims, or many acts, in one transaction: a handful of statements for all of them together.
//!
//! Each is decided by the same rules as alone, in the order in which they come; one that is refused leaves nothing
//! behind. What is rare (limits, assignments, agents that take nothing, filters that look into an item) goes the way of the single verb.

use std::collections::{BTreeMap, BTreeSet};

use domain::agent::{Agent, Filter};
use domain::id::WorkId;
use domain::text::{AgentName, Project};
use domain::time::Ttl;
use domain::work::{Command, Event, State, WorkItem};

use super::ahead;
use super::decided::decided;
use super::gated::Gated;
use super::lane::{self, lanes};
use super::verbs::{self, Added, save_values, tell_dependents};
use super::{WorkError, record};
use crate::{Scope, StoreError, Tx, Value, agent, sql};

/// A claim of whatever comes next.
#[derive(Clone, Debug)]
pub struct Next {
    /// Where and when.
    pub scope: Scope,
    /// What fits.
    pub filter: Filter,
    /// For whom.
    pub by: AgentName,
    /// For how long.
    pub ttl: Ttl,
}

/// Something to be done to an item.
#[derive(Clone, Debug)]
pub struct Act {
    /// Where and when.
    pub scope: Scope,
    /// To which item.
    pub id: WorkId,
    /// What.
    pub command: Command,
}

/// One transition: the item before and after, what happened, and its trace.
struct Step {
    before: WorkItem,
    after: WorkItem,
    event: Event,
    trace_id: String,
}

/// Takes the next item for each of `claims`, the first for the first. Each comes back with its item, or `None` when
/// nothing fits, or why it is refused; an error of the store is about all of them.
pub async fn claim_next_many(
    tx: &mut Tx<'_>,
    claims: &[Next],
) -> Result<Vec<Result<Option<Added>, WorkError>>, StoreError> {
    if let [only] = claims {
        return Ok(vec![alone(tx, only).await?]);
    }
    let mut tended: BTreeMap<&Project, Option<Gated>> = BTreeMap::new();
    let mut kept = BTreeSet::new();
    for claim in claims {
        if !tended.contains_key(&claim.scope.project) {
            let ahead = fine(ahead::look(tx, &claim.scope).await)?;
            tended.insert(&claim.scope.project, Gated::find(tx, &claim.scope, &ahead).await?);
            if ahead.kept {
                kept.insert(&claim.scope.project);
            }
        }
    }
    let agents = meet_many(tx, claims).await?;
    let wanted: Vec<Filter> =
        claims.iter().zip(&agents).map(|(claim, agent)| claim.filter.clone().or_of(agent)).collect();
    let mut answers = Vec::with_capacity(claims.len());
    while answers.len() < claims.len() {
        let from = answers.len();
        if let Some(gated) = tended.get_mut(&claims[from].scope.project).and_then(Option::as_mut) {
            let Next { scope, by, ttl, .. } = &claims[from];
            let taken = gated.next(tx, scope, &wanted[from], (&agents[from], by, *ttl)).await;
            answers.push(whole(tx, scope, taken).await?);
            continue;
        }
        let alike = |at: usize| {
            agents[at].capacity.is_none()
                && agents[at].take_work().is_ok()
                && !kept.contains(&claims[at].scope.project)
                && wanted[at] == wanted[from]
                && claims[at].scope.project == claims[from].scope.project
        };
        let some = (from..claims.len()).take_while(|at| alike(*at)).count();
        if some < 2 {
            answers.push(alone(tx, &claims[from]).await?);
            continue;
        }
        let (group, filter) = (&claims[from..from + some], &wanted[from]);
        let taken = take_heads(tx, group, filter).await?;
        let enough = taken.len();
        answers.extend(taken.into_iter().map(|added| Ok(Some(added))));
        // For the rest the heads were not enough: they look as one that is alone looks, until one finds nothing.
        let mut nothing = false;
        for claim in &group[enough..] {
            let answer = if nothing { Ok(None) } else { alone(tx, claim).await? };
            nothing = matches!(answer, Ok(None));
            answers.push(answer);
        }
    }
    Ok(answers)
}

async fn alone(tx: &mut Tx<'_>, claim: &Next) -> Result<Result<Option<Added>, WorkError>, StoreError> {
    let Next { scope, filter, by, ttl } = claim;
    let taken = verbs::claim_next(tx, scope, filter, by, *ttl).await;
    whole(tx, scope, taken).await
}

/// What was taken, with its trace.
async fn whole(
    tx: &mut Tx<'_>,
    scope: &Scope,
    taken: Result<Option<WorkItem>, WorkError>,
) -> Result<Result<Option<Added>, WorkError>, StoreError> {
    let taken = match taken {
        Err(WorkError::Store(error)) => return Err(error),
        Ok(Some(item)) => verbs::find(tx, scope, &item.id).await?,
        Ok(None) => None,
        Err(refused) => return Ok(Err(refused)),
    };
    Ok(Ok(taken))
}

/// The agents of `claims`, in their order; those that are new become known.
async fn meet_many(tx: &mut Tx<'_>, claims: &[Next]) -> Result<Vec<Agent>, StoreError> {
    let who: BTreeSet<(&Project, &AgentName)> = claims.iter().map(|it| (&it.scope.project, &it.by)).collect();
    let who: Vec<Vec<Value<'_>>> = who.into_iter().map(|(project, name)| vec![project.into(), name.into()]).collect();
    let known = tx.query_each(&sql::agent::FIND_MANY, &who).await?;
    let mut known: BTreeMap<(Project, AgentName), Agent> = known
        .iter()
        .map(|row| agent::read(row).map(|agent| ((agent.project.clone(), agent.name.clone()), agent)))
        .collect::<Result<_, _>>()?;
    let mut agents = Vec::with_capacity(claims.len());
    for Next { scope, by, .. } in claims {
        let key = (scope.project.clone(), by.clone());
        if let Some(agent) = known.get(&key) {
            agents.push(agent.clone());
        } else {
            let agent = agent::meet(tx, scope, by).await?;
            agents.push(agent.clone());
            known.insert(key, agent);
        }
    }
    Ok(agents)
}

/// The first items that fit, one for each of `claims` from the front, as far as the heads of the lanes go.
async fn take_heads(tx: &mut Tx<'_>, claims: &[Next], filter: &Filter) -> Result<Vec<Added>, StoreError> {
    let scope = &claims[0].scope;
    let limit = u32::try_from(claims.len()).unwrap_or(u32::MAX);
    let mut heads = Vec::new();
    for lane in lanes(filter) {
        for row in lane::walk(tx, scope, &lane, limit).await? {
            heads.push(record::item(&row)?);
        }
    }
    heads.sort_by(|(a, _), (b, _)| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
    // Behind the first that does not fit may be others that do; finding them is for those who look alone. So
    // is an item that is going to write something: who else does has to be looked at first.
    let fitting = heads.into_iter().take_while(|(item, _)| filter.fits(&item.plan) && item.plan.writes.is_empty());
    let mut steps = Vec::with_capacity(claims.len());
    for (claim, (before, trace_id)) in claims.iter().zip(fitting) {
        let command = Command::Claim { by: claim.by.clone(), ttl: claim.ttl };
        let Ok((event, after)) = decided(&before, &command, &claim.scope) else { break };
        steps.push((&claim.scope, Step { before, after, event, trace_id }));
    }
    keep(tx, &steps).await?;
    Ok(steps.into_iter().map(|(_, step)| Added { item: step.after, trace_id: step.trace_id }).collect())
}

/// Does each of `acts`. Those on one item are done one after the other; what follows for dependents is done too.
pub async fn carry_out_many(tx: &mut Tx<'_>, acts: &[Act]) -> Result<Vec<Result<Added, WorkError>>, StoreError> {
    let mut answers: Vec<Option<Result<Added, WorkError>>> = acts.iter().map(|_| None).collect();
    let mut left: Vec<usize> = (0..acts.len()).collect();
    while !left.is_empty() {
        let mut seen = BTreeSet::new();
        let (now, later): (Vec<usize>, Vec<usize>) =
            left.into_iter().partition(|at| seen.insert((&acts[*at].scope.project, &acts[*at].id)));
        let ids: Vec<Vec<Value<'_>>> = seen.into_iter().map(|(project, id)| vec![project.into(), id.into()]).collect();
        let mut found: BTreeMap<(Project, WorkId), (WorkItem, String)> = BTreeMap::new();
        for row in tx.query_each(&sql::work::FIND, &ids).await? {
            let (item, trace_id) = record::item(&row)?;
            found.insert((item.project.clone(), item.id.clone()), (item, trace_id));
        }
        let mut steps = Vec::new();
        for at in now {
            let Act { scope, id, command } = &acts[at];
            let Some((before, trace_id)) = found.remove(&(scope.project.clone(), id.clone())) else {
                answers[at] = Some(Err(WorkError::Unknown(id.clone())));
                continue;
            };
            match decided(&before, command, scope) {
                Err(refused) => answers[at] = Some(Err(refused.into())),
                Ok((event, after)) => {
                    answers[at] = Some(Ok(Added { item: after.clone(), trace_id: trace_id.clone() }));
                    steps.push((scope, Step { before, after, event, trace_id }));
                }
            }
        }
        keep(tx, &steps).await?;
        tell_all_dependents(tx, &steps).await?;
        left = later;
    }
    Ok(answers.into_iter().map(|answer| answer.expect("each act is answered in its round")).collect())
}

/// Writes what `steps` made of their items, and logs it.
async fn keep(tx: &mut Tx<'_>, steps: &[(&Scope, Step)]) -> Result<(), StoreError> {
    steps.iter().for_each(|(_, it)| verbs::tell_ready(tx, &it.after));
    let rows: Vec<Vec<Value<'_>>> = steps.iter().map(|(_, it)| save_values(&it.before, &it.after).to_vec()).collect();
    if tx.execute_all(&sql::work::SAVE, &rows).await? != rows.len() as u64 {
        // Cannot happen: there is one writer, or the rows are locked.
        return Err(StoreError::Conflict("items that were locked".to_owned()));
    }
    for (scope, step) in steps {
        verbs::log(tx, scope, &step.before, &step.event, "").await?;
    }
    Ok(())
}

async fn tell_all_dependents(tx: &mut Tx<'_>, steps: &[(&Scope, Step)]) -> Result<(), StoreError> {
    let done = |item: &WorkItem| matches!(item.state, State::Done(_));
    let turned: Vec<&(&Scope, Step)> = steps.iter().filter(|(_, it)| done(&it.before) != done(&it.after)).collect();
    let asked: Vec<Vec<Value<'_>>> =
        turned.iter().map(|(_, it)| vec![(&it.after.project).into(), (&it.after.id).into()]).collect();
    let dependents = tx.query_each(&sql::work::DEPENDENTS, &asked).await?;
    let mut needed: BTreeSet<WorkId> = BTreeSet::new();
    for row in &dependents {
        needed.insert(row.parsed(1)?);
    }
    for (scope, step) in turned.into_iter().filter(|(_, it)| needed.contains(&it.after.id)) {
        let news = if done(&step.after) { Command::DependencyDone } else { Command::DependencyReopened };
        fine(tell_dependents(tx, scope, &step.after.id, &news).await)?;
    }
    Ok(())
}

/// `outcome`; the rules do not refuse what is due.
fn fine<T>(outcome: Result<T, WorkError>) -> Result<T, StoreError> {
    outcome.map_err(|error| match error {
        WorkError::Store(error) => error,
        other => StoreError::Broken(other.to_string()),
    })
}
