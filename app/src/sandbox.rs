//! Which sandbox agents get.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use connect::sandbox::{Sandboxed, probe, probe_all};
use engine::agent::{Probe, Room, Sandbox, SandboxKind};
use engine::problem::{Kind, Problem};

use crate::settings::SandboxSettings;

/// What `sandbox.kind` may hold.
pub const WORDS: &[&str] = &["auto", "bwrap", "landlock", "none"];

/// The sandbox of agents called `word`, which has to work on this machine. `auto`: the strictest that works; none at all
/// where the operator `named` the program to run, whose word that is.
pub fn choose(word: &str, named: bool) -> Result<Arc<dyn Sandbox>, Problem> {
    let word = if named && word == "auto" { "none" } else { word };
    strictest(word, "agents", "let them do what you can do with --sandbox none")
}

/// The sandbox called `word`. Where it does not work, `whose` and the `way_out` are said.
fn strictest(word: &str, whose: &str, way_out: &str) -> Result<Arc<dyn Sandbox>, Problem> {
    let program = this_program()?;
    let kinds = match SandboxKind::from_word(word) {
        Some(kind) => vec![kind],
        None => vec![SandboxKind::Bwrap, SandboxKind::Landlock],
    };
    let mut tried = Vec::new();
    for kind in kinds {
        let found = probe(&program, kind);
        if found.works {
            return Ok(Arc::new(Sandboxed { kind, program }));
        }
        tried.push(format!("{}: {}", kind.word(), found.detail));
    }
    let tried = tried.join("; ");
    let message = format!("no sandbox for {whose} works here ({tried}); install bubblewrap, or {way_out}");
    Err(Problem::new(Kind::Failed, "no_sandbox", message))
}

/// Where agents run that `sandbox` keeps in.
pub fn agents_room(sandbox: Arc<dyn Sandbox>, settings: &SandboxSettings) -> Room {
    Room { sandbox, readable: settings.read.clone(), writable: Vec::new(), variables: settings.variables.clone() }
}

/// Finds out where checks run, once, when the first of them does.
pub fn check_room(settings: &SandboxSettings) -> Arc<dyn Fn() -> Result<Room, Problem> + Send + Sync> {
    let (settings, found) = (settings.clone(), OnceLock::<Arc<dyn Sandbox>>::new());
    Arc::new(move || {
        if found.get().is_none() {
            let way_out = "let them do what you can do with check.sandbox = none";
            // Another thread may have been faster; its finding is as good.
            let _ = found.set(strictest(&settings.checks, "checks", way_out)?);
        }
        let sandbox = Arc::clone(found.get().expect("it was found just now"));
        let (readable, writable) = (settings.read.clone(), settings.checks_write.clone());
        Ok(Room { sandbox, readable, writable, variables: settings.variables.clone() })
    })
}

/// Every kind, as it does on this machine.
pub fn all() -> Result<Vec<Probe>, Problem> {
    Ok(probe_all(&this_program()?))
}

fn this_program() -> Result<PathBuf, Problem> {
    std::env::current_exe().map_err(|e| Problem::new(Kind::Failed, "io_failed", e.to_string()))
}
