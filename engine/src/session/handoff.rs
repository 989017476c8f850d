//! What a session leaves: one document, that another agent can load.

use domain::id::{MessageId, NoteId, SessionId, WorkId};
use domain::memory::Note;
use domain::session::{Lines, Session};
use domain::text::{AgentName, Label, Role, bounded};
use domain::work::Limits;
use serde::{Deserialize, Serialize};
use store::memory::{self, Which};
use store::session as kept;
use store::work::Page;
use store::{Scope, StoreError, Tx, agent, message, work};

use super::{ItemView, SessionView};
use crate::memory::NoteView;
use crate::problem::Problem;

/// The format of the document, and its version.
pub const FORMAT: &str = "nexus-handoff";
/// As above.
pub const VERSION: u32 = 1;
/// The largest document that is loaded, in bytes.
pub const BYTES_MAX: usize = 2_000_000;

/// How many items, messages and notes it names.
const ITEMS_MAX: usize = 200;
const MESSAGES_MAX: usize = 100;
const NOTES_MAX: u32 = 50;

/// The document as JSON. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// When it was made.
    pub made_at_ms: i64,
    /// The session.
    pub session: SessionView,
    /// What the agent held when it was made, then what it worked on since the session began.
    pub items: Vec<ItemView>,
    /// What it was sent and had not opened.
    pub messages: Vec<HandoffMessage>,
    /// Notes of the session, oldest first.
    pub notes: Vec<NoteView>,
}

/// What a document says it is.
#[derive(Deserialize)]
struct Kind {
    format: String,
    version: u32,
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct HandoffMessage {
    pub id: String,
    pub from: String,
    pub subject: String,
    pub priority: String,
    pub sent_at_ms: i64,
}

impl Handoff {
    /// The document that `json` holds. Fails when it is none, of another version, or passes a limit.
    pub fn read(json: &str) -> Result<Self, Problem> {
        let wrong = |what: String| Problem::malformed(format!("the hand-off: {what}"));
        bounded("the hand-off", json, BYTES_MAX).map_err(|bad| Problem::malformed(bad.to_string()))?;
        // Its name and version come first, so that a later one is called by its name.
        let kind: Kind = serde_json::from_str(json).map_err(|e| wrong(format!("it is no {FORMAT} document: {e}")))?;
        if kind.format != FORMAT || kind.version != VERSION {
            let found = kind.format.chars().take(60).collect::<String>();
            return Err(wrong(format!(
                "it is {found:?} version {}, wanted is {FORMAT} version {VERSION}",
                kind.version
            )));
        }
        let handoff: Self = serde_json::from_str(json).map_err(|e| wrong(e.to_string()))?;
        handoff.check().map_err(wrong)?;
        Ok(handoff)
    }

    /// The document as JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a hand-off can be written as JSON")
    }

    /// The id of its session.
    pub fn session_id(&self) -> Result<SessionId, Problem> {
        self.session.id.parse().map_err(|bad: domain::id::NotAnId| Problem::malformed(format!("the hand-off: {bad}")))
    }

    /// Whether it says what such a document can say.
    fn check(&self) -> Result<(), String> {
        let said = |e: &dyn std::fmt::Display| e.to_string();
        let Self { session, items, messages, notes, .. } = self;
        session.id.parse::<SessionId>().map_err(|e| said(&e))?;
        session.agent.parse::<AgentName>().map_err(|e| said(&e))?;
        session.role.parse::<Role>().map_err(|e| said(&e))?;
        bounded("the reason", &session.reason, Lines::BYTES_MAX).map_err(|e| said(&e))?;
        for (what, lines) in [
            ("objective", &session.objectives),
            ("achievement", &session.achievements),
            ("challenge", &session.challenges),
            ("learning", &session.learnings),
            ("next step", &session.next_steps),
        ] {
            Lines::new(what, lines.clone()).map_err(|e| said(&e))?;
        }
        let few = |what: &str, found: usize, most: usize| {
            if found > most { Err(format!("it names {found} {what}; the most is {most}")) } else { Ok(()) }
        };
        few("items", items.len(), ITEMS_MAX)?;
        few("messages", messages.len(), MESSAGES_MAX)?;
        few("notes", notes.len(), NOTES_MAX as usize)?;
        for item in items {
            item.id.parse::<WorkId>().map_err(|e| said(&e))?;
            bounded("title", &item.title, Limits::TITLE_BYTES_MAX).map_err(|e| said(&e))?;
        }
        for message in messages {
            message.id.parse::<MessageId>().map_err(|e| said(&e))?;
        }
        for note in notes {
            note.id.parse::<NoteId>().map_err(|e| said(&e))?;
            bounded("the note", &note.text, Note::TEXT_BYTES_MAX).map_err(|e| said(&e))?;
            note.tags.iter().try_for_each(|tag| tag.parse::<Label>().map(drop)).map_err(|e| said(&e))?;
        }
        Ok(())
    }
}

/// What the session `id` left; while it is open, what it would leave now.
pub async fn of(tx: &mut Tx<'_>, scope: &Scope, id: &SessionId) -> Result<Handoff, Problem> {
    let session = kept::find(tx, &scope.project, id).await?;
    match kept::handoff(tx, &scope.project, id).await? {
        Some(json) => Ok(read_kept(&json.0)?),
        None => Ok(made(tx, scope, &session).await?),
    }
}

