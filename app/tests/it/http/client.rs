//! A caller of HTTP, small enough to see that it hides nothing. It asks in HTTP/1.0, so that an answer is what comes
//! up to the end of the connection.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// How long a test waits for a byte before it fails instead of hanging.
const PATIENCE: Duration = Duration::from_mins(3);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The header called `name`, in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

/// Asks for `path`.
pub fn get(at: SocketAddr, path: &str) -> Answer {
    ask(at, &format!("GET {path} HTTP/1.0\r\nhost: {at}\r\n\r\n"))
}

/// Asks for `path` with one more header.
pub fn get_with(at: SocketAddr, path: &str, header: &str) -> Answer {
    ask(at, &format!("GET {path} HTTP/1.0\r\nhost: {at}\r\n{header}\r\n\r\n"))
}

/// Sends `request` as it is.
pub fn ask(at: SocketAddr, request: &str) -> Answer {
    read(send(at, request))
}

/// One way to a server.
#[derive(Clone, Debug)]
pub enum To {
    /// Its address.
    Address(SocketAddr),
    /// Its socket.
    Socket(PathBuf),
}

impl To {
    /// Sends `request` as it is.
    pub fn ask(&self, request: &str) -> Answer {
        match self {
            Self::Address(at) => ask(*at, request),
            Self::Socket(path) => {
                let mut stream = UnixStream::connect(path).expect("the server listens");
                stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
                stream.write_all(request.as_bytes()).expect("the server reads");
                read(BufReader::new(stream))
            }
        }
    }

    /// Asks for `path` below the work door.
    pub fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET /api/v1/work{path} HTTP/1.0\r\nhost: localhost\r\n\r\n"))
    }

    /// Asks for `path` below the API.
    pub fn get_at(&self, path: &str) -> Answer {
        self.ask(&format!("GET /api/v1{path} HTTP/1.0\r\nhost: localhost\r\n\r\n"))
    }

    /// Posts `body` to `path` below the API.
    pub fn post_to(&self, path: &str, body: &str) -> Answer {
        let head = format!("POST /api/v1{path} HTTP/1.0\r\nhost: localhost\r\ncontent-type: application/json\r\n");
        self.ask(&format!("{head}content-length: {}\r\n\r\n{body}", body.len()))
    }

    /// Posts `body` to `path` below the work door.
    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.post_with(path, body, "content-type: application/json\r\n")
    }

    /// The same with these headers instead of the content type.
    pub fn post_with(&self, path: &str, body: &str, headers: &str) -> Answer {
        let length = body.len();
        self.ask(&format!(
            "POST /api/v1/work{path} HTTP/1.0\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n{body}"
        ))
    }
}

fn read(mut answer: BufReader<impl Read>) -> Answer {
    let (status, head) = read_head(&mut answer);
    let mut body = String::new();
    answer.read_to_string(&mut body).expect("the answer is text");
    Answer { status, head, body }
}

/// A connection on which `request` was sent.
pub fn send(at: SocketAddr, request: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(at).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    stream.write_all(request.as_bytes()).expect("the server reads");
    BufReader::new(stream)
}

fn read_head(answer: &mut BufReader<impl Read>) -> (u16, Vec<(String, String)>) {
    let mut lines = answer.by_ref().lines().map(|line| line.expect("the answer has a head"));
    let first = lines.next().expect("the answer has a first line");
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("the first line has a status");
    let head = lines.take_while(|line| !line.is_empty());
    let split = |line: String| line.split_once(": ").map(|(key, value)| (key.to_lowercase(), value.to_owned()));
    (status, head.filter_map(split).collect())
}

/// An open stream of messages.
pub struct Stream(BufReader<TcpStream>);

impl Stream {
    /// Opens the live stream; the answer when it is refused.
    pub fn open(at: SocketAddr) -> Result<Self, Answer> {
        let mut answer = send(at, &format!("GET /live HTTP/1.0\r\nhost: {at}\r\n\r\n"));
        let (status, head) = read_head(&mut answer);
        if status == 200 {
            return Ok(Self(answer));
        }
        let mut body = String::new();
        answer.read_to_string(&mut body).expect("the answer is text");
        Err(Answer { status, head, body })
    }

    /// The next message; `None` when the stream has ended.
    pub fn next(&mut self) -> Option<String> {
        let mut message = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).expect("a message comes in time") == 0 {
                return None;
            }
            match line.trim_end_matches('\n').strip_prefix("data: ") {
                Some(data) => message.push_str(data),
                None if line == "\n" && !message.is_empty() => return Some(message),
                None => {}
            }
        }
    }

    /// The first message from here on in which `text` stands.
    pub fn until(&mut self, text: &str) -> String {
        loop {
            let message = self.next().unwrap_or_else(|| panic!("the stream ended before {text:?} came"));
            if message.contains(text) {
                return message;
            }
        }
    }
}
