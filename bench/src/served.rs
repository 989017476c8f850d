//! An optimised `nexus up` on a new store, and connections to its unix socket that stay.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// A connection.
pub type Connection = BufReader<UnixStream>;

/// The server; it ends with this.
pub struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts one: on SQLite, or on the PostgreSQL database at `database`, which is made when it has no tables.
    ///
    /// Panics when there is no `target/release/nexus`.
    pub fn start(database: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let run = |args: &[&str]| {
            let mut command = Command::new(Path::new("target/release/nexus"));
            command.args(args).env("NEXUS_DIR", folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
            if let Some(database) = database {
                command.env("NEXUS_DATABASE_URL", database);
            }
            command
        };
        assert!(run(&["init"]).status().expect("target/release/nexus starts").success(), "a store can be made");
        let child = run(&["up", "--port", "0"]).spawn().expect("target/release/nexus starts");
        Self { child, folder }
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Connects as soon as it answers.
    pub async fn connect(&self) -> Connection {
        loop {
            if let Some(path) = self.socket()
                && let Ok(stream) = UnixStream::connect(&path).await
            {
                return BufReader::new(stream);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// The socket in its folder; its name says which store it is about.
    fn socket(&self) -> Option<PathBuf> {
        let mut all = std::fs::read_dir(self.folder.path()).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        all.find(|path| path.extension().is_some_and(|end| end == "sock"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks, on a connection that stays; the JSON of the answer. Panics unless it is one of success.
pub async fn post(connection: &mut Connection, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: nexus\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await.expect("the server reads");
    let (mut status, mut length) = (String::new(), 0);
    connection.read_line(&mut status).await.expect("the server answers");
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).await.expect("the server answers");
        if line.trim_end().is_empty() {
            break;
        }
        if let Some(count) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = count.trim().parse().expect("a length");
        }
    }
    let mut answer = vec![0; length];
    connection.read_exact(&mut answer).await.expect("the whole answer");
    assert!(status.contains(" 20"), "{path}: {status}{}", String::from_utf8_lossy(&answer));
    serde_json::from_slice(&answer).expect("JSON")
}
