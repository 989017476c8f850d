//! What callers wrote down, and what the log says: the two sides of a history.

/// One call, as its caller wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where it is written, for people: the line of the file, counted from 1.
    pub line: usize,
    /// What was asked for.
    pub op: Op,
    /// The item it was about; `None` when the caller cannot know, as for a `next` that got nothing.
    pub item: Option<String>,
    /// Who asked.
    pub agent: String,
    /// The fence the caller showed; `None` when it showed none, as for a claim.
    pub fence: Option<i64>,
    /// When it asked, in milliseconds of a clock that all callers share and that never goes back.
    pub asked_ms: i64,
    /// When it had the answer, by the same clock; `None` when it never had one.
    pub answered_ms: Option<i64>,
    /// The answer it saw.
    pub saw: Saw,
    /// The idempotency key it sent. Calls of one agent with the same key and verb are one request, repeated.
    pub key: Option<String>,
}

/// What a call asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// A grant: of a named item, or of the next one.
    Claim,
    /// More time for a hold.
    Renew,
    /// A word on how far the holder is.
    Progress,
    /// The end of a hold: done.
    Report,
    /// The end of a hold: could not do it.
    Fail,
    /// The end of a hold: given back.
    Release,
    /// It cannot go on; from its holder with the fence, from anybody else without.
    Block,
    /// Any other verb. With a fence it is an effect of the holder, without one it is not judged.
    Other(String),
}

impl Op {
    /// The verb as one word.
    pub fn word(&self) -> &str {
        match self {
            Self::Claim => "claim",
            Self::Renew => "renew",
            Self::Progress => "progress",
            Self::Report => "report",
            Self::Fail => "fail",
            Self::Release => "release",
            Self::Block => "block",
            Self::Other(verb) => verb,
        }
    }

    /// The verb called `word`; one that is not known is [`Op::Other`]. `next` is a claim.
    pub fn from_word(word: &str) -> Self {
        match word {
            "claim" | "next" => Self::Claim,
            "renew" => Self::Renew,
            "progress" => Self::Progress,
            "report" => Self::Report,
            "fail" => Self::Fail,
            "release" => Self::Release,
            "block" => Self::Block,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether no hold goes on after this verb succeeds. A report may only leave its result with a supervisor.
    pub(super) const fn ends_hold(&self) -> bool {
        matches!(self, Self::Fail | Self::Release | Self::Block)
    }

    /// Under which names the log may keep this verb; empty when it need not.
    pub(super) const fn logged_as(&self) -> &'static [&'static str] {
        match self {
            Self::Claim => &["work.claimed"],
            Self::Renew => &["work.renewed"],
            Self::Progress => &["work.progressed"],
            Self::Report => &["work.reported", "work.submitted", "work.result_kept"],
            Self::Fail => &["work.failed"],
            Self::Release => &["work.released"],
            Self::Block => &["work.blocked"],
            Self::Other(_) => &[],
        }
    }
}

/// The answer a caller saw.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Saw {
    /// It was done.
    Ok {
        /// The fence that a claim was granted; of no meaning for other verbs.
        fence: Option<i64>,
    },
    /// It was refused: it had no effect.
    Refused {
        /// The stable word for the reason.
        code: String,
    },
    /// There was nothing to take.
    Nothing,
    /// No answer was seen; it may have had its effect or not, and may still have it later.
    Unknown,
}

/// One entry of the event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its number; the order of the log.
    pub seq: i64,
    /// When it was written. For people: a clock decides nothing here.
    pub at_ms: i64,
    /// The item it is about.
    pub item: String,
    /// What happened, such as `work.claimed`.
    pub name: String,
    /// Whose hold it was, for what holders do.
    pub agent: Option<String>,
    /// The fence that was granted, for `work.claimed`, `work.handed_off`, `work.submitted` and `work.resubmitted`; for what else holders
    /// do, the fence of the hold.
    pub fence: Option<i64>,
    /// The fence of the hold that a `work.handed_off` or `work.submitted` ended.
    pub held_fence: Option<i64>,
    /// Who was granted the item by a `work.handed_off`.
    pub to: Option<String>,
}

impl Logged {
    /// Whom an entry that begins a hold gave the item to.
    pub(super) const fn granted_to(&self) -> Option<&String> {
        if self.to.is_some() { self.to.as_ref() } else { self.agent.as_ref() }
    }

    /// The fence of the hold under which this happened.
    pub(super) fn shown(&self) -> Option<i64> {
        if matches!(self.name.as_str(), "work.submitted" | "work.handed_off") {
            self.held_fence
        } else {
            self.held_fence.or(self.fence)
        }
    }
}
