//! The work door: each verb of `nexus work` as a route, with the same fields, answers and problems.

mod grant;
mod request;
mod waiting;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Extension, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use domain::id::WorkId;
use domain::time::Ttl;
use domain::work::State as WorkState;
use engine::problem::{Kind, Problem};
use engine::site::Site;
use engine::work::{PAGE_MAX, WorkView};
use engine::{Engine, wait};
use store::work::Page;

use super::deeds;
use super::guard::{Trace, writing};
use super::listener::Hold;
use super::live::Live;
use super::problem::{Shown, not_found};
use super::{Door, aside};
use crate::ask::{Ask, Came, Deed, item_id};
use crate::reach::WORKSPACE;
use crate::worktree;
use grant::grant;
pub use request::Asked;
use waiting::Waiting;

/// The longest wait of one request.
const WAIT_MAX: Duration = Duration::from_hours(1);
/// The largest body of a verb, in bytes: two long texts and a payload, each character of them escaped.
const VERB_BYTES_MAX: u64 = 20_000_000;
/// The largest backlog, in bytes.
const BACKLOG_BYTES_MAX: u64 = 100_000_000;

/// How many bytes a request to `path` may carry; `None` when it is no route of this door.
pub fn body_bytes_max(path: &str) -> Option<u64> {
    let verbs = ["messages", "locks", "sessions", "memory"];
    if path.strip_prefix("/api/v1/").is_some_and(|path| verbs.iter().any(|verb| path.starts_with(verb))) {
        return Some(VERB_BYTES_MAX);
    }
    match path.strip_prefix("/api/v1/work")? {
        "/import" | "/report-many" => Some(BACKLOG_BYTES_MAX),
        _ => Some(VERB_BYTES_MAX),
    }
}

/// What the verbs need beside the engine.
#[derive(Clone)]
pub struct Work {
    site: Option<Site>,
    usual_ttl: Ttl,
    waiting: Waiting,
}

impl Work {
    /// For a server that stands in `site`, if in any.
    pub fn new(engine: &Engine, site: Option<Site>, usual_ttl: Ttl, live: Live) -> Self {
        Self { site, usual_ttl, waiting: Waiting::keep(engine.clone(), live) }
    }

    /// How long a hold lasts when a request does not say.
    pub const fn usual_ttl(&self) -> Ttl {
        self.usual_ttl
    }

    /// Something has changed: those who wait for work look again.
    pub fn ring(&self) {
        self.waiting.ring();
    }

    /// The repository for what `engine` keeps.
    fn site(&self, engine: &Engine) -> Result<Site, Problem> {
        let site = self.site.as_ref().ok_or_else(|| {
            let message = "this server stands in no repository and can look into no worktree; \
                use the command line in the repository";
            Problem::refused("no_worktrees", message)
        })?;
        Ok(Site { engine: engine.clone(), ..site.clone() })
    }
}

/// Every route, below `/api/v1/work`.
pub fn routes() -> Router<Door> {
    Router::new()
        .route("/", get(list).post(add))
        .route("/next", post(next))
        .route("/import", post(import))
        .route("/{id}", get(show))
        .route("/{id}/{verb}", post(act))
        .merge(deeds::beside_work())
        .fallback(not_found)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(writing))
}

type Text = Query<Vec<(String, String)>>;

async fn add(
    State(door): State<Door>,
    Extension(Trace(trace)): Extension<Trace>,
    Query(query): Text,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Shown> {
    let mut asked = Asked::read(&door, &headers, query, &body)?;
    let ask = Ask::read_add(&mut asked.fields)?;
    let (engine, key) = asked.end()?;
    let item = match ask.carry_out(&engine, door.work.usual_ttl, Some(trace), key.as_deref()).await? {
        Came::Done(item) => item,
        Came::LooksInto { .. } => unreachable!("only a report looks into a worktree"),
    };
    door.work.waiting.ring();
    let place = HeaderValue::from_str(&format!("/api/v1/work/{}", item.id)).expect("an id is plain text");
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(item)).into_response())
}

