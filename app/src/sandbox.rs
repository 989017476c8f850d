//! Which sandbox agents get.

use std::path::PathBuf;
use std::sync::Arc;

use connect::sandbox::{Sandboxed, probe, probe_all};
use engine::agent::{Probe, Sandbox, SandboxKind};
use engine::problem::{Kind, Problem};

/// What `sandbox.kind` may hold.
pub const WORDS: &[&str] = &["auto", "bwrap", "landlock", "none"];

/// The sandbox called `word`, which has to work on this machine. `auto`: the strictest that works; none at all where
/// the operator `named` the program to run, whose word that is.
pub fn choose(word: &str, named: bool) -> Result<Arc<dyn Sandbox>, Problem> {
    let program = this_program()?;
    let none = Sandboxed { kind: SandboxKind::None, program: program.clone() };
    let kind = match SandboxKind::from_word(word) {
        Some(SandboxKind::None) => return Ok(Arc::new(none)),
        None if named => return Ok(Arc::new(none)),
        Some(kind) => {
            let found = probe(&program, kind);
            if !found.works {
                return Err(refused(&[found]));
            }
            kind
        }
        None => {
            let kinds = [SandboxKind::Bwrap, SandboxKind::Landlock];
            let mut tried = Vec::new();
            let works = kinds.into_iter().find(|kind| {
                let found = probe(&program, *kind);
                let works = found.works;
                tried.push(found);
                works
            });
            works.ok_or_else(|| refused(&tried))?
        }
    };
    Ok(Arc::new(Sandboxed { kind, program }))
}

/// Every kind, as it does on this machine.
pub fn all() -> Result<Vec<Probe>, Problem> {
    Ok(probe_all(&this_program()?))
}

fn refused(tried: &[Probe]) -> Problem {
    let why: Vec<String> = tried.iter().map(|it| format!("{}: {}", it.kind.word(), it.detail)).collect();
    let message = format!(
        "no sandbox for agents works here ({}); install bubblewrap, or let them do what you can do with --sandbox none",
        why.join("; ")
    );
    Problem::new(Kind::Failed, "no_sandbox", message)
}

fn this_program() -> Result<PathBuf, Problem> {
    std::env::current_exe().map_err(|e| Problem::new(Kind::Failed, "io_failed", e.to_string()))
}
