//! What a model says beside the rules. It never replaces what they say, and nothing of it is believed unseen.
//!
//! ```text
//! Snapshot ──▶ Inquiry: question, data, form ──digest──▶ asked before? ──yes──▶ that answer, marked as such
//!                                                              │no
//!        budget, gateway, sandbox, limits ──▶ an agent in an empty folder ──▶ verdict ──▶ form ──▶ Given | Unavailable
//! ```
//!
//! Whatever goes wrong, the reason is told in the words of [`domain::agent::verdict`], and the rules have answered.

mod ask;
mod form;
mod forms;
mod inquiry;
mod kept;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use ask::Asking;
pub use inquiry::{Inquiry, PROMPT_VERSION};

/// What became of asking a model.
#[derive(Clone, Debug, PartialEq)]
pub enum Opinion {
    /// None was asked.
    NotAsked,
    /// It gave no answer that could be used.
    Unavailable {
        /// Who was asked, and what that took.
        asked: Asked,
        /// How that ended: a word of the verdict, or `budget`.
        outcome: String,
        /// Why, in a sentence.
        reason: String,
    },
    /// It answered.
    Given {
        /// Who was asked, and what that took when it was asked.
        asked: Asked,
        /// The answer; it has the form that was asked for.
        answer: Value,
        /// Whether it was given to the same question earlier.
        cached: bool,
    },
}

/// Who was asked, and what that took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The kind of agent.
    pub runtime: String,
    /// The model, by its own account, or as it was asked for.
    pub model: Option<String>,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// How long it took.
    pub duration_ms: u64,
    /// How many tokens it used; `None` when nobody counted them.
    pub tokens: Option<u64>,
    /// What that cost; `None` when nobody knows.
    pub usd_micros: Option<u64>,
    /// The digest of all that it was asked.
    pub input_digest: String,
}

impl Opinion {
    /// Why there is no opinion of a model; `None` when there is one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::NotAsked => Some("no model was asked"),
            Self::Unavailable { reason, .. } => Some(reason),
            Self::Given { .. } => None,
        }
    }

    /// Whether asking again may help: what was in the way passes.
    pub fn may_pass(&self) -> bool {
        const PASSING: [&str; 8] = [
            "busy",
            "failed_rate_limited",
            "failed_overloaded",
            "failed_network",
            "failed_schema_unmet",
            "failed_truncated",
            "failed_crash",
            "limit_wall",
        ];
        matches!(self, Self::Unavailable { outcome, .. } if PASSING.contains(&outcome.as_str()))
    }

    /// Puts the opinion beside what the rules say in `answer`: `llm`, `claude_available`, `fallback_reason`.
    pub fn beside(&self, answer: &mut Value) {
        answer["llm"] = self.view();
        let claude = |asked: &Asked| matches!(asked.runtime.as_str(), "claude" | "claude-acp");
        let given = match self {
            Self::Given { asked, .. } => Some(asked),
            _ => None,
        };
        answer["claude_available"] = given.is_some_and(claude).into();
        answer["fallback_reason"] = match given {
            Some(asked) if claude(asked) => Value::Null,
            Some(asked) => format!("{} was asked, not Claude; its answer is in llm", asked.runtime).into(),
            None => self.reason().into(),
        };
    }

    /// The object `llm` of an answer.
    pub fn view(&self) -> Value {
        let of = |asked: &Asked| {
            json!({
                "engine": "llm", "runtime": asked.runtime, "model": asked.model, "prompt_version": PROMPT_VERSION,
                "asked_at_ms": asked.at_ms, "duration_ms": asked.duration_ms, "tokens": asked.tokens,
                "usd_micros": asked.usd_micros, "input_digest": asked.input_digest,
            })
        };
        match self {
            Self::NotAsked => json!({ "available": false, "reason": self.reason() }),
            Self::Unavailable { asked, outcome, reason } => {
                let mut view = of(asked);
                view["available"] = false.into();
                view["reason"] = reason.as_str().into();
                view["outcome"] = outcome.as_str().into();
                view
            }
            Self::Given { asked, answer, cached } => {
                let mut view = of(asked);
                view["available"] = true.into();
                view["cached"] = (*cached).into();
                view["answer"] = answer.clone();
                view
            }
        }
    }
}
