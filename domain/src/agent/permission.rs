//! A question of an agent whether it may, which waits for a person.

use crate::id::{PermissionId, WorkId};
use crate::text::AgentName;
use crate::time::Timestamp;
use crate::work::Fence;

/// How much of what a tool would be given is kept, in bytes.
pub const INPUT_BYTES_MAX: usize = 2_000;

/// A question. Tool and input are the agent's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Which.
    pub id: PermissionId,
    /// The item that the agent works on.
    pub item: WorkId,
    /// Under which fence.
    pub fence: Fence,
    /// Who asks.
    pub agent: AgentName,
    /// The tool that it wants to use.
    pub tool: String,
    /// The beginning of what the tool would be given.
    pub input: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Until when the answer is awaited; then it is no.
    pub until: Timestamp,
    /// The answer, when somebody gave it.
    pub answer: Option<Answered>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whether it may.
    pub allow: bool,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why a question cannot be answered any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// Somebody was faster.
    #[error("{by} has said {} already", if *allow { "allow" } else { "deny" })]
    Answered {
        /// What they said.
        allow: bool,
        /// Who.
        by: String,
    },
    /// Nobody waits for the answer any more.
    #[error("nobody waits for the answer any more: its time is over, which means no")]
    TooLate,
}

impl Permission {
    /// The question with the answer `allow` of `by`.
    pub fn answered(mut self, allow: bool, by: &str, now: Timestamp) -> Result<Self, Closed> {
        match &self.answer {
            Some(given) => Err(Closed::Answered { allow: given.allow, by: given.by.clone() }),
            None if now >= self.until => Err(Closed::TooLate),
            None => {
                self.answer = Some(Answered { allow, by: by.to_owned(), at: now });
                Ok(self)
            }
        }
    }

    /// What the agent is told at `now`; `None` while it has to wait.
    pub fn told(&self, now: Timestamp) -> Option<bool> {
        match &self.answer {
            Some(answer) => Some(answer.allow),
            None if now >= self.until => Some(false),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Permission {
        Permission {
            id: PermissionId::numbered(1),
            item: WorkId::numbered(1),
            fence: Fence::new(1),
            agent: "zoe".parse().expect("a name"),
            tool: "Bash".to_owned(),
            input: "{}".to_owned(),
            asked_at: Timestamp::from_millis(10),
            until: Timestamp::from_millis(20),
            answer: None,
        }
    }

    #[test]
    fn the_first_answer_in_time_counts_and_silence_is_no() {
        let at = Timestamp::from_millis;
        assert_eq!(asked().told(at(19)), None);
        assert_eq!(asked().told(at(20)), Some(false));
        assert_eq!(asked().answered(true, "ann", at(20)), Err(Closed::TooLate));
        for allow in [true, false] {
            let answered = asked().answered(allow, "ann", at(19)).expect("it is in time");
            assert_eq!(answered.told(at(19)), Some(allow));
            assert_eq!(answered.told(at(1_000)), Some(allow));
            let second = answered.answered(!allow, "bob", at(19));
            assert_eq!(second, Err(Closed::Answered { allow, by: "ann".to_owned() }));
        }
    }
}
