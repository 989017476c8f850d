//! What can be asked beside the verbs on one item: messages, locks, gates, a hand-off, many at once.
//!
//! As with [`super::Ask`] there is one type for every way, and one function that carries it out. The answer is the JSON
//! of `--json`, as text.

mod session;
mod wire;

pub(super) use session::{note_id, session_id};
pub(super) use wire::message_id;
pub use wire::{read_report, receiver_ttl};

use domain::agent::Filter;
use domain::budget::Account;
use domain::id::{MessageId, NoteId, PermissionId, WorkId};
use domain::message::Draft;
use domain::session::Report as Outcome;
use domain::text::{AgentName, Name};
use domain::time::Ttl;
use domain::work::{Bundle, Fence, GateCommand, Held, Limits, Part, Receiver};
use engine::problem::{Kind, Problem};
use engine::session::From as StartFrom;
use engine::work::{Report, Reported, WorkView};
use engine::{Engine, Key};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use store::session::Which;

use super::budget::Changes;
use super::{Take, Wanted};
use crate::cli::answer::problem_json;

/// One request that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Send a message; with a fence the sender has to hold the item that it is about.
    Send { draft: Box<Draft>, fence: Option<Fence> },
    /// Look at a message as somebody who got it.
    Read { id: MessageId, agent: AgentName },
    /// Acknowledge a message.
    Acknowledge { id: MessageId, agent: AgentName },
    /// Take a lock.
    Acquire { name: Name, take: Take },
    /// Keep a lock longer.
    Keep { name: Name, held: Held, ttl: Option<Ttl> },
    /// Give a lock back.
    GiveBack { name: Name, held: Held },
    /// Keep ready work back, or let it go on.
    Gate { part: Part, command: GateCommand },
    /// Pass an item on.
    HandOff { id: WorkId, held: Held, to: Receiver, bundle: Bundle, anyway: bool },
    /// Take up to so many items that fit.
    Take { filter: Filter, take: Take, count: u16 },
    /// Finish many items.
    Report { reports: Vec<Report> },
    /// Let an agent do what it asked about, or not.
    Answer { id: PermissionId, allow: bool, by: String },
    /// Begin a session.
    Start { draft: Box<domain::session::Draft>, from: StartFrom },
    /// End a session.
    End { which: Which, outcome: Box<Outcome> },
    /// Keep a note.
    Remember { draft: Box<domain::memory::Draft> },
    /// Forget a note.
    Forget { id: NoteId },
    /// Do what the rules of advice say.
    Follow(Wanted),
    /// Set limits of a budget.
    SetBudget { account: Account, changes: Changes },
    /// Ask a provider again at once.
    ResetCredential { credential: String },
}

/// What became of one of many reports.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportedView {
    /// Which item.
    pub id: String,
    /// The item as it stands now.
    pub item: Option<WorkView>,
    /// What is in the way: `code`, `message` and the fields of the problem.
    pub error: Option<serde_json::Value>,
}

impl From<Reported> for ReportedView {
    fn from(it: Reported) -> Self {
        Self { id: it.id, item: it.item, error: it.error.map(|problem| problem_json(&problem)["error"].clone()) }
    }
}

impl ReportedView {
    /// What was in the way, as the problem that it was.
    pub fn problem(&self) -> Option<Problem> {
        let serde_json::Value::Object(mut fields) = self.error.clone()? else { return None };
        let mut text = |name: &str| fields.remove(name).and_then(|value| value.as_str().map(str::to_owned));
        let (code, message) = (text("code")?, text("message")?);
        let kind = match code.as_str() {
            "lease_lost" => Kind::LeaseLost,
            "not_found" => Kind::NotFound,
            _ => Kind::Refused,
        };
        Some(Problem { kind, code, message, fields })
    }
}

impl Deed {
    /// The most items that are taken at once.
    pub const TAKEN_MAX: u16 = 1_000;
    /// The most reports at once.
    pub const REPORTS_MAX: usize = 10_000;
    /// The longest name of somebody who answers, in bytes.
    const BY_BYTES_MAX: usize = 200;

    /// The key of this request, when it carries one.
    pub fn key(&self, key: Option<&str>) -> Result<Option<Key>, Problem> {
        key.map(|key| Key::new(key, &self.written().request())).transpose()
    }

    /// The hold that this ends without a report, so that its workspace is nobody's.
    pub const fn gives_up(&self) -> Option<(&WorkId, &Held)> {
        match self {
            Self::HandOff { id, held, .. } => Some((id, held)),
            _ => None,
        }
    }

