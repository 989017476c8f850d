//! A world for the program to run in: a repository, a store and a state folder of their own, and callers that write
//! down what they saw.

mod asked;
mod clones;
mod proof;
mod running;
mod seed;
mod surroundings;
mod wire;

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;
use tempfile::TempDir;

use crate::database::Database;

pub use asked::{Asked, Output};
pub use proof::made_text;
pub use running::{Running, until};
pub use seed::{Seed, rounds};
pub use surroundings::without_surroundings;
pub use wire::Wire;

/// The check that every world declares: the tree has its first file.
pub const CHECKED: &str = "[[check]]\nname = \"first\"\nrun = \"test -f README\"\n";

/// One temporary folder with everything in it; gone with it.
pub struct World {
    folder: TempDir,
    path: PathBuf,
    database: Option<Database>,
    shared: bool,
    calls: Mutex<Vec<Value>>,
}

/// What keeps the store of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The file in the repository.
    Sqlite,
    /// A database, by its address in the environment.
    Postgres,
}

/// Tells each story on SQLite and on PostgreSQL, as two tests.
macro_rules! on_each_engine {
    ($($story:ident),* $(,)?) => {
        $(mod $story {
            #[test]
            fn on_sqlite() {
                super::$story($crate::support::Engine::Sqlite);
            }

            #[test]
            fn on_postgres() {
                super::$story($crate::support::Engine::Postgres);
            }
        })*
    };
}
pub(crate) use on_each_engine;

impl World {
    /// A repository whose branch `main` has one commit and one check, with a store.
    pub fn new() -> Self {
        Self::on(Engine::Sqlite)
    }

    /// The same with the store on this engine.
    pub fn on(engine: Engine) -> Self {
        let folder = tempfile::tempdir_in(room()).expect("there is room for a folder");
        let path = folder.path().canonicalize().expect("the folder is there");
        let database = (engine == Engine::Postgres).then(Database::new);
        let world = Self { folder, path, database, shared: false, calls: Mutex::default() };
        fs::create_dir_all(world.repo()).expect("the folder is ours");
        // A home that is a symbolic link is nothing unusual.
        fs::create_dir_all(world.beside("elsewhere")).expect("the folder is ours");
        std::os::unix::fs::symlink(world.beside("elsewhere"), world.beside("state")).expect("the folder is ours");
        world.git(&["init", "-q", "-b", "main"]);
        fs::write(world.repo().join("README"), "first\n").expect("the folder is ours");
        fs::write(world.repo().join("nexus.toml"), CHECKED).expect("the folder is ours");
        world.git(&["add", "-A"]);
        world.git(&["commit", "-q", "-m", "first"]);
        world.nexus(&["init"]).done();
        world
    }

    /// A path beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The repository.
    pub fn repo(&self) -> PathBuf {
        self.beside("repo")
    }

