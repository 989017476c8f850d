//! The address of a PostgreSQL database.

use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::StoreError;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// `postgres://user:password@host:port/database?…`. Its password prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    text: String,
    config: Config,
}

impl Url {
    /// What a connection is made of.
    pub(super) const fn config(&self) -> &Config {
        &self.config
    }
}

impl FromStr for Url {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let bad = |why: String| StoreError::BadUrl { url: masked(text), why };
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(bad("it must begin with postgres://".to_owned()));
        }
        let mut config: Config = text.parse().map_err(|e: tokio_postgres::Error| {
            bad(std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string))
        })?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(bad("TLS is not supported yet; use a tunnel or a local proxy, and sslmode=disable".to_owned()));
        }
        if config.get_user().is_none() {
            return Err(bad("it names no user".to_owned()));
        }
        config.connect_timeout(config.get_connect_timeout().copied().unwrap_or(CONNECT));
        config.tcp_user_timeout(config.get_tcp_user_timeout().copied().unwrap_or(Duration::from_secs(30)));
        if config.get_application_name().is_none() {
            config.application_name("nexus");
        }
        Ok(Self { text: masked(text), config })
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
    use super::Url;

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
        assert!(told("postgres://me@db/nexus?sslmode=require").contains("TLS"));
    }
}
