//! A fake model on the loopback interface: it says what a script says, in the wire formats of Anthropic, OpenAI and Gemini.
//!
//! `GET /_fake/requests` lists what it was asked, with secrets masked.

mod script;
mod words;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use engine::problem::{Kind, Problem};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

pub use script::Script;
use script::{Fault, Place, Turn};
use words::{Dialect, Reply};

/// The scripted model, as a server (used by tests and by the demo)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The script
    #[arg(long, value_name = "FILE")]
    script: std::path::PathBuf,
    /// The port; 0 is any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
}

/// Serves a script until the process is ended; the first line says where.
pub fn serve(args: &Args) -> Result<crate::cli::Answer, Problem> {
    let text = crate::cli::parse::file(&args.script, 100_000_000)?;
    let script = serde_json::from_str(&text).map_err(|e| Problem::malformed(format!("the script: {e}")))?;
    let failed = |e: std::io::Error| Problem::new(Kind::Failed, "cannot_listen", e.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let tcp = TcpListener::bind(("127.0.0.1", args.port)).await.map_err(failed)?;
        let url = format!("http://{}", tcp.local_addr().map_err(failed)?);
        crate::cli::answer::print(&json!({ "url": url }).to_string());
        run(tcp, script).await.map_err(failed)
    })?;
    Ok(crate::cli::Answer::silent())
}

/// A fake model that ends when this goes.
pub struct FakeModel {
    /// Where it listens.
    pub address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl FakeModel {
    /// Starts one that says what `script` says.
    pub fn start(script: Script) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let tcp = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = tcp.local_addr()?;
        runtime.spawn(run(tcp, script));
        Ok(Self { address, _runtime: runtime })
    }
}

async fn run(tcp: TcpListener, script: Script) -> std::io::Result<()> {
    let tcp = tcp.tap_io(|stream| drop(stream.set_nodelay(true)));
    let stage = Arc::new(Stage { script, asked: Mutex::default(), tries: Mutex::default() });
    let app = Router::new()
        .route("/_fake/requests", get(requests))
        .fallback(any(answer))
        .layer(DefaultBodyLimit::disable())
        .with_state(stage);
    axum::serve(tcp, app).await
}

/// The script, and what came of it so far.
struct Stage {
    script: Script,
    asked: Mutex<Vec<Value>>,
    /// How often each turn of each scenario was asked for.
    tries: Mutex<BTreeMap<(String, usize), usize>>,
}

impl Stage {
    fn note(&self, n: usize, field: &str, value: Value) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)[n][field] = value;
    }
}

async fn requests(State(stage): State<Arc<Stage>>) -> Json<Value> {
    Json(Value::Array(stage.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()))
}

