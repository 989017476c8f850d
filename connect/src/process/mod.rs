//! Programs, each with everything it starts under one hand.
//!
//! ```text
//! nexus ──▶ keeper ──▶ program ──▶ … ──▶ daemon that left its session
//!              ▲                               │
//!              └── orphans come back here ─────┘
//! ```
//!
//! The keeper is a small process between us and the program. It is the *subreaper* of all below it: a process whose
//! parent ends becomes its child, however it tried to get away. When the program ends the keeper kills whatever is
//! left and only then ends itself; when we end, it kills everything at once.

mod children;
mod group;
mod keeper;
mod lines;
mod lookup;
mod output;
mod pump;
mod running;
mod strays;
mod tree;

use std::path::PathBuf;

use engine::ports::{Launch, Launcher, NeverStarted, Running};

pub use group::caps_hold;
pub use keeper::keep;

/// Starts programs, each under a keeper of its own.
#[derive(Clone, Debug)]
pub struct Processes {
    /// The program that has `keep -- ARGV…` as a command and calls [`keep`] for it.
    pub keeper: PathBuf,
}

impl Launcher for Processes {
    fn launch(&self, launch: &Launch) -> Result<Box<dyn Running>, NeverStarted> {
        lookup::check(launch)?;
        Ok(Box::new(running::start(&self.keeper, launch)?))
    }
}