async fn next(
    State(door): State<Door>,
    ConnectInfo(hold): ConnectInfo<Hold>,
    Query(query): Text,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Shown> {
    let mut asked = Asked::read(&door, &headers, query, &body)?;
    if let Some(count) = asked.fields.take("count")? {
        let take = Deed::read_take(count, &mut asked.fields)?;
        return deeds::done(&door, take, asked).await;
    }
    let ask = Ask::read_next(&mut asked.fields)?;
    let opening = Opening::read(&door, &mut asked)?;
    let (engine, key) = asked.end()?;
    let Ask::Next { wait, .. } = &ask else { unreachable!("it was read as one") };
    let patience = wait.unwrap_or_default();
    if patience > WAIT_MAX {
        return Err(Problem::malformed("wait: one request waits for an hour at most").into());
    }
    let item = match grant(&engine, door.work.usual_ttl, &ask, key.as_deref()).await {
        Err(nothing) if nothing.kind == Kind::Nothing && !patience.is_zero() => {
            let until = tokio::time::Instant::now() + patience;
            hold.until(until);
            door.work.waiting.wait(&engine, door.work.usual_ttl, &ask, key, until).await?
        }
        granted => granted?,
    };
    taken(&door, engine, item, opening).await
}

async fn act(
    State(door): State<Door>,
    Path((id, verb)): Path<(String, String)>,
    Query(query): Text,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Shown> {
    let mut asked = Asked::read(&door, &headers, query, &body)?;
    let ask = Ask::read(&verb, item_id(&id)?, &mut asked.fields)?;
    if let Ask::Claim { .. } = ask {
        let opening = Opening::read(&door, &mut asked)?;
        let (engine, key) = asked.end()?;
        let item = grant(&engine, door.work.usual_ttl, &ask, key.as_deref()).await?;
        return taken(&door, engine, item, opening).await;
    }
    let looks_itself = asked.looks_itself;
    let (engine, key) = asked.end()?;
    let item = match ask.clone().carry_out(&engine, door.work.usual_ttl, None, key.as_deref()).await? {
        Came::Done(item) => *item,
        Came::LooksInto { id, held, result } => {
            if looks_itself {
                let message = format!("{id} has a workspace open; whoever looks into it must report");
                return Err(Problem::refused("workspace_open", message).into());
            }
            let (site, key) = (door.work.site(&engine)?, ask.key(key.as_deref())?);
            aside(move || site.submit(&id, &held, result, key)).await?
        }
    };
    door.work.waiting.ring();
    let left = match ask.gives_up() {
        Some((id, held)) => left_behind(&door, engine, id.clone(), held.fence, looks_itself).await?,
        None => None,
    };
    Ok((left.map(|id| [(WORKSPACE, id)]), Json(item)).into_response())
}

/// Puts away the workspace of a hold that its owner has ended; comes back with its id when that is left to the caller.
pub async fn left_behind(
    door: &Door,
    engine: Engine,
    id: WorkId,
    fence: domain::work::Fence,
    looks_itself: bool,
) -> Result<Option<String>, Problem> {
    let work = door.work.clone();
    aside(move || {
        let Some(there) = worktree::of_grant(&engine, &id, fence)? else { return Ok(None) };
        if looks_itself || work.site.is_none() {
            return Ok(Some(there.id.to_string()));
        }
        work.site(&engine)?.put_away(&there, true).map(|_| None)
    })
    .await
}

/// Whether a workspace is to be opened for what is taken, and for which branch.
struct Opening {
    site: Option<Site>,
    target: Option<String>,
}

impl Opening {
    fn read(door: &Door, asked: &mut Asked) -> Result<Self, Problem> {
        let wanted = asked.fields.take("workspace")?.unwrap_or(false);
        let target = asked.fields.take("target")?;
        if target.is_some() && !wanted {
            return Err(Problem::malformed("target: it is the branch of a workspace; ask for one with workspace"));
        }
        let site = if wanted { Some(door.work.site(&asked.engine)?) } else { None };
        Ok(Self { site, target })
    }
}

async fn taken(door: &Door, engine: Engine, item: WorkView, opening: Opening) -> Result<Response, Shown> {
    let Some(site) = opening.site else { return Ok(Json(item).into_response()) };
    let mut json = serde_json::to_value(&item).expect("an item can be written as JSON");
    let site = Site { engine, ..site };
    let opened = aside(move || worktree::open(&site, &item, opening.target.as_ref())).await;
    door.work.waiting.ring();
    json["workspace"] = serde_json::json!(opened?);
    Ok(Json(json).into_response())
}

async fn show(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(query): Text,
    headers: HeaderMap,
) -> Result<Response, Shown> {
    let (engine, id) = (Asked::read(&door, &headers, query, &[])?.end()?.0, item_id(&id)?);
    Ok(fresh(Json(aside(move || wait(engine.show(&id))).await?)))
}

async fn list(State(door): State<Door>, Query(query): Text, headers: HeaderMap) -> Result<Response, Shown> {
    let mut asked = Asked::read(&door, &headers, query, &[])?;
    let state = asked.query("state");
    if let Some(state) = state.as_deref().filter(|state| !WorkState::WORDS.contains(state)) {
        let words = WorkState::WORDS.join(", ");
        return Err(Problem::malformed(format!("state: {state:?} is none of {words}")).into());
    }
    let limit = match asked.query("limit") {
        None => PAGE_MAX,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=PAGE_MAX).contains(limit))
            .ok_or_else(|| Problem::malformed(format!("limit: it can be a whole number from 1 to {PAGE_MAX}")))?,
    };
    let after = asked.query("after").map(|id| item_id(&id)).transpose()?;
    let after = after.map_or_else(String::new, |id| id.to_string());
    let (engine, _) = asked.end()?;
    let found = aside(move || wait(engine.list(state.as_deref(), &Page { after, limit }))).await?;
    Ok(fresh(Json(found)))
}

async fn import(
    State(door): State<Door>,
    Query(query): Text,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Shown> {
    // The body is a backlog, not fields.
    let mut asked = Asked::read(&door, &headers, query, &[])?;
    let source = asked.query("source").unwrap_or_else(|| "http".to_owned());
    let (engine, _) = asked.end()?;
    let text = String::from_utf8(body.into()).map_err(|_| Problem::malformed("the backlog is not UTF-8 text"))?;
    let items = engine::work::import(&engine, &source, &text).await?;
    door.work.waiting.ring();
    Ok(Json(serde_json::json!({ "imported": items.len(), "items": items })).into_response())
}

/// `answer`, to be asked for anew each time.
fn fresh(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}
