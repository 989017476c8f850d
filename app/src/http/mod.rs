//! The HTTP door: health, status, and the live board.

mod board;
mod live;
mod problem;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use engine::Engine;
use engine::problem::{Kind, Problem};
use serde_json::json;
use tokio::sync::Notify;

use live::Live;

/// Serves until `stop` is told; `ready` learns the address that was bound.
pub fn serve(
    engine: Engine,
    at: SocketAddr,
    stop: &Arc<Notify>,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), Problem> {
    let failed = |what: &str, e: std::io::Error| {
        Problem::new(Kind::Failed, "cannot_listen", format!("{what} {at}: {e}; choose another with --port"))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| failed("starting to listen on", e))?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(at).await.map_err(|e| failed("cannot listen on", e))?;
        ready(listener.local_addr().map_err(|e| failed("cannot listen on", e))?);
        let live = Live::watch(engine.clone())?;
        let stopped = {
            let (stop, live) = (Arc::clone(stop), live.clone());
            async move {
                stop.notified().await;
                live.close();
            }
        };
        axum::serve(listener, router(engine, live))
            .with_graceful_shutdown(stopped)
            .await
            .map_err(|e| failed("serving on", e))
    })
}

/// Every route.
pub fn router(engine: Engine, live: Live) -> Router {
    Router::new()
        .route("/", get(board::page))
        .route("/live", get(live::stream))
        .route("/assets/board.css", get(board::css))
        .route("/assets/board.js", get(board::js))
        .route("/api/health", get(health))
        .route("/api/coordination/status", get(status))
        .fallback(problem::not_found)
        .with_state(Door { engine, live })
        .layer(middleware::map_response(secure))
}

/// What every handler gets.
#[derive(Clone)]
pub struct Door {
    engine: Engine,
    live: Live,
}

/// Whether the store answers; 503 when it does not.
async fn health(State(door): State<Door>) -> Response {
    match door.engine.latest_events(1).await {
        Ok(last) => {
            let seq = last.last().map_or(0, |event| event.seq);
            Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "store": "ok", "last_seq": seq }))
                .into_response()
        }
        Err(problem) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "failed", "store": problem.message })))
                .into_response()
        }
    }
}

/// How the project stands.
async fn status(State(door): State<Door>) -> Result<Response, problem::Shown> {
    Ok(Json(door.engine.status().await?).into_response())
}

async fn secure(mut response: Response) -> Response {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
