//! A webhook: one JSON object is posted to an address, over http or https, with one connection for each.

use std::sync::Arc;
use std::time::Duration;

use engine::ports::Post;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long one post may take, from the connection to the answer.
const LIMIT: Duration = Duration::from_secs(5);

/// An address that takes JSON.
pub struct Webhook {
    url: Uri,
    host: String,
}

impl Webhook {
    /// The one that `url` names, or what is wrong with it.
    pub fn at(url: &str) -> Result<Self, &'static str> {
        let uri: Uri = url.parse().map_err(|_| "it is no address")?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err("it has to begin with http:// or https://");
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() || uri.authority().is_some_and(|it| it.as_str().contains('@')) {
            return Err("it has to name a host, without a user");
        }
        Ok(Self { url: uri, host })
    }

    fn is_secret(&self) -> bool {
        self.url.scheme_str() == Some("https")
    }

    async fn send(&self, body: &str) -> Result<(), String> {
        let port = self.url.port_u16().unwrap_or(if self.is_secret() { 443 } else { 80 });
        let stream = TcpStream::connect((self.host.as_str(), port)).await.map_err(|e| e.to_string())?;
        if !self.is_secret() {
            return self.exchange(stream, body).await;
        }
        let config = store::trusted_by_machine().map(Arc::new)?;
        let name = ServerName::try_from(self.host.clone()).map_err(|e| e.to_string())?;
        let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|e| e.to_string())?;
        self.exchange(stream, body).await
    }

    async fn exchange<S>(&self, stream: S, body: &str) -> Result<(), String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let path = self.url.path_and_query().map_or("/", |it| it.as_str());
        let request = Request::post(path)
            .header(header::HOST, self.url.authority().map_or("", |it| it.as_str()))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("nexus/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .map_err(|e| e.to_string())?;
        let (mut send, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
        let talk = tokio::spawn(connection);
        let answer = send.send_request(request).await.map_err(|e| e.to_string())?;
        talk.abort();
        // What a redirect would send elsewhere, nobody has taken.
        if answer.status().is_success() { Ok(()) } else { Err(format!("it answered {}", answer.status())) }
    }
}

impl Post for Webhook {
    fn post(&self, body: &str) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let late = |_| Err(format!("no answer within {} s", LIMIT.as_secs()));
        let done = runtime.block_on(async { tokio::time::timeout(LIMIT, self.send(body)).await.unwrap_or_else(late) });
        // A name that is still being looked up is not waited for.
        runtime.shutdown_background();
        done
    }

    fn place(&self) -> String {
        let at = self.url.authority().map_or("", |it| it.as_str());
        format!("{}://{at}/…", self.url.scheme_str().unwrap_or_default())
    }

    fn identity(&self) -> String {
        self.url.to_string()
    }
}
