//! Programs that are kept in: what they may see and reach is said, and nothing else is there.
//!
//! ```text
//! keeper ──▶ bwrap ─ namespaces ─▶ nexus inside ──▶ agent ──▶ …
//!                                     │ 127.0.0.1:PORT ══ socket of the model gateway, outside
//! keeper ──▶ nexus inside ─ landlock ─▶ agent ──▶ …        (TCP to the gateway alone)
//! ```
//!
//! `nexus inside` is this program once more: it listens where the agent looks for models and passes everything on to the
//! one socket that leads out, or takes the rights away and becomes the agent. A kind that does not work on this machine
//! is not used, and nothing is started instead of it.

mod bwrap;
mod environment;
mod inside;
mod landlock;
mod probe;
mod programs;
mod repository;

use std::path::PathBuf;

use engine::agent::{Sandbox, SandboxKind, View};
use engine::ports::{Launch, NeverStarted};

pub use inside::{Inside, inside};
pub use landlock::Rights;
pub use probe::{probe, probe_all};

/// Where this program is seen inside.
const SELF: &str = "/run/nexus/nexus";
/// Where the objects of the repository are seen inside.
const OBJECTS: &str = "/run/nexus/objects";
/// Where the socket that leads out is seen inside.
const SOCKET: &str = "/run/nexus/gateway.sock";

/// A sandbox of one kind.
#[derive(Clone, Debug)]
pub struct Sandboxed {
    /// Which kind.
    pub kind: SandboxKind,
    /// This program, which has `inside` as a command and calls [`inside`] for it.
    pub program: PathBuf,
}

impl Sandbox for Sandboxed {
    fn kind(&self) -> SandboxKind {
        self.kind
    }

    fn wrap(&self, launch: Launch, view: &View) -> Result<Launch, NeverStarted> {
        if self.kind == SandboxKind::None {
            return Ok(launch);
        }
        let named = launch.argv.first().map_or("", String::as_str);
        let Some((file, folders)) = programs::program(named, &launch.dir) else {
            return Err(NeverStarted(format!(
                "{named} was not found on the PATH; install it, or name it with its folder"
            )));
        };
        let mut launch = launch;
        launch.argv[0] = file.to_string_lossy().into_owned();
        let mut view = view.clone();
        // What lies in the worktree is seen there.
        view.readable.extend(folders.into_iter().filter(|it| !it.starts_with(&view.worktree)));
        match self.kind {
            SandboxKind::Landlock => landlock::wrap(&self.program, launch, &view),
            _ => bwrap::wrap(&self.program, launch, &view),
        }
    }
}

/// What everything inside needs, where it is there: programs, libraries, and what names and trusts things.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
const ETC: &[&str] = &[
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl",
    "/etc/timezone",
];
