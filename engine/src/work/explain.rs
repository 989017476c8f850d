//! Why an item cannot be taken now, and which one would be next.

use std::borrow::Cow;

use domain::agent::{Agent, Filter};
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::Timestamp;
use domain::work::{Claimer, Gates, Hindrance, InFlight, Needed, Reservation, Seen, State, WorkItem, hindrances};
use serde::{Deserialize, Serialize};
use store::work as kept;
use store::{Scope, StoreError, Tx};

use crate::Engine;
use crate::problem::Problem;

/// How many ready items are looked at, in the order in which they are taken.
const LOOK_MAX: u32 = 1_000;
/// How many of those that are stepped over are named.
const OVER_MAX: usize = 20;

/// The JSON object of one item that is explained. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct Explained {
    pub id: String,
    pub title: String,
    pub state: String,
    pub claimable: bool,
    pub reasons: Vec<Reason>,
    pub priority: String,
    pub rank_ms: i64,
    pub head_start_ms: i64,
    pub before: Option<usize>,
}

/// One thing that is in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // As above.
pub struct Reason {
    pub code: Cow<'static, str>,
    pub text: String,
    pub until_ms: Option<i64>,
    pub then: String,
}

/// The JSON object of what would be next for an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // As above.
pub struct NextUp {
    pub agent: Option<String>,
    pub next: Option<Explained>,
    pub why: String,
    pub stepped_over: Vec<Explained>,
    pub looked_at: usize,
}

/// What is the same for every item that is looked at.
struct Around {
    gates: Gates,
    in_flight: InFlight,
    reserved: Vec<Reservation>,
    who: Option<(Agent, Filter, u32)>,
}

impl Engine {
    /// Why `id` cannot be taken now by `agent` (by anybody when none is named), and when that changes.
    pub async fn explain(&self, id: &WorkId, agent: Option<(AgentName, Filter)>) -> Result<Explained, Problem> {
        let scope = self.scope();
        let body = async |tx: &mut Tx<'_>| {
            let Some(found) = kept::find(tx, &scope, id).await? else { return Ok(None) };
            let around = around(tx, &scope, agent.clone()).await?;
            let needs = needs(tx, &scope, &found.item).await?;
            let mut told = told(&scope, &around, &found.item, &needs);
            if found.item.state == State::Ready {
                let first = kept::first(tx, &scope, LOOK_MAX).await?;
                told.before = first.iter().position(|it| it.id == *id);
            }
            Ok::<_, StoreError>(Some(told))
        };
        let told = self.store.read(body).await?;
        told.ok_or_else(|| kept::WorkError::Unknown(id.clone()).into())
    }

    /// Which item `agent` (anybody when none is named) would get next and why, and what stands before it.
    pub async fn explain_next(&self, agent: Option<(AgentName, Filter)>) -> Result<NextUp, Problem> {
        let scope = self.scope();
        let body = async |tx: &mut Tx<'_>| {
            let around = around(tx, &scope, agent.clone()).await?;
            let first = kept::first(tx, &scope, LOOK_MAX).await?;
            Ok::<_, StoreError>((around, first))
        };
        let (around, first) = self.store.read(body).await?;
        let mut all = first.iter().map(|item| told(&scope, &around, item, &[]));
        let mut over = Vec::new();
        let next = all.find(|it| {
            if !it.claimable {
                over.push(it.clone());
            }
            it.claimable
        });
        let why = match &next {
            Some(it) if over.is_empty() => format!("it has the lowest rank of all that is ready{}", ahead(it)),
            Some(it) => {
                format!("it has the lowest rank of what can be taken{}; {} stand before it", ahead(it), over.len())
            }
            None if first.is_empty() => "nothing is ready".to_owned(),
            None => format!("none of the {} items that were looked at can be taken", first.len()),
        };
        over.truncate(OVER_MAX);
        let agent = agent.map(|(name, _)| name.to_string());
        Ok(NextUp { agent, next, why, stepped_over: over, looked_at: first.len() })
    }
}

/// Up to `limit` ready items that `agent` could take now, in the order in which it would get them.
pub(crate) async fn takeable(
    tx: &mut Tx<'_>,
    scope: &Scope,
    agent: &AgentName,
    limit: usize,
) -> Result<Vec<WorkItem>, StoreError> {
    let around = around(tx, scope, Some((agent.clone(), Filter::default()))).await?;
    let mut all = Vec::new();
    for item in kept::first(tx, scope, LOOK_MAX).await? {
        if all.len() == limit {
            break;
        }
        let open = told(scope, &around, &item, &[]).claimable;
        if open && !store::assignment::for_another(tx, scope, &item, agent).await? {
            all.push(item);
        }
    }
    Ok(all)
}

fn ahead(it: &Explained) -> String {
    let span = u64::try_from(it.head_start_ms).map(std::time::Duration::from_millis).unwrap_or_default();
    if span.is_zero() {
        return String::new();
    }
    format!(", with a head start of {} for its priority ({})", crate::units::format_duration(span), it.priority)
}

async fn around(tx: &mut Tx<'_>, scope: &Scope, agent: Option<(AgentName, Filter)>) -> Result<Around, StoreError> {
    let gates = kept::gates(tx, &scope.project).await?;
    let in_flight = kept::in_flight(tx, scope, &gates).await?;
    let who = match agent {
        None => None,
        Some((name, filter)) => {
            let known = store::agent::find(tx, &scope.project, &name).await?;
            let known = known.unwrap_or_else(|| Agent::unregistered(name.clone(), scope.project.clone(), scope.now));
            let filter = filter.or_of(&known);
            Some((known, filter, kept::held_by(tx, scope, &name).await?))
        }
    };
    let reserved = kept::reserved(tx, scope).await?;
    Ok(Around { gates, in_flight, reserved, who })
}

async fn needs(tx: &mut Tx<'_>, scope: &Scope, item: &WorkItem) -> Result<Vec<Needed>, StoreError> {
    let mut needs = Vec::new();
    if item.open_dependencies == 0 {
        return Ok(needs);
    }
    for id in &item.plan.depends_on {
        match kept::find(tx, scope, id).await? {
            Some(found) if !matches!(found.item.state, State::Done(_)) => {
                let (title, state) = (found.item.plan.title.clone(), found.item.state.word());
                needs.push(Needed { id: id.clone(), title, state });
            }
            _ => {}
        }
    }
    Ok(needs)
}

fn told(scope: &Scope, around: &Around, item: &WorkItem, needs: &[Needed]) -> Explained {
    let claimer = around.who.as_ref().map(|(agent, filter, held)| Claimer { agent, filter, held: *held });
    let seen =
        Seen { item, needs, gates: &around.gates, in_flight: &around.in_flight, reserved: &around.reserved, claimer };
    let reasons: Vec<Reason> = hindrances(&seen, scope.now).into_iter().map(reason).collect();
    let head_start = scope.head_start.rank(item.plan.priority, Timestamp::from_millis(0));
    Explained {
        id: item.id.to_string(),
        title: item.plan.title.clone(),
        state: item.state.word().to_owned(),
        claimable: reasons.is_empty(),
        reasons,
        priority: item.plan.priority.word().to_owned(),
        rank_ms: item.rank.millis(),
        head_start_ms: -head_start.millis(),
        before: None,
    }
}

fn reason(it: Hindrance) -> Reason {
    Reason { code: it.code.into(), text: it.text, until_ms: it.until.map(Timestamp::millis), then: it.then }
}
