//! The HTTP door: health, status, and the live board. `docs/http.md` has every route.
//!
//! ```text
//! connection (silence ends it) ─▶ guard (host, size, trace, headers) ─▶ route ─▶ engine
//!                                                  watcher ─ commit? ─▶ board ─▶ regions ─▶ every open page
//! ```

mod assets;
mod board;
mod guard;
mod health;
mod listener;
mod live;
mod problem;
mod status;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::routing::get;
use axum::{Router, middleware};
use engine::Engine;
use engine::problem::{Kind, Problem};
use tokio::sync::Notify;

use guard::Guard;
use health::Vitals;
use listener::Listener;
use live::Live;

/// How long connections have to end when the server is told to stop.
const GRACE: Duration = Duration::from_secs(3);
/// How long a connection may be silent: no byte of an answer sent. Open pages get one at least every 15 s.
const SILENCE: Duration = Duration::from_mins(1);

/// What every handler gets.
#[derive(Clone)]
struct Door {
    engine: Engine,
    live: Live,
    vitals: Arc<Vitals>,
}

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
        .thread_name("nexus-http")
        .enable_all()
        .build()
        .map_err(|e| failed("starting to listen on", e))?;
    let served = runtime.block_on(async {
        let tcp = tokio::net::TcpListener::bind(at).await.map_err(|e| failed("cannot listen on", e))?;
        let bound = tcp.local_addr().map_err(|e| failed("cannot listen on", e))?;
        let vitals = Arc::new(Vitals::of(&engine));
        let live = Live::watch(engine.clone(), Arc::clone(&vitals))?;
        ready(bound);
        let stopped = {
            let (stop, live) = (Arc::clone(stop), live.clone());
            async move {
                stop.notified().await;
                live.close();
            }
        };
        let late = {
            let live = live.clone();
            async move {
                live.closed().await;
                tokio::time::sleep(GRACE).await;
            }
        };
        let app = router(Door { engine, live, vitals }, Guard { loopback: bound.ip().is_loopback() });
        let server = axum::serve(Listener::new(tcp, SILENCE), app).with_graceful_shutdown(stopped);
        tokio::select! {
            ended = server.into_future() => ended.map_err(|e| failed("serving on", e)),
            // Somebody who neither asks nor goes keeps nobody waiting.
            () = late => Ok(()),
        }
    });
    runtime.shutdown_timeout(GRACE);
    served
}

/// Every route.
fn router(door: Door, guard: Guard) -> Router {
    Router::new()
        .route("/", get(board::page))
        .route("/live", get(live::stream))
        .route("/assets/{name}", get(assets::asset))
        .route("/api/health", get(health::health))
        .route("/api/coordination/status", get(status::status))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::wrong_method)
        .with_state(door)
        .layer(middleware::from_fn_with_state(guard, guard::guard))
}

/// What `ask` comes back with, worked out on a thread that may wait for the disk.
async fn aside<T: Send + 'static>(ask: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.unwrap_or_else(|_| Err(Problem::new(Kind::Failed, "panicked", "the request failed inside; see the log")))
}

/// The milliseconds since `then`.
fn ms_since(then: Instant) -> u64 {
    u64::try_from(then.elapsed().as_millis()).unwrap_or(u64::MAX)
}
