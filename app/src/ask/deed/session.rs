//! Sessions and notes as they go over the wire.

use domain::id::{NoteId, SessionId};
use domain::memory::Draft as NoteDraft;
use domain::session::{BadLines, Draft, Lines, Report};
use engine::problem::Problem;
use engine::session::{From, Handoff};
use serde_json::value::RawValue;
use store::session::Which;

use super::Deed;
use crate::ask::fields::{Fields, needed};
use crate::ask::wire::Written;

fn some(lines: &Lines) -> Option<&[String]> {
    Some(&**lines).filter(|lines| !lines.is_empty())
}

fn texts<'a, T: ToString + 'a>(all: impl IntoIterator<Item = &'a T>) -> Option<Vec<String>> {
    Some(all.into_iter().map(ToString::to_string).collect()).filter(|all: &Vec<String>| !all.is_empty())
}

pub fn start(draft: &Draft, from: &From) -> Written {
    let (session, document) = match from {
        From::Nothing => (None, None),
        From::Session(id) => (Some(id.to_string()), None),
        From::Document(handoff) => (None, Some(handoff)),
    };
    Written::to("/sessions".to_owned())
        .with("agent", draft.agent.as_ref().map(ToString::to_string))
        .with("role", Some(draft.role.as_str()))
        .with("objectives", some(&draft.objectives))
        .with("from_session", session)
        .with("from", document)
}

pub fn read_start(fields: &mut Fields) -> Result<Deed, Problem> {
    let session: Option<SessionId> = fields.parsed("from_session")?;
    let document: Option<Box<RawValue>> = fields.raw("from");
    let from = match (session, document) {
        (None, None) => From::Nothing,
        (Some(id), None) => From::Session(id),
        (None, Some(json)) => From::Document(Box::new(Handoff::read(json.get())?)),
        (Some(_), Some(_)) => return Err(Problem::malformed("from: say one of from and from_session")),
    };
    let draft = Draft {
        agent: fields.parsed("agent")?,
        role: fields.parsed("role")?.unwrap_or_default(),
        objectives: lines("objective", "objectives", "objective", fields)?,
    };
    Ok(Deed::Start { draft: Box::new(draft), from })
}

pub fn end(which: &Which, report: &Report) -> Written {
    let to = match which {
        Which::Id(id) => Written::to(format!("/sessions/{id}/end")),
        Which::OpenOf(agent) => Written::to("/sessions/end".to_owned()).with("agent", Some(agent.as_str())),
    };
    to.with("achievements", some(&report.achievements))
        .with("challenges", some(&report.challenges))
        .with("learnings", some(&report.learnings))
        .with("next_steps", some(&report.next_steps))
}

pub fn read_end(which: Which, fields: &mut Fields) -> Result<Deed, Problem> {
    let report = Report {
        achievements: lines("achievement", "achievements", "achieved", fields)?,
        challenges: lines("challenge", "challenges", "challenge", fields)?,
        learnings: lines("learning", "learnings", "learned", fields)?,
        next_steps: lines("next step", "next_steps", "next", fields)?,
    };
    Ok(Deed::End { which, outcome: Box::new(report) })
}

fn lines(what: &'static str, name: &'static str, flag: &'static str, fields: &mut Fields) -> Result<Lines, Problem> {
    let all: Vec<String> = fields.list(name, flag)?.unwrap_or_default();
    Lines::new(what, all).map_err(|bad: BadLines| Problem::malformed(bad.to_string()))
}

pub fn remember(draft: &NoteDraft) -> Written {
    Written::to("/memory".to_owned())
        .with("text", Some(&draft.text))
        .with("tags", texts(&draft.tags))
        .with("agent", draft.agent.as_ref().map(ToString::to_string))
        .with("session", draft.session.as_ref().map(ToString::to_string))
        .with("item", draft.item.as_ref().map(ToString::to_string))
}

pub fn read_remember(fields: &mut Fields) -> Result<Deed, Problem> {
    let draft = NoteDraft {
        text: needed("text", fields.take("text")?)?,
        tags: fields.list("tags", "tag")?.unwrap_or_default(),
        agent: fields.parsed("agent")?,
        session: fields.parsed("session")?,
        item: fields.parsed("item")?,
    };
    Ok(Deed::Remember { draft: Box::new(draft) })
}

/// The id of a session in a path.
pub fn session_id(text: &str) -> Result<SessionId, Problem> {
    text.parse().map_err(|_| {
        Problem::malformed(format!("{text:?} is not the id of a session; they look like session_1795211860474123456"))
    })
}

/// The id of a note in a path.
pub fn note_id(text: &str) -> Result<NoteId, Problem> {
    text.parse().map_err(|_| {
        Problem::malformed(format!("{text:?} is not the id of a note; they look like memory_1795211860474123456"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::role::Wanted;

    #[test]
    fn what_the_client_writes_about_sessions_and_notes_is_what_the_door_reads() {
        let agent: domain::text::AgentName = "Zoë \"7\"".parse().expect("a name");
        let lines = |texts: &[&str]| Lines::trusted(texts.iter().map(|&text| text.to_owned()).collect());
        let full = Draft {
            agent: Some(agent.clone()),
            role: Wanted::Named("QA".parse().expect("a role")),
            objectives: lines(&["日本", "a\nb"]),
        };
        let session: SessionId = "session_7".parse().expect("an id");
        let document = serde_json::json!({
            "format": "nexus-handoff", "version": 1, "made_at_ms": 3, "items": [], "messages": [], "notes": [],
            "session": {
                "id": "session_7", "project": "default", "agent": "zoe", "role": "QA", "stage": "under_way",
                "reason": "asked for", "facts": {}, "objectives": ["try it"], "from": null, "began_at_ms": 1,
                "ended_at_ms": 2, "achievements": [], "challenges": [], "learnings": [], "next_steps": [],
            },
        });
        let document = Box::new(Handoff::read(&document.to_string()).expect("it is a hand-off"));
        let report = Report {
            achievements: lines(&["a"]),
            challenges: lines(&["b"]),
            learnings: lines(&["c", "d"]),
            next_steps: lines(&["e"]),
        };
        let note = NoteDraft {
            text: "tabs\n".to_owned(),
            tags: ["a b", "c"].map(|tag| tag.parse().expect("a tag")).into(),
            agent: Some(agent.clone()),
            session: Some(session.clone()),
            item: "work_1".parse().ok(),
        };
        let start = |draft: &Draft, from| Deed::Start { draft: Box::new(draft.clone()), from };
        let end = |which, outcome: &Report| Deed::End { which, outcome: Box::new(outcome.clone()) };
        for deed in [
            start(&full, From::Nothing),
            start(&Draft::default(), From::Session(session.clone())),
            start(&full, From::Document(document)),
            end(Which::Id(session), &report),
            end(Which::OpenOf(agent), &Report::default()),
            Deed::Remember { draft: Box::new(note) },
            Deed::Remember { draft: Box::new(NoteDraft { text: "x".to_owned(), ..NoteDraft::default() }) },
            Deed::Forget { id: "memory_9".parse().expect("an id") },
        ] {
            let written = deed.written();
            let mut fields = Fields::read(written.body().as_bytes()).expect("it is an object");
            let read = Deed::read(&written.path, &mut fields).expect("what we write can be read");
            fields.end().expect("every field is known");
            let read = read.expect("there is such a route");
            assert_eq!(read, deed);
            assert_eq!(read.written().request(), written.request());
        }
    }
}
