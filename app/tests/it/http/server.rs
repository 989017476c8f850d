//! A scratch repository with a store, the program on it, and the server as a process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::client::To;
use crate::support::{World, without_surroundings};

/// A repository with a store in a folder of its own.
pub struct Place(tempfile::TempDir);

impl Place {
    /// A new one; the store is empty.
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder can be made"));
        let git = |args: &[&str]| {
            let done = Command::new("git").args(args).current_dir(place.0.path()).output().expect("git starts");
            assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        };
        git(&["init", "--quiet", "--initial-branch=main", "repo"]);
        let who = ["-C", "repo", "-c", "user.name=t", "-c", "user.email=t@localhost"];
        git(&[&who[..], &["commit", "--quiet", "--allow-empty", "-m", "first"]].concat());
        place.json(&["init"]);
        place
    }

    /// The file of the store.
    pub fn store(&self) -> PathBuf {
        self.0.path().join("repo/.nexus/nexus.db")
    }

    /// The socket beside the store.
    pub fn socket(&self) -> PathBuf {
        self.store().with_file_name("nexus.sock")
    }

    /// The program with `args` and `--json`, to be started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nexus"));
        without_surroundings(&mut command);
        command.args(args).arg("--json").current_dir(self.0.path().join("repo"));
        command.env("XDG_STATE_HOME", self.0.path().join("state")).env("RUST_BACKTRACE", "0");
        command
    }

    /// What the program says to `args` and `--json`.
    pub fn nexus(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("nexus starts")
    }

    /// The object that the program answers; it must succeed.
    pub fn json(&self, args: &[&str]) -> Value {
        let done = self.nexus(args);
        let said = String::from_utf8(done.stdout).expect("the answer is text");
        assert!(done.status.success(), "nexus {args:?}: {said}");
        serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
    }

    /// Adds an item; comes back with its id.
    pub fn add(&self, title: &str) -> String {
        self.json(&["work", "add", title])["id"].as_str().expect("an item has an id").to_owned()
    }

    /// Serves the store on a port that is free.
    pub fn up(&self) -> Up {
        serve(self.command(&["up", "--port", "0"]))
    }
}

/// Serves the store of `world` on a port that is free.
pub fn up(world: &World) -> Up {
    let mut command = world.command(env!("CARGO_BIN_EXE_nexus"));
    command.args(["up", "--port", "0", "--json"]);
    serve(command)
}

fn serve(mut command: Command) -> Up {
    let mut process = command.stdout(Stdio::piped()).spawn().expect("nexus starts");
    let mut said = BufReader::new(process.stdout.take().expect("its output is piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it says where it listens");
    let url = serde_json::from_str::<Value>(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let url = url["url"].as_str().unwrap_or_else(|| panic!("no address: {line}"));
    let at = url.trim_start_matches("http://").parse().expect("the address is one");
    Up { process, said: Some(said), at }
}

/// A server. It is killed when the test forgets to end it.
pub struct Up {
    process: Child,
    said: Option<BufReader<ChildStdout>>,
    /// Where it listens.
    pub at: SocketAddr,
}

impl Up {
    /// Both ways to it.
    pub fn ways(&self, place: &Place) -> [To; 2] {
        [To::Address(self.at), To::Socket(place.socket())]
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("it is there");
    }

    /// Interrupts it; comes back with its exit code.
    pub fn end(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.process), Signal::INT).expect("it is there");
        // Its output closes when it ends; a server that does not is a failure, not a test that hangs.
        let (tell, told) = channel();
        let mut said = self.said.take().expect("it is ended once");
        std::thread::spawn(move || tell.send(said.read_to_end(&mut Vec::new()).is_ok()));
        let ended = told.recv_timeout(Duration::from_mins(3));
        assert_eq!(ended, Ok(true), "the server has not ended");
        self.process.wait().expect("it was started here").code()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
