//! Messages, locks, sessions, memory, gates, hand-off, many at once, advice, budgets: each as a route, with the fields and
//! answers of the command line.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, OriginalUri, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};

use super::guard::writing;
use super::problem::{Shown, not_found};
use super::work::{Asked, left_behind};
use super::{Door, aside};
use crate::ask::{Deed, Look};
use crate::reach::WORKSPACE;

type Text = Query<Vec<(String, String)>>;

/// Every route below `/api/v1/messages`.
pub fn messages() -> Router<Door> {
    closed(
        Router::new()
            .route("/", get(look).post(deed))
            .route("/{id}", get(look))
            .route("/{id}/thread", get(look))
            .route("/{id}/read", post(deed))
            .route("/{id}/ack", post(deed)),
    )
}

/// Every route below `/api/v1/locks`.
pub fn locks() -> Router<Door> {
    closed(
        Router::new()
            .route("/", get(look))
            .route("/acquire", post(deed))
            .route("/renew", post(deed))
            .route("/release", post(deed)),
    )
}

/// Every route below `/api/v1/sessions`.
pub fn sessions() -> Router<Door> {
    closed(
        Router::new()
            .route("/", get(look).post(deed))
            .route("/end", post(deed))
            .route("/{id}", get(look))
            .route("/{id}/end", post(deed))
            .route("/{id}/handoff", get(look)),
    )
}

/// Every route below `/api/v1/memory`.
pub fn memory() -> Router<Door> {
    closed(
        Router::new()
            .route("/", get(look).post(deed))
            .route("/search", get(look))
            .route("/{id}", get(look))
            .route("/{id}/remove", post(deed)),
    )
}

/// Every route below `/api/v1/advice`.
pub fn advice() -> Router<Door> {
    closed(Router::new().route("/{question}", get(look)).route("/{question}/apply", post(deed)))
}

/// Every route below `/api/v1/budget`.
pub fn budget() -> Router<Door> {
    closed(
        Router::new()
            .route("/", get(look))
            .route("/history", get(look))
            .route("/set", post(deed))
            .route("/reset", post(deed)),
    )
}

/// The routes below `/api/v1/work` that are about more than one item, or say more than the item.
pub fn beside_work() -> Router<Door> {
    Router::new()
        .route("/pause", post(deed))
        .route("/resume", post(deed))
        .route("/limit", post(deed))
        .route("/gates", get(look))
        .route("/explain", get(look))
        .route("/graph", get(look))
        .route("/report-many", post(deed))
        .route("/questions", get(look))
        .route("/questions/{question}/answer", post(deed))
        .route("/{id}/activity", get(look))
        .route("/{id}/explain", get(look))
        .route("/{id}/graph", get(look))
        .route("/{id}/handoff", get(look).post(deed))
}

fn closed(routes: Router<Door>) -> Router<Door> {
    routes.fallback(not_found).layer(DefaultBodyLimit::disable()).layer(middleware::from_fn(writing))
}

/// Where a request goes, below `/api/v1`.
fn place(uri: &Uri) -> &str {
    uri.path().strip_prefix("/api/v1").unwrap_or_default()
}

async fn deed(
    State(door): State<Door>,
    OriginalUri(uri): OriginalUri,
    Query(query): Text,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Shown> {
    let mut asked = Asked::read(&door, &headers, query, &body)?;
    let Some(deed) = Deed::read(place(&uri), &mut asked.fields)? else { return Err(not_found(uri).await) };
    done(&door, deed, asked).await
}

/// Carries out `deed`, which was read from `asked`.
pub async fn done(door: &Door, deed: Deed, asked: Asked) -> Result<Response, Shown> {
    let looks_itself = asked.looks_itself;
    let (engine, key) = asked.end()?;
    let made = deed.makes();
    let held = deed.gives_up().map(|(id, held)| (id.clone(), held.fence));
    let told = deed.carry_out(&engine, door.work.usual_ttl(), key.as_deref()).await?;
    door.work.ring();
    let left = match held {
        Some((id, fence)) => left_behind(door, engine, id, fence, looks_itself).await?,
        None => None,
    };
    let status = if made { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, left.map(|id| [(WORKSPACE, id)]), Json(told)).into_response())
}

async fn look(
    State(door): State<Door>,
    OriginalUri(uri): OriginalUri,
    Query(query): Text,
    headers: HeaderMap,
) -> Result<Response, Shown> {
    let mut asked = Asked::read(&door, &headers, query, &[])?;
    let Some(look) = Look::read(place(&uri), &mut |name| asked.query(name))? else {
        return Err(not_found(uri).await);
    };
    let (engine, _) = asked.end()?;
    let told = aside(move || look.carry_out(&engine)).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(told)).into_response())
}
