//! The HTTP door: health, status, the live board, and work. `docs/http.md` has every route.
//!
//! ```text
//! TCP ──┐
//! socket┴▶ connection (silence ends it) ─▶ guard (host, size, trace, headers) ─▶ route ─▶ engine
//!                                                  watcher ─ commit? ─▶ board ─▶ regions ─▶ every open page
//!                                                           └─ commit? ─▶ callers that wait for work
//! ```

mod assets;
mod board;
mod deeds;
mod guard;
mod health;
mod listener;
mod live;
mod metrics;
pub mod model;
mod problem;
pub mod socket;
mod status;
mod work;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::routing::get;
use axum::serve::{Listener as Accepts, ListenerExt as _};
use axum::{Router, middleware};
use domain::time::Ttl;
use engine::Engine;
use engine::problem::{Kind, Problem};
use engine::site::Site;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Notify;

use guard::Guard;
use health::Vitals;
use listener::{Hold, Listener};
use live::Live;
use socket::Socket;
use work::Work;

/// How long connections have to end when the server is told to stop.
const GRACE: Duration = Duration::from_secs(3);
/// How long a connection may be silent: no byte of an answer sent. Open pages get one at least every 15 s.
const SILENCE: Duration = Duration::from_mins(1);

/// What is served.
pub struct Serving {
    /// The store and the project.
    pub engine: Engine,
    /// The repository, when the server stands in one.
    pub site: Option<Site>,
    /// How long a hold lasts when a request does not say.
    pub usual_ttl: Ttl,
    /// Where the socket is, if nobody has it.
    pub socket: PathBuf,
    /// What calls of models are passed on with; `None` where they are not.
    pub model: Option<model::Means>,
}

/// What every handler gets.
#[derive(Clone)]
struct Door {
    engine: Engine,
    live: Live,
    vitals: Arc<Vitals>,
    work: Work,
    model: Option<Arc<model::Desk>>,
}

impl Door {
    fn open(serving: Serving) -> Result<Self, Problem> {
        let mut engine = serving.engine;
        // Callers record what they saw; the server sees nothing that they do not.
        engine.history = None;
        let vitals = Arc::new(Vitals::of(&engine));
        let live = Live::watch(engine.clone(), Arc::clone(&vitals))?;
        let work = Work::new(&engine, serving.site, serving.usual_ttl, live.clone());
        let desk = |means| model::Desk::new(engine.clone(), means, tokio::runtime::Handle::current()).map(Arc::new);
        let model = serving.model.map(desk).transpose()?;
        Ok(Self { engine, live, vitals, work, model })
    }
}

/// Where a server can be asked.
pub struct Places<'a> {
    /// Its address.
    pub address: SocketAddr,
    /// Its socket.
    pub socket: Option<&'a Path>,
    /// Why there is no socket, when nobody else listens on it.
    pub no_socket: Option<String>,
}

/// Serves at `at` and on the socket until `stop` is told; `ready` learns what was bound.
pub fn serve(
    serving: Serving,
    at: SocketAddr,
    stop: &Arc<Notify>,
    ready: impl FnOnce(&Places<'_>),
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
        let tcp = TcpListener::bind(at).await.map_err(|e| failed("cannot listen on", e))?;
        let address = tcp.local_addr().map_err(|e| failed("cannot listen on", e))?;
        let (socket, no_socket) = match Socket::listen(&serving.socket) {
            Ok(Some(listening)) => (Some(listening), None),
            Ok(None) => (None, Some("another process of Nexus listens there".to_owned())),
            Err(error) => (None, Some(error.to_string())),
        };
        let door = Door::open(serving)?;
        let vitals = Arc::clone(&door.vitals);
        // Whoever asks before it is through hears that nothing is known.
        drop(tokio::task::spawn_blocking(move || vitals.try_sandboxes()));
        let path = socket.as_ref().map(|(socket, _)| socket.path.as_path());
        ready(&Places { address, socket: path, no_socket });
        attend(door, Some((tcp, address)), socket, stop).await.map_err(|e| failed("serving on", e))
    });
    runtime.shutdown_timeout(GRACE);
    served
}

