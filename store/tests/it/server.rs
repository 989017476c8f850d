//! A PostgreSQL server of one test's own, to be killed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio_postgres::NoTls;

/// A server on a port and a folder of its own; ends with the value.
pub struct Server {
    folder: tempfile::TempDir,
    bin: PathBuf,
    port: u16,
    running: Option<Child>,
}

impl Server {
    /// A new one that runs.
    pub fn start() -> Self {
        let bin = std::env::var_os("NEXUS_TEST_DATABASE_BIN").map(PathBuf::from).expect(
            "NEXUS_TEST_DATABASE_BIN names no folder: run the tests with `make test`, or under scripts/with-postgres",
        );
        let folder = tempfile::tempdir().expect("a folder can be made");
        let data = folder.path().join("data");
        if rustix::process::getuid().is_root() {
            let whose = Command::new("chown").arg("postgres:").arg(folder.path()).status();
            assert!(whose.is_ok_and(|it| it.success()), "the folder can be given to the server's user");
        }
        let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port is free");
        let mut server = Self { folder, bin, port: free.port(), running: None };
        let mut init = server.command("initdb");
        init.args(["-U", "nexus", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]).arg(&data);
        assert!(init.stdout(Stdio::null()).status().is_ok_and(|it| it.success()), "the server's folder can be made");
        server.run();
        server
    }

    /// One of the server's programs, as a user that it allows.
    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        if !rustix::process::getuid().is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command.current_dir(self.folder.path());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("postgres://nexus@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs it, after it was killed too; comes back when it answers. As long as something is left of the one before, a
    /// new one ends at once.
    pub fn run(&mut self) {
        for _ in 0..600 {
            let ended = self.running.as_mut().is_none_or(|it| it.try_wait().is_ok_and(|ended| ended.is_some()));
            if ended {
                self.spawn();
            }
            if self.answers() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not answer: {}", std::fs::read_to_string(self.log()).unwrap_or_default());
    }

    fn spawn(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).expect("a file can be made");
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-h", "127.0.0.1", "-k"]);
        postgres.arg(self.folder.path()).stdout(Stdio::null()).stderr(log);
        self.running = Some(postgres.spawn().expect("the server starts"));
    }

    fn log(&self) -> PathBuf {
        Path::new(&std::env::temp_dir()).join(format!("nexus-outage-{}.log", self.port))
    }

    fn answers(&self) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { tokio_postgres::connect(&self.address(), NoTls).await.is_ok() })
    }

    /// Kills it; its processes find that out and end.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.kill();
            let _ = running.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_file(self.log());
    }
}
