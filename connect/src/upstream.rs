//! A provider of models: requests go to it as they are made, answers come back as they arrive.
//!
//! Connections are kept for the next request once an answer has been read to its end.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take to begin. Models think, and then say it all at once.
const BEGIN: Duration = Duration::from_mins(15);
/// How many connections that nobody uses are kept.
const IDLE_MAX: usize = 32;

/// A server for HTTP requests, by its base address.
pub struct Upstream {
    base: Uri,
    host: String,
    prefix: String,
    tls: OnceLock<Arc<ClientConfig>>,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

/// The connection that an answer comes on.
pub struct Lease {
    sender: SendRequest<Full<Bytes>>,
}

impl Upstream {
    /// The one at `url`, or what is wrong with it.
    pub fn at(url: &str) -> Result<Self, &'static str> {
        let base: Uri = url.parse().map_err(|_| "it is no address")?;
        if !matches!(base.scheme_str(), Some("http" | "https")) {
            return Err("it has to begin with http:// or https://");
        }
        let host = base.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || base.authority().is_some_and(|it| it.as_str().contains('@')) {
            return Err("it has to name a host, without a user");
        }
        if base.query().is_some() {
            return Err("it can have a path, but nothing behind a ?");
        }
        let prefix = base.path().trim_end_matches('/').to_owned();
        Ok(Self { base, host, prefix, tls: OnceLock::new(), idle: Mutex::default() })
    }

    /// Sends `request`, whose address is a path with what follows it. The answer may still be on its way; give the
    /// connection back when it has been read to its end.
    pub async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<(Response<Incoming>, Lease), String> {
        let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
        *request.uri_mut() = format!("{}{path}", self.prefix).parse().map_err(|e| format!("{e}"))?;
        let authority = self.base.authority().map_or("", |it| it.as_str());
        request.headers_mut().insert(HOST, authority.parse().map_err(|e| format!("{e}"))?);
        // A kept connection may have been closed by the other side; then nothing was sent on it.
        while let Some(mut sender) = self.kept() {
            if sender.ready().await.is_err() {
                continue;
            }
            match timeout(BEGIN, sender.try_send_request(request)).await.map_err(|_| late("begin to answer"))? {
                Ok(answer) => return Ok((answer, Lease { sender })),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(failed.into_error().to_string()),
                },
            }
        }
        let mut sender = timeout(CONNECT, self.connect()).await.map_err(|_| late("take the connection"))??;
        let answer = timeout(BEGIN, sender.send_request(request)).await.map_err(|_| late("begin to answer"))?;
        Ok((answer.map_err(|e| e.to_string())?, Lease { sender }))
    }

    /// Keeps a connection whose answer has been read to its end.
    pub fn keep(&self, lease: Lease) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !lease.sender.is_closed() && idle.len() < IDLE_MAX {
            idle.push(lease.sender);
        }
    }

    fn kept(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let sender = idle.pop()?;
            if !sender.is_closed() {
                return Some(sender);
            }
        }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let secret = self.base.scheme_str() == Some("https");
        let port = self.base.port_u16().unwrap_or(if secret { 443 } else { 80 });
        let stream = TcpStream::connect((self.host.as_str(), port)).await.map_err(|e| e.to_string())?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        if !secret {
            return talk(stream).await;
        }
        let config = match self.tls.get() {
            Some(config) => Arc::clone(config),
            None => Arc::clone(self.tls.get_or_init({
                let made = store::trusted_by_machine().map(Arc::new)?;
                || made
            })),
        };
        let name = ServerName::try_from(self.host.clone()).map_err(|e| e.to_string())?;
        let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|e| e.to_string())?;
        talk(stream).await
    }
}

async fn talk<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    // It ends with the sender, or when the other side closes it.
    tokio::spawn(connection);
    Ok(sender)
}

fn late(what: &str) -> String {
    format!("it did not {what} in time")
}

#[cfg(test)]
mod tests {
    use super::Upstream;

    #[test]
    fn an_upstream_is_a_base_address_and_nothing_else() {
        for good in ["http://127.0.0.1:1", "https://api.example.com", "https://host/prefix/", "http://[::1]:80/s/one"] {
            assert!(Upstream::at(good).is_ok(), "{good}");
        }
        for bad in ["", "host", "ftp://host", "http://user:key@host", "http://", "https://host/?key=1"] {
            assert!(Upstream::at(bad).is_err(), "{bad}");
        }
    }
}
