//! Advice: reads how things stand, asks the rules (`domain::advice`), and does what they say when that is wanted.
//!
//! ```text
//! read ──▶ rules ──▶ view ──▶ Advice { answer, actions } ──follow──▶ the verbs of work
//!                     ▲
//!                 opinion: what a model says beside it
//! ```

mod follow;
mod opinion;
mod read;
#[cfg(test)]
mod tests;
mod view;

use std::time::Instant;

use domain::advice::{self as rules, Action};
use domain::text::{AgentName, Team};
use domain::time::Timestamp;
use serde_json::Value;

use crate::Engine;
use crate::problem::Problem;

pub use follow::Followed;
pub use opinion::Opinion;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Which type of work first.
    Priorities,
    /// How well it goes.
    Health,
    /// Who should have what.
    Assignments {
        /// How many items that nobody has may be given to one agent.
        factor: usize,
    },
    /// Where agents are missing.
    Teams,
    /// What to do now.
    Recommend {
        /// Of which type; any when `None`.
        kind: Option<String>,
        /// For whom; for whoever fits when `None`.
        agent: Option<AgentName>,
    },
    /// What holds the rest up.
    Bottlenecks,
}

impl Question {
    /// The question as one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Priorities => "priorities",
            Self::Health => "health",
            Self::Assignments { .. } => "assignments",
            Self::Teams => "teams",
            Self::Recommend { .. } => "recommend",
            Self::Bottlenecks => "bottlenecks",
        }
    }
}

/// An answer, and what can be done about it.
#[derive(Clone, Debug)]
pub struct Advice {
    /// The JSON object; `docs/advice.md` has the fields.
    pub answer: Value,
    /// What can be done, in this order.
    pub actions: Vec<Action>,
}

impl Engine {
    /// What the facts say to `question`, those of `team` only when it is given; how fast work goes is read from the log
    /// since `since`. Nothing is changed.
    pub async fn advise(&self, question: &Question, since: Timestamp, team: Option<&Team>) -> Result<Advice, Problem> {
        let began = Instant::now();
        let whole = self.snapshot(since, team).await?;
        let (mut answer, actions) = match question {
            Question::Priorities => (view::priorities(&whole), rules::actions(&whole)),
            Question::Health => (view::health(&whole), rules::actions(&whole)),
            Question::Bottlenecks => (view::bottlenecks(&whole), rules::actions(&whole)),
            Question::Assignments { factor } => {
                let best = rules::assignments(&whole, *factor);
                (view::assignments(&whole, &best, *factor), best.actions())
            }
            Question::Teams => (view::teams(&whole), Vec::new()),
            Question::Recommend { kind, agent } => {
                let told = rules::recommend(&whole, kind.as_deref(), agent.as_ref());
                let actions = view::of_recommendation(&whole, &told, agent.as_ref());
                (view::recommend(&told, kind.as_deref(), agent.as_ref()), actions)
            }
        };
        let fields = answer.as_object_mut().expect("an answer is an object");
        fields.extend(view::common(self, &whole, question, team, &actions, began.elapsed()));
        Ok(Advice { answer, actions })
    }
}
