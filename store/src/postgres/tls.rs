//! Connections through TLS: how the words of an address become what the client does, and the stream it does it over.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::trust::{Check, Roots, config};
use crate::StoreError;

/// The words of `sslmode`, from none to all.
const WORDS: &str = "disable, prefer, require, verify-ca or verify-full";

/// What an address says of TLS.
#[derive(Clone)]
pub struct Tls {
    mode: SslMode,
    check: Check,
    roots: Roots,
    /// Made at the first connection, so that an address alone reads no files; kept, so that the next one resumes.
    made: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Tls {
    /// From `sslmode` and `sslrootcert`, or what is wrong with them. Without a mode, a server on this machine is
    /// spoken to as it is, and any other is asked for TLS.
    pub fn asked(mode: Option<&str>, roots: Option<&str>, near: bool) -> Result<Self, String> {
        let roots = match roots {
            None | Some("system") => Roots::System,
            Some(file) => Roots::File(file.into()),
        };
        let known = matches!(roots, Roots::File(_));
        let (mode, check) = match mode {
            None if near && !known => (SslMode::Disable, Check::Nothing),
            None if known => return Err(format!("sslrootcert needs an sslmode, such as verify-full ({WORDS})")),
            None | Some("prefer") => (SslMode::Prefer, Check::Nothing),
            Some("disable") => (SslMode::Disable, Check::Nothing),
            // As PostgreSQL's own programs have it: who names a signer wants to be sure of it.
            Some("require") if known => (SslMode::Require, Check::Signer),
            Some("require") => (SslMode::Require, Check::Nothing),
            Some("verify-ca") => (SslMode::Require, Check::Signer),
            Some("verify-full") => (SslMode::Require, Check::SignerAndName),
            Some(other) => return Err(format!("sslmode is {WORDS}, not {other:?}")),
        };
        Ok(Self { mode, check, roots, made: Arc::default() })
    }

    /// Whether TLS is used, may be, or must be.
    pub const fn mode(&self) -> SslMode {
        self.mode
    }

    /// What a connection is made with. Fails when the certificates it is to trust cannot be read.
    pub fn connector(&self) -> Result<Connector, StoreError> {
        if self.mode == SslMode::Disable {
            return Ok(Connector(None));
        }
        if let Some(made) = self.made.get() {
            return Ok(Connector(Some(Arc::clone(made))));
        }
        let made = config(self.check, &self.roots).map(Arc::new).map_err(StoreError::Tls)?;
        Ok(Connector(Some(Arc::clone(self.made.get_or_init(|| made)))))
    }
}

/// Makes handshakes; with `None` never one.
#[derive(Clone)]
pub struct Connector(Option<Arc<ClientConfig>>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Connector {
    type Stream = Stream<S>;
    type TlsConnect = Handshake;
    type Error = Infallible;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Infallible> {
        // Asked for every connection, also where there is no TLS and no host to speak of.
        Ok(Handshake { config: self.0.clone(), host: host.to_owned() })
    }
}

/// One handshake with the server of a host.
pub struct Handshake {
    config: Option<Arc<ClientConfig>>,
    host: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Handshake {
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let config = self.config.ok_or_else(|| io::Error::other("TLS is switched off"))?;
            let host = ServerName::try_from(self.host).map_err(io::Error::other)?;
            TlsConnector::from(config).connect(host, stream).await.map(|it| Stream(Box::new(it)))
        })
    }
}

/// A connection through TLS.
pub struct Stream<S>(Box<client::TlsStream<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    // A password is proven without it; binding it to the certificate would take a parser of certificates.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
