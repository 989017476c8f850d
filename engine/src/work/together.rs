//! What is added, claimed and done by holders at the same time, in one transaction and few statements.

use std::collections::BTreeMap;

use domain::agent::Filter;
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Draft};
use store::answer::{self, Known};
use store::together::Kind;
use store::work::{Act, New, Next, add, add_many, carry_out_many, claim_next_many, conflicts as kept_conflicts};
use store::{Scope, Tx};

use super::{Similar, WorkView};
use crate::Key;
use crate::problem::{self, Problem};

/// Requests that are about one item each and touch nothing but it.
pub struct Verbs;

/// One of them.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where and when.
    pub scope: Scope,
    /// Under which key.
    pub key: Option<Key>,
    /// What.
    pub what: What,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum What {
    /// An item is added, under the trace; `number` is that of its id, if nobody else has it. `similar` is told with it.
    Add { draft: Box<Draft>, number: u64, trace_id: String, similar: Vec<Similar> },
    /// The next item that fits. `waits`: whoever asks will ask again under the same key, so that there is nothing is no answer to keep.
    Next { filter: Filter, by: AgentName, ttl: Ttl, waits: bool },
    /// Something that its holder does to an item.
    Act { id: WorkId, command: Command },
}

impl What {
    /// Whether `command` touches nothing but its item, so that it can be done together with others.
    pub const fn fits(command: &Command) -> bool {
        matches!(
            command,
            Command::Renew { .. }
                | Command::Progress { .. }
                | Command::KeepResult { .. }
                | Command::Report { .. }
                | Command::Fail { .. }
                | Command::Release { .. }
        )
    }
}

type Outcome = Result<WorkView, Problem>;

impl Kind for Verbs {
    type Request = Request;
    type Answer = WorkView;
    type Error = Problem;

    async fn run(&self, tx: &mut Tx<'_>, requests: &[Request]) -> Result<Vec<Outcome>, Problem> {
        let mut outcomes: Vec<Option<Outcome>> = known(tx, requests).await?;
        // One key twice in one go: the second hears what the first did.
        let mut firsts: BTreeMap<_, usize> = BTreeMap::new();
        let mut seconds = Vec::new();
        let mut left = Vec::new();
        for (at, request) in requests.iter().enumerate().filter(|(at, _)| outcomes[*at].is_none()) {
            match request.key.as_ref().map(|key| firsts.entry((&request.scope.project, key.text())).or_insert(at)) {
                Some(first) if *first != at => seconds.push((at, *first)),
                _ => left.push(at),
            }
        }
        // What is added, and what holders give back, may be what the next claims take.
        adds(tx, requests, &left, &mut outcomes).await?;
        acts(tx, requests, &left, &mut outcomes).await?;
        claims(tx, requests, &left, &mut outcomes).await?;
        keep(tx, requests, &left, &outcomes).await?;
        for (at, first) in seconds {
            let same = requests[at].key.as_ref().map(Key::digest) == requests[first].key.as_ref().map(Key::digest);
            let key = requests[at].key.as_ref().expect("it has the key of the first");
            outcomes[at] = if same { outcomes[first].clone() } else { Some(Err(key.reused())) };
        }
        Ok(outcomes.into_iter().map(|outcome| outcome.expect("each request is answered")).collect())
    }
}

/// The answers that were given to these keys before.
async fn known(tx: &mut Tx<'_>, requests: &[Request]) -> Result<Vec<Option<Outcome>>, Problem> {
    let keyed: Vec<_> = requests.iter().filter_map(|it| Some((&it.scope.project, it.key.as_ref()?))).collect();
    let asked: Vec<_> = keyed.iter().map(|(project, key)| (*project, key.text())).collect();
    let mut known = answer::find_many(tx, &asked).await?;
    let told = |request: &Request| {
        let key = request.key.as_ref()?;
        let kept = known.remove(&(request.scope.project.clone(), key.text().to_owned()))?;
        Some(match kept.for_request(key.digest()) {
            Known::Answered(kept) => key.repeated(&kept),
            Known::New | Known::OtherRequest => Err(key.reused()),
        })
    };
    Ok(requests.iter().map(told).collect())
}

