//! One call: who asks, may it, what is set aside, to the provider and back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::budget::{Reply, Trouble, classify};
use domain::time::Timestamp;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};

use super::count::{Count, End};
use super::desk::{Desk, Holder, No, exhausted};
use super::relay::Relay;
use super::wire::{self, Format, Provider};

/// The largest request, and the largest error that is passed on whole.
const REQUEST_MAX: usize = 32 << 20;
const ERROR_MAX: usize = 1 << 20;
/// How long an error may take to arrive.
const ERROR_TIME: Duration = Duration::from_secs(30);
/// How much of an error is looked at for words, and kept as the reason.
const WORDS_MAX: usize = 8 << 10;
/// Headers that are for one connection alone, or that only we may set.
const NOT_PASSED_ON: [&str; 17] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
    // What comes back compressed cannot be counted.
    "accept-encoding",
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "cookie",
    "expect",
];

/// Passes a call on, or says in its own format why not.
pub async fn call(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let began = Instant::now();
    let path = request.uri().path();
    let path = path.strip_prefix("/model").unwrap_or(path).to_owned();
    let Some((format, path)) = wire::route(request.method(), &path) else {
        let format = Provider::ALL.into_iter().find(|it| path[1..].starts_with(it.word()));
        let format = Format::Beside(format.unwrap_or(Provider::Openai));
        let message = format!("{} {path} is no call of a model that is passed on", request.method());
        return said(format, StatusCode::NOT_FOUND, &message);
    };
    let token = wire::token(request.headers(), request.uri().query());
    let holder = match token {
        Some(token) => desk.holder(&token).await,
        None => None,
    };
    let Some(holder) = holder else {
        let message = "this gateway takes the tokens that it has given out, and this is none, or its time is over";
        return said(format, StatusCode::UNAUTHORIZED, message);
    };
    let Some((key, credential)) = desk.key(format.provider()) else {
        let provider = format.provider().word();
        let message = format!(
            "nexus has no key for {provider}: set {}_API_KEY where nexus runs, or {provider} in keys.toml",
            provider.to_uppercase()
        );
        return said(format, format.over_budget(), &message);
    };
    let Some(seat) = holder.sit() else {
        let mut response = said(format, StatusCode::TOO_MANY_REQUESTS, "too many calls at once with this token");
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, REQUEST_MAX).collect().await else {
        let message = format!("a request can carry {REQUEST_MAX} bytes, and has to arrive");
        return said(format, StatusCode::PAYLOAD_TOO_LARGE, &message);
    };
    let body = body.to_bytes();
    let query = parts.uri.query().and_then(wire::without_key).map(|query| format!("?{query}")).unwrap_or_default();
    let mut onward = hyper::Request::builder().method(parts.method.clone()).uri(format!("{path}{query}"));
    let headers = onward.headers_mut().expect("a method and a path make a request");
    pass_on(&parts.headers, headers);
    if let Err(why) = wire::sign(headers, format.provider(), key) {
        return said(format, StatusCode::BAD_GATEWAY, &why);
    }
    if let Format::Beside(_) = format {
        return beside(&desk, format, onward.body(Full::new(body)).expect("it was made of a request")).await;
    }
    let asked = match wire::asked(format, &path, &body) {
        Ok(asked) => asked,
        Err(why) => return said(format, StatusCode::BAD_REQUEST, &why),
    };
    let call = desk.call(&holder, format, &asked, (&body, trace(&parts.headers)));
    if !parts.headers.contains_key("traceparent") {
        let parent = format!("00-{}-{}-01", holder.caller.trace_id, engine::random_hex::<8>());
        if let Ok(parent) = parent.parse() {
            headers.insert("traceparent", parent);
        }
    }
    let admitted = match desk.admit(&holder, credential, &asked).await {
        Ok(admitted) => admitted,
        Err(no) => return turned_down(format, &no),
    };
    let kept = desk.content().and_then(|content| content.keep(&call.id, &body));
    let mut count = Count::new((&desk, &holder, seat), format.provider(), call, admitted, began, kept);
    let body = wire::wishing_for_usage(format, &body).map_or(body, Bytes::from);
    let onward = onward.body(Full::new(body)).expect("it was made of a request");
    let ended = holder.ended();
    count.sends();
    let sent = tokio::select! {
        sent = desk.upstream(format.provider()).send(onward) => sent,
        () = ended => {
            count.finish(End::Cut);
            return said(format, StatusCode::UNAUTHORIZED, "the pass has ended");
        }
    };
    match sent {
        Ok((answer, lease)) if answer.status().is_success() => {
            let (head, incoming) = answer.into_parts();
            let kind = head.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
            count.begins(head.status.as_u16(), lease, (format, kind.starts_with("text/event-stream")));
            answered(head.status, &head.headers, Body::new(Relay::new(incoming, count)))
        }
        Ok((answer, _lease)) => refused(&holder, format, answer, count).await,
        Err(why) => {
            count.failed(None, &[], None);
            said(format, StatusCode::BAD_GATEWAY, &format!("{} cannot be reached: {why}", format.provider().word()))
        }
    }
}

/// Passes on what uses no tokens: lists of models, counting.
async fn beside(desk: &Desk, format: Format, request: hyper::Request<Full<Bytes>>) -> Response {
    match desk.upstream(format.provider()).send(request).await {
        Ok((answer, _lease)) => {
            let (head, incoming) = answer.into_parts();
            answered(head.status, &head.headers, Body::new(incoming))
        }
        Err(why) => {
            said(format, StatusCode::BAD_GATEWAY, &format!("{} cannot be reached: {why}", format.provider().word()))
        }
    }
}

