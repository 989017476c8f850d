//! The address of a PostgreSQL database.

use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::{Connector, Tls};
use crate::StoreError;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// `postgres://user:password@host:port/database?…`. Its password prints as `***`.
#[derive(Clone)]
pub struct Url {
    text: String,
    config: Config,
    tls: Tls,
}

impl Url {
    /// What a connection is made of.
    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    /// What makes its handshakes. Fails when the certificates that it is to trust cannot be read.
    pub(super) fn tls(&self) -> Result<Connector, StoreError> {
        self.tls.connector()
    }
}

impl PartialEq for Url {
    /// What it says of TLS stands in the text.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.config == other.config
    }
}

impl Eq for Url {}

impl FromStr for Url {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let bad = |why: String| StoreError::BadUrl { url: masked(text), why };
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(bad("it must begin with postgres://".to_owned()));
        }
        let (rest, mode) = without(text, "sslmode");
        let (rest, roots) = without(&rest, "sslrootcert");
        let mut config: Config = rest.parse().map_err(|e: tokio_postgres::Error| {
            bad(std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string))
        })?;
        let tls = Tls::asked(mode.as_deref(), roots.as_deref(), is_near(&config)).map_err(bad)?;
        // Nobody listens in on a socket, and a server speaks no TLS there.
        config.ssl_mode(if on_sockets(&config) { SslMode::Disable } else { tls.mode() });
        if config.get_user().is_none() {
            return Err(bad("it names no user".to_owned()));
        }
        config.connect_timeout(config.get_connect_timeout().copied().unwrap_or(CONNECT));
        config.tcp_user_timeout(config.get_tcp_user_timeout().copied().unwrap_or(Duration::from_secs(30)));
        if config.get_application_name().is_none() {
            config.application_name("nexus");
        }
        Ok(Self { text: masked(text), config, tls })
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// `text` without the parameter `name`, and what that says; the client knows fewer of its values than we do.
fn without(text: &str, name: &str) -> (String, Option<String>) {
    let Some((address, query)) = text.split_once('?') else { return (text.to_owned(), None) };
    let (mine, others): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name));
    let value = mine.last().and_then(|pair| pair.split_once('=')).map(|(_, value)| decoded(value));
    let rest = if others.is_empty() { address.to_owned() } else { format!("{address}?{}", others.join("&")) };
    (rest, value)
}

/// `text` with each `%2F` as the byte that it stands for.
fn decoded(text: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        if let Some(byte) = pair.filter(|_| *first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            out.push(byte);
            rest = &after[2..];
        } else {
            out.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether all hosts are this machine, so that nothing goes over a wire.
fn is_near(config: &Config) -> bool {
    let near = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(near) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

/// Whether all hosts are sockets in the file system.
fn on_sockets(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) && config.get_hostaddrs().is_empty()
}

/// `text` without its password, wherever in an address it stands.
fn masked(text: &str) -> String {
    let (text, query) = text.split_once('?').map_or((text, None), |(a, b)| (a, Some(b)));
    let mut out = match (text.split_once("://"), text.rfind('@')) {
        (Some((scheme, rest)), Some(at)) => {
            let who = &rest[..at - scheme.len() - 3];
            let (user, secret) = who.split_once(':').map_or((who, ""), |(user, _)| (user, ":***"));
            format!("{scheme}://{user}{secret}{}", &text[at..])
        }
        _ => text.to_owned(),
    };
    if let Some(query) = query {
        let shown = query.split('&').map(|pair| if pair.starts_with("password=") { "password=***" } else { pair });
        out = format!("{out}?{}", shown.collect::<Vec<_>>().join("&"));
    }
    out
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::SslMode;

    use super::{Url, decoded, without};

    fn told(text: &str) -> String {
        match text.parse::<Url>() {
            Ok(url) => url.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://me:hush@db/nexus",
            "postgres://me:hush@db:5433/nexus?sslmode=disable",
            "postgres://db/nexus?user=me&password=hush",
            "postgres://me:hush@db/nexus?sslmode=require",
            "postgres://me:hu@sh@db/nexus",
            "mysql://me:hush@db/nexus",
        ] {
            assert!(!told(text).contains("hush") && !told(text).contains("hu@"), "{}", told(text));
        }
        assert_eq!(told("postgres://me:hush@db/nexus"), "postgres://me:***@db/nexus");
        assert_eq!(told("postgres://me@db/nexus"), "postgres://me@db/nexus");
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        assert!(told("mysql://me@db/nexus").contains("must begin with postgres://"));
        assert!(told("postgres://db/nexus").contains("names no user"));
        assert!(told("postgres://me@db:port/nexus").contains("port"), "{}", told("postgres://me@db:port/nexus"));
        let told_of = |query: &str| told(&format!("postgres://me@db/nexus?{query}"));
        assert!(told_of("sslmode=allow").contains("prefer, require, verify-ca or verify-full, not \"allow\""));
        assert!(told_of("sslrootcert=/root.pem").contains("sslrootcert needs an sslmode"));
        assert!(told_of("sslcert=/me.pem").contains("sslcert"), "{}", told_of("sslcert=/me.pem"));
    }

    #[test]
    fn tls_is_used_where_a_wire_is_and_as_the_address_says() {
        let mode = |text: &str| text.parse::<Url>().expect("an address").config().get_ssl_mode();
        assert_eq!(mode("postgres://me@db/nexus"), SslMode::Prefer);
        assert_eq!(mode("postgres://me@127.0.0.1/nexus"), SslMode::Disable);
        assert_eq!(mode("postgres://me@localhost,[::1]/nexus"), SslMode::Disable);
        assert_eq!(mode("postgres://me@localhost,db/nexus"), SslMode::Prefer);
        assert_eq!(mode("postgres://me@localhost/nexus?sslmode=require"), SslMode::Require);
        assert_eq!(mode("postgres://me@db/nexus?sslmode=verify-full&sslrootcert=/a%20b.pem"), SslMode::Require);
        assert_eq!(mode("postgres://me@%2Frun/nexus?sslmode=require"), SslMode::Disable);
    }

    #[test]
    fn a_parameter_is_taken_out_and_the_others_stay() {
        let both = "postgres://db/nexus?user=me&sslrootcert=/a%20b%2Fc.pem&port=1";
        assert_eq!(
            without(both, "sslrootcert"),
            ("postgres://db/nexus?user=me&port=1".into(), Some("/a b/c.pem".into()))
        );
        assert_eq!(without("postgres://db/nexus?a=1", "a"), ("postgres://db/nexus".into(), Some("1".into())));
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%ü"), "%ü");
    }
}
