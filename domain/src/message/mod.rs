//! Messages: from one to one or to many, kept once per recipient, shown until acknowledged.
//!
//! ```text
//! sent ──▶ in the inbox of each recipient ──show──▶ read ──ack, or an answer in its thread──▶ acknowledged
//!                      │ not acknowledged by its deadline
//!                      └──▶ escalated to a role ──as long again──▶ escalated to a person
//! ```
//!
//! A message has a deadline when its class has one, when its sender names one, or when its sender asks to have it
//! acknowledged. What follows when a deadline passes is [`crate::escalation`].

mod class;
#[cfg(test)]
mod tests;

pub use class::Class;

use crate::id::{MessageId, WorkId};
use crate::text::{AgentName, BadText, Project, Role, Team, bounded, filled};
use crate::time::Timestamp;
use crate::work::{Limits, Priority};

/// To whom a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// One agent.
    Agent(AgentName),
    /// Whoever has this role when it is sent.
    Role(Role),
    /// Whoever is in this team when it is sent.
    Team(Team),
    /// Every agent that is registered when it is sent.
    All,
}

impl Address {
    /// Every word of [`Address::word`].
    pub const WORDS: [&'static str; 4] = ["agent", "role", "team", "all"];

    /// What kind of address it is, as one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Agent(_) => "agent",
            Self::Role(_) => "role",
            Self::Team(_) => "team",
            Self::All => "all",
        }
    }

    /// The name of the agent, role or team; `None` for all.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Agent(name) => Some(name.as_str()),
            Self::Role(role) => Some(role.as_str()),
            Self::Team(team) => Some(team.as_str()),
            Self::All => None,
        }
    }

    /// The address of this kind and name, or `None` when they do not go together.
    pub fn from_parts(word: &str, name: Option<&str>) -> Option<Self> {
        match (word, name) {
            ("agent", Some(name)) => name.parse().ok().map(Self::Agent),
            ("role", Some(name)) => name.parse().ok().map(Self::Role),
            ("team", Some(name)) => name.parse().ok().map(Self::Team),
            ("all", None) => Some(Self::All),
            _ => None,
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "the {} {name}", self.word()),
            None => f.write_str("all agents"),
        }
    }
}

/// A message as somebody writes it: nothing is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Who says it.
    pub from: AgentName,
    /// To whom.
    pub to: Address,
    /// One line on what it is about.
    pub subject: String,
    /// The whole of it.
    pub body: String,
    /// How urgent; that of its class when `None`.
    pub priority: Option<Priority>,
    /// What kind of message it is.
    pub class: Class,
    /// The thread that it goes on with; one of its own when `None`.
    pub thread: Option<MessageId>,
    /// The item that it is about.
    pub item: Option<WorkId>,
    /// Whether the sender wants to have it acknowledged, whatever its class says.
    pub ack_required: bool,
    /// How long each recipient has, in milliseconds; what class and priority say when `None`.
    pub respond_within_ms: Option<i64>,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The partition it belongs to.
    pub project: Project,
    /// The first message of its thread; itself when it began one.
    pub thread: MessageId,
    /// Who said it.
    pub from: AgentName,
    /// To whom.
    pub to: Address,
    /// One line on what it is about.
    pub subject: String,
    /// The whole of it.
    pub body: String,
    /// How urgent.
    pub priority: Priority,
    /// What kind of message it is.
    pub class: Class,
    /// The item that it is about.
    pub item: Option<WorkId>,
    /// How long each recipient has to acknowledge it, in milliseconds; `None` when nobody needs to.
    pub respond_within_ms: Option<i64>,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// Why a draft cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// A text is empty or too long.
    #[error(transparent)]
    Text(#[from] BadText),
    /// The deadline is out of range.
    #[error("the time to respond is {found_ms} ms; it can be up to a year")]
    Deadline {
        /// What was asked for.
        found_ms: i64,
    },
}

impl Draft {
    /// The longest time to respond, in milliseconds.
    pub const RESPOND_WITHIN_MS_MAX: i64 = 365 * 24 * 60 * 60 * 1_000;

    /// A note from `from` to `to` that nobody needs to acknowledge.
    pub fn note(from: AgentName, to: Address, subject: String) -> Self {
        let body = String::new();
        let (priority, class, thread, item) = (None, Class::Note, None, None);
        Self { from, to, subject, body, priority, class, thread, item, ack_required: false, respond_within_ms: None }
    }

    /// The message of this draft, sent as `id` at `now`; `thread` is the first message of its thread, if there is one.
    pub fn sent(
        self,
        id: MessageId,
        thread: Option<MessageId>,
        project: Project,
        now: Timestamp,
    ) -> Result<Message, BadMessage> {
        filled("subject", &self.subject, Limits::TITLE_BYTES_MAX)?;
        bounded("body", &self.body, Limits::TEXT_BYTES_MAX)?;
        if let Some(found_ms) = self.respond_within_ms
            && !(0..=Self::RESPOND_WITHIN_MS_MAX).contains(&found_ms)
        {
            return Err(BadMessage::Deadline { found_ms });
        }
        let priority = self.priority.unwrap_or_else(|| self.class.priority());
        let asked = self.ack_required.then(|| acknowledge_within_ms(priority));
        Ok(Message {
            thread: thread.unwrap_or_else(|| id.clone()),
            id,
            project,
            respond_within_ms: self.respond_within_ms.or_else(|| self.class.respond_within_ms()).or(asked),
            from: self.from,
            to: self.to,
            subject: self.subject,
            body: self.body,
            priority,
            class: self.class,
            item: self.item,
            sent_at: now,
        })
    }
}

/// How long a recipient has when the sender asks for an acknowledgement and the class has no deadline.
const fn acknowledge_within_ms(priority: Priority) -> i64 {
    const MINUTE_MS: i64 = 60 * 1_000;
    match priority {
        Priority::Critical => 30 * MINUTE_MS,
        Priority::High => 2 * 60 * MINUTE_MS,
        Priority::Medium => 4 * 60 * MINUTE_MS,
        Priority::Low => 24 * 60 * MINUTE_MS,
    }
}

impl Message {
    /// When its recipients have to have acknowledged it, or `None` when they need not.
    pub fn respond_by(&self) -> Option<Timestamp> {
        self.respond_within_ms.map(|ms| self.sent_at.plus_millis(ms))
    }
}

/// One recipient's copy of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Whose copy it is.
    pub recipient: AgentName,
    /// Whose silence brought it here: a copy that an escalation made.
    pub because_of: Option<AgentName>,
    /// When the recipient opened it.
    pub read_at: Option<Timestamp>,
    /// When the recipient acknowledged it; it is in the inbox until then.
    pub acknowledged_at: Option<Timestamp>,
    /// How far it was escalated.
    pub level: crate::escalation::Level,
    /// When it escalates next, unless it is acknowledged.
    pub escalate_at: Option<Timestamp>,
}
