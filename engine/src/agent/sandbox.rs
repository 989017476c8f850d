//! What a program that is not trusted may see and reach.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::ports::{Launch, NeverStarted};

/// How programs are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxKind {
    /// Not at all: they can do what the user can who started us.
    None,
    /// By the kernel's Landlock: files and TCP ports; other programs can be seen.
    Landlock,
    /// By namespaces, through bubblewrap: nothing is there but what is given.
    Bwrap,
}

impl SandboxKind {
    /// Every kind, the strictest last.
    pub const ALL: [Self; 3] = [Self::None, Self::Landlock, Self::Bwrap];

    /// The kind as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Landlock => "landlock",
            Self::Bwrap => "bwrap",
        }
    }

    /// The kind called `word`, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What a program inside may see. Everything has the same path inside as outside; what is not named is not there, or
/// cannot be opened.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The git worktree it works in: writable, but for the file that says where its repository is.
    pub worktree: PathBuf,
    /// A folder of its own, writable: its HOME, with room for temporary files.
    pub home: PathBuf,
    /// A folder for what the sandbox itself has to write down; the program sees of it what it needs.
    pub place: PathBuf,
    /// The folder that all worktrees share: read-only, without what could hold secrets.
    pub common_dir: Option<PathBuf>,
    /// More that can be written.
    pub writable: Vec<PathBuf>,
    /// More that can be read and run.
    pub readable: Vec<PathBuf>,
    /// The names of variables of ours that are passed on.
    pub variables: Vec<String>,
    /// Where models are reached, and nothing else is: the address inside, and the socket outside that answers there.
    pub gateway: Option<(SocketAddr, PathBuf)>,
}

/// A sandbox with what everything in it may use besides what it is given itself.
#[derive(Clone)]
pub struct Room {
    /// What keeps programs in.
    pub sandbox: Arc<dyn Sandbox>,
    /// What they can read and run: toolchains, for one.
    pub readable: Vec<PathBuf>,
    /// What they can write: caches of build tools, for one.
    pub writable: Vec<PathBuf>,
    /// The names of variables of ours that they get.
    pub variables: Vec<String>,
}

/// What is known of a kind of sandbox on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Which.
    pub kind: SandboxKind,
    /// Whether a program ran in it just now, and was kept in.
    pub works: bool,
    /// How far it goes here, or why it does not work.
    pub detail: String,
}

/// Keeps programs in.
pub trait Sandbox: Send + Sync {
    /// How.
    fn kind(&self) -> SandboxKind;
    /// `launch`, so that it can see and reach what `view` says and nothing else. Its environment is what `launch` sets,
    /// and nothing of ours.
    fn wrap(&self, launch: Launch, view: &View) -> Result<Launch, NeverStarted>;
}
