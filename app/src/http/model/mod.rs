//! The model gateway: agents call models through it with tokens of ours; it has the real keys, keeps the budget and counts.
//!
//! ```text
//! agent ──token──▶ route ─▶ pass ─▶ budget: set aside ─▶ provider, with the real key
//!   ◀── each piece as it comes ── meter ◀──────────────────┘
//!                                   └─▶ settle · record · breaker
//! ```

mod call;
mod content;
mod count;
mod desk;
mod keys;
mod meter;
mod prices;
mod proxy;
mod relay;
#[cfg(test)]
mod tests;
mod wire;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::serve::ListenerExt as _;
use domain::budget::Metered;
use engine::agent::{Caller, Gateway, Pass};
use engine::problem::{Kind, Problem};
use engine::{Engine, random_hex};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Notify;

pub use content::Content;
pub use desk::Desk;
pub use keys::Keys;
pub use prices::Prices;
pub use proxy::Hosts;

/// How long what is under way has to end when the gateway ends.
const GRACE: Duration = Duration::from_secs(3);

/// What the gateway reaches providers with.
#[derive(Clone, Debug)]
pub struct Means {
    /// The addresses of Anthropic, OpenAI and Gemini.
    pub urls: [String; 3],
    /// Their keys.
    pub keys: Keys,
    /// What models cost.
    pub prices: Prices,
    /// Where `CONNECT` may go.
    pub hosts: Hosts,
    /// Where requests and answers are kept; `None`: nowhere.
    pub content: Option<Content>,
}

/// A gateway with a port on the loopback interface and a socket of its own. It ends when this goes.
pub struct ModelGateway {
    desk: Arc<Desk>,
    address: SocketAddr,
    socket: PathBuf,
    stop: Arc<Notify>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl ModelGateway {
    /// Starts one over `engine`, whose store has a commit loop: calls must not wait for each other's commits.
    pub fn start(engine: Engine, means: Means) -> Result<Self, Problem> {
        let failed = |e: std::io::Error| Problem::new(Kind::Failed, "cannot_listen", format!("the model gateway: {e}"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("nexus-gateway")
            .enable_all()
            .build()
            .map_err(failed)?;
        let hosts = means.hosts.clone();
        let desk = Arc::new(Desk::new(engine, means, runtime.handle().clone())?);
        // The path of a socket has to be short, so it is not in the folder of the store.
        let folder = tempfile::Builder::new().prefix("nexus-gw-").tempdir().map_err(failed)?;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
        let socket = folder.path().join("model.sock");
        let inside = runtime.enter();
        let unix = UnixListener::bind(&socket).map_err(failed)?;
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let tcp = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        let stop = Arc::new(Notify::new());
        let app = alone(Door { desk: Arc::clone(&desk), hosts: Arc::new(hosts) });
        drop(inside);
        let (stopped, over_tcp) = (Arc::clone(&stop), app.clone());
        let serve = move || {
            runtime.block_on(async {
                let tcp = tcp.tap_io(|stream| drop(stream.set_nodelay(true)));
                let tcp = async { axum::serve(tcp, over_tcp).await };
                let unix = async { axum::serve(unix, app).await };
                tokio::select! {
                    _ = tcp => {}
                    _ = unix => {}
                    () = stopped.notified() => {}
                }
            });
            runtime.shutdown_timeout(GRACE);
        };
        let thread = std::thread::Builder::new().name("nexus-gateway".to_owned()).spawn(serve).map_err(failed)?;
        Ok(Self { desk, address, socket, stop, thread: Some(thread), _folder: folder })
    }
}

impl Gateway for ModelGateway {
    fn serves(&self, variables: &[&str]) -> bool {
        self.desk.serves(variables)
    }

    fn open(&self, caller: &Caller) -> Result<Pass, String> {
        if domain::budget::Account::run(&caller.run).is_none() {
            return Err(format!("{:?} is no name for a run", caller.run));
        }
        let token = format!("nxp-{}", random_hex::<32>());
        self.desk.open(&token, caller);
        Ok(Pass { token, address: self.address, socket: self.socket.clone() })
    }

    fn metered(&self, pass: &Pass) -> Metered {
        self.desk.metered(&pass.token)
    }

    fn close(&self, pass: &Pass) -> Metered {
        self.desk.close(&pass.token)
    }
}

impl Drop for ModelGateway {
    fn drop(&mut self) {
        self.desk.close_all();
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What its own server needs.
#[derive(Clone)]
struct Door {
    desk: Arc<Desk>,
    hosts: Arc<Hosts>,
}

/// The routes of a server that is a gateway alone.
fn alone(door: Door) -> Router {
    routes(Arc::clone(&door.desk)).fallback(elsewhere).with_state(door)
}

/// The routes of calls, for any server.
pub fn routes<S: Clone + Send + Sync + 'static>(desk: Arc<Desk>) -> Router<S> {
    let calls = Router::new().route("/model/{*path}", any(call::call)).with_state(desk);
    Router::new().merge(calls).layer(DefaultBodyLimit::disable())
}

/// All that is no call: tunnels to registries, for whoever has a pass.
async fn elsewhere(State(door): State<Door>, request: Request) -> Response {
    if !call::is_connect(request.method()) {
        return (StatusCode::NOT_FOUND, "nexus: there is nothing here but calls of models\n").into_response();
    }
    let holder = match proxy::token(request.headers()) {
        Some(token) => door.desk.holder(&token).await,
        None => None,
    };
    if holder.is_none() {
        let ask = [("proxy-authenticate", "Basic realm=\"nexus\"")];
        return (StatusCode::PROXY_AUTHENTICATION_REQUIRED, ask, "nexus: show the token of this run\n").into_response();
    }
    proxy::connect(&door.hosts, request).await
}

/// The means that the settings and the environment give.
pub fn means(settings: &crate::settings::ModelSettings, data: &Path) -> Result<Means, Problem> {
    let keys = Keys::find(data, &|name| std::env::var(name).ok())?;
    let content = settings.content.map(|kept| Content::open(data.join("calls"), kept)).transpose();
    let content = content.map_err(|e| {
        let message = format!("{}: {e}; or set model.content = off", data.join("calls").display());
        Problem::new(Kind::Failed, "io_failed", message)
    })?;
    let (urls, prices, hosts) = (settings.urls.clone(), settings.prices.clone(), settings.hosts.clone());
    Ok(Means { urls, keys, prices, hosts, content })
}