    /// Whether it makes something that is found under an id afterwards.
    pub const fn makes(&self) -> bool {
        matches!(self, Self::Send { .. } | Self::Start { .. } | Self::Remember { .. })
    }

    /// Fails when the request makes no sense whatever the store holds.
    pub fn check(&self) -> Result<(), Problem> {
        let bad = |bad: domain::text::BadText| Problem::malformed(bad.to_string());
        match self {
            Self::Gate { command: GateCommand::Pause(reason), .. } => {
                domain::text::bounded("the reason", reason, Limits::TEXT_BYTES_MAX).map(drop).map_err(bad)
            }
            Self::Take { count, .. } if !(1..=Self::TAKEN_MAX).contains(count) => {
                Err(Problem::malformed(format!("count: it can be a whole number from 1 to {}", Self::TAKEN_MAX)))
            }
            Self::Answer { by, .. } => {
                domain::text::filled("the name of who answers", by, Self::BY_BYTES_MAX).map(drop).map_err(bad)
            }
            Self::Report { reports } if reports.len() > Self::REPORTS_MAX => {
                let message = format!("{} reports; the most at once is {}", reports.len(), Self::REPORTS_MAX);
                Err(Problem::malformed(message))
            }
            Self::Remember { draft } => draft.check().map_err(|bad| Problem::malformed(bad.to_string())),
            Self::SetBudget { changes, .. } if changes.is_empty() => {
                Err(Problem::malformed("say which limit: tokens, usd, wall, attempts or no_limit"))
            }
            Self::Report { reports } => reports.iter().flat_map(|report| &report.result).try_for_each(|result| {
                domain::text::bounded("the result", &result.0, Limits::JSON_BYTES_MAX).map(drop).map_err(bad)
            }),
            _ => Ok(()),
        }
    }

    /// Does it; a lease lasts for `usual` when the request does not say. Comes back with the answer as JSON.
    pub async fn carry_out(self, engine: &Engine, usual: Ttl, key: Option<&str>) -> Result<Box<RawValue>, Problem> {
        self.check()?;
        let (said, key) = (key, self.key(key)?);
        Ok(match self {
            Self::Send { draft, fence } => json(&engine.send_message(*draft, fence, key).await?),
            Self::Read { id, agent } => json(&engine.read_message(id, agent, key).await?),
            Self::Acknowledge { id, agent } => json(&engine.acknowledge(id, agent, key).await?),
            Self::Acquire { name, take } => {
                json(&engine.acquire_lock(name, take.by, take.ttl.unwrap_or(usual), key).await?)
            }
            Self::Keep { name, held, ttl } => json(&engine.renew_lock(name, held, ttl.unwrap_or(usual), key).await?),
            Self::GiveBack { name, held } => json(&engine.release_lock(name, held, key).await?),
            Self::Gate { part, command } => json(&engine.change_gate(part, command, key).await?),
            Self::HandOff { id, held, to, bundle, anyway } => {
                let item = engine.hand_off(id.clone(), held, to, bundle, anyway, key).await?;
                json(&WorkView { handoff: engine.handoff(&id).await?.map(Box::new), ..item })
            }
            Self::Take { filter, take, count } => {
                json(&engine.next_many(filter, take.by, take.ttl.unwrap_or(usual), count.into(), key).await?)
            }
            Self::Answer { id, allow, by } => json(&engine.answer_question(id, allow, by, key).await?),
            Self::Report { reports } => {
                let told = engine.report_many(reports, key).await?;
                json(&told.into_iter().map(ReportedView::from).collect::<Vec<_>>())
            }
            Self::Start { draft, from } => json(&engine.start_session(*draft, from, key).await?),
            Self::End { which, outcome } => json(&engine.end_session(which, *outcome, key).await?),
            Self::Remember { draft } => json(&engine.remember(*draft, key).await?),
            Self::Forget { id } => json(&engine.forget(id, key).await?),
            Self::Follow(Wanted { question, since, team }) => {
                let since = since.moment(engine.scope().now);
                json(&engine.advise_and_follow(&question, since, team.as_ref(), said.zip(key)).await?)
            }
            Self::SetBudget { account, changes } => json(&engine.set_budget(account, changes, key).await?),
            Self::ResetCredential { credential } => {
                let was = engine.reset_credential(credential.clone(), key).await?;
                json(&serde_json::json!({ "credential": credential, "was_in_trouble": was }))
            }
        })
    }
}

/// `answer` as JSON text.
pub(super) fn json(answer: &impl Serialize) -> Box<RawValue> {
    to_raw_value(answer).expect("an answer can be written as JSON")
}
