//! Ours, through the unix socket of a server.

use std::sync::Arc;

use bench::served::{Connection, Server, post};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use crate::{CLIENTS, PAYLOAD, Queue, all};

/// A server, and a connection for each client.
pub struct Socket {
    connections: Vec<Arc<Mutex<Connection>>>,
    _server: Server,
}

impl Socket {
    /// Starts a server on a new store.
    pub fn new(runtime: &Runtime) -> Self {
        let server = Server::start(None);
        let connections = runtime.block_on(async {
            let mut all = Vec::new();
            for _ in 0..CLIENTS {
                all.push(Arc::new(Mutex::new(server.connect().await)));
            }
            all
        });
        Self { connections, _server: server }
    }
}

impl Queue for Socket {
    fn add(&mut self, runtime: &Runtime, each: u32) {
        let payload: Value = serde_json::from_str(PAYLOAD).expect("it is JSON");
        let draft = json!({ "title": "keep comments", "payload": payload });
        all(runtime, |n| {
            let (connection, draft) = (Arc::clone(&self.connections[n]), draft.clone());
            async move {
                let mut connection = connection.lock().await;
                for _ in 0..each {
                    post(&mut connection, "/api/v1/work", &draft).await;
                }
            }
        });
    }

    fn work_off(&mut self, runtime: &Runtime, each: u32) {
        all(runtime, |n| {
            let connection = Arc::clone(&self.connections[n]);
            async move {
                let mut connection = connection.lock().await;
                let agent = format!("agent-{n:04}");
                for _ in 0..each {
                    let item = post(&mut connection, "/api/v1/work/next", &json!({ "agent": agent })).await;
                    let path = format!("/api/v1/work/{}/report", item["id"].as_str().expect("an item"));
                    post(&mut connection, &path, &json!({ "agent": agent, "fence": item["fence"] })).await;
                }
            }
        });
    }
}
