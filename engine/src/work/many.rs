//! Many at once: claims for one agent, and reports of what it holds.

use domain::agent::Filter;
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Draft, Held, Json};
use serde::{Deserialize, Serialize};
use store::work as kept;
use store::{Scope, Tx, workspace};

use super::WorkView;
use crate::history::Asked;
use crate::problem::{Kind, Problem};
use crate::{Engine, Key, random_hex};

/// One of many reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of which item.
    pub id: WorkId,
    /// By whom, under which fence.
    pub held: Held,
    /// What came of it, when it says.
    pub result: Option<Json>,
}

/// What became of one of many reports: the item, or why it could not be reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// Which item.
    pub id: String,
    /// The item as it stands now.
    pub item: Option<WorkView>,
    /// What is in the way.
    pub error: Option<Problem>,
}

impl Engine {
    /// Adds all of `drafts`, or none, in one transaction.
    pub async fn add_many(&self, drafts: Vec<Draft>, key: Option<Key>) -> Result<Vec<WorkView>, Problem> {
        let engine = self.clone();
        self.keyed(key, async move |tx, scope| {
            let new = |draft| kept::New {
                draft: engine.with_defaults(draft),
                number: engine.number(),
                trace_id: random_hex::<16>(),
            };
            let added = kept::add_many(tx, scope, drafts.into_iter().map(new).collect()).await.map_err(|bad| {
                let problem = Problem::from(bad.error);
                Problem { message: format!("item {}: {}", bad.at + 1, problem.message), ..problem }
            })?;
            Ok(added.iter().map(|it| WorkView::of(&it.item, &it.trace_id)).collect())
        })
        .await
    }

    /// Takes up to `count` items that fit, the next ones first. Kind [`Kind::Nothing`] when nothing does.
    ///
    /// An agent with a capacity gets as many as it may.
    pub async fn next_many(
        &self,
        filter: Filter,
        by: AgentName,
        ttl: Ttl,
        count: usize,
        key: Option<Key>,
    ) -> Result<Vec<WorkView>, Problem> {
        let asked = self.asked(|| Some(Asked::claim(None, by.as_str())));
        let taken = self.keyed(key, async move |tx, scope| {
            let one = kept::Next { scope: scope.clone(), filter, by, ttl };
            let mut all = Vec::with_capacity(count);
            for taken in kept::claim_next_many(tx, &vec![one; count]).await? {
                match taken {
                    Ok(Some(added)) => {
                        let writes = !added.item.plan.writes.is_empty();
                        let others =
                            if writes { kept::conflicts(tx, scope, &added.item.id).await? } else { Vec::new() };
                        all.push(WorkView::of(&added.item, &added.trace_id).beside(&others));
                    }
                    Err(error) if all.is_empty() => return Err(error.into()),
                    Ok(None) | Err(_) => break,
                }
            }
            let nothing = || Problem::new(Kind::Nothing, "nothing_available", "no ready item fits");
            if all.is_empty() { Err(nothing()) } else { Ok(all) }
        });
        let taken = taken.await;
        match &taken {
            Ok(items) => items.iter().for_each(|item| drop(self.told(asked.clone(), Ok(item.clone())))),
            Err(problem) => drop(self.told(asked, Err(problem.clone()))),
        }
        if taken.as_ref().is_err_and(|problem| problem.kind != Kind::Failed) {
            self.tend().await?;
        }
        taken
    }

    /// Reports each of `reports`; one that cannot be reported is no reason not to report the others.
    ///
    /// What was made in a workspace is for whoever can look into it: such an item is reported by itself.
    pub async fn report_many(&self, reports: Vec<Report>, key: Option<Key>) -> Result<Vec<Reported>, Problem> {
        let asked: Vec<_> =
            reports.iter().map(|it| self.asked(|| Some(Asked::held("report", it.id.as_str(), &it.held)))).collect();
        let told = self.keyed(key, async move |tx, scope| report_all(tx, scope, &reports).await).await?;
        for (asked, it) in asked.into_iter().zip(&told) {
            let saw = match (&it.item, &it.error) {
                (Some(item), _) => Ok(item.clone()),
                (None, Some(problem)) => Err(problem.clone()),
                (None, None) => continue,
            };
            drop(self.told(asked, saw));
        }
        Ok(told)
    }
}

async fn report_all(tx: &mut Tx<'_>, scope: &Scope, reports: &[Report]) -> Result<Vec<Reported>, Problem> {
    let mut told: Vec<Reported> =
        reports.iter().map(|it| Reported { id: it.id.to_string(), item: None, error: None }).collect();
    let (mut acts, mut places) = (Vec::new(), Vec::new());
    for (at, Report { id, held, result }) in reports.iter().enumerate() {
        let there = workspace::of_grant(tx, &scope.project, id, held.fence).await?;
        if there.is_some_and(|it| it.state == domain::workspace::State::Open) {
            let message = format!("{id} has a workspace; report it by itself: nexus work report {id}");
            told[at].error = Some(Problem::refused("has_workspace", message));
            continue;
        }
        let command = Command::Report { held: held.clone(), change: None, result: result.clone() };
        acts.push(kept::Act { scope: scope.clone(), id: id.clone(), command });
        places.push(at);
    }
    for (at, done) in places.into_iter().zip(kept::carry_out_many(tx, &acts).await?) {
        match done {
            Ok(added) => told[at].item = Some(WorkView::of(&added.item, &added.trace_id)),
            Err(error) => told[at].error = Some(error.into()),
        }
    }
    Ok(told)
}