/// An error of the provider: looked at for what it says of the credential, and passed on as it is; but that a quota is used
/// up is said in a way that no agent waits for or tries again.
async fn refused(holder: &Holder, format: Format, answer: hyper::Response<Incoming>, mut count: Count) -> Response {
    let (head, incoming) = answer.into_parts();
    let body = tokio::time::timeout(ERROR_TIME, Limited::new(incoming, ERROR_MAX).collect()).await;
    let body = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let words = String::from_utf8_lossy(&body[..body.len().min(WORDS_MAX)]).into_owned();
    let now = holder.now();
    let reply = Reply {
        status: head.status.as_u16(),
        retry_after_ms: retry_after(&head.headers, &words),
        resets_at: resets_at(&head.headers),
        text: &words,
    };
    let trouble = classify(&reply, now).map(|trouble| (trouble, reason(&words)));
    let used_up = match &trouble {
        Some((Trouble::Exhausted { .. }, why)) => Some(format!("the quota of this credential is used up: {why}")),
        _ => None,
    };
    count.failed(Some(head.status.as_u16()), &body, trouble);
    if let Some(why) = used_up {
        holder.count(exhausted);
        return said(format, format.over_budget(), &why);
    }
    answered(head.status, &head.headers, Body::from(body))
}

/// What the provider said, without the rest of its object.
fn reason(words: &str) -> String {
    let read: Option<serde_json::Value> = serde_json::from_str(words).ok();
    let message = read.as_ref().and_then(|it| it["error"]["message"].as_str());
    message.unwrap_or(words).chars().take(300).collect()
}

/// For how long the provider wants to be left alone, in milliseconds.
fn retry_after(headers: &HeaderMap, words: &str) -> Option<i64> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let seconds = |text: &str| text.parse::<f64>().ok().filter(|s| s.is_finite() && *s >= 0.0);
    #[allow(clippy::cast_possible_truncation)] // A month of milliseconds fits; more is cut.
    let ms = |seconds: f64| (seconds.min(4_000_000.0) * 1_000.0) as i64;
    if let Some(found) = said("retry-after-ms").and_then(seconds) {
        return Some(ms(found / 1_000.0));
    }
    if let Some(found) = said("retry-after") {
        return seconds(found).map(ms).or_else(|| {
            let at = jiff::fmt::rfc2822::parse(found).ok()?.timestamp().as_millisecond();
            Some(at.saturating_sub(crate::reach::now_ms()).max(0))
        });
    }
    // Gemini and Codex say it in the body.
    let inside = |name: &str| {
        let rest = words[words.find(name)? + name.len()..].trim_start_matches([' ', ':', '"']);
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        seconds(&rest[..end])
    };
    inside("\"retryDelay\"").or_else(|| inside("\"resets_in_seconds\"")).map(ms)
}

/// When a quota begins anew, where a header says so.
fn resets_at(headers: &HeaderMap) -> Option<Timestamp> {
    ["anthropic-ratelimit-unified-reset", "x-ratelimit-reset"].iter().find_map(|name| {
        let text = headers.get(*name)?.to_str().ok()?.trim();
        let seconds = text.parse::<i64>().ok().filter(|s| *s > 1_000_000_000);
        let at = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
        seconds.map(|s| s.saturating_mul(1_000)).or(at).map(Timestamp::from_millis)
    })
}

/// The headers of a request that go on to the provider.
fn pass_on(from: &HeaderMap, to: &mut HeaderMap) {
    let named = from.get_all(header::CONNECTION).iter().filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(','));
    let named: Vec<String> = named.map(|name| name.trim().to_ascii_lowercase()).collect();
    for (name, value) in from {
        if !NOT_PASSED_ON.contains(&name.as_str()) && !named.iter().any(|it| it == name.as_str()) {
            to.append(name, value.clone());
        }
    }
}

/// An answer of the provider on its way back, its headers with it.
fn answered(status: StatusCode, from: &HeaderMap, body: Body) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    let hop = |name: &HeaderName| {
        let kept = matches!(name.as_str(), "content-length" | "cookie");
        !kept && NOT_PASSED_ON.contains(&name.as_str()) || name.as_str() == "set-cookie"
    };
    for (name, value) in from {
        if !hop(name) {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

fn turned_down(format: Format, no: &No) -> Response {
    match no {
        No::Over(why) => said(format, format.over_budget(), why),
        No::Later(why) => {
            let mut response = said(format, StatusCode::TOO_MANY_REQUESTS, why);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
            response
        }
        No::Failed(why) => said(format, StatusCode::SERVICE_UNAVAILABLE, &format!("nexus: {why}")),
    }
}

/// An error of ours, as the format writes errors.
fn said(format: Format, status: StatusCode, message: &str) -> Response {
    let body = wire::error(format, status, &format!("nexus: {message}")).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The trace that a request belongs to, when it says so.
fn trace(headers: &HeaderMap) -> Option<String> {
    let parent = headers.get("traceparent")?.to_str().ok()?;
    let id = parent.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().all(|c| c.is_ascii_hexdigit())).then(|| id.to_ascii_lowercase())
}

/// Whether `method` asks for a tunnel.
pub fn is_connect(method: &Method) -> bool {
    *method == Method::CONNECT
}
