//! What a run is told, and what it tells.

use std::sync::Arc;
use std::time::Duration;

use domain::agent::Filter;
use domain::agent::event::AgentEvent;
use domain::time::Ttl;

use crate::agent::{Room, Runtime};

/// How to run.
#[derive(Clone)]
pub struct RunOptions {
    /// How many agents at a time.
    pub workers: usize,
    /// The kind of agent.
    pub runtime: Arc<dyn Runtime>,
    /// The model that it is to use; `None` leaves it to the agent.
    pub model: Option<String>,
    /// The program of that kind, where it is not the one on the PATH.
    pub program: Option<String>,
    /// What keeps them in.
    pub room: Room,
    /// Whether an agent that changes no file has failed.
    pub require_change: bool,
    /// What agents are called, before their number.
    pub name: String,
    /// What they take.
    pub filter: Filter,
    /// The branch to land on.
    pub target: String,
    /// How long a lease lasts between heartbeats.
    pub ttl: Ttl,
    /// How long to wait at the end for changed files to get out of the way.
    pub landing_wait: Duration,
    /// Who is told what happens.
    pub news: Arc<dyn Fn(&News) + Send + Sync>,
}

impl RunOptions {
    pub(super) fn tell(&self, news: &News) {
        (self.news)(news);
    }
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// An agent began on an item.
    Began { agent: String, item: String, title: String, path: String, output: String },
    /// An agent said or did something.
    Heard { agent: String, item: String, event: AgentEvent },
    /// An agent's work on an item ended, in our words and in one; `state` is where the item is now.
    Ended { agent: String, item: String, title: String, ending: String, outcome: String, state: String },
    /// A change is in the branch.
    Landed { change: String },
    /// A change went back to its item.
    SentBack { change: String },
    /// Changed files keep a landing waiting.
    InTheWay { target: String, paths: Vec<String> },
    /// Landing failed and will be tried again.
    Trouble { what: String },
}
