//! Redis: a stream with one consumer group, spoken to in its own protocol.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use crate::{CLIENTS, PAYLOAD, Queue, all};

const STREAM: &str = "work";
const GROUP: &str = "agents";

/// A connection for each client.
pub struct Peer {
    connections: Vec<Arc<Mutex<BufReader<TcpStream>>>>,
}

impl Peer {
    /// Connects to the server at `address`, and makes the stream and its group.
    pub fn new(runtime: &Runtime, address: &str) -> Self {
        let connections = runtime.block_on(async {
            let mut all = Vec::new();
            for _ in 0..CLIENTS {
                let stream = TcpStream::connect(address).await.expect("the server answers");
                stream.set_nodelay(true).expect("it is a TCP stream");
                all.push(Arc::new(Mutex::new(BufReader::new(stream))));
            }
            let mut first = all[0].lock().await;
            ask(&mut first, &["DEL", STREAM]).await;
            ask(&mut first, &["XGROUP", "CREATE", STREAM, GROUP, "0", "MKSTREAM"]).await;
            drop(first);
            all
        });
        Self { connections }
    }
}

impl Queue for Peer {
    fn add(&mut self, runtime: &Runtime, each: u32) {
        all(runtime, |n| {
            let connection = Arc::clone(&self.connections[n]);
            async move {
                let mut connection = connection.lock().await;
                for _ in 0..each {
                    ask(&mut connection, &["XADD", STREAM, "*", "body", PAYLOAD]).await;
                }
            }
        });
    }

    fn work_off(&mut self, runtime: &Runtime, each: u32) {
        all(runtime, |n| {
            let connection = Arc::clone(&self.connections[n]);
            async move {
                let mut connection = connection.lock().await;
                let name = format!("agent-{n:04}");
                for _ in 0..each {
                    let read = ["XREADGROUP", "GROUP", GROUP, &name, "COUNT", "1", "STREAMS", STREAM, ">"];
                    let parts = ask(&mut connection, &read).await;
                    let id = parts.get(1).expect("an entry: stream, id, field, value").clone();
                    let done = ask(&mut connection, &["XACK", STREAM, GROUP, &id]).await;
                    assert_eq!(done, ["1"], "it was pending");
                }
            }
        });
    }
}

/// Sends a command; the texts and numbers of its answer, in order. Panics when the answer is an error.
async fn ask(connection: &mut BufReader<TcpStream>, words: &[&str]) -> Vec<String> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    connection.write_all(request.as_bytes()).await.expect("the server reads");
    let (mut parts, mut open) = (Vec::new(), 1_usize);
    while open > 0 {
        let mut line = String::new();
        connection.read_line(&mut line).await.expect("the server answers");
        let (kind, rest) = line.trim_end().split_at(1);
        open -= 1;
        match kind {
            "*" => open += rest.parse::<usize>().unwrap_or(0),
            "$" => {
                let mut body = vec![0; rest.parse::<usize>().expect("a text that is there") + 2];
                connection.read_exact(&mut body).await.expect("the whole text");
                body.truncate(body.len() - 2);
                parts.push(String::from_utf8(body).expect("what was sent"));
            }
            "+" | ":" => parts.push(rest.to_owned()),
            _ => panic!("{words:?}: {line}"),
        }
    }
    parts
}
