//! A machine: a process on the database, with a clock of its own and the requests it is serving.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use domain::text::Project;
use engine::problem::Kind;
use engine::{Engine, ManualClock};
use store::rig::{Ending, Process, Rig};

use super::ask::{Answer, Call, Served, serve};

/// The machine.
pub struct Node {
    pub clock: Arc<ManualClock>,
    pub engine: Engine,
    process: Process,
    serving: Vec<(Call, Served)>,
}

impl Node {
    /// One that has just been started.
    pub fn start(rig: &Rig, clock: Arc<ManualClock>) -> Self {
        let (process, store) = rig.process();
        let engine = Engine::new(store, Project::default(), Arc::<ManualClock>::clone(&clock));
        Self { clock, engine, process, serving: Vec::new() }
    }

    /// A request has come; its answer, when there is one at once.
    pub fn take(&mut self, call: Call) -> Vec<(Call, Answer)> {
        let served = serve(&self.engine, &call);
        self.serving.push((call, served));
        self.answered()
    }

    /// Whether a round has anything to do.
    pub fn waits(&self) -> bool {
        self.process.waiting() > 0
    }

    /// A round of up to `most` commands; what was answered. A node that dies in it is started again.
    pub fn round(&mut self, rig: &Rig, most: usize, ending: Ending) -> Vec<(Call, Answer)> {
        self.process.round(most, ending);
        let mut answered = self.answered();
        if ending != Ending::Answered {
            // Whoever had not heard by then hears nothing.
            answered.retain(|(_, answer)| !answer.as_ref().is_err_and(|problem| problem.kind == Kind::Failed));
            *self = Self::start(rig, Arc::clone(&self.clock));
        }
        answered
    }

    fn answered(&mut self) -> Vec<(Call, Answer)> {
        let mut context = Context::from_waker(Waker::noop());
        let (mut answered, mut waiting) = (Vec::new(), Vec::new());
        for (call, mut served) in self.serving.drain(..) {
            match served.as_mut().poll(&mut context) {
                Poll::Ready(answer) => answered.push((call, answer)),
                Poll::Pending => waiting.push((call, served)),
            }
        }
        self.serving = waiting;
        answered
    }
}
