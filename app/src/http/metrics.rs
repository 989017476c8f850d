//! `/api/v1/metrics/flow`: the object of `nexus metrics flow --json`.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::problem::Problem;
use engine::wait;
use serde::Deserialize;

use super::problem::Shown;
use super::{Door, aside};
use crate::cli::parse;

/// What may be asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    since: Option<String>,
    team: Option<String>,
}

/// How fast work goes.
pub async fn flow(
    State(door): State<Door>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Shown> {
    let Query(asked) = asked.map_err(|e| Problem::malformed(e.body_text()))?;
    let since = parse::since(asked.since.as_deref().unwrap_or(parse::SINCE));
    let since = since.map_err(|e| Problem::malformed(format!("since: {e}")))?;
    let team = asked.team.map(|team| team.parse()).transpose();
    let team = team.map_err(|e: domain::text::BadText| Problem::malformed(format!("team: {e}")))?;
    let engine = door.engine;
    let answer = aside(move || wait(engine.metrics(since.moment(engine.scope().now), team))).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}
