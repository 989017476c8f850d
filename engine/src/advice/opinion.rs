//! What a model says beside the rules. It never replaces what they say.

use serde_json::{Value, json};

/// What became of asking a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// None was asked.
    NotAsked,
}

impl Opinion {
    /// Why there is no opinion of a model.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotAsked => "no model was asked",
        }
    }

    /// The object `llm` of an answer.
    pub fn view(self) -> Value {
        json!({ "available": false, "reason": self.reason() })
    }
}
