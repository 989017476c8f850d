//! The engine on one machine with one repository: git, processes, and the folders to use.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::Engine;
use crate::agent::{Gateway, Ladder, Limits, Room};
use crate::ports::{Caps, Launcher, Repo};
use crate::problem::Problem;

/// Everything that workspaces, changes and runs need. Cheap to clone.
#[derive(Clone)]
pub struct Site {
    /// The store and the clock.
    pub engine: Engine,
    /// The repository.
    pub repo: Arc<dyn Repo>,
    /// Starts programs.
    pub launcher: Arc<dyn Launcher>,
    /// Lets agents call models; `None`: they use what they find.
    pub gateway: Option<Arc<dyn Gateway>>,
    /// Finds out where checks run; fails when what they are to be kept in does not work here.
    pub check_room: Arc<dyn Fn() -> Result<Room, Problem> + Send + Sync>,
    /// Which folders to use.
    pub places: Places,
    /// The name of this machine.
    pub node: String,
    /// The remote that changes land through when several clones work on one store; `None`: they land here.
    pub remote: Option<String>,
    /// Limits and habits.
    pub habits: Habits,
}

/// The folders of one repository on one machine.
#[derive(Clone, Debug)]
pub struct Places {
    /// The store's folder, `.nexus` beside the common git folder unless told otherwise.
    pub data: PathBuf,
    /// Worktrees and what belongs to them, outside the repository.
    pub state: PathBuf,
    /// The program itself, for agents to call.
    pub program: PathBuf,
}

impl Places {
    /// Where worktrees of agents are.
    pub fn worktrees(&self) -> PathBuf {
        self.state.join("worktrees")
    }

    /// Where worktrees are kept that nobody works in any more.
    pub fn quarantine(&self) -> PathBuf {
        self.state.join("quarantine")
    }

    /// Where trees are checked out to be checked.
    pub fn checkouts(&self) -> PathBuf {
        self.state.join("checkouts")
    }

    /// Where output of agents and checks is.
    pub fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// The operator's templates of prompts.
    pub fn prompts(&self) -> PathBuf {
        self.data.join("prompts")
    }

    /// Cache directories that items asked for.
    pub fn caches(&self) -> PathBuf {
        self.state.join("caches")
    }

    /// Whether `path` is in one of our folders.
    pub fn owns(&self, path: &Path) -> bool {
        path.starts_with(&self.state)
    }
}

/// Who decides whether an agent may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// The settings: yes.
    Allow,
    /// The settings: no.
    Deny,
    /// A person, who has so long; then it is no.
    Ask(Duration),
}

impl Permit {
    /// How long an answer may take: longer than a person has, whose silence is an answer.
    pub fn patience(self) -> Duration {
        match self {
            Self::Ask(patience) => patience + Duration::from_mins(1),
            Self::Allow | Self::Deny => Duration::ZERO,
        }
    }
}

/// Limits and habits, from the settings.
#[derive(Clone, Debug)]
pub struct Habits {
    /// How long an agent may work on one item.
    pub agent_timeout: Duration,
    /// How many bytes of an agent's output are kept.
    pub agent_output_max: u64,
    /// How long an agent has to end when it is asked to, each time it is asked less kindly.
    pub agent_grace: Duration,
    /// How long an agent that is heard may be silent; zero is for ever.
    pub agent_idle: Duration,
    /// How many answers of its model an agent may take; 0 is no limit.
    pub agent_turns_max: u32,
    /// How many tokens an agent may use; 0 is no limit.
    pub agent_tokens_max: u64,
    /// How many cents an agent may spend; 0 is no limit.
    pub agent_cents_max: u64,
    /// How many bytes an agent may print, kept or not; 0 is no limit.
    pub agent_print_max: u64,
    /// How much memory an agent and what it starts may take; 0 is no limit.
    pub agent_memory_max: u64,
    /// How many processes an agent may have; 0 is no limit.
    pub agent_processes_max: u32,
    /// What an agent is told that asks whether it may do what reaches beyond its worktree.
    pub agent_permission: Permit,
    /// Where agents send their telemetry, if anywhere: an OTLP endpoint over HTTP.
    pub agent_otlp: Option<String>,
    /// How many bytes of a check's output are kept.
    pub check_output_max: u64,
    /// How long a check has to end when it is asked to.
    pub check_grace: Duration,
    /// How much memory a check and what it starts may take; 0 is no limit.
    pub check_memory_max: u64,
    /// How many processes a check may have; 0 is no limit.
    pub check_processes_max: u32,
    /// How many changes one landing carries at most.
    pub batch_max: usize,
    /// How long the answer to a request with a key is repeated.
    pub answers_kept: Duration,
    /// How long it is kept what agents did, and asked.
    pub activity_kept: Duration,
    /// How long calls of models are kept.
    pub calls_kept: Duration,
    /// How a person is told, if at all.
    pub notify: Option<crate::escalation::Notify>,
    /// The first port to lease.
    pub port_first: u16,
    /// The last port to lease.
    pub port_last: u16,
}

impl Habits {
    /// What one run of an agent may use up; `heard`: its silence means something.
    pub fn agent_limits(&self, heard: bool) -> Limits {
        let some = |max: u64| (max > 0).then_some(max);
        let few = |max: u32| (max > 0).then_some(max);
        Limits {
            wall: self.agent_timeout,
            idle: Some(self.agent_idle).filter(|idle| heard && !idle.is_zero()),
            turns: few(self.agent_turns_max),
            tokens: some(self.agent_tokens_max),
            usd_micros: some(self.agent_cents_max.saturating_mul(10_000)),
            output_bytes: some(self.agent_print_max),
            memory_bytes: some(self.agent_memory_max),
            processes: few(self.agent_processes_max),
            kept_bytes: self.agent_output_max,
            ..Limits::default()
        }
    }

    /// What the kernel is to keep a check to.
    pub fn check_caps(&self) -> Caps {
        let (memory, processes) = (self.check_memory_max, self.check_processes_max);
        Caps::above((memory > 0).then_some(memory), (processes > 0).then_some(processes))
    }

    /// How an agent is ended.
    pub fn agent_ladder(&self) -> Ladder {
        Ladder { words: self.agent_grace, interrupt: self.agent_grace, terminate: self.agent_grace }
    }
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            agent_timeout: Duration::from_mins(30),
            agent_output_max: 10_000_000,
            agent_grace: Duration::from_secs(5),
            agent_idle: Duration::from_mins(15),
            agent_turns_max: 200,
            agent_tokens_max: 0,
            agent_cents_max: 0,
            agent_print_max: 1_000_000_000,
            agent_memory_max: 0,
            agent_processes_max: 2_000,
            agent_permission: Permit::Deny,
            agent_otlp: None,
            check_output_max: 10_000_000,
            check_grace: Duration::from_secs(2),
            check_memory_max: 0,
            check_processes_max: 2_000,
            batch_max: 8,
            answers_kept: Duration::from_hours(7 * 24),
            activity_kept: Duration::from_hours(7 * 24),
            calls_kept: Duration::from_hours(90 * 24),
            notify: None,
            port_first: 4_100,
            port_last: 4_999,
        }
    }
}
