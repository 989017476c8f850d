//! What runs in Nexus: services that sequence rules and store, duties under a lease, and the supervisor.
//!
//! Services that only touch the store are `async` and run in any executor. Those that wait for git and processes
//! ([`workspace`], [`change`], [`run`]) block, on threads of their own.

pub mod advice;
pub mod agent;
mod alive;
pub mod audit;
pub mod budget;
pub mod change;
mod clock;
mod duty;
pub mod escalation;
pub mod history;
mod keyed;
pub mod memory;
pub mod message;
pub mod metrics;
pub mod ports;
pub mod problem;
mod random;
pub mod run;
pub mod session;
pub mod site;
pub mod status;
pub mod units;
mod wait;
pub mod work;
pub mod workspace;

use std::sync::Arc;

use domain::flow::Planning;
use domain::text::Project;
use domain::work::{HeadStart, Retry};
use store::together::Together;
use store::{Ids, Scope, Store};

pub use clock::{Clock, ManualClock, SystemClock};
pub use keyed::Key;
pub use random::{hex, random_hex, sha256_hex};
pub use wait::wait;

/// The store, a project in it, and a clock: what every service needs. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    /// Where everything is kept.
    pub store: Store,
    /// The partition to work in.
    pub project: Project,
    /// What a priority is worth.
    pub head_start: HeadStart,
    /// How often an item may be tried when it does not say.
    pub attempts_max: u32,
    /// How long an item waits between attempts when it does not say; not at all when `None`.
    pub retry: Option<Retry>,
    /// How long is long, for what agents seem to be doing.
    pub presence: domain::agent::presence::Thresholds,
    /// When things escalate, and to whom.
    pub escalation: domain::escalation::Thresholds,
    /// When sprints begin, if anybody said so.
    pub planning: Option<Planning>,
    /// Where this caller's calls are recorded, if anywhere.
    pub history: Option<history::History>,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    together: Together<work::Verbs>,
    beats: Together<agent::Beats>,
    newest: work::Newest,
}

impl Engine {
    /// An engine over `store` with the usual head starts and three attempts.
    pub fn new(store: Store, project: Project, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            project,
            head_start: HeadStart::default(),
            attempts_max: 3,
            retry: None,
            presence: domain::agent::presence::Thresholds::default(),
            escalation: domain::escalation::Thresholds::default(),
            planning: None,
            history: None,
            clock,
            ids: Arc::default(),
            together: Together::new(work::Verbs),
            beats: Together::new(agent::Beats),
            newest: work::Newest::default(),
        }
    }

    /// This moment in this project.
    pub fn scope(&self) -> Scope {
        // Nodes that share a database go by its clock.
        let now = self.clock.now().plus_millis(self.store.clock_ahead_ms());
        Scope { project: self.project.clone(), now, head_start: self.head_start }
    }

    /// A number for a new id.
    pub fn number(&self) -> u64 {
        self.ids.next(self.clock.nanos())
    }
}
