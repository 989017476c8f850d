//! What idle agents cost on our side: a run with many agents that wait, against the same run with one. It wants an
//! optimised `nexus` beside it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bench::{Flags, cpu, machine};
use serde_json::json;

const AGENTS: usize = 50;
/// The most of a core that they may cost.
const GOAL_CORE: f64 = 0.10;
/// The most memory that each may cost, in megabytes.
const GOAL_MB: f64 = 2.0;
/// How long agents have to be there.
const START_MAX: Duration = Duration::from_mins(5);

/// Hears its prompt like Claude Code, says that it is there, and waits for ever.
const AGENT: &str = r#"#!/bin/sh
if [ "$1" = --version ]; then echo '2.1.329 (Claude Code)'; exit; fi
while read -r line; do case $line in *'"type":"user"'*) break ;; esac; done
echo '{"type":"system","subtype":"init","session_id":"s"}'
: > "$HERE/there/$$"
read -r never
"#;

fn main() {
    let flags = Flags::read("What idle agents cost on our side, against a run with one.");
    let span = Duration::from_secs(if flags.quick { 5 } else { 30 });
    let one = Run::with(1).measured(span);
    let many = Run::with(AGENTS).measured(span);
    let more = f64::from(u32::try_from(AGENTS - 1).expect("it is small"));
    let each_mb = (many.mb - one.mb) / more;
    let (core_met, memory_met) = (many.core < GOAL_CORE, each_mb <= GOAL_MB);
    if flags.json {
        let run = |it: &Cost| json!({ "core": it.core, "mb": it.mb, "processes": it.processes });
        let results = json!({
            "one": run(&one), "many": run(&many), "agents": AGENTS, "mb_each": each_mb,
            "goals": { "core_met": core_met, "memory_met": memory_met },
        });
        return println!(
            "{}",
            json!({ "bench": "agents", "machine": machine(), "seconds": span.as_secs(), "results": results })
        );
    }
    println!("idle agents in one run, on our side: the run and the keepers\n{}\n", machine());
    for (name, it) in [("1 agent", &one), ("50 agents", &many)] {
        println!("{name:<10} {:>6.2} % of a core   {:>7.1} MB in {} processes", it.core * 100.0, it.mb, it.processes);
    }
    let met = |yes| if yes { "met" } else { "NOT met" };
    println!(
        "\n{AGENTS} agents: {:.2} % of a core   goal {} %: {}",
        many.core * 100.0,
        GOAL_CORE * 100.0,
        met(core_met)
    );
    println!("each: {each_mb:.2} MB   goal {GOAL_MB} MB: {}", met(memory_met));
}

/// A run whose agents wait.
struct Run {
    child: Child,
    agents: usize,
    folder: tempfile::TempDir,
}

/// What a run costs on our side.
struct Cost {
    core: f64,
    mb: f64,
    processes: usize,
}

impl Run {
    fn with(agents: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let repo = folder.path().join("repo");
        std::fs::create_dir_all(folder.path().join("there")).expect("it is ours");
        std::fs::create_dir_all(&repo).expect("it is ours");
        for args in [&["init", "-q", "-b", "main"][..], &["commit", "-q", "--allow-empty", "-m", "first"]] {
            let mut git = Command::new("git");
            git.args(["-c", "user.name=bench", "-c", "user.email=bench@localhost"]).args(args).current_dir(&repo);
            assert!(git.status().expect("git starts").success());
        }
        let agent = folder.path().join("claude");
        std::fs::write(&agent, AGENT).expect("it is ours");
        std::fs::set_permissions(&agent, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        let program = Path::new("target/release/nexus").canonicalize().expect("cargo build --release --bin nexus");
        let nexus = |args: &[&str]| {
            let mut command = Command::new(&program);
            command.args(args).current_dir(&repo).stdout(Stdio::null()).stderr(Stdio::null());
            command.env("XDG_STATE_HOME", folder.path().join("state")).env("HERE", folder.path());
            command.env("NEXUS_CLAUDE_BIN", &agent);
            command
        };
        assert!(nexus(&["init"]).status().expect("it starts").success());
        for n in 0..agents {
            assert!(nexus(&["work", "add", &format!("item {n}")]).status().expect("it starts").success());
        }
        let workers = agents.to_string();
        let child = nexus(&["run", "--runtime", "claude", "--sandbox", "none", "--workers", &workers]).spawn();
        Self { child: child.expect("it starts"), agents, folder }
    }

    /// What it costs for so long, once all agents wait.
    fn measured(&self, span: Duration) -> Cost {
        let began = Instant::now();
        let there = || std::fs::read_dir(self.folder.path().join("there")).map_or(0, Iterator::count);
        while there() < self.agents {
            assert!(began.elapsed() < START_MAX, "{} of {} agents are there", there(), self.agents);
            std::thread::sleep(Duration::from_millis(50));
        }
        // Claims and worktrees are behind them; what the store has still to do is not ours to measure.
        std::thread::sleep(Duration::from_secs(2));
        let ours = self.ours();
        let spent = || ours.iter().map(|pid| cpu(*pid)).sum::<Duration>();
        let (before, began) = (spent(), Instant::now());
        std::thread::sleep(span);
        let core = spent().saturating_sub(before).as_secs_f64() / began.elapsed().as_secs_f64();
        Cost { core, mb: ours.iter().map(|pid| mb(*pid)).sum(), processes: ours.len() }
    }

    /// The run, and the keepers that it started; not the agents.
    fn ours(&self) -> Vec<u32> {
        let run = self.child.id();
        let tasks = std::fs::read_dir(format!("/proc/{run}/task")).into_iter().flatten().flatten();
        let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let keepers =
            lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>());
        std::iter::once(run).chain(keepers).collect()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // The keepers end what they keep when the run is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The memory of a process in megabytes: its own, and its part of what it shares.
fn mb(pid: u32) -> f64 {
    let said = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let kib = said.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1_024.0 / 1e6
}
