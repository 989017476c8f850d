//! A caller of HTTP: one connection, one question, on this thread. There is no pool and no second thread, as a short
//! command asks once and ends.

use std::future::Future;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use engine::problem::{Kind, Problem};
use engine::random_hex;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::file::trace_of_caller;
use super::reply::{Reply, WORKSPACE};
use crate::http::socket;

/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1_000_000_000;
/// The header by which a caller says that it looks into worktrees itself.
pub const WORKTREES: &str = "nexus-worktrees";

/// Where a server is.
#[derive(Clone, Debug)]
pub enum To {
    /// Behind a socket on this machine.
    Socket(PathBuf),
    /// At an address, perhaps below a path.
    Tcp { at: Authority, below: String },
}

impl To {
    /// What `http://HOST:PORT` or `unix:PATH` names.
    pub fn read(url: &str) -> Result<Self, Problem> {
        if let Some(path) = url.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Socket(path.strip_prefix("//").unwrap_or(path).into()));
        }
        let wanted = || {
            let message = format!("the server {url:?} cannot be asked: write http://HOST:PORT or unix:PATH");
            Problem::new(Kind::Malformed, "bad_server", message)
        };
        let uri: Uri = url.parse().map_err(|_| wanted())?;
        match (uri.scheme_str(), uri.authority(), uri.query()) {
            (Some("http"), Some(at), None) => {
                Ok(Self::Tcp { at: at.clone(), below: uri.path().trim_end_matches('/').to_owned() })
            }
            _ => Err(wanted()),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum Lost {
    /// Nobody was there; nothing was asked.
    Unreached(String),
    /// The connection ended; what was asked may have happened.
    Cut(String),
}

/// Asks one server.
pub struct Client {
    to: To,
}

impl Client {
    /// For the server at `to`; nothing is connected yet.
    pub const fn new(to: To) -> Self {
        Self { to }
    }

    /// What `path` below `/api/v1` answers.
    pub fn get(&self, path: &str, patience: Duration) -> Result<Reply, Lost> {
        self.ask(Method::GET, path, HeaderMap::new(), Bytes::new(), patience)
    }

    /// What `path` below `/api/v1` answers to `body`. `looks_itself`: the caller looks into worktrees.
    pub fn post(
        &self,
        path: &str,
        kind: &'static str,
        body: String,
        looks_itself: bool,
        patience: Duration,
    ) -> Result<Reply, Lost> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if looks_itself {
            headers.insert(WORKTREES, HeaderValue::from_static("caller"));
        }
        if let Some(trace) = trace_of_caller() {
            let parent = format!("00-{trace}-{}-01", random_hex::<8>());
            headers.insert("traceparent", HeaderValue::from_str(&parent).expect("it is plain text"));
        }
        self.ask(Method::POST, path, headers, body.into(), patience)
    }

    /// The problem that the server cannot be reached.
    pub fn unreachable(&self, lost: &Lost) -> Problem {
        let (Lost::Unreached(why) | Lost::Cut(why)) = lost;
        let at = match &self.to {
            To::Socket(path) => path.display().to_string(),
            To::Tcp { at, .. } => format!("http://{at}"),
        };
        let message = format!("the server at {at} does not answer: {why}; is `nexus up` running there?");
        Problem::new(Kind::Failed, "server_unreachable", message)
    }

    fn ask(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
        patience: Duration,
    ) -> Result<Reply, Lost> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Lost::Unreached(e.to_string()))?;
        let (host, below) = match &self.to {
            To::Socket(_) => ("localhost", ""),
            To::Tcp { at, below } => (at.as_str(), below.as_str()),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = format!("{below}/api/v1{path}").parse().map_err(|e| unreached(&e))?;
        *request.headers_mut() = headers;
        request.headers_mut().insert(header::HOST, HeaderValue::from_str(host).map_err(|e| unreached(&e))?);
        runtime.block_on(async {
            match &self.to {
                To::Socket(path) => {
                    let stream = socket::reach(path, |path| StdUnixStream::connect(path)).map_err(|e| unreached(&e))?;
                    stream.set_nonblocking(true).map_err(|e| unreached(&e))?;
                    let stream = tokio::net::UnixStream::from_std(stream).map_err(|e| unreached(&e))?;
                    within(patience, exchange(stream, request)).await
                }
                To::Tcp { at, .. } => {
                    let at = (at.host().trim_matches(['[', ']']), at.port_u16().unwrap_or(80));
                    let connect = tokio::net::TcpStream::connect(at);
                    let stream = tokio::time::timeout(Duration::from_secs(10), connect).await;
                    let stream = stream.map_err(|e| unreached(&e))?.map_err(|e| unreached(&e))?;
                    let _ = stream.set_nodelay(true);
                    within(patience, exchange(stream, request)).await
                }
            }
        })
    }
}

fn unreached(why: &dyn std::fmt::Display) -> Lost {
    Lost::Unreached(why.to_string())
}

async fn within(patience: Duration, asked: impl Future<Output = Result<Reply, Lost>>) -> Result<Reply, Lost> {
    let late = |_| Err(Lost::Cut(format!("no answer within {} s", patience.as_secs())));
    tokio::time::timeout(patience, asked).await.unwrap_or_else(late)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Reply, Lost>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let cut = |e: &dyn std::fmt::Display| Lost::Cut(e.to_string());
    let (mut send, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| cut(&e))?;
    let talk = tokio::spawn(connection);
    let (head, body) = send.send_request(request).await.map_err(|e| cut(&e))?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|e| cut(&e))?.to_bytes();
    talk.abort();
    let workspace = head.headers.get(WORKSPACE).and_then(|id| id.to_str().ok()).map(str::to_owned);
    Ok(Reply { status: head.status.as_u16(), workspace, body: body.into() })
}

/// `path` with what there is of `query`.
pub fn with_query(path: &str, query: &[(&str, Option<&str>)]) -> String {
    let there = query.iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded((*value)?))));
    let there: Vec<_> = there.collect();
    if there.is_empty() { path.to_owned() } else { format!("{path}?{}", there.join("&")) }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => all.push(char::from(byte)),
            _ => all.push_str(&format!("%{byte:02X}")),
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_an_address_or_a_socket() {
        for good in ["http://127.0.0.1:4000", "http://[::1]:1/", "http://host/below/", "unix:/x/nexus.sock", "unix:a b"]
        {
            assert!(To::read(good).is_ok(), "{good}");
        }
        for bad in ["", "unix:", "localhost:4000", "https://x", "ftp://x", "http://", "http://x?y=1", "/x/nexus.sock"] {
            assert_eq!(To::read(bad).expect_err(bad).code, "bad_server", "{bad}");
        }
    }

    #[test]
    fn a_query_carries_any_text() {
        let query = [("source", Some("/a b/ü&=%.jsonl")), ("after", None), ("limit", Some("2"))];
        assert_eq!(with_query("", &query), "?source=%2Fa%20b%2F%C3%BC%26%3D%25.jsonl&limit=2");
        assert_eq!(with_query("/x", &[("after", None)]), "/x");
    }
}