/// A server on the socket alone, beside what the process does otherwise. It ends when this goes.
pub struct Beside {
    stop: Arc<Notify>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Listens on the socket when nobody does. Whoever asks and finds nobody goes over the file, so a server that cannot
/// be started is no failure.
pub fn beside(serving: Serving) -> Beside {
    let stop = Arc::new(Notify::new());
    let Ok(Some((socket, listener))) = Socket::listen(&serving.socket) else { return Beside { stop, thread: None } };
    let stopped = Arc::clone(&stop);
    let serve = move || {
        // A store may wait for a lock or a database on the thread that asks; the other goes on meanwhile.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            if let Ok(door) = Door::open(serving) {
                let _ = attend(door, None, Some((socket, listener)), &stopped).await;
            }
        });
        runtime.shutdown_timeout(GRACE);
    };
    Beside { stop, thread: std::thread::Builder::new().name("nexus-socket".to_owned()).spawn(serve).ok() }
}

/// Serves until `stop` is told, and a little longer for those who are still asking.
async fn attend(
    door: Door,
    tcp: Option<(TcpListener, SocketAddr)>,
    socket: Option<(Socket, std::os::unix::net::UnixListener)>,
    stop: &Notify,
) -> std::io::Result<()> {
    let live = door.live.clone();
    let over_tcp = async {
        let Some((tcp, at)) = tcp else { return Ok(()) };
        // Answers are small and somebody waits for each.
        let tcp = tcp.tap_io(|stream| drop(stream.set_nodelay(true)));
        listen(tcp, router(door.clone(), Guard { loopback: at.ip().is_loopback() }), &live).await
    };
    let over_socket = async {
        let Some((socket, listener)) = socket else { return Ok(()) };
        let listener = UnixListener::from_std(listener)?;
        let served = listen(listener, router(door.clone(), Guard { loopback: false }), &live).await;
        drop(socket);
        served
    };
    let late = async {
        stop.notified().await;
        live.close();
        tokio::time::sleep(GRACE).await;
    };
    tokio::pin!(late);
    let served = async { tokio::try_join!(over_tcp, over_socket).map(drop) };
    tokio::select! {
        ended = served => ended,
        // Somebody who neither asks nor goes keeps nobody waiting.
        () = &mut late => Ok(()),
    }
}

async fn listen<L>(listener: L, app: Router, live: &Live) -> std::io::Result<()>
where
    L: Accepts<Addr: std::fmt::Debug>,
{
    let stopped = {
        let live = live.clone();
        async move { live.closed().await }
    };
    let app = app.into_make_service_with_connect_info::<Hold>();
    axum::serve(Listener::new(listener, SILENCE), app).with_graceful_shutdown(stopped).await
}

/// Every route.
fn router(door: Door, guard: Guard) -> Router {
    // Calls of models have no guard but their token: whoever calls is no browser, and requests are large.
    let calls = door.model.as_ref().map_or_else(Router::new, |desk| model::routes(Arc::clone(desk)));
    Router::new()
        .route("/", get(board::page))
        .route("/costs", get(board::costs::page))
        .route("/live", get(live::stream))
        .route("/assets/{name}", get(assets::asset))
        .route("/api/health", get(health::health))
        .route("/api/coordination/status", get(status::status))
        .nest("/api/v1/work", work::routes())
        .nest("/api/v1/messages", deeds::messages())
        .nest("/api/v1/locks", deeds::locks())
        .nest("/api/v1/sessions", deeds::sessions())
        .nest("/api/v1/memory", deeds::memory())
        .nest("/api/v1/advice", deeds::advice())
        .nest("/api/v1/budget", deeds::budget())
        .route("/api/v1/metrics/flow", get(metrics::flow))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::wrong_method)
        .with_state(door)
        .layer(middleware::from_fn_with_state(guard, guard::guard))
        .merge(calls)
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
