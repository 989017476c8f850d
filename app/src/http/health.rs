//! `/api/health`: whether the store is there, is the one that was opened, and answers.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::agent::SandboxKind;
use engine::problem::{Kind, Problem};
use engine::{Engine, wait};
use serde_json::{Value, json};

use super::{Door, aside, ms_since};

/// What the server knows of its store from the start.
pub struct Vitals {
    started: Instant,
    /// The file that was opened, with its device and number; `None` when the store is in a database.
    file: Option<(PathBuf, Option<(u64, u64)>)>,
    /// How each kind of sandbox did on this machine when it was tried.
    sandboxes: OnceLock<Value>,
}

impl Vitals {
    /// Those of the store that `engine` has open.
    pub fn of(engine: &Engine) -> Self {
        let file = engine.store.path().map(|path| {
            let found = std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
            (path.to_owned(), found)
        });
        Self { started: Instant::now(), file, sandboxes: OnceLock::new() }
    }

    /// Tries each kind of sandbox, once; it takes part of a second.
    pub fn try_sandboxes(&self) {
        let told =
            |it: &engine::agent::Probe| json!({ "kind": it.kind.word(), "works": it.works, "detail": it.detail });
        let kept_in = |it: &&engine::agent::Probe| it.kind != SandboxKind::None;
        if let Ok(kinds) = crate::sandbox::all() {
            let _ = self.sandboxes.set(kinds.iter().filter(kept_in).map(told).collect());
        }
    }

    fn sandboxes(&self) -> Value {
        self.sandboxes.get().cloned().unwrap_or(Value::Null)
    }

    /// Fails when the file is gone or is another one. An open connection would go on reading a file that nobody else
    /// sees.
    ///
    /// It must not open the file: when a process closes any handle on a file, it loses every lock it has there, those
    /// of the store among them.
    pub fn check(&self) -> Result<(), Problem> {
        let Some((path, file)) = &self.file else { return Ok(()) };
        let shown = path.display();
        let bad = |code: &str, message: String| Problem::new(Kind::Failed, code, message);
        let found = std::fs::metadata(path)
            .map_err(|e| bad("store_gone", format!("the store {shown} cannot be read any more: {e}")))?;
        if *file == Some((found.dev(), found.ino())) {
            return Ok(());
        }
        let message = format!("{shown} is not the file that was opened; end this server and start it again");
        Err(bad("store_replaced", message))
    }
}

/// Whether the store answers; 503 when it does not.
pub async fn health(State(door): State<Door>) -> Response {
    let (engine, vitals) = (door.engine, door.vitals);
    let (uptime_ms, sandbox) = (ms_since(vitals.started), vitals.sandboxes());
    let checked = aside(move || {
        vitals.check()?;
        wait(engine.check())
    });
    let version = env!("CARGO_PKG_VERSION");
    let (status, body) = match checked.await {
        Ok(last_seq) => (
            StatusCode::OK,
            json!({
                "status": "ok", "version": version, "store": "ok", "uptime_ms": uptime_ms, "last_seq": last_seq,
                "sandbox": sandbox,
            }),
        ),
        Err(problem) => (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({
                "status": "failed", "version": version, "store": problem.message, "code": problem.code,
                "uptime_ms": uptime_ms, "last_seq": null, "sandbox": sandbox,
            }),
        ),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
