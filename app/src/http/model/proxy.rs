//! `CONNECT` for those who have no network: to registries of packages by name, to port 443, and nowhere else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// How long a connection may take to be made, and how long one may last.
const CONNECT: Duration = Duration::from_secs(10);
const LAST: Duration = Duration::from_mins(30);
/// The only port.
const PORT: u16 = 443;

/// Where connections may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// The names in `text`, separated by commas. `None` when one of them is no name of a host.
    pub fn read(text: &str) -> Option<Self> {
        let names = text.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty());
        let fits = |name: String| is_name(&name).then_some(name);
        names.map(fits).collect::<Option<_>>().map(Self)
    }

    /// Whether `host` is one of them.
    fn has(&self, host: &str) -> bool {
        self.0.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    /// The host to connect to, or why not.
    fn allowed(&self, uri: &Uri) -> Result<String, String> {
        let host = uri.host().unwrap_or_default();
        if uri.port_u16() != Some(PORT) {
            return Err(format!("only port {PORT} can be reached, as HOST:{PORT}"));
        }
        if !is_name(host) || !self.has(host) {
            return Err(format!("{host} is not among the hosts that can be reached; model.proxy_hosts names them"));
        }
        Ok(host.to_owned())
    }
}

/// Whether `text` is the name of a host, with a letter in its last part: no address.
fn is_name(text: &str) -> bool {
    let part = |it: &str| {
        !it.is_empty() && it.len() <= 63 && it.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(part)
        && last.bytes().any(|c| c.is_ascii_alphabetic())
        && !last.starts_with("0x")
}

/// The token in `Proxy-Authorization: Basic`, as its password; `Bearer` is taken too.
pub fn token(headers: &HeaderMap) -> Option<String> {
    let said = headers.get("proxy-authorization")?.to_str().ok()?;
    if let Some(token) = said.strip_prefix("Bearer ") {
        return Some(token.trim().to_owned());
    }
    let plain = String::from_utf8(base64(said.strip_prefix("Basic ")?.trim())?).ok()?;
    plain.split_once(':').map(|(_, token)| token.to_owned())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.trim_end_matches('=').bytes() {
        bits = bits << 6 | u32::from(value(c)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff).to_le_bytes()[0]);
        }
    }
    Some(bytes)
}

/// Connects the caller to the host that `request` names, if `hosts` has it and its address is a public one.
pub async fn connect(hosts: &Hosts, request: Request) -> Response {
    let host = match hosts.allowed(request.uri()) {
        Ok(host) => host,
        Err(why) => return no(StatusCode::FORBIDDEN, &why),
    };
    let found = match timeout(CONNECT, lookup_host((host.as_str(), PORT))).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        Ok(Err(error)) => return no(StatusCode::BAD_GATEWAY, &format!("{host}: {error}")),
        Err(_) => return no(StatusCode::GATEWAY_TIMEOUT, &format!("{host} was not found in time")),
    };
    // One look-up decides and is used: a name cannot mean something else a moment later.
    let public: Vec<SocketAddr> = found.into_iter().filter(|at| is_public(at.ip())).collect();
    if public.is_empty() {
        return no(StatusCode::FORBIDDEN, &format!("{host} has no public address"));
    }
    tunnel(&host, &public, request).await
}

/// Connects the caller to the first of `addresses` that takes it, and lets both say what they like.
async fn tunnel(host: &str, addresses: &[SocketAddr], request: Request) -> Response {
    let mut there = match timeout(CONNECT, TcpStream::connect(addresses)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return no(StatusCode::BAD_GATEWAY, &format!("{host}: {error}")),
        Err(_) => return no(StatusCode::GATEWAY_TIMEOUT, &format!("{host} did not take the connection in time")),
    };
    tokio::spawn(async move {
        if let Ok(here) = hyper::upgrade::on(request).await {
            let _ = timeout(LAST, copy_bidirectional(&mut TokioIo::new(here), &mut there)).await;
        }
    });
    StatusCode::OK.into_response()
}

fn no(status: StatusCode, why: &str) -> Response {
    (status, format!("nexus: {why}\n")).into_response()
}