    /// Keeps the folder, for somebody to look into after a failure.
    #[allow(dead_code)] // Called by hand while looking for a fault.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// A program with nothing of the caller's surroundings that could matter.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        without_surroundings(&mut command);
        command.current_dir(self.repo());
        command.env("HOME", self.beside("home")).env("XDG_STATE_HOME", self.beside("state")).env("USER", "tester");
        if let Some(database) = &self.database {
            command.env("NEXUS_DATABASE_URL", database.address());
        }
        if self.shared {
            command.env("NEXUS_LANDING_REMOTE", "origin");
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "User").env(format!("GIT_{who}_EMAIL"), "user@localhost");
        }
        command
    }

    /// A wire to the database, and the address of the store behind it.
    pub fn wire(&self) -> (Wire, String) {
        let address = self.database.as_ref().expect("the store is in a database").address();
        let (before, rest) = address.split_once('@').expect("it names a user");
        let (server, rest) = rest.split_once('/').expect("it names a database");
        let wire = Wire::to(server.to_owned());
        let wired = format!("{before}@{}/{rest}", wire.address());
        (wire, wired)
    }

    /// Runs git in the repository; comes back with what it prints, without the last newline.
    pub fn git(&self, args: &[&str]) -> String {
        let output = self.command("git").args(args).output().expect("git is installed");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// A call of the program, with `--json`.
    pub fn nexus(&self, args: &[&str]) -> Asked<'_> {
        Asked::new(self, args)
    }

    /// A server over the store, away from the repository, so that it lands nothing; it listens on the socket.
    pub fn serve(&self) -> Running<'_> {
        let data = self.repo().join(".nexus");
        let serving = self.nexus(&["up", "--port", "0", "--data-dir", &data.to_string_lossy(), "--repo", "/"]).start();
        until("the socket", || self.sockets().iter().find_map(|path| UnixStream::connect(path).ok()));
        serving
    }

    /// The sockets beside the store.
    pub fn sockets(&self) -> Vec<PathBuf> {
        let there = fs::read_dir(self.repo().join(".nexus")).into_iter().flatten().flatten().map(|entry| entry.path());
        there.filter(|path| path.extension().is_some_and(|it| it == "sock")).collect()
    }

    /// Adds an item; comes back with its id.
    pub fn add(&self, title: &str) -> String {
        self.nexus(&["work", "add", title]).done().text("id")
    }

    /// A claim of a certain item, written down.
    pub fn claim(&self, id: &str, agent: &str) -> Asked<'_> {
        self.nexus(&["work", "claim", id, "--agent", agent]).recorded("claim", agent, Some(id), None)
    }

    /// A claim of whatever comes next, written down.
    pub fn next(&self, agent: &str) -> Asked<'_> {
        self.nexus(&["work", "next", "--agent", agent]).recorded("next", agent, None, None)
    }

    /// What a holder says about its item, written down; `verb` is the word for it.
    pub fn says(&self, verb: &'static str, id: &str, agent: &str, fence: i64) -> Asked<'_> {
        let shown = fence.to_string();
        let call = self.nexus(&["work", verb, id, "--agent", agent, "--fence", &shown]);
        call.recorded(verb, agent, Some(id), Some(fence))
    }

    /// The item as it stands.
    pub fn item(&self, id: &str) -> Output {
        self.nexus(&["work", "show", id]).done()
    }

    /// The database of a world on PostgreSQL.
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("a world on PostgreSQL")
    }

    /// Does SQL to the store behind our back, and leaves the log of the file where it is.
    pub fn tamper(&self, sql: &str) {
        match &self.database {
            Some(database) => database.run(sql),
            None => self.tamper_file(sql, true),
        }
    }

    /// The same to the file; the log is folded into it and gone afterwards, unless it `stays`.
    pub fn tamper_file(&self, sql: &str, stays: bool) {
        rusqlite::Connection::open(self.repo().join(".nexus/nexus.db"))
            .and_then(|connection| {
                connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, stays)?;
                connection.execute_batch(sql)
            })
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The event log, oldest first.
    pub fn events(&self) -> Vec<Value> {
        let told = self.nexus(&["events"]).done();
        told.stdout.lines().map(|line| serde_json::from_str(line).expect("an event is JSON")).collect()
    }

    /// How many events are called `name`, those on `subject` only when it is given.
    pub fn count(&self, name: &str, subject: Option<&str>) -> usize {
        let events = self.events();
        events.iter().filter(|it| it["name"] == name && subject.is_none_or(|of| it["subject"] == of)).count()
    }

    /// Writes a program for an agent; comes back with the command that starts it. In it, `made` is a function that
    /// writes the file that [`World::landed_once`] looks for, and `log FILE` leaves a copy of what was written: a whole
    /// one or none, whenever the agent is killed.
    pub fn agent(&self, name: &str, script: &str) -> String {
        let path = self.beside(&format!("{name}.sh"));
        let written = self.written();
        let head = format!(
            "set -eu\n\
             log() {{ cp \"$1\" '{0}.part'-$$ && mv '{0}.part'-$$ '{0}'/\"$1-$NEXUS_FENCE-$$\"; }}\n\
             made() {{ echo \"$NEXUS_WORK_ID under fence $NEXUS_FENCE\" > $NEXUS_WORK_ID.txt; log $NEXUS_WORK_ID.txt; }}\n",
            written.display()
        );
        fs::write(&path, head + script + "\n").expect("the folder is ours");
        format!("sh '{}'", path.display())
    }

    /// The command of an agent that does what it is told and ends well.
    pub fn diligent(&self) -> String {
        self.agent("diligent", "made")
    }

    /// Claims `id` with a workspace, writes the file in it and leaves the report to the caller; comes back with the
    /// fence.
    pub fn make_by_hand(&self, id: &str, agent: &str, ttl: &str) -> i64 {
        let held = self.claim(id, agent).with(&["--workspace", "--ttl", ttl]).done();
        let (fence, folder) =
            (held.number("fence"), PathBuf::from(held.json["workspace"]["path"].as_str().expect("a path")));
        let made = made_text(id, fence);
        fs::write(folder.join(format!("{id}.txt")), &made).expect("the workspace is there");
        fs::write(self.written().join(format!("{id}.txt-{fence}-by-hand")), &made).expect("the folder is ours");
        fence
    }

    /// The folder in which agents leave a copy of everything that they have written in a worktree.
    pub fn written(&self) -> PathBuf {
        let folder = self.beside("written");
        fs::create_dir_all(&folder).expect("the folder is ours");
        folder
    }

    fn note(&self, call: Value) {
        self.calls.lock().expect("no test panics while it has it").push(call);
    }
}

/// Where worlds are: in memory where there is room, as a slow disk under a thousand syncs says nothing about us. The
/// longest run is on the disk.
fn room() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let roomy = rustix::fs::statvfs(memory).is_ok_and(|it| it.f_bavail * it.f_frsize > 256_000_000);
    let soak = std::env::var_os("NEXUS_TEST_SOAK").is_some();
    if roomy && !soak { memory.to_owned() } else { std::env::temp_dir() }
}

/// What a file holds.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
