//! `/api/coordination/status`: the status, and the fields that callers of the older system know.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::status::{Flow, Status};
use engine::wait;
use serde::Serialize;

use super::problem::Shown;
use super::{Door, aside};

/// How long a hold may be over before somebody should have noticed, in milliseconds.
const OVERDUE_MS: i64 = 60_000;

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    status: Status,
    coordination: Coordination,
    performance: Performance,
    system_health: &'static str,
}

#[derive(Serialize)]
struct Coordination {
    work_claims: u64,
    completed_work: u64,
    pending_work: u64,
}

/// A number, or `null` when there is nothing to work it out from.
#[derive(Serialize)]
struct Performance {
    coordination_operations_per_hour: Option<f64>,
    average_work_completion_time: Option<f64>,
}

impl Answer {
    fn of(status: Status, flow: Flow) -> Self {
        let overdue = status.held.iter().any(|hold| hold.lease_until_ms + OVERDUE_MS < status.at_ms);
        Self {
            coordination: Coordination {
                work_claims: status.count("leased"),
                completed_work: status.count("done"),
                pending_work: status.count("pending") + status.count("ready"),
            },
            performance: Performance {
                coordination_operations_per_hour: flow.operations_per_hour,
                average_work_completion_time: flow.completion_ms_mean,
            },
            system_health: if overdue { "degraded" } else { "healthy" },
            status,
        }
    }
}

/// How the project stands.
pub async fn status(State(door): State<Door>) -> Result<Response, Shown> {
    let engine = door.engine;
    let answer = aside(move || Ok(Answer::of(wait(engine.status())?, wait(engine.flow())?))).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}