/// Whether `ip` is one that anybody on the internet can have.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(inside) => is_public_v4(inside),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let special = a == 0 || a >= 240 || (a, b, c) == (192, 0, 0) || (a == 198 && (b == 18 || b == 19));
    !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_broadcast() || ip.is_multicast())
        && !(ip.is_documentation() || shared || special)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // 2000::/3 is what has been given out; of that, what translates to IPv4 or is for books is left out.
    let [first, second, ..] = ip.segments();
    let odd = first == 0x2002 || (first == 0x2001 && second < 0x200) || (first == 0x2001 && second == 0xdb8);
    first & 0xe000 == 0x2000 && !odd
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_named_hosts_on_one_port_can_be_reached() {
        let hosts = Hosts::read("pypi.org, Registry.npmjs.org").expect("names");
        let allowed = |uri: &str| hosts.allowed(&uri.parse().expect("an authority"));
        assert_eq!(allowed("pypi.org:443").as_deref(), Ok("pypi.org"));
        assert_eq!(allowed("REGISTRY.npmjs.ORG:443").as_deref(), Ok("REGISTRY.npmjs.ORG"));
        for bad in [
            "pypi.org:80",
            "pypi.org:8443",
            "evil.example:443",
            "x.pypi.org:443",
            "127.0.0.1:443",
            "[::1]:443",
            "pypi.org.:443",
        ] {
            assert!(allowed(bad).is_err(), "{bad}");
        }
        for bad in ["127.0.0.1", "localhost", "a..b", "10.1", "0x7f.0x1", "a b.c"] {
            assert_eq!(Hosts::read(bad), None, "{bad}");
        }
        assert_eq!(Hosts::read(""), Some(Hosts(Vec::new())));
    }

    #[test]
    fn addresses_of_this_machine_and_of_private_networks_are_not_public() {
        for near in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
            "64:ff9b::7f00:1",
        ] {
            assert!(!is_public(near.parse().expect(near)), "{near}");
        }
        for far in ["151.101.0.223", "104.16.0.35", "2606:4700::6810:23", "::ffff:151.101.0.223"] {
            assert!(is_public(far.parse().expect(far)), "{far}");
        }
    }

    #[tokio::test]
    async fn a_tunnel_takes_what_both_ends_say_and_ends_with_either() {
        let ours = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let theirs = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let closed = nobody.local_addr().expect("it is bound");
        drop(nobody);
        let there = theirs.local_addr().expect("it is bound");
        let here = ours.local_addr().expect("it is bound");
        // The first address of a host may be one that does not answer.
        let answer = async move |request: Request| tunnel("host.example", &[closed, there], request).await;
        let serving = tokio::spawn(axum::serve(ours, axum::Router::new().fallback(answer)).into_future());
        let mut caller = TcpStream::connect(here).await.expect("it listens");
        caller.write_all(b"CONNECT host.example:443 HTTP/1.1\r\nhost: host.example\r\n\r\n").await.expect("it is open");
        let (mut host, _) = theirs.accept().await.expect("it is connected");
        let mut piece = [0; 64];
        let n = caller.read(&mut piece).await.expect("it answers");
        assert!(piece[..n].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&piece[..n]));
        caller.write_all(b"hello").await.expect("it is open");
        host.read_exact(&mut piece[..5]).await.expect("it came through");
        assert_eq!(&piece[..5], b"hello");
        host.write_all(b"and you").await.expect("it is open");
        caller.read_exact(&mut piece[..7]).await.expect("it came through");
        assert_eq!(&piece[..7], b"and you");
        drop(host);
        assert_eq!(caller.read(&mut piece).await.expect("it ends"), 0);
        serving.abort();
    }

    #[test]
    fn the_token_is_the_password() {
        let with = |said: &str| {
            HeaderMap::from_iter([("proxy-authorization".parse().expect("a name"), said.parse().expect("a value"))])
        };
        assert_eq!(token(&with("Basic bmV4dXM6c2VjcmV0LTEyMw==")).as_deref(), Some("secret-123"));
        assert_eq!(token(&with("Bearer secret-123")).as_deref(), Some("secret-123"));
        for bad in ["Basic", "Basic !!!", "Basic bmV4dXM=", "Digest x"] {
            assert_eq!(token(&with(bad)), None, "{bad}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