/// What was left last by somebody in the role of `session` or by its agent, else by anybody.
pub async fn last(tx: &mut Tx<'_>, scope: &Scope, session: &Session) -> Result<Option<Handoff>, StoreError> {
    let json = kept::last_handoff(tx, &scope.project, &session.role, &session.agent).await?;
    json.map(|json| read_kept(&json.0)).transpose()
}

fn read_kept(json: &str) -> Result<Handoff, StoreError> {
    serde_json::from_str(json).map_err(|e| StoreError::Broken(format!("a hand-off: {e}")))
}

/// What `session` leaves as things stand.
pub async fn made(tx: &mut Tx<'_>, scope: &Scope, session: &Session) -> Result<Handoff, StoreError> {
    let project = &scope.project;
    let mut ids: Vec<WorkId> = agent::seen(tx, project, &session.agent)
        .await?
        .map_or_else(Vec::new, |seen| seen.holds.into_iter().map(|hold| hold.item).collect());
    for id in kept::worked(tx, project, &session.agent, session.began_at).await? {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.truncate(ITEMS_MAX);
    let mut items = Vec::with_capacity(ids.len());
    for id in &ids {
        items.extend(work::peek(tx, project, id).await?.as_ref().map(ItemView::from));
    }
    let messages = unread(tx, scope, &session.agent, MESSAGES_MAX).await?;
    let which = Which { session: Some(session.id.clone()), ..Which::default() };
    let mut notes = memory::latest(tx, project, &which, NOTES_MAX).await?;
    notes.reverse();
    Ok(Handoff {
        format: FORMAT.to_owned(),
        version: VERSION,
        made_at_ms: scope.now.millis(),
        session: SessionView::from(session),
        items,
        messages: messages.iter().map(HandoffMessage::from).collect(),
        notes: notes.iter().map(NoteView::from).collect(),
    })
}

impl From<&message::Sent> for HandoffMessage {
    fn from(message::Sent { message, .. }: &message::Sent) -> Self {
        Self {
            id: message.id.to_string(),
            from: message.from.to_string(),
            subject: message.subject.clone(),
            priority: message.priority.word().to_owned(),
            sent_at_ms: message.sent_at.millis(),
        }
    }
}

/// What `agent` was sent and has not opened, oldest first; up to `limit` among the first thousand in its inbox.
pub async fn unread(
    tx: &mut Tx<'_>,
    scope: &Scope,
    agent: &AgentName,
    limit: usize,
) -> Result<Vec<message::Sent>, StoreError> {
    let page = Page { after: String::new(), limit: crate::work::PAGE_MAX };
    let mut all = message::inbox(tx, &scope.project, agent, false, &page).await?;
    all.retain(|sent| sent.copies.iter().all(|copy| copy.read_at.is_none()));
    all.truncate(limit);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document() -> Value {
        let session = json!({
            "id": "session_7", "project": "default", "agent": "zoe", "role": "QA", "stage": "under_way",
            "reason": "asked for", "facts": {}, "objectives": ["try it"], "from": null, "began_at_ms": 1,
            "ended_at_ms": 2, "achievements": [], "challenges": [], "learnings": ["tabs"], "next_steps": [],
        });
        json!({
            "format": FORMAT, "version": VERSION, "made_at_ms": 3, "session": session, "items": [], "messages": [],
            "notes": [],
        })
    }

    #[test]
    fn a_document_reads_back_and_what_later_versions_add_is_passed_over() {
        let mut more = document();
        more["mood"] = json!("fine");
        let read = Handoff::read(&more.to_string()).expect("it is a hand-off");
        assert_eq!(serde_json::to_value(&read).expect("it is JSON"), document());
        assert_eq!(read.session_id().map(|id| id.number()), Ok(7));
    }

    #[test]
    fn what_is_no_hand_off_or_passes_a_limit_is_refused_with_the_reason() {
        let with = |path: &str, value: Value| {
            let mut document = document();
            *document.pointer_mut(path).expect("there is such a field") = value;
            document.to_string()
        };
        let lines = vec!["x"; Lines::COUNT_MAX + 1];
        let item = json!({ "id": "work_1" });
        for (text, says) in [
            ("{}".to_owned(), "no nexus-handoff document"),
            ("# Notes".to_owned(), "no nexus-handoff document"),
            (with("/version", json!(2)), "version 2"),
            (with("/format", json!("other")), "\"other\""),
            (with("/session/id", json!("work_7")), "session_"),
            (with("/session/agent", json!(" ")), "agent name is empty"),
            (with("/session/role", json!("a\nb")), "cannot have"),
            (with("/session/next_steps", json!(lines)), "51 were given"),
            (with("/session/learnings", json!(["x".repeat(2_001)])), "2001 bytes"),
            (with("/items", json!([item])), "missing field"),
            (with("/session/reason", json!("x".repeat(BYTES_MAX))), "the most is 2000000"),
        ] {
            let refused = Handoff::read(&text).expect_err(says);
            assert_eq!(refused.code, "malformed");
            assert!(refused.message.contains(says), "no {says:?} in: {}", refused.message);
        }
    }
}
