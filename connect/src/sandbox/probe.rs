//! Whether a kind of sandbox works on this machine: a program is run in it that tries to get out.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use engine::agent::{Probe, Sandbox, SandboxKind, View};
use engine::ports::{Caps, Launch};

use super::Sandboxed;

/// How long a probe may take.
const PROBE_MAX: Duration = Duration::from_secs(10);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Writes where it may, and where it may not; sees what it should not. It says `in` when it was kept in.
const TRY: &str = "echo mine > \"$HOME/own\" || exit 3
    (echo theirs > \"$1/theirs\") 2>/dev/null && exit 4
    cat \"$1/secret\" 2>/dev/null && exit 5
    [ -z \"${NEXUS_PROBE_SECRET:-}\" ] || exit 6
    echo in";

/// Every kind, on this machine. `program` has `inside` as a command.
pub fn probe_all(program: &Path) -> Vec<Probe> {
    SandboxKind::ALL.into_iter().map(|kind| probe(program, kind)).collect()
}

/// How `kind` does on this machine.
pub fn probe(program: &Path, kind: SandboxKind) -> Probe {
    if kind == SandboxKind::None {
        let detail = "keeps nothing in; it has to be asked for".to_owned();
        return Probe { kind, works: true, detail };
    }
    match tried(program, kind) {
        Ok(()) => Probe { kind, works: true, detail: kept(kind).to_owned() },
        Err(why) => Probe { kind, works: false, detail: why },
    }
}

const fn kept(kind: SandboxKind) -> &'static str {
    match kind {
        SandboxKind::None => "",
        SandboxKind::Landlock => "files and TCP are kept from it; it can see other programs, and memory is not its own",
        SandboxKind::Bwrap => "it sees nothing but what it is given, and has no network but the way to the gateway",
    }
}

fn tried(program: &Path, kind: SandboxKind) -> Result<(), String> {
    let said = |what: &str| {
        let what = what.to_owned();
        move |error: std::io::Error| format!("{what}: {error}")
    };
    let folder = std::env::temp_dir().join(format!("nexus-probe-{}-{}", std::process::id(), kind.word()));
    let _tidy = Tidy(folder.clone());
    let [worktree, home, place, outside] = ["worktree", "home", "place", "outside"].map(|name| folder.join(name));
    for it in [&worktree, &home, &place, &outside] {
        std::fs::create_dir_all(it).map_err(said("a folder for the trial"))?;
    }
    std::fs::write(outside.join("secret"), "known\n").map_err(said("a file for the trial"))?;
    let argv = ["sh", "-c", TRY, "sh", &outside.to_string_lossy()].map(str::to_owned).to_vec();
    let launch = Launch {
        argv,
        dir: worktree.clone(),
        env: Vec::new(),
        env_remove: Vec::new(),
        inherit: engine::ports::Inherit::All,
        stdin: Vec::new(),
        output: place.join("output"),
        output_bytes_max: 1_000,
        caps: Caps::default(),
        talk: None,
    };
    let view = View { worktree, home, place, ..View::default() };
    let sandbox = Sandboxed { kind, program: program.to_owned() };
    let wrapped = sandbox.wrap(launch, &view).map_err(|never| never.0)?;
    run(&wrapped)
}

/// Runs the trial. Fails with what went wrong.
fn run(launch: &Launch) -> Result<(), String> {
    let mut command = Command::new(&launch.argv[0]);
    command.args(&launch.argv[1..]).current_dir(&launch.dir).env_clear();
    command.envs(launch.env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{} is not installed", launch.argv[0]),
        _ => format!("{}: {error}", launch.argv[0]),
    })?;
    let began = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if began.elapsed() < PROBE_MAX => std::thread::sleep(LOOK),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("the trial did not end".to_owned());
            }
        }
    };
    let (mut said, mut errors) = (String::new(), String::new());
    let _ = child.stdout.take().map(|it| it.take(1_000).read_to_string(&mut said));
    let _ = child.stderr.take().map(|it| it.take(1_000).read_to_string(&mut errors));
    match status.code() {
        Some(0) if said.trim() == "in" => Ok(()),
        Some(3) => Err("a program in it cannot write in its own folder".to_owned()),
        Some(4 | 5) => Err("a program in it reached a file that it was not given".to_owned()),
        Some(6) => Err("a program in it saw our environment".to_owned()),
        _ => Err(errors.lines().next_back().unwrap_or("the trial failed without a word").to_owned()),
    }
}

/// A folder that goes when this does.
struct Tidy(PathBuf);

impl Drop for Tidy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
