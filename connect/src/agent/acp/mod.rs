//! Agents that speak the Agent Client Protocol, version 1.

mod conversation;
mod presets;

use std::time::Duration;

use engine::agent::{Conversation, Plan, Protocol, RunSpec, Runtime};

use conversation::Talk;
pub(super) use presets::{PRESETS, Preset};

/// Some of these agents do not end when their input does.
const LINGER: Duration = Duration::from_secs(5);

/// An agent behind ACP: one that we know, or any.
pub(super) struct Acp {
    /// What we know of it.
    pub preset: &'static Preset,
    /// Its program and arguments, where we know of none.
    pub argv: Vec<String>,
}

impl Runtime for Acp {
    fn name(&self) -> &'static str {
        self.preset.name
    }

    fn keys(&self) -> &[&str] {
        self.preset.keys
    }

    fn reads_instructions(&self) -> bool {
        self.preset.name != "claude-acp"
    }

    fn plan(&self, spec: &RunSpec) -> Result<Plan, String> {
        let mut argv: Vec<String> = self.preset.argv.iter().map(|&it| it.to_owned()).collect();
        if argv.is_empty() {
            argv.clone_from(&self.argv);
        }
        if argv.is_empty() {
            return Err("no program is named that speaks ACP; give one with --agent".to_owned());
        }
        if let Some(program) = &spec.program {
            argv[0].clone_from(program);
        }
        let mut plan = Plan { argv, protocol: Protocol::Lines, linger: LINGER, ..Plan::default() };
        (self.preset.complete)(&mut plan, spec);
        Ok(plan)
    }

    fn converse(&self, spec: &RunSpec) -> Box<dyn Conversation> {
        Box::new(Talk::new(spec, (self.preset.session_meta)()))
    }
}
