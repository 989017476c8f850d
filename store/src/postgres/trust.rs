//! Whom a connection trusts: anybody, who was signed by somebody known, or who was and has the right name too.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Where systems keep the certificates of whom they trust.
const SYSTEM: &[&str] =
    &["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What of a server's certificate is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// Nothing: whoever listens reads nothing, whoever stands in between can.
    Nothing,
    /// Who signed it.
    Signer,
    /// Who signed it, and that it is for the host of the address.
    SignerAndName,
}

/// Who may have signed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Roots {
    /// Whom the machine trusts; `SSL_CERT_FILE` says so, or the usual file.
    System,
    /// Whoever is in this file, or the server itself.
    File(PathBuf),
}

impl Roots {
    fn file(&self) -> Result<PathBuf, String> {
        match self {
            Self::File(file) => Ok(file.clone()),
            Self::System => std::env::var_os("SSL_CERT_FILE")
                .map(PathBuf::from)
                .or_else(|| SYSTEM.iter().map(PathBuf::from).find(|it| it.exists()))
                .ok_or_else(|| "this machine has no file of trusted certificates; name one: SSL_CERT_FILE, or sslrootcert=FILE in the address of a database".into()),
        }
    }
}

/// What handshakes are made with, or which certificates cannot be read.
pub fn config(check: Check, roots: &Roots) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier::new(check, roots, &provider)?);
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// What a client makes handshakes with that trusts whom this machine trusts, or why it cannot.
pub fn trusted_by_machine() -> Result<ClientConfig, String> {
    config(Check::SignerAndName, &Roots::System)
}

#[derive(Debug)]
struct Verifier {
    check: Check,
    provider: Arc<CryptoProvider>,
    /// `None` where nothing is checked.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// The certificates of the file; one that signs itself is no signer of others, yet whoever names it trusts it.
    named: Vec<CertificateDer<'static>>,
}

impl Verifier {
    fn new(check: Check, roots: &Roots, provider: &Arc<CryptoProvider>) -> Result<Self, String> {
        let provider = Arc::clone(provider);
        if check == Check::Nothing {
            return Ok(Self { check, provider, chain: None, named: Vec::new() });
        }
        let file = roots.file()?;
        let named = certificates(&file)?;
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(named.iter().cloned());
        let chain = WebPkiServerVerifier::builder_with_provider(store.into(), Arc::clone(&provider)).build();
        let chain = chain.map_err(|error| format!("no certificate of {} can be used: {error}", file.display()))?;
        let named = if *roots == Roots::System { Vec::new() } else { named };
        Ok(Self { check, provider, chain: Some(chain), named })
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bad = |why: String| format!("sslrootcert {} cannot be read: {why}", file.display());
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read.map_err(|error| bad(error.to_string()))? {
        none if none.is_empty() => Err(bad("it holds no certificate; it has to be a PEM file".to_owned())),
        some => Ok(some),
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        if self.named.contains(end) {
            if self.check == Check::SignerAndName {
                verify_server_name(&ParsedCertificate::try_from(end)?, name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        match chain.verify_server_cert(end, between, name, ocsp, now) {
            // The name is looked at last: all else was right.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.check == Check::Signer => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What to do about a handshake that failed with `error`.
pub fn advice(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_)) => {
            "nobody who is trusted signed the server's certificate; name the certificate of who did: sslrootcert=FILE"
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "the server's certificate is for another host; use the host it is for, or sslmode=verify-ca",
        Error::InvalidCertificate(_) => "the server's certificate is not acceptable",
        _ => "the TLS handshake failed",
    }
}
