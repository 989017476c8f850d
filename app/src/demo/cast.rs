//! The processes on stage: started, killed, stopped and woken as the script says.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use engine::problem::Problem;
use engine::wait;
use rustix::process::{Pid, Signal, kill_process};

use super::scene::{Scene, end_of, wait_until};
use super::{io, real};

/// The leases of those who are going to lose them.
const SHORT: &str = "2s";
/// The leases of the others: long enough for a loaded machine.
const LONG: &str = "30s";

/// Everybody on stage.
pub struct Cast<'a> {
    scene: &'a Scene,
    board: Option<Child>,
}

impl Drop for Cast<'_> {
    fn drop(&mut self) {
        if let Some(mut board) = self.board.take() {
            send(&board, Signal::INT);
            let _ = board.wait();
        }
    }
}

impl<'a> Cast<'a> {
    /// Nobody yet. Fails when what the agents need is not there.
    pub fn new(scene: &'a Scene) -> Result<Self, Problem> {
        let cargo = Command::new("cargo").arg("--version").output();
        cargo.map_err(|e| io("the demo's crate is checked with cargo, which does not start", &e))?;
        scene.real.as_deref().map_or(Ok(()), |kind| real::ready(scene, kind))?;
        Ok(Self { scene, board: None })
    }

    /// Serves the board while the play goes on.
    pub fn serve(&mut self) -> Result<(), Problem> {
        let mut command = Command::new(&self.scene.program);
        self.scene.environment(&mut command);
        command.args(["up", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut board = command.spawn().map_err(|e| io("starting the board", &e))?;
        let mut said = String::new();
        let out = board.stdout.take().expect("its output was piped");
        BufReader::new(out).read_line(&mut said).map_err(|e| io("hearing from the board", &e))?;
        self.scene.say(said.trim());
        self.board = Some(board);
        Ok(())
    }

    /// The play, from first claim to last landing.
    pub fn play(&mut self) -> Result<(), Problem> {
        let scene = self.scene;
        let mut night = self.run("night", "night", 1, SHORT)?;
        wait_until("night-1 writes", || scene.folder.join("night.wrote").exists())?;
        let mut sleeper = self.sleeper()?;
        wait_until("the sleeper sleeps", || scene.folder.join("sleeper.sleeps").exists() && stopped(&sleeper))?;

        let mut others = Vec::new();
        for (role, workers) in [("builder", 2), ("fragile", 1), ("shortcut", 1), ("left", 1), ("right", 1)] {
            others.push((role, self.run(role, role, workers, LONG)?));
        }
        let real = scene.real.as_deref().map(|kind| real::start(scene, kind)).transpose()?;
        scene.say("night-1's worker process is killed with SIGKILL; the sleeper is stopped");
        send(&night, Signal::KILL);
        night.wait().map_err(|e| io("waiting for night-1's end", &e))?;
        self.lapse("roman")?;
        self.lapse("palindrome")?;
        let mut relief = self.run("relief", "night", 1, LONG)?;
        let taken = |key| self.fence(key).is_some_and(|fence| fence > 1);
        wait_until("relief-1 takes over from the sleeper", || taken("palindrome"))?;
        scene.say("relief-1 has taken over; the sleeper wakes and goes on");
        send(&sleeper, Signal::CONT);
        good_end(&mut sleeper, "the sleeper")?;
        for (role, mut child) in others {
            let code = end_of(&mut child, &format!("the run of {role}"))?;
            scene.say(&format!("the run of {role} has ended ({code})"));
        }
        if let (Some(mut real), Some(kind)) = (real, &scene.real) {
            let code = end_of(&mut real.run, &format!("the run of {kind}"))?;
            scene.say(&format!("the run of {kind} has ended ({code})"));
        }
        good_end(&mut relief, "relief-1")
    }

    /// How many late effects of the sleeper were refused, as it saw it.
    pub fn sleeper_refused(&self) -> Result<usize, Problem> {
        let text = std::fs::read_to_string(self.scene.folder.join("sleeper.refused"));
        text.ok().and_then(|text| text.parse().ok()).ok_or_else(|| io("the sleeper", &"did not say what it saw"))
    }

    fn run(&self, name: &str, role: &str, workers: u32, ttl: &str) -> Result<Child, Problem> {
        let mut command = Command::new(&self.scene.program);
        self.scene.environment(&mut command);
        let agent = format!("'{}' demo-agent --as worker", self.scene.program.display());
        let log = File::create(self.scene.folder.join(format!("{name}.log"))).map_err(|e| io("making a log", &e))?;
        let out = log.try_clone().map_err(|e| io("making a log", &e))?;
        command.args(["run", "--agent", &agent, "--role", role, "--agent-name", name, "--ttl", ttl]);
        command.args(["--workers", &workers.to_string()]).stdin(Stdio::null()).stdout(out).stderr(log);
        command.spawn().map_err(|e| io("starting a run", &e))
    }

    fn sleeper(&self) -> Result<Child, Problem> {
        let mut command = Command::new(&self.scene.program);
        self.scene.environment(&mut command);
        let log = File::create(self.scene.folder.join("sleeper.log")).map_err(|e| io("making a log", &e))?;
        command.args(["demo-agent", "--as", "sleeper"]).env("NEXUS_AGENT_ID", "sleeper");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|e| io("starting the sleeper", &e))
    }

    /// Waits until the lease on an item has run out and it is free again.
    fn lapse(&self, key: &str) -> Result<(), Problem> {
        let engine = &self.scene.engine;
        let id = self.scene.item(key).parse().expect("the id of an item is an id");
        wait_until("a lease runs out", || {
            let _ = wait(engine.tend());
            wait(engine.show(&id)).is_ok_and(|item| item.state != "leased" || item.fence > 1)
        })
    }

    fn fence(&self, key: &str) -> Option<i64> {
        let id = self.scene.item(key).parse().expect("the id of an item is an id");
        wait(self.scene.engine.show(&id)).ok().map(|item| item.fence)
    }
}

fn send(child: &Child, signal: Signal) {
    if let Some(pid) = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0)) {
        let _ = kill_process(pid, signal);
    }
}

/// Whether the process has stopped itself, as Linux says it.
fn stopped(child: &Child) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
}

fn good_end(child: &mut Child, who: &str) -> Result<(), Problem> {
    let status = end_of(child, who)?;
    if status.success() { Ok(()) } else { Err(io(who, &format!("ended with {status}"))) }
}