async fn adds(
    tx: &mut Tx<'_>,
    requests: &[Request],
    left: &[usize],
    outcomes: &mut [Option<Outcome>],
) -> Result<(), Problem> {
    let mut projects: BTreeMap<_, Vec<(usize, New)>> = BTreeMap::new();
    for &at in left {
        let Request { scope, what, .. } = &requests[at];
        if let What::Add { draft, number, trace_id, .. } = what {
            let new = New { draft: (**draft).clone(), number: *number, trace_id: trace_id.clone() };
            projects.entry(&scope.project).or_default().push((at, new));
        }
    }
    for some in projects.into_values() {
        let (places, news): (Vec<usize>, Vec<New>) = some.into_iter().unzip();
        let scope = &requests[places[0]].scope;
        if let [New { draft, number, trace_id }] = &news[..] {
            let body = async |tx: &mut Tx<'_>| add(tx, scope, draft.clone(), *number, trace_id).await;
            let added = tx.attempt(body).await?.map(|item| WorkView::of(&item, trace_id));
            outcomes[places[0]] = Some(added.map_err(Problem::from));
            continue;
        }
        // One that is refused has all of them done one by one.
        let added = add_many(tx, scope, news).await.map_err(|bad| Problem::from(bad.error))?;
        for (at, it) in places.into_iter().zip(added) {
            outcomes[at] = Some(Ok(WorkView::of(&it.item, &it.trace_id)));
        }
    }
    for &at in left {
        if let (What::Add { similar, .. }, Some(Ok(view))) = (&requests[at].what, &mut outcomes[at]) {
            view.similar.clone_from(similar);
        }
    }
    Ok(())
}

async fn acts(
    tx: &mut Tx<'_>,
    requests: &[Request],
    left: &[usize],
    outcomes: &mut [Option<Outcome>],
) -> Result<(), Problem> {
    let some: Vec<(usize, Act)> = left
        .iter()
        .filter_map(|&at| match &requests[at].what {
            What::Act { id, command } => {
                let act = Act { scope: requests[at].scope.clone(), id: id.clone(), command: command.clone() };
                Some((at, act))
            }
            What::Add { .. } | What::Next { .. } => None,
        })
        .collect();
    let (places, acts): (Vec<usize>, Vec<Act>) = some.into_iter().unzip();
    for (at, done) in places.into_iter().zip(carry_out_many(tx, &acts).await?) {
        outcomes[at] = Some(match done {
            Ok(added) => Ok(WorkView::of(&added.item, &added.trace_id)),
            Err(error) => Err(error.into()),
        });
    }
    Ok(())
}

async fn claims(
    tx: &mut Tx<'_>,
    requests: &[Request],
    left: &[usize],
    outcomes: &mut [Option<Outcome>],
) -> Result<(), Problem> {
    let some: Vec<(usize, Next)> = left
        .iter()
        .filter_map(|&at| match &requests[at].what {
            What::Next { filter, by, ttl, .. } => {
                let scope = requests[at].scope.clone();
                Some((at, Next { scope, filter: filter.clone(), by: by.clone(), ttl: *ttl }))
            }
            What::Add { .. } | What::Act { .. } => None,
        })
        .collect();
    let (places, claims): (Vec<usize>, Vec<Next>) = some.into_iter().unzip();
    for (at, taken) in places.into_iter().zip(claim_next_many(tx, &claims).await?) {
        outcomes[at] = Some(match taken {
            Ok(Some(added)) if !added.item.plan.writes.is_empty() => {
                let others = kept_conflicts(tx, &requests[at].scope, &added.item.id).await?;
                Ok(WorkView::of(&added.item, &added.trace_id).beside(&others))
            }
            Ok(Some(added)) => Ok(WorkView::of(&added.item, &added.trace_id)),
            Ok(None) => Err(Problem::new(problem::Kind::Nothing, "nothing_available", "no ready item fits")),
            Err(error) => Err(error.into()),
        });
    }
    Ok(())
}

/// Keeps the answers to keys.
async fn keep(
    tx: &mut Tx<'_>,
    requests: &[Request],
    left: &[usize],
    outcomes: &[Option<Outcome>],
) -> Result<(), Problem> {
    let mut kept = Vec::new();
    for &at in left {
        let nothing = |outcome: &Outcome| outcome.as_ref().is_err_and(|it| it.kind == problem::Kind::Nothing);
        if let (Some(key), Some(outcome)) = (&requests[at].key, &outcomes[at])
            && !(matches!(requests[at].what, What::Next { waits: true, .. }) && nothing(outcome))
        {
            let written = serde_json::to_string(outcome).expect("an answer can be written as JSON");
            kept.push((&requests[at].scope, key, written));
        }
    }
    let rows: Vec<_> =
        kept.iter().map(|(scope, key, written)| (*scope, key.text(), key.digest(), written.as_str())).collect();
    Ok(answer::keep_many(tx, &rows).await?)
}
