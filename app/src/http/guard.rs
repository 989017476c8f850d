//! What holds for every request: who may ask, how much, under which trace; and the headers of every answer.

use std::net::IpAddr;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use engine::problem::{Kind, Problem};
use engine::random_hex;
use tokio::sync::Semaphore;

use super::problem::Shown;
use super::work;

/// The most bytes that a request may carry behind its headers where nothing reads them.
const BODY_BYTES_MAX: u64 = 65_536;
/// The header of a W3C trace context.
const TRACEPARENT: &str = "traceparent";

/// What a browser may do with what it gets: nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
    base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// How much of requests is in memory at once, in KiB; who comes beyond that waits.
const ROOM_KIB: u32 = 262_144;
static ROOM: Semaphore = Semaphore::const_new(ROOM_KIB as usize);
/// The content types of requests that change something.
const JSON: [&str; 3] = ["application/json", "application/x-ndjson", "application/jsonl"];

/// The W3C trace id that a request belongs to.
#[derive(Clone, Debug)]
pub struct Trace(pub String);

impl Trace {
    fn of(parent: &HeaderValue) -> Self {
        let id = parent.to_str().ok().and_then(|parent| parent.split('-').nth(1));
        Self(id.unwrap_or_default().to_owned())
    }
}

/// How the server is reached.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Whether only this machine can connect. Then any other name in a request is that of a page elsewhere, whose
    /// name was made to point here.
    pub loopback: bool,
}

/// Lets a request through, or not, and puts the headers on the answer that every answer has.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (trace, mut request) = (trace(request.headers()), request);
    request.extensions_mut().insert(Trace::of(&trace));
    let mut response = match refusal(guard, &request) {
        Some(refused) => refused.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(TRACEPARENT, trace);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// Why the request is not let through; `None` when it is.
fn refusal(guard: Guard, request: &Request) -> Option<Shown> {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if guard.loopback && !(ours(host) && request.uri().host().is_none_or(ours)) {
        let message = "this server is for this machine alone; ask for localhost, 127.0.0.1 or [::1]";
        let problem = Problem::refused("host_not_allowed", message);
        return Some(Shown::under(StatusCode::FORBIDDEN, problem));
    }
    let bytes_max = work::body_bytes_max(request.uri().path()).unwrap_or(BODY_BYTES_MAX);
    if request.body().size_hint().upper().is_none_or(|bytes| bytes > bytes_max) {
        let message = format!("a request can carry {bytes_max} bytes here, and must say how many");
        let problem = Problem::new(Kind::Malformed, "body_too_large", message);
        return Some(Shown::under(StatusCode::PAYLOAD_TOO_LARGE, problem));
    }
    None
}

/// Lets a request to change something through when it is no page elsewhere that sends it: a browser says where a
/// request comes from, and sends no JSON for a page elsewhere without asking first.
pub async fn writing(request: Request, next: Next) -> Response {
    if *request.method() != Method::POST {
        return next.run(request).await;
    }
    if let Some(refused) = cross_site(request.headers()) {
        return refused.into_response();
    }
    // The guard lets nothing through that does not say how large it is.
    let kib = request.body().size_hint().upper().unwrap_or_default().div_ceil(1_024).max(1);
    let _room = ROOM.acquire_many(u32::try_from(kib).unwrap_or(ROOM_KIB)).await;
    next.run(request).await
}

fn cross_site(headers: &HeaderMap) -> Option<Shown> {
    let said = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let site = HeaderName::from_static("sec-fetch-site");
    let host = said(&header::HOST).unwrap_or_default();
    let elsewhere = said(&site).is_some_and(|site| site != "same-origin" && site != "none")
        || said(&header::ORIGIN).is_some_and(|origin| origin.split_once("://").is_none_or(|(_, of)| of != host));
    if elsewhere {
        let problem = Problem::refused("cross_site", "a page of another site cannot change anything here");
        return Some(Shown::under(StatusCode::FORBIDDEN, problem));
    }
    let kind = said(&header::CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !JSON.iter().any(|json| kind.eq_ignore_ascii_case(json)) {
        let message = format!("the content type is {kind:?}; send one of {}", JSON.join(", "));
        let problem = Problem::new(Kind::Malformed, "unsupported_media_type", message);
        return Some(Shown::under(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    None
}

/// Whether `host`, with or without a port, is a name of this machine that nobody else can hand out.
fn ours(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && port.bytes().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The trace of the request, when it brings a valid one, else a new one.
fn trace(headers: &HeaderMap) -> HeaderValue {
    let brought = headers.get(TRACEPARENT).filter(|value| value.to_str().is_ok_and(is_traceparent));
    brought.cloned().unwrap_or_else(|| {
        let fresh = format!("00-{}-{}-01", random_hex::<16>(), random_hex::<8>());
        HeaderValue::from_str(&fresh).expect("hexadecimal digits and dashes can stand in a header")
    })
}

/// Whether `text` is a `traceparent` as the W3C writes them.
fn is_traceparent(text: &str) -> bool {
    let hex = |part: &str, digits| {
        part.len() == digits && part.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
    };
    let some = |part: &str| part.bytes().any(|c| c != b'0');
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [version, trace, parent, flags, more @ ..] => {
            hex(version, 2)
                && *version != "ff"
                && (more.is_empty() || *version != "00")
                && hex(trace, 32)
                && some(trace)
                && hex(parent, 16)
                && some(parent)
                && hex(flags, 2)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_ours() {
        for host in ["localhost", "LOCALHOST:4000", "127.0.0.1", "127.0.0.1:80", "127.0.0.2:1", "[::1]", "[::1]:4000"] {
            assert!(ours(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "[::2]:1"] {
            assert!(!ours(host), "{host}");
        }
    }

    #[test]
    fn a_traceparent_is_taken_only_as_the_standard_writes_it() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_traceparent(good));
        assert!(is_traceparent(&format!("01{}-later", &good[2..])), "later versions may have more to say");
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }
}
