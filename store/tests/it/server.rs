//! A PostgreSQL server of one test's own, to be killed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

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
        let mut server = Self::made();
        server.run();
        server
    }

    /// One that is spoken to through TLS alone, with a certificate for `localhost`: signed by the one in
    /// [`Server::root`], or by itself.
    pub fn start_with_tls(signed: bool) -> Self {
        let mut server = Self::made();
        server.certify(signed);
        let more = "ssl = on\nssl_cert_file = '../server.crt'\nssl_key_file = '../server.key'\n";
        let settings = server.data().join("postgresql.conf");
        let mut file = std::fs::OpenOptions::new().append(true).open(settings).expect("the settings are there");
        std::io::Write::write_all(&mut file, more.as_bytes()).expect("the settings can be written");
        std::fs::write(server.data().join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").expect("a file");
        server.run();
        server
    }

    /// Makes `server.crt` and `server.key`, and `root.crt` where that is another one.
    fn certify(&self, signed: bool) {
        let openssl = |words: &str| {
            let mut command = self.command(Path::new("openssl"));
            command.args(words.split_whitespace()).current_dir(self.folder.path());
            let done = command.stderr(Stdio::null()).stdout(Stdio::null()).status();
            assert!(done.is_ok_and(|it| it.success()), "openssl {words}");
        };
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        let named = "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout server.key -out server.crt";
        if signed {
            openssl(&format!("{new} -subj /CN=root -keyout root.key -out root.crt"));
            openssl(&format!("{new} {named} -CA root.crt -CAkey root.key -addext basicConstraints=CA:FALSE"));
        } else {
            openssl(&format!("{new} {named}"));
            std::fs::copy(self.folder.path().join("server.crt"), self.root()).expect("a file can be copied");
        }
    }

    /// The certificate to trust.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root.crt")
    }

    /// One whose folder is there.
    fn made() -> Self {
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
        let server = Self { folder, bin, port: free.port(), running: None };
        let mut init = server.command(&server.bin.join("initdb"));
        init.args(["-U", "nexus", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]).arg(&data);
        assert!(init.stdout(Stdio::null()).status().is_ok_and(|it| it.success()), "the server's folder can be made");
        server
    }

    /// A program, run as a user that the server allows.
    fn command(&self, program: &Path) -> Command {
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
        self.address_at("127.0.0.1")
    }

    /// Its address under another name of this machine.
    pub fn address_at(&self, host: &str) -> String {
        format!("postgres://nexus@{host}:{}/postgres", self.port)
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
        let mut postgres = self.command(&self.bin.join("postgres"));
        postgres.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-h", "127.0.0.1", "-k"]);
        postgres.arg(self.folder.path()).stdout(Stdio::null()).stderr(log);
        self.running = Some(postgres.spawn().expect("the server starts"));
    }

    fn log(&self) -> PathBuf {
        Path::new(&std::env::temp_dir()).join(format!("nexus-outage-{}.log", self.port))
    }

    fn answers(&self) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        // It may answer that it wants TLS.
        runtime.block_on(async {
            match tokio_postgres::connect(&self.address(), NoTls).await {
                Ok(_) => true,
                Err(why) => why.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION),
            }
        })
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
