//! Advice: reads how things stand, asks the rules (`domain::advice`), and does what they say when that is wanted.
//!
//! ```text
//! read ──▶ rules ──▶ view ──▶ Advice { answer, actions } ──follow──▶ the verbs of work
//!      └─▶ opinion: what a model says beside it, when it is asked
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
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::Problem;
use crate::{Engine, Key};

pub use follow::Followed;
pub use opinion::{Asked, Asking, Inquiry, Opinion, PROMPT_VERSION};
pub use view::list_of;

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
    /// Every word of [`Question::word`].
    pub const WORDS: [&'static str; 6] = ["priorities", "health", "assignments", "teams", "recommend", "bottlenecks"];

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

/// What is to be done about an answer, as it is kept under a key.
#[derive(Clone, Deserialize, Serialize)]
struct Planned {
    answer: Value,
    actions: Vec<follow::Written>,
}

impl Engine {
    /// What a model is to be asked about `question`, from the same facts.
    pub async fn inquiry(
        &self,
        question: &Question,
        since: Timestamp,
        team: Option<&Team>,
    ) -> Result<Inquiry, Problem> {
        Ok(Inquiry::about(question, self.snapshot(since, team).await?, team))
    }

    /// What the facts say to `question`, with what was done about it under `applied`. Under `key` it is asked once: a
    /// repeat does what was advised then, and each of that once.
    pub async fn advise_and_follow(
        &self,
        question: &Question,
        since: Timestamp,
        team: Option<&Team>,
        key: Option<(&str, Key)>,
    ) -> Result<Value, Problem> {
        let Advice { answer, actions } = self.advise(question, since, team).await?;
        let (mut answer, actions, key) = match key {
            None => (answer, actions, None),
            Some((text, key)) => {
                let planned = Planned { answer, actions: actions.into_iter().map(follow::Written::from).collect() };
                let planned = self.keyed(Some(key), async move |_, _| Ok(planned)).await?;
                let actions = planned.actions.into_iter().map(Action::try_from).collect::<Result<Vec<_>, _>>()?;
                (planned.answer, actions, Some(text))
            }
        };
        let done = self.follow(&actions, key).await?;
        answer["applied"] = serde_json::to_value(&done).expect("what was done can be written as JSON");
        Ok(answer)
    }

    /// What the facts say to `question`, those of `team` only when it is given; how fast work goes is read from the log
    /// since `since`. No model is asked, and nothing is changed.
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
        Opinion::NotAsked.beside(&mut answer);
        Ok(Advice { answer, actions })
    }
}