async fn answer(State(stage): State<Arc<Stage>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let said = |name: &str| head.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let key = [said("x-api-key"), said("x-goog-api-key"), said("authorization").trim_start_matches("Bearer ")];
    let key = key.into_iter().find(|it| !it.is_empty()).unwrap_or_default();
    let by_key = key.rsplit_once("fake-").map_or("default", |(_, name)| name);
    let (name, path) = match path.strip_prefix("/s/").and_then(|rest| rest.split_once('/')) {
        Some((name, rest)) => (name.to_owned(), format!("/{rest}")),
        None => (by_key.to_owned(), path),
    };
    let headers: BTreeMap<&str, String> = head
        .headers
        .iter()
        .map(|(name, value)| {
            let secret = ["authorization", "x-api-key", "x-goog-api-key", "cookie", "proxy-authorization"]
                .contains(&name.as_str());
            let value = value.to_str().unwrap_or_default();
            let tail = value.get(value.len().saturating_sub(4)..).unwrap_or_default();
            (name.as_str(), if secret { format!("***{tail}") } else { value.to_owned() })
        })
        .collect();
    let Ok(body) = body.collect().await else { return StatusCode::BAD_REQUEST.into_response() };
    let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    let n = {
        let mut asked = stage.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(json!({ "scenario": name, "method": head.method.as_str(), "path": path, "headers": headers,
            "model": body["model"], "stream_options": body["stream_options"], "sent": 0, "client_left": false }));
        asked.len() - 1
    };
    let Some(dialect) = words::dialect(&path) else {
        return Json(json!({ "data": [], "models": [], "object": "list", "input_tokens": 1, "totalTokens": 1 }))
            .into_response();
    };
    let Some(scenario) = stage.script.scenarios.get(&name) else {
        return (StatusCode::NOT_FOUND, Json(words::error(dialect, 404, Some("no such scenario")))).into_response();
    };
    let tools = body["tools"].as_array().is_some_and(|it| !it.is_empty());
    let depth = words::depth(dialect, &body);
    let turn = match (&scenario.no_tools, scenario.turns.get(depth).or(scenario.turns.last())) {
        (Some(turn), _) if !tools => turn.clone(),
        (_, Some(turn)) => turn.clone(),
        (_, None) => Turn::default(),
    };
    let tried = {
        let mut tries = stage.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let count = tries.entry((name, depth)).or_default();
        *count += 1;
        *count - 1
    };
    let fault = turn.first.get(tried).or(turn.fault.as_ref()).cloned().unwrap_or_default();
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    if fault.drop == Some(Place::Before) {
        // Ends the task of the connection, and with it the connection, without a word anywhere.
        std::panic::resume_unwind(Box::new("the script drops the connection"));
    }
    if fault.hang == Some(Place::Before) {
        std::future::pending::<()>().await;
    }
    if let Some(status) = fault.status {
        return failed(dialect, status, &fault);
    }
    let model = body["model"].as_str().unwrap_or("fake-1").to_owned();
    let says_usage = body["stream_options"]["include_usage"] == true;
    let reply = Reply { turn: &turn, model: &model, n: n as u64, says_usage };
    let streams = body["stream"] == true || path.contains(":streamGenerateContent");
    if !streams {
        return Json(words::whole(dialect, &reply)).into_response();
    }
    let events = words::stream(dialect, &reply);
    stream(stage, n, events, turn.pace_ms, (dialect, fault))
}

fn failed(dialect: Dialect, status: u16, fault: &Fault) -> Response {
    let body = fault.body.clone().unwrap_or_else(|| words::error(dialect, status, None));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    for (name, value) in &fault.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The events, at their pace, with what goes wrong in the middle.
fn stream(
    stage: Arc<Stage>,
    n: usize,
    events: Vec<String>,
    pace_ms: u64,
    (dialect, fault): (Dialect, Fault),
) -> Response {
    let (send, receive) = mpsc::channel::<Result<Bytes, std::io::Error>>(16);
    tokio::spawn(async move {
        let middle = events.len() / 2;
        let mut ticks = tokio::time::interval(Duration::from_millis(pace_ms.max(1)));
        for (at, event) in events.into_iter().enumerate() {
            if pace_ms > 0 {
                ticks.tick().await;
            }
            let wrong = match at == middle {
                true if fault.drop == Some(Place::Middle) => {
                    Some(Err(std::io::Error::other("the script drops the connection")))
                }
                true => fault.stream_error.as_ref().map(|kind| Ok(Bytes::from(words::error_event(dialect, kind)))),
                false => None,
            };
            let ends = wrong.is_some();
            if wrong.as_ref().is_some_and(Result::is_err) {
                // What was said before is to be on its way when the connection goes.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let sent = send.send(wrong.unwrap_or(Ok(Bytes::from(event)))).await;
            if sent.is_err() {
                stage.note(n, "client_left", true.into());
                return;
            }
            stage.note(n, "sent", (at + 1).into());
            if ends {
                return;
            }
            if at == middle && fault.hang == Some(Place::Middle) {
                send.closed().await;
                stage.note(n, "client_left", true.into());
                return;
            }
        }
    });
    let body = Body::from_stream(ReceiverStream::new(receive));
    ([(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}
