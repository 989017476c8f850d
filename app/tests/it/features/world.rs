//! A small world for one test: a git repository with a store, and a home in which nobody else lives.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::without_surroundings;

/// How often [`until`] looks, and the pause between: a bound on waiting, not a promise of speed.
const LOOKS: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// A folder with a home, a state folder and (mostly) a repository; gone when dropped.
pub struct World {
    // Goes before the folder does.
    server: Option<Server>,
    folder: TempDir,
    /// The repository.
    pub repo: PathBuf,
}

/// The variable that has every world with a store served: `socket` for one that is found beside the store, by a server
/// that stands in no repository; `address` for one that is named, and stands in it.
pub const THROUGH: &str = "NEXUS_TEST_THROUGH";

/// A server over the store of a world; it ends with the world.
struct Server {
    process: Child,
    /// Its address, when the program is to be told.
    url: Option<String>,
}

impl Server {
    fn start(world: &World, way: &str) -> Self {
        let mut up = world.nexus(["up", "--port", "0", "--json"]);
        if way == "socket" {
            up.arg("--data-dir").arg(world.repo.join(".nexus")).current_dir(world.beside("home"));
        }
        let mut process = up.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
        out.read_line(&mut line).expect("it says where it listens");
        let said: Value = serde_json::from_str(&line).expect("one object");
        assert!(said["socket"].is_string(), "it has the socket: {said}");
        Self { process, url: (way == "address").then(|| text(&said, "url")) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a program said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl World {
    /// A repository with one commit on `main` and a store.
    pub fn new() -> Self {
        let mut world = Self::with_git();
        world.ok(["init"]);
        world.server = std::env::var(THROUGH).ok().map(|way| Server::start(&world, &way));
        world
    }

    /// A repository with one commit on `main`, without a store.
    pub fn with_git() -> Self {
        let world = Self::empty();
        world.git(["init", "-q", "-b", "main"]);
        world.write("README.md", "A project.\n");
        world.commit("begin");
        world
    }

    /// A folder called `repo` in which nothing is.
    pub fn empty() -> Self {
        let folder = TempDir::with_prefix("nexus-test-").expect("a temporary folder");
        let home = folder.path().join("home");
        std::fs::create_dir_all(&home).expect("a home");
        let settings = "[user]\n\tname = Tester\n\temail = tester@localhost\n[init]\n\tdefaultBranch = main\n";
        std::fs::write(home.join("gitconfig"), settings).expect("settings of git");
        let repo = folder.path().join("repo");
        std::fs::create_dir(&repo).expect("a folder");
        let repo = repo.canonicalize().expect("it was just made");
        Self { server: None, folder, repo }
    }

    /// A path beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("it is there").join(name)
    }

    /// The store's file.
    pub fn store(&self) -> PathBuf {
        self.repo.join(".nexus/nexus.db")
    }

    /// `program` in the repository, in this world's surroundings alone.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        without_surroundings(&mut command);
        let home = self.beside("home");
        command
            .env("HOME", &home)
            .env("XDG_STATE_HOME", self.beside("state"))
            .env("GIT_CONFIG_GLOBAL", home.join("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("USER", "operator")
            .current_dir(&self.repo)
            .stdin(Stdio::null());
        if let Some(url) = self.server.as_ref().and_then(|server| server.url.as_ref()) {
            command.env("NEXUS_URL", url);
        }
        command
    }

    /// The program under test, with these arguments.
    pub fn nexus<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_nexus"));
        command.args(args);
        command
    }

    /// What `nexus --json ARGS` says.
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Said {
        said(self.nexus(["--json"]).args(args))
    }

    /// The answer of `nexus --json ARGS`, which has to succeed.
    pub fn ok<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Value {
        let args: Vec<OsString> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        let said = self.run(&args);
        assert_eq!(said.code, 0, "nexus {args:?} failed: {}{}", said.out, said.err);
        said.json()
    }

    /// The id of a new item.
    pub fn add(&self, title: &str) -> String {
        text(&self.ok(["work", "add", title]), "id")
    }

    /// The item `id`.
    pub fn item(&self, id: &str) -> Value {
        self.ok(["work", "show", id])
    }

    /// Claims `id` for `agent` with a workspace: the fence, and where the workspace is.
    pub fn open(&self, id: &str, agent: &str) -> (String, PathBuf) {
        let claimed = self.ok(["work", "claim", id, "--agent", agent, "--ttl", "1h", "--workspace"]);
        (claimed["fence"].to_string(), text(&claimed["workspace"], "path").into())
    }

    /// Reports `id` for `agent`.
    pub fn report(&self, id: &str, agent: &str, fence: &str) -> Value {
        self.ok(["work", "report", id, "--agent", agent, "--fence", fence])
    }

    /// What `git ARGS` says in the repository; it has to succeed.
    pub fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        let mut command = self.command("git");
        command.args(args);
        let said = said(&mut command);
        assert_eq!(said.code, 0, "{command:?} failed: {}{}", said.out, said.err);
        said.out.trim_end().to_owned()
    }

    /// Writes a file in the repository.
    pub fn write(&self, path: &str, text: &str) {
        write(&self.repo.join(path), text);
    }

    /// Commits everything in the repository.
    pub fn commit(&self, message: &str) {
        self.git(["add", "-A"]);
        self.git(["commit", "-q", "-m", message]);
    }

    /// What `path` holds at the tip of `main`.
    pub fn landed(&self, path: &str) -> String {
        self.git(["show", &format!("main:{path}")])
    }
}

/// Asks again and again, with a bound, until there is an answer.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("{what} did not happen");
}

impl Said {
    /// The one object on the one line that was said.
    pub fn json(&self) -> Value {
        let line = self.out.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {:?} {}", self.out, self.err));
        assert!(!line.contains('\n'), "more than one line: {line}");
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The code of the error that was said; it has to be the expected exit code too.
    pub fn refusal(&self, exit: i32) -> String {
        assert_eq!(self.code, exit, "{}{}", self.out, self.err);
        let error = &self.json()["error"];
        assert!(error["message"].as_str().is_some_and(|m| !m.trim().is_empty()), "no message: {error}");
        text(error, "code")
    }
}

/// Runs `command` to its end.
pub fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: output.status.code().unwrap_or(-1), out: lossy(&output.stdout), err: lossy(&output.stderr) }
}

/// The text under `name` in `object`.
pub fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_else(|| panic!("no text {name:?} in {object}")).to_owned()
}

/// Writes a file, with the folders above it.
pub fn write(path: &Path, text: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
