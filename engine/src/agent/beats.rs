//! Heartbeats of agents that come at about the same time, in one transaction: a sign of life is in no hurry.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::agent::presence::Thresholds;
use domain::text::Project;
use store::agent::{Beat, heartbeat_many};
use store::together::Kind;
use store::{Scope, Tx};

use super::AgentView;
use crate::problem::Problem;

/// How long a heartbeat waits for others: none of what is computed from it is told in less than a second.
const PATIENCE: Duration = Duration::from_millis(250);

/// Heartbeats without a key.
pub struct Beats;

/// One of them.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where and when.
    pub scope: Scope,
    /// Whose, with what it waits for.
    pub beat: Beat,
    /// How long is long for whoever asks.
    pub presence: Thresholds,
}

type Outcome = Result<AgentView, Problem>;

impl Kind for Beats {
    type Request = Request;
    type Answer = AgentView;
    type Error = Problem;

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn run(&self, tx: &mut Tx<'_>, requests: &[Request]) -> Result<Vec<Outcome>, Problem> {
        let mut projects: BTreeMap<&Project, Vec<usize>> = BTreeMap::new();
        for (at, request) in requests.iter().enumerate() {
            projects.entry(&request.scope.project).or_default().push(at);
        }
        let mut outcomes: Vec<Option<Outcome>> = requests.iter().map(|_| None).collect();
        for places in projects.into_values() {
            // They were asked within a moment: the last of them is now.
            let last = *places.last().expect("a project that is named has a request");
            let scope = &requests[last].scope;
            let beats: Vec<Beat> = places.iter().map(|at| requests[*at].beat.clone()).collect();
            for (at, seen) in places.into_iter().zip(heartbeat_many(tx, scope, &beats).await?) {
                let view = |seen| AgentView::of(seen, &requests[at].presence, scope.now);
                outcomes[at] = Some(seen.map(view).map_err(Problem::from));
            }
        }
        Ok(outcomes.into_iter().map(|outcome| outcome.expect("each request has a project")).collect())
    }
}
